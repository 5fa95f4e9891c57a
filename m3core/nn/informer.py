"""Informer encoder of the published photometry model (Zhou et al. 2021, arXiv 2012.07436; AstroM3, arXiv 2411.08842).

Shapes: B sources, L points, C channels, E = d_model, H heads, K = E // H.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Informer", "ProbSparseAttention", "Sampling", "sinusoidal_positions"]

Sampling = Literal["deterministic", "published"]
"""How the keys that rank the queries are chosen: all of them, or drawn from torch's generator as published."""

Activation = Literal["gelu", "relu"]


class ProbSparseAttention(nn.Module):
    """Attention in which only the `u` queries of largest sparsity measure attend; the others take the mean value.

    Sparsity of query i over its drawn keys S: M_i = max_{j in S} q_i.k_j - sum_{j in S} q_i.k_j / L, with
    u = |S| = min(factor * ceil(ln L), L). In training the keys are drawn; in evaluation all L keys are used, so
    that an embedding is a function of its input alone. `sampling = 'published'` draws there too.
    """

    def __init__(self, d_model: int, n_heads: int, factor: int, head_mixing: bool) -> None:
        super().__init__()
        self.n_heads, self.factor, self.head_mixing = n_heads, factor, head_mixing
        self.sampling: Sampling = "deterministic"
        width = d_model // n_heads * n_heads
        self.query, self.key, self.value = (nn.Linear(d_model, width) for _ in range(3))
        self.out = nn.Linear(width, d_model)

    def forward(self, x_BLE: Tensor) -> Tensor:
        B, L, _ = x_BLE.shape
        q, k, v = (
            layer(x_BLE).view(B, L, self.n_heads, -1).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )  # (B, H, L, K)
        n_top = min(self.factor * math.ceil(math.log(L)), L) if L > 1 else 1
        top = self._sparsity(q, k, n_top).topk(n_top, sorted=False).indices  # (B, H, u)
        rows = top.unsqueeze(-1).expand(-1, -1, -1, q.shape[-1])
        scale = 1 / math.sqrt(q.shape[-1])  # a factor and no divisor: it rounds as published
        attention = torch.softmax(q.gather(2, rows) @ k.transpose(-2, -1) * scale, dim=-1)
        mixed = v.mean(dim=2, keepdim=True).expand_as(v).scatter(2, rows, attention @ v)  # (B, H, L, K)
        if not self.head_mixing:
            mixed = mixed.transpose(1, 2)
        return self.out(mixed.reshape(B, L, -1))

    def _sparsity(self, q: Tensor, k: Tensor, n_keys: int) -> Tensor:
        """(B, H, L): the measure M of every query."""
        L = k.shape[2]
        if not self.training and self.sampling == "deterministic":
            scores = q @ k.transpose(-2, -1)
        else:
            drawn = torch.randint(L, (L, n_keys)).to(k.device)  # one draw for the batch and all heads
            scores = torch.einsum("bhlk,bhlsk->bhls", q, k[:, :, drawn])
        return scores.max(dim=-1).values - scores.sum(dim=-1) / L


class InformerLayer(nn.Module):
    """Post-norm block: norm1(x + attention), then norm2(. + feed-forward)."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int,
        factor: int,
        dropout: float,
        activation: Activation,
        head_mixing: bool,
    ) -> None:
        super().__init__()
        self.activate = F.relu if activation == "relu" else F.gelu
        self.attention = ProbSparseAttention(d_model, n_heads, factor, head_mixing)
        self.expand, self.contract = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BLE: Tensor) -> Tensor:
        x = self.norm1(x_BLE + self.dropout(self.attention(x_BLE)))
        published = self.attention.sampling == "published" and not self.training
        y = self._as_published(x) if published else self._feed_forward(x)
        return self.norm2(x + y)

    def _feed_forward(self, x_BLE: Tensor) -> Tensor:
        return self.dropout(self.contract(self.dropout(self.activate(self.expand(x_BLE)))))

    def _as_published(self, x_BLE: Tensor) -> Tensor:
        """The same sums as two convolutions of kernel 1: slower in training, but they round as published."""
        wide = self.activate(F.conv1d(x_BLE.transpose(1, 2), self.expand.weight.unsqueeze(-1), self.expand.bias))
        return F.conv1d(wide, self.contract.weight.unsqueeze(-1), self.contract.bias).transpose(1, 2)


class TokenEmbedding(nn.Module):
    """Circular convolution of the channels plus fixed sinusoidal positions."""

    positions: Tensor

    def __init__(self, n_channels: int, d_model: int, seq_len: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.register_buffer("positions", sinusoidal_positions(seq_len, d_model), persistent=False)
        self.convolution = nn.Conv1d(n_channels, d_model, 3, padding=1, padding_mode="circular", bias=False)
        nn.init.kaiming_normal_(self.convolution.weight, nonlinearity="leaky_relu")  # as published
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BLC: Tensor) -> Tensor:
        tokens = self.convolution(x_BLC.transpose(1, 2)).transpose(1, 2)
        return self.dropout(tokens + self.positions)


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """(length, width): sin and cos of position * 10000^(-2i / width), interleaved (Vaswani et al. 2017)."""
    position = torch.arange(length).float().unsqueeze(1)
    rate = (torch.arange(0, width, 2).float() * -(math.log(10000.0) / width)).exp()
    table = torch.zeros(length, width)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)[:, : width // 2]
    return table


class Informer(nn.Module):
    """Light curve (B, L, C) with mask (B, L) -> features (B, seq_len * d_model)."""

    def __init__(
        self,
        *,
        n_channels: int,
        seq_len: int,
        d_model: int,
        n_heads: int,
        d_ff: int,
        e_layers: int,
        factor: int,
        dropout: float,
        activation: Activation = "gelu",
        head_mixing: bool,
    ) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(n_channels, d_model, seq_len)
        self.layers = nn.ModuleList(
            InformerLayer(d_model, n_heads, d_ff, factor, dropout, activation, head_mixing) for _ in range(e_layers)
        )
        self.norm = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.out_features = seq_len * d_model

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        x = self.embedding(inputs[""])
        for layer in self.layers:
            x = layer(x)
        return (self.dropout(self.norm(x)) * inputs["mask"].unsqueeze(-1)).flatten(1)
