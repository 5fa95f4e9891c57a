"""last/: the exact state of a training, so that a resumed run ends in the same weights as one never stopped.

Weights and optimizer state are safetensors, the rest is JSON. Random draws need no state: they depend on the seed
and the step (training.batches; the loop seeds torch at every step).
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from m3core.checkpoint.tensors import fill, load_tensors, write_tensors
from m3core.errors import RunError
from m3core.files import read_json, replaced_folder
from training.schedule import Judge

__all__ = ["Position", "restore", "save"]


@dataclass
class Position:
    """Where a training stands.

    Attributes:
        epoch: epochs ended. step_in_epoch: steps done of the one under way. step: steps done in all.
        loss_sum, pair_sums, n_seen: running sums of the epoch under way, weighted by sources.
        seconds: spent training so far, over all sittings.
        is_done: no epoch is left to train.
    """

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    pair_sums: dict[str, float] = field(default_factory=dict)
    n_seen: int = 0
    seconds: float = 0.0
    is_done: bool = False
    judge: Judge = field(default_factory=Judge)


def save(
    folder: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    position: Position,
    averaged: torch.nn.Module | None = None,
) -> None:
    """Write last/, whole or not at all."""
    state = optimizer.state_dict()["state"]
    tensors = {f"{index}.{name}": value for index, values in state.items() for name, value in values.items()}
    with replaced_folder(folder) as part:
        write_tensors(part / "model.safetensors", model.state_dict())
        write_tensors(part / "optimizer.safetensors", tensors)
        if averaged is not None:
            write_tensors(part / "averaged.safetensors", averaged.state_dict())
        (part / "position.json").write_text(json.dumps(asdict(position), indent=1), encoding="utf-8")


def restore(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, averaged: torch.nn.Module | None = None
) -> Position:
    """Bring model, optimizer and the running mean of the weights to where `save` left them.

    Raises:
        CheckpointError, RunError: a file is damaged or of another model.
    """
    fill(model, load_tensors(folder / "model.safetensors"), str(folder / "model.safetensors"))
    if averaged is not None:
        fill(averaged, load_tensors(folder / "averaged.safetensors"), str(folder / "averaged.safetensors"))
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in load_tensors(folder / "optimizer.safetensors").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    content = read_json(folder / "position.json", RunError)
    return Position(**{**content, "judge": Judge(**content["judge"])})
