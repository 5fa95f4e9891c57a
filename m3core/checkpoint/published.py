"""config.json of the published AstroM3 checkpoints, and ours, both ways (weights: m3core.checkpoint.key_map).

Layouts: the trimodal model, pre-trained or fine-tuned on all modalities, and the three fine-tuned on one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES
from m3core.checkpoint.key_map import to_published
from m3core.checkpoint.tensors import write_tensors
from m3core.errors import CheckpointError
from m3core.files import new_folder, write_json
from m3core.kinds import family_of
from m3core.manifest import ModalitySpec
from m3core.model.clip import Model
from m3core.model.config import Head, ModalityConfig, ModelConfig

__all__ = ["PUBLISHED_CLASSES", "export", "is_published", "parse"]

PUBLISHED_CLASSES = ("DSCT", "EA", "EB", "EW", "HADS", "M", "ROT", "RRAB", "RRC", "SR")
"""Order of the ten logits: the released code sorts the class names. The files carry their number alone."""

LAYOUTS: dict[str, dict[str, tuple[str, str]]] = {
    "photometry": {
        "n_inputs": ("enc_in", "p_enc_in"),
        "seq_len": ("seq_len", "seq_len"),
        "d_model": ("d_model", "p_d_model"),
        "n_heads": ("n_heads", "p_n_heads"),
        "d_ff": ("d_ff", "p_d_ff"),
        "e_layers": ("e_layers", "p_e_layers"),
        "factor": ("factor", "p_factor"),
        "dropout": ("dropout", "p_dropout"),
        "activation": ("activation", "p_activation"),
        "output_attention": ("output_attention", "p_output_attention"),
    },
    "spectra": {
        "channels": ("conv_channels", "s_conv_channels"),
        "kernel_size": ("kernel_size", "s_kernel_size"),
        "pool": ("mp_kernel_size", "s_mp_kernel_size"),
        "dropout": ("dropout_rate", "s_dropout"),
    },
    "metadata": {
        "n_inputs": ("input_dim", "m_input_dim"),
        "width": ("hidden_dim", "m_hidden_dim"),
        "dropout": ("dropout", "m_dropout"),
    },
}
"""Kind -> our option -> its name where that modality is alone, and in the trimodal file. 'n_inputs' are channels or
columns; 'output_attention' makes the published encoder return its attention beside the same features."""

ALONE, TRIMODAL = 0, 1
COMMON = {"classification", "num_classes"}
TRIMODAL_COMMON = {"hidden_dim", "fusion"}

MAX_COUNT = 1_000_000

CHANNELS = 5
"""Of a light curve without auxiliaries: time, flux, its error, log10 MAD, time span."""


def _fields(kinds: list[str]) -> set[str]:
    """Every field of a layout's config.json."""
    column = ALONE if len(kinds) == 1 else TRIMODAL
    names = {name[column] for kind in kinds for name in LAYOUTS[kind].values()}
    return names | COMMON | (TRIMODAL_COMMON if column == TRIMODAL else set())


def _kinds_of(content: Mapping[str, Any]) -> list[str] | None:
    """The kinds of the layout whose fields these mostly are."""
    layouts = [list(LAYOUTS), *([kind] for kind in LAYOUTS)]
    shares = [len(_fields(kinds) & content.keys()) / len(_fields(kinds) | content.keys()) for kinds in layouts]
    best = max(range(len(layouts)), key=shares.__getitem__)
    return layouts[best] if shares[best] > 0.5 else None


def is_published(content: Any) -> bool:
    """Whether the content of a config.json is of a published layout, faults of single fields apart."""
    return isinstance(content, dict) and "format" not in content and _kinds_of(content) is not None


def parse(content: dict[str, Any], place: str) -> ModelConfig:
    """The configuration of ours that a published one stands for.

    The files carry no statistics: the result has none (m3core.checkpoint.adopt measures them), and columns beyond the
    published 4 and 34 are numbered, since the files do not name them.

    Raises:
        CheckpointError: a field is missing, unknown, of another type or out of range.
    """
    kinds = _kinds_of(content)
    assert kinds is not None
    fields = _fields(kinds)
    for name in sorted(fields - content.keys()):
        raise CheckpointError(f"{place} lacks the field {name!r} of a published AstroM3 checkpoint: copy it again.")
    for name in sorted(content.keys() - fields):
        raise CheckpointError(
            f"{place} has the field {name!r}, unknown in a published AstroM3 checkpoint: nothing here could honour it."
        )
    trimodal = len(kinds) > 1
    classification = content["classification"]
    if not isinstance(classification, bool):
        raise CheckpointError(f"{place}: classification = {classification!r} is neither true nor false.")
    if not classification and not trimodal:
        raise CheckpointError(
            f"{place} is a {kinds[0]} encoder without 'fc' (classification is false): it neither embeds nor classifies."
        )
    if trimodal and content["fusion"] not in ("avg", "concat"):
        raise CheckpointError(f"{place}: fusion = {content['fusion']!r}; known are 'avg' and 'concat'.")
    head: Head | None = None
    if classification:
        head = content["fusion"] if trimodal else "features"
    counted = classification or content["num_classes"] is not None  # without a head it says nothing, and may be null
    n_classes = _count(content, "num_classes", place) if counted else 0
    return ModelConfig(
        modalities=tuple(_modality(kind, content, TRIMODAL if trimodal else ALONE, place) for kind in kinds),
        embedding_dim=_count(content, "hidden_dim", place) if trimodal else 1,
        head=head,
        classes=() if head is None else _class_names(n_classes),
    )


def _class_names(number: int) -> tuple[str, ...]:
    return PUBLISHED_CLASSES if number == len(PUBLISHED_CLASSES) else tuple(f"class_{index}" for index in range(number))


def _count(content: Mapping[str, Any], name: str, place: str) -> int:
    value = content[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_COUNT:
        raise CheckpointError(f"{place}: {name} = {value!r} is not a whole number from 1 to {MAX_COUNT:,}.")
    return value


def _modality(kind: str, content: Mapping[str, Any], column: int, place: str) -> ModalityConfig:
    names = {ours: both[column] for ours, both in LAYOUTS[kind].items()}
    given = {ours: content[theirs] for ours, theirs in names.items()}
    if not isinstance(given.pop("output_attention", False), bool):
        raise CheckpointError(f"{place}: {names['output_attention']} is neither true nor false.")
    n_inputs = _count(content, names["n_inputs"], place) if "n_inputs" in names else 0
    given.pop("n_inputs", None)
    if kind == "photometry" and n_inputs < CHANNELS:
        raise CheckpointError(
            f"{place}: {names['n_inputs']} = {n_inputs}; a light curve alone has {CHANNELS} channels (time, flux, "
            "error, log10 MAD, time span)."
        )
    spec = _spec(kind, n_inputs)
    if kind == "photometry":
        given["head_mixing"] = True
    try:  # strict as JSON: a list is a tuple, a text is no number
        options = family_of(spec, "paper").options.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as fault:
        first = fault.errors()[0]
        what = f"{names[str(first['loc'][0])]} = {first['input']!r}" if first["loc"] else f"{kind} encoder"
        raise CheckpointError(f"{place}: {what}: {first['msg'].removeprefix('Value error, ')}.") from None
    return ModalityConfig(spec=spec, family="paper", options=options.model_dump(mode="json"))


def _spec(kind: str, n_inputs: int) -> ModalitySpec:
    """What the published weights were trained on."""

    def columns(known: tuple[str, ...], n: int) -> tuple[str, ...]:
        return known if n == len(known) else tuple(f"column_{number}" for number in range(1, n + 1))

    if kind == "photometry":
        n = n_inputs - CHANNELS
        return ModalitySpec(
            name=kind, kind=kind, label=kind, fields=("time", "flux", "error"),
            columns=columns(PHOTOMETRY_AUXILIARIES, n),
            settings={"value": "flux", "time_label": "HJD", "auxiliaries": n},
            units={"time": "d", "flux": "mJy", "error": "mJy"},
        )  # fmt: skip
    if kind == "spectra":
        fields = ("wavelength", "flux", "ivar")
        return ModalitySpec(name=kind, kind=kind, label=kind, fields=fields, units={"wavelength": "Angstrom"})
    return ModalitySpec(name=kind, kind=kind, label=kind, columns=columns(METADATA_COLUMNS, n_inputs))


def export(model: Model, directory: Path) -> None:
    """Write a model as a published checkpoint. Its statistics and class names have no place there.

    Raises:
        CheckpointError: the model is of another architecture. M3Error: `directory` exists.
    """
    content = _published_config(model.config)
    with new_folder(directory) as folder:
        write_json(folder / "config.json", content)
        write_tensors(folder / "model.safetensors", to_published(model), {"format": "pt"})


def _published_config(config: ModelConfig) -> dict[str, Any]:
    kinds = [modality.spec.kind for modality in config.modalities]
    alone = config.head == "features"
    if sorted(kinds) != sorted(LAYOUTS) and not (alone and kinds[0] in LAYOUTS):
        raise CheckpointError(
            f"the model has modalities of the kinds {', '.join(kinds)}; a published checkpoint has one each of "
            f"{', '.join(LAYOUTS)}."
        )
    if config.head == "concat" and kinds != list(LAYOUTS):
        raise CheckpointError(
            f"the classifier joins {', '.join(kinds)} in this order; a published one joins {', '.join(LAYOUTS)}."
        )
    content: dict[str, Any] = {"classification": config.head is not None, "num_classes": len(config.classes) or None}
    if not alone:
        fusion = config.head if config.head is not None else "avg"
        content |= {"hidden_dim": config.embedding_dim, "fusion": fusion}
    for modality in config.modalities:
        options = modality.parsed_options.model_dump(mode="json")
        if modality.family != "paper" or not options.pop("head_mixing", True):
            raise CheckpointError(
                f"modality {modality.spec.name!r} has not the published architecture: only models of the preset "
                "'paper' with `--set photometry.head_mixing=true` fit a published checkpoint."
            )
        n_columns = len(modality.spec.columns)
        n_channels = CHANNELS + modality.spec.settings.get("auxiliaries", 0)
        n_inputs = {"photometry": n_channels, "metadata": n_columns}
        values = {**options, "n_inputs": n_inputs.get(modality.spec.kind), "output_attention": False}
        for ours, both in LAYOUTS[modality.spec.kind].items():
            content[both[ALONE if alone else TRIMODAL]] = values[ours]
    return content
