"""One-dimensional convolutions: the published spectrum encoder and the strided stacks of the fast family."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from m3core.errors import ConfigError

__all__ = ["BinnedCurve", "GalSpecNet", "StridedSpectrum"]


class GalSpecNet(nn.Module):
    """Spectrum encoder of the published model (MNRAS 527, 1163): (B, C, n_pixels) -> (B, out_features)."""

    def __init__(
        self, *, channels: tuple[int, ...], kernel_size: int, pool: int, n_pixels: int, dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_stages = len(channels) - 1
        for stage, (wide_in, wide_out) in enumerate(pairwise(channels), 1):
            layers += [nn.Conv1d(wide_in, wide_out, kernel_size), nn.ReLU()]
            n_pixels = n_pixels - kernel_size + 1
            if stage < n_stages:
                layers.append(nn.MaxPool1d(pool))
                n_pixels //= pool
        if n_pixels < 1:
            raise ConfigError(
                f"{n_stages} convolutions of kernel {kernel_size} with pooling by {pool} leave nothing of a spectrum: "
                "take fewer channels, a smaller kernel or less pooling."
            )
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.out_features = channels[-1] * n_pixels

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return self.dropout(self.layers(inputs[""]).flatten(1))


class ResidualConvolution(nn.Module):
    """x + two normalised convolutions, length kept."""

    def __init__(self, width: int, padding_mode: Literal["zeros", "circular"], dropout: float) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.GroupNorm(1, width),
            nn.Conv1d(width, width, 5, padding=2, padding_mode=padding_mode),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, x_BCL: Tensor) -> Tensor:
        return x_BCL + self.block(x_BCL)


class StridedStack(nn.Module):
    """Residual convolutions, length halved after each: (B, C, L) -> (B, 2 * width), mean and maximum of the rest."""

    def __init__(
        self, n_channels: int, width: int, depth: int, padding_mode: Literal["zeros", "circular"], dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv1d(n_channels, width, 5, padding=2, padding_mode=padding_mode)]
        for _ in range(depth):
            layers += [
                ResidualConvolution(width, padding_mode, dropout),
                nn.Conv1d(width, width, 3, stride=2, padding=1, padding_mode=padding_mode),
            ]
        self.layers = nn.Sequential(*layers, nn.GELU())

    def forward(self, x_BCL: Tensor) -> Tensor:
        x = self.layers(x_BCL)
        return torch.cat([x.mean(dim=-1), x.amax(dim=-1)], dim=-1)


class Joined(nn.Module):
    """Stacks and context numbers joined into features: Linear, GELU, dropout."""

    def __init__(self, n_inputs: int, n_context: int, out_features: int, dropout: float) -> None:
        super().__init__()
        self.context = nn.Sequential(nn.Linear(n_context, out_features // 2), nn.GELU())
        self.join = nn.Sequential(
            nn.Linear(n_inputs + out_features // 2, out_features),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.LayerNorm(out_features),
        )

    def forward(self, pooled: Tensor, context: Tensor) -> Tensor:
        return self.join(torch.cat([pooled, self.context(context)], dim=-1))


class BinnedCurve(nn.Module):
    """Light curve in bins (B, 6, n_bins) with context (B, n_context) -> (B, out_features).

    Channels 0-3: the curve folded at P and at 2P, mean and weight of each bin; 4-5: the same in time. The folded
    views go through circular convolutions, since phase has no beginning.
    """

    def __init__(self, *, n_context: int, width: int, out_features: int, dropout: float) -> None:
        super().__init__()
        self.folded = StridedStack(4, width, 3, "circular", dropout)
        self.unfolded = StridedStack(2, width // 2, 3, "zeros", dropout)
        self.joined = Joined(3 * width, n_context, out_features, dropout)
        self.out_features = out_features

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        array = inputs[""]
        pooled = torch.cat([self.folded(array[:, :4]), self.unfolded(array[:, 4:])], dim=-1)
        return self.joined(pooled, inputs["context"])


class StridedSpectrum(nn.Module):
    """Spectrum (B, 2, n_pixels), flux and weight, with context (B, n_context) -> (B, out_features)."""

    def __init__(self, *, n_context: int, width: int, out_features: int, dropout: float) -> None:
        super().__init__()
        self.entry = nn.Sequential(nn.Conv1d(2, width // 2, 16, stride=8, padding=4), nn.GELU())
        self.stack = StridedStack(width // 2, width, 4, "zeros", dropout)
        self.joined = Joined(2 * width, n_context, out_features, dropout)
        self.out_features = out_features

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return self.joined(self.stack(self.entry(inputs[""])), inputs["context"])
