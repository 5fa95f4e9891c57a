"""Checkpoints: config.json and model.safetensors, strict on loading, never a pickle."""

import importlib.metadata
import platform
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from m3core.errors import CheckpointError
from m3core.files import read_json, replaced_folder, sha256_file, sha256_text, write_json
from m3core.model import MultimodalCLIP
from m3core.model_config import ModelConfig
from m3core.nn.informer import Sampling

__all__ = ["checkpoint_hash", "load_checkpoint", "load_tensors", "save_checkpoint", "versions"]


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    packages = ("torch", "numpy", "pandas", "pyarrow", "umap-learn", "safetensors")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}


def save_checkpoint(model: MultimodalCLIP, directory: Path) -> None:
    """Write config.json and model.safetensors into `directory`, replacing what it held."""
    with replaced_folder(directory) as folder:
        write_json(folder / "config.json", model.config.model_dump(mode="json"))
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")


def load_checkpoint(directory: str | Path, sampling: Sampling = "deterministic") -> MultimodalCLIP:
    """Load a model, ready for evaluation on the CPU.

    Args:
        directory: a checkpoint folder, or a run's folder.
        sampling: 'deterministic', or 'published': ProbSparse keys drawn from torch's generator, as published.

    Raises:
        CheckpointError: a file is missing or cut short; a tensor is missing, unexpected, misshapen or not finite.
    """
    directory = Path(directory)
    if sampling not in ("deterministic", "published"):
        raise CheckpointError(f"sampling must be 'deterministic' or 'published'; got {sampling!r}.")
    if (directory / "checkpoint" / "config.json").is_file():
        directory = directory / "checkpoint"
    place = directory / "config.json"
    config = ModelConfig.parse(read_json(place, CheckpointError), str(place))
    with torch.random.fork_rng(devices=[]):  # fresh weights are drawn and dropped: leave the caller's generator alone
        model = MultimodalCLIP(config)
    fill(model, load_tensors(directory / "model.safetensors"), str(directory / "model.safetensors"))
    model.use_sampling(sampling)
    return model.eval()


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        CheckpointError: absent, cut short or malformed.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist: a checkpoint is config.json and model.safetensors.") from None
    except SafetensorError as fault:
        raise CheckpointError(f"{path} is cut short or not a safetensors file ({fault}): copy it again.") from None


def fill(model: torch.nn.Module, tensors: dict[str, Tensor], place: str) -> None:
    """Put tensors into a model, all of them and no other.

    Raises:
        CheckpointError: names the first tensor that is missing, unexpected, misshapen or not finite.
    """
    expected = model.state_dict()
    for name, tensor in expected.items():
        if name not in tensors:
            raise CheckpointError(
                f"{place} lacks the tensor {name!r} {tuple(tensor.shape)}: it belongs to another model."
            )
        if tensors[name].shape != tensor.shape:
            raise CheckpointError(
                f"{place}: tensor {name!r} has shape {tuple(tensors[name].shape)}, "
                f"config.json asks for {tuple(tensor.shape)}."
            )
        if not torch.isfinite(tensors[name]).all():
            raise CheckpointError(f"{place}: tensor {name!r} holds values that are not finite: the training diverged.")
    unexpected = sorted(tensors.keys() - expected.keys())
    if unexpected:
        raise CheckpointError(
            f"{place} has the tensor {unexpected[0]!r}, which the model of config.json does not have."
        )
    model.load_state_dict(tensors)


def checkpoint_hash(directory: Path) -> str:
    """Identity of a checkpoint: SHA-256 over both its files."""
    return sha256_text(*(sha256_file(directory / name) for name in ("config.json", "model.safetensors")))
