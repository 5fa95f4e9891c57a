"""Reading safetensors into a model, all of it and nothing else; and writing them."""

import errno
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from m3core.errors import CheckpointError

__all__ = ["check_tensors", "fill", "load_tensors", "write_tensors"]


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        CheckpointError: absent, cut short or malformed.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist: a checkpoint is config.json and model.safetensors.") from None
    except OSError as fault:
        raise CheckpointError(f"{path} cannot be read ({fault.strerror or fault}): copy it again.") from None
    except SafetensorError as fault:
        raise CheckpointError(f"{path} is cut short or not a safetensors file ({fault}): copy it again.") from None


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file.

    Raises:
        OSError: a full disk, as every other writer raises it; safetensors has an error of its own for that.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        save_file(whole, path, metadata)
    except SafetensorError as fault:
        raise OSError(errno.EIO, str(fault), str(path)) from None


def check_tensors(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], place: str) -> None:
    """Compare what a file holds with what its config.json asks for.

    Raises:
        CheckpointError: names the first tensor that is missing, misshapen, of another type, not finite or unexpected.
    """
    for name, wanted in expected.items():
        if name not in tensors:
            raise CheckpointError(
                f"{place} lacks the tensor {name!r} {tuple(wanted.shape)}: it belongs to another config.json, "
                "copy both files again from one checkpoint."
            )
        found = tensors[name]
        if found.shape != wanted.shape:
            raise CheckpointError(
                f"{place}: tensor {name!r} has shape {tuple(found.shape)}, config.json asks for {tuple(wanted.shape)}: "
                "copy both files again from one checkpoint."
            )
        if found.dtype != wanted.dtype:
            raise CheckpointError(
                f"{place}: tensor {name!r} is {found.dtype}, the model computes in {wanted.dtype}: save it as that."
            )
        if not torch.isfinite(found).all():
            raise CheckpointError(
                f"{place}: tensor {name!r} holds values that are not finite: the training diverged, use an earlier "
                "checkpoint."
            )
    unexpected = sorted(tensors.keys() - expected.keys())
    if unexpected:
        raise CheckpointError(
            f"{place} has the tensor {unexpected[0]!r}, which the model of config.json does not have: copy both files "
            "again from one checkpoint."
        )


def fill(model: torch.nn.Module, tensors: dict[str, Tensor], place: str) -> None:
    """Put tensors into a model, all of them and no other.

    Raises:
        CheckpointError: as `check_tensors`.
    """
    check_tensors(model.state_dict(), tensors, place)
    model.load_state_dict(tensors)
