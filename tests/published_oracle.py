"""The published architecture once more, as plain functions on a dictionary of tensors under their published names.

Nothing of m3core is used: what the loader, the model and the training give is compared with this.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

N_PIXELS = 2575

SMALL = {
    "hidden_dim": 12, "fusion": "avg", "seq_len": 24,
    "p_enc_in": 9, "p_d_model": 16, "p_dropout": 0.2, "p_factor": 1, "p_output_attention": False, "p_n_heads": 4,
    "p_d_ff": 20, "p_activation": "gelu", "p_e_layers": 2,
    "s_dropout": 0.3, "s_conv_channels": [3, 6, 8, 4], "s_kernel_size": 3, "s_mp_kernel_size": 4,
    "m_input_dim": 34, "m_hidden_dim": 10, "m_dropout": 0.1,
}  # fmt: skip
"""A trimodal configuration; 'classification' and 'num_classes' come with the layout."""

ALONE = {
    "photo": {name: f"p_{name}" for name in (
        "enc_in", "d_model", "dropout", "factor", "output_attention", "n_heads", "d_ff", "activation", "e_layers"
    )} | {"seq_len": "seq_len"},
    "spectra": {
        "dropout_rate": "s_dropout", "conv_channels": "s_conv_channels", "kernel_size": "s_kernel_size",
        "mp_kernel_size": "s_mp_kernel_size",
    },
    "meta": {"input_dim": "m_input_dim", "hidden_dim": "m_hidden_dim", "dropout": "m_dropout"},
}  # fmt: skip
"""Fields of the single-modality layouts -> the trimodal ones that they stand for."""

PREFIX = {"photo": "photometry_encoder.", "spectra": "spectra_encoder.", "meta": "metadata_encoder."}


def spectrum_width(config: dict) -> int:
    """Values that the spectrum encoder ends in: counted on a tensor, not by a formula."""
    x = torch.zeros(1, 1, N_PIXELS)
    n = len(config["s_conv_channels"]) - 1
    for stage in range(n):
        x = x[..., : x.shape[-1] - config["s_kernel_size"] + 1]
        x = F.max_pool1d(x, config["s_mp_kernel_size"]) if stage < n - 1 else x
    return x.shape[-1] * config["s_conv_channels"][-1]


def make_weights(config: dict, layout: str, n_classes: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random tensors of a layout: 'clip', 'all', 'photo', 'spectra' or 'meta'."""
    generator = torch.Generator().manual_seed(seed)
    w: dict[str, torch.Tensor] = {}

    def linear(name: str, n_out: int, n_in: int, *kernel: int, bias: bool = True) -> None:
        spread = 1.5 / math.sqrt(n_in * math.prod(kernel))
        w[f"{name}.weight"] = spread * torch.randn(n_out, n_in, *kernel, generator=generator)
        if bias:
            w[f"{name}.bias"] = 0.1 * torch.randn(n_out, generator=generator)

    def norm(name: str, width: int) -> None:
        w[f"{name}.weight"] = 1 + 0.1 * torch.randn(width, generator=generator)
        w[f"{name}.bias"] = 0.1 * torch.randn(width, generator=generator)

    c, d = config, config["p_d_model"]
    inner = d // c["p_n_heads"] * c["p_n_heads"]
    p = PREFIX["photo"]
    linear(f"{p}enc_embedding.value_embedding.tokenConv", d, c["p_enc_in"], 3, bias=False)
    angle = torch.arange(5000.0)[:, None] * torch.exp(torch.arange(0, d, 2).float() * -(math.log(10000.0) / d))
    w[f"{p}enc_embedding.position_embedding.pe"] = torch.stack([angle.sin(), angle.cos()], -1).reshape(1, 5000, d)
    for i in range(c["p_e_layers"]):
        layer = f"{p}encoder.attn_layers.{i}"
        for name in ("query", "key", "value"):
            linear(f"{layer}.attention.{name}_projection", inner, d)
        linear(f"{layer}.attention.out_projection", d, inner)
        linear(f"{layer}.conv1", c["p_d_ff"], d, 1)
        linear(f"{layer}.conv2", d, c["p_d_ff"], 1)
        norm(f"{layer}.norm1", d)
        norm(f"{layer}.norm2", d)
    norm(f"{p}encoder.norm", d)
    channels = c["s_conv_channels"]
    for i in range(len(channels) - 1):
        linear(f"{PREFIX['spectra']}layers.{3 * i}", channels[i + 1], channels[i], c["s_kernel_size"])
    linear(f"{PREFIX['meta']}model.0", c["m_hidden_dim"], c["m_input_dim"])
    linear(f"{PREFIX['meta']}model.3", c["m_hidden_dim"], c["m_hidden_dim"])
    widths = {"photo": c["seq_len"] * d, "spectra": spectrum_width(c), "meta": c["m_hidden_dim"]}
    if layout in PREFIX:
        prefix = PREFIX[layout]
        w = {name.removeprefix(prefix): tensor for name, tensor in w.items() if name.startswith(prefix)}
        linear("fc", n_classes, widths[layout])
        return w
    for name, short in (("photometry", "photo"), ("spectra", "spectra"), ("metadata", "meta")):
        linear(f"{name}_proj", c["hidden_dim"], widths[short])
    for pair, value in (("ps", 100.0), ("sm", 30.0), ("mp", 7.0)):
        w[f"logit_scale_{pair}"] = torch.tensor(math.log(value))
    if layout == "all":
        linear("fc", n_classes, c["hidden_dim"] * (3 if c["fusion"] == "concat" else 1))
    return w


def config_json(config: dict, layout: str, n_classes: int) -> dict:
    common = {"classification": layout != "clip", "num_classes": n_classes}
    if layout in ALONE:
        return common | {name: config[theirs] for name, theirs in ALONE[layout].items()}
    return common | config


def write_checkpoint(folder: Path, config: dict, layout: str, n_classes: int = 10, seed: int = 0) -> dict:
    """config.json and model.safetensors; returns the tensors."""
    weights = make_weights(config, layout, n_classes, seed)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config_json(config, layout, n_classes)))
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / "model.safetensors")
    return weights


def make_batch(config: dict, n: int = 5, seed: int = 1) -> dict[str, torch.Tensor]:
    """Inputs under the flat names of the contract; padded rows as the preprocessing leaves them."""
    rng = np.random.default_rng(seed)
    length = config["seq_len"]
    photometry = rng.normal(size=(n, length, config["p_enc_in"])).astype(np.float32)
    mask = np.ones((n, length), np.float32)
    for row in range(1, n):
        mask[row, rng.integers(1, length + 1) :] = 0
    photometry[..., :3] *= mask[..., None]
    spectra = rng.normal(size=(n, config["s_conv_channels"][0], N_PIXELS)).astype(np.float32)
    metadata = rng.normal(size=(n, config["m_input_dim"])).astype(np.float32)
    arrays = {"photometry": photometry, "photometry_mask": mask, "spectra": spectra, "metadata": metadata}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def informer(w: dict, config: dict, x: torch.Tensor, mask: torch.Tensor, prefix: str, training: bool) -> torch.Tensor:
    """(B, seq_len * d_model). Keys are drawn in training and in evaluation alike."""
    B, L, _ = x.shape
    H = config["p_n_heads"]
    n_top = min(config["p_factor"] * math.ceil(math.log(L)), L)

    def drop(values: torch.Tensor, rate: float) -> torch.Tensor:
        return F.dropout(values, rate, training)

    def linear(name: str, values: torch.Tensor) -> torch.Tensor:
        return F.linear(values, w[f"{name}.weight"], w[f"{name}.bias"])

    def conv(name: str, values: torch.Tensor) -> torch.Tensor:
        # contiguous: a dropout mask is drawn in the order of memory, as over the product of two matrices
        return F.conv1d(values.transpose(1, 2), w[f"{name}.weight"], w[f"{name}.bias"]).transpose(1, 2).contiguous()

    def norm(name: str, values: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(values, values.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"])

    def attention(name: str, values: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            linear(f"{name}.{which}_projection", values).view(B, L, H, -1).transpose(1, 2)
            for which in ("query", "key", "value")
        )
        drawn = torch.randint(L, (L, n_top))
        out = v.mean(2, keepdim=True).repeat(1, 1, L, 1)
        rows = []
        for b in range(B):
            for h in range(H):
                scores = torch.stack([k[b, h, drawn[i]] @ q[b, h, i] for i in range(L)])
                measure = scores.max(1).values - scores.sum(1) / L
                chosen = measure.topk(n_top).indices
                weights = torch.softmax(q[b, h, chosen] @ k[b, h].T / math.sqrt(q.shape[-1]), -1)
                rows.append(out[b, h].index_copy(0, chosen, weights @ v[b, h]))
        mixed = torch.stack(rows).view(B, H, L, -1)
        return linear(f"{name}.out_projection", mixed.reshape(B, L, -1))  # heads and positions interleaved

    taps = F.conv1d(
        F.pad(x.transpose(1, 2), (1, 1), mode="circular"), w[f"{prefix}enc_embedding.value_embedding.tokenConv.weight"]
    )
    y = drop(taps.transpose(1, 2) + w[f"{prefix}enc_embedding.position_embedding.pe"][:, :L], 0.1)
    activation = F.relu if config["p_activation"] == "relu" else F.gelu
    rate = config["p_dropout"]
    for i in range(config["p_e_layers"]):
        layer = f"{prefix}encoder.attn_layers.{i}"
        y = norm(f"{layer}.norm1", y + drop(attention(f"{layer}.attention", y), rate))
        hidden = drop(activation(conv(f"{layer}.conv1", y)), rate)
        y = norm(f"{layer}.norm2", y + drop(conv(f"{layer}.conv2", hidden), rate))
    y = drop(norm(f"{prefix}encoder.norm", y), rate)
    return (y * mask[..., None]).reshape(B, -1)


def galspecnet(w: dict, config: dict, x: torch.Tensor, prefix: str, training: bool) -> torch.Tensor:
    n = len(config["s_conv_channels"]) - 1
    for i in range(n):
        x = F.relu(F.conv1d(x, w[f"{prefix}layers.{3 * i}.weight"], w[f"{prefix}layers.{3 * i}.bias"]))
        x = F.max_pool1d(x, config["s_mp_kernel_size"]) if i < n - 1 else x
    return F.dropout(x.reshape(len(x), -1), config["s_dropout"], training)


def metamodel(w: dict, config: dict, x: torch.Tensor, prefix: str, training: bool) -> torch.Tensor:
    for i in (0, 3):
        x = F.relu(F.linear(x, w[f"{prefix}model.{i}.weight"], w[f"{prefix}model.{i}.bias"]))
        x = F.dropout(x, config["m_dropout"], training)
    return x


def features(w: dict, config: dict, batch: dict, which: str, alone: bool, training: bool = False) -> torch.Tensor:
    prefix = "" if alone else PREFIX[which]
    if which == "photo":
        return informer(w, config, batch["photometry"], batch["photometry_mask"], prefix, training)
    if which == "spectra":
        return galspecnet(w, config, batch["spectra"], prefix, training)
    return metamodel(w, config, batch["metadata"], prefix, training)


def embed(w: dict, config: dict, batch: dict, training: bool = False) -> dict[str, torch.Tensor]:
    vectors = {}
    for name, which in (("photometry", "photo"), ("spectra", "spectra"), ("metadata", "meta")):
        found = features(w, config, batch, which, alone=False, training=training)
        projected = F.linear(found, w[f"{name}_proj.weight"], w[f"{name}_proj.bias"])
        vectors[name] = projected / projected.norm(dim=-1, keepdim=True)
    return vectors


def logits_and_losses(w: dict, vectors: dict) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """By 'ps', 'sm', 'mp'."""
    logits, losses = {}, {}
    for pair, one, other in (
        ("ps", "photometry", "spectra"),
        ("sm", "spectra", "metadata"),
        ("mp", "metadata", "photometry"),
    ):
        scale = w[f"logit_scale_{pair}"].exp().clamp(1, 100)
        logits[pair] = scale * vectors[one] @ vectors[other].T
        diagonal = torch.diagonal(logits[pair])
        losses[pair] = (logits[pair].logsumexp(1) - diagonal).mean() + (logits[pair].logsumexp(0) - diagonal).mean()
    return logits, losses


def classify(w: dict, config: dict, batch: dict, layout: str) -> torch.Tensor:
    if layout in PREFIX:
        read = features(w, config, batch, layout, alone=True)
    else:
        p, s, m = embed(w, config, batch).values()
        read = torch.cat([p, s, m], 1) if config["fusion"] == "concat" else (p + s + m) / 3
    return F.linear(read, w["fc.weight"], w["fc.bias"])
