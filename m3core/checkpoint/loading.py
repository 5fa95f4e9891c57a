"""Checkpoints: config.json and model.safetensors, ours and the published ones; strict on loading, never a pickle."""

import importlib.metadata
import platform
from pathlib import Path

import torch
from pydantic import ValidationError

from m3core.checkpoint import hub, published
from m3core.checkpoint.key_map import from_published, to_published
from m3core.checkpoint.tensors import check_tensors, load_tensors, write_tensors
from m3core.errors import CheckpointError, ConfigError, M3Error
from m3core.files import read_json, replaced_folder, sha256_file, sha256_text, write_json
from m3core.model.clip import Classifier, Model, model_of, use_sampling
from m3core.model.config import ModelConfig
from m3core.nn.informer import Sampling

__all__ = ["checkpoint_hash", "load_checkpoint", "save_checkpoint", "versions"]

FILES = ("config.json", "model.safetensors")


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    packages = ("torch", "numpy", "pandas", "pyarrow", "umap-learn", "safetensors")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}


def save_checkpoint(model: Model, directory: Path) -> None:
    """Write config.json and model.safetensors into `directory`, replacing what it held."""
    with replaced_folder(directory) as folder:
        write_json(folder / "config.json", model.config.model_dump(mode="json"))
        write_tensors(folder / "model.safetensors", model.state_dict())


def load_checkpoint(directory: str | Path, sampling: Sampling = "deterministic") -> Model:
    """Load a model, ready for evaluation on the CPU: a MultimodalCLIP, or a Classifier where the checkpoint has a head.

    Args:
        directory: a checkpoint folder (ours or a published AstroM3 one), a run's folder, or the name of a published
            checkpoint on the Hub ('AstroMLCore/AstroM3-CLIP').
        sampling: 'deterministic', or 'published': ProbSparse keys drawn from torch's generator, as published.

    Raises:
        CheckpointError: a file is missing or cut short; a field of config.json is missing, unknown or impossible; a
            tensor is missing, unexpected, misshapen or not finite; the Hub does not give it.
    """
    if sampling not in ("deterministic", "published"):
        raise CheckpointError(f"sampling must be 'deterministic' or 'published'; got {sampling!r}.")
    directory = _folder(directory)
    config_file, weights_file = (directory / name for name in FILES)
    content = read_json(config_file, CheckpointError)
    is_published = published.is_published(content)
    config = (published.parse if is_published else ModelConfig.parse)(content, str(config_file))
    tensors = load_tensors(weights_file)
    try:
        with torch.device("meta"):  # shapes without memory: config.json may ask for anything
            blank = model_of(config)
            expected = to_published(blank) if is_published else blank.state_dict()
    except ConfigError as fault:
        raise CheckpointError(f"{config_file}: {fault}") from None
    except ValidationError as fault:
        first = fault.errors()[0]
        raise CheckpointError(f"{config_file}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
    check_tensors(expected, tensors, str(weights_file))
    with torch.random.fork_rng(devices=[]):  # fresh weights are drawn and dropped: the caller's generator stays
        model = model_of(config)
    if is_published:
        from_published(model, tensors, str(weights_file))
    else:
        model.load_state_dict(tensors)
    if isinstance(model, Classifier) and model.trees is not None and (wrong := model.trees.trees.fault()):
        raise CheckpointError(f"{weights_file}: {wrong}: copy it again.")
    use_sampling(model, sampling)
    return model.eval()


def _folder(directory: str | Path) -> Path:
    """Where config.json should be."""
    if isinstance(directory, str) and hub.is_hub_name(directory):
        try:
            return hub.fetch(directory, FILES)
        except M3Error as fault:
            raise CheckpointError(str(fault)) from None
    folder = Path(directory)
    if folder.is_file():
        raise CheckpointError(f"{folder} is a file: name the folder that has {' and '.join(FILES)}.")
    return folder / "checkpoint" if (folder / "checkpoint" / "config.json").is_file() else folder


def checkpoint_hash(directory: Path) -> str:
    """Identity of a checkpoint: SHA-256 over both its files."""
    return sha256_text(*(sha256_file(directory / name) for name in FILES))
