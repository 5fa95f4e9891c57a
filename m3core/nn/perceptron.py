"""Layers for catalogue columns."""

from torch import Tensor, nn

__all__ = ["Perceptron", "ResidualPerceptron"]


class Perceptron(nn.Module):
    """Two Linear + ReLU + dropout layers, the published metadata encoder: (B, n_inputs) -> (B, width)."""

    def __init__(self, *, n_inputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(n_inputs, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.out_features = width

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return self.model(inputs[""])


class ResidualPerceptron(nn.Module):
    """Pre-norm residual layers: (B, n_inputs) -> (B, width)."""

    def __init__(self, *, n_inputs: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.entry = nn.Linear(n_inputs, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width)
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.out_features = width

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        x = self.entry(inputs[""])
        for block in self.blocks:
            x = x + block(x)
        return self.norm(x)
