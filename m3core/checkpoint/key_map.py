"""The parameters of the published AstroM3 checkpoints and ours, both ways, in one place.

Theirs: a trimodal file has its encoders under 'photometry_encoder.', 'spectra_encoder.' and 'metadata_encoder.', its
projections as 'photometry_proj' ..., three temperatures and, fine-tuned on all modalities, 'fc'. A file fine-tuned on
one modality has that encoder without a prefix, and 'fc'. Ours: m3core.model.clip.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from m3core.errors import CheckpointError
from m3core.model.clip import Model
from m3core.model.config import ModelConfig, pair_key
from m3core.nn.informer import sinusoidal_positions

__all__ = ["from_published", "published_names", "to_published"]

INFORMER = {
    "embedding.convolution.weight": "enc_embedding.value_embedding.tokenConv.weight",
    "norm.weight": "encoder.norm.weight",
    "norm.bias": "encoder.norm.bias",
}
LAYER = {
    "attention.query": "attention.query_projection",
    "attention.key": "attention.key_projection",
    "attention.value": "attention.value_projection",
    "attention.out": "attention.out_projection",
    "expand": "conv1",
    "contract": "conv2",
    "norm1": "norm1",
    "norm2": "norm2",
}
"""Ours -> theirs in the photometry encoder: its ends, and layers.N against encoder.attn_layers.N, weight and bias
each. In the spectra encoder (layers.0, layers.3, ...) and the metadata encoder (model.0, model.3) the names are one."""

POINTWISE = (".conv1.weight", ".conv2.weight")
"""Theirs are convolutions of kernel 1, (out, in, 1); ours the same matrices, (out, in)."""

POSITIONS, N_POSITIONS = "enc_embedding.position_embedding.pe", 5000
"""No parameter but a table, (1, 5000, d_model): theirs stores it, ours computes it."""

SCALES = {
    ("photometry", "spectra"): "logit_scale_ps",
    ("spectra", "metadata"): "logit_scale_sm",
    ("metadata", "photometry"): "logit_scale_mp",
}
"""Kinds of each pair. Their logits are scale * first @ second.T in this order; ours run in the order of the model's
modalities: those of a pair that runs the other way are the transpose. The pair's loss is the same."""


def published_names(model: Model) -> dict[str, str]:
    """Our name of each parameter -> theirs.

    Args:
        model: of the paper family; pre-trained or fused: photometry, spectra and metadata; else one of them.
    """
    kinds = {modality.spec.name: modality.spec.kind for modality in model.config.modalities}
    scales = {
        pair_key(*names): theirs
        for pair, theirs in SCALES.items()
        for names in model.config.pairs
        if {kinds[name] for name in names} == set(pair)
    }
    one = model.config.head == "features"
    return {ours: _published_name(ours, kinds, scales, one) for ours in model.state_dict()}


def _published_name(ours: str, kinds: Mapping[str, str], scales: Mapping[str, str], one: bool) -> str:
    part, _, rest = ours.removeprefix("backbone.").partition(".")
    if part == "head":
        return f"fc.{rest}"
    if part == "logit_scales":
        return scales[rest]
    module, _, inner = rest.partition(".")
    kind = kinds[module.removesuffix("_")]
    if part == "projections":
        return f"{kind}_proj.{inner}"
    return f"{_prefix(kind, one)}{_informer_name(inner) if kind == 'photometry' else inner}"


def _informer_name(ours: str) -> str:
    if ours in INFORMER:
        return INFORMER[ours]
    _, number, rest = ours.split(".", 2)
    module, _, parameter = rest.rpartition(".")
    return f"encoder.attn_layers.{number}.{LAYER[module]}.{parameter}"


def _prefix(kind: str, one: bool) -> str:
    return "" if one else f"{kind}_encoder."


def to_published(model: Model) -> dict[str, Tensor]:
    """All tensors of a published file with the weights of `model`."""
    state = model.state_dict()
    tensors = {}
    for ours, theirs in published_names(model).items():
        tensors[theirs] = state[ours].unsqueeze(-1) if theirs.endswith(POINTWISE) else state[ours]
    return tensors | _positions(model.config)


def _positions(config: ModelConfig) -> dict[str, Tensor]:
    """The table of positions under its published name; none where the model reads no light curve."""
    for modality in config.modalities:
        if modality.spec.kind == "photometry":
            name = f"{_prefix('photometry', config.head == 'features')}{POSITIONS}"
            width = modality.parsed_options.model_dump()["d_model"]
            return {name: sinusoidal_positions(N_POSITIONS, width).unsqueeze(0)}
    return {}


def from_published(model: Model, tensors: Mapping[str, Tensor], place: str) -> None:
    """Put the tensors of a published file, which were checked against `to_published`, into a model.

    The stored table of positions is what the encoder then adds, to the last bit: exp() differs between processors.

    Raises:
        CheckpointError: the positions are not those of the published encoder.
    """
    for name, computed in _positions(model.config).items():
        # sin(5000 * rate): a last bit of the rate is 5000 times that in the angle
        if not torch.allclose(tensors[name], computed, atol=5e-3):
            raise CheckpointError(f"{place}: {name!r} is not the table of sines that the published encoder adds.")
        for part, buffer in model.named_buffers():
            if part.endswith("embedding.positions"):
                buffer.copy_(tensors[name][0, : len(buffer)])
    shapes = model.state_dict()
    model.load_state_dict(
        {ours: tensors[theirs].reshape(shapes[ours].shape) for ours, theirs in published_names(model).items()}
    )
