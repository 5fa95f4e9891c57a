"""From sources of a survey to the tensors of a batch.

Keys are flat, as the published model has them: a modality's array under its name, 'photometry', and what belongs
to it under the name with an ending, 'photometry_mask' (1: real point), 'photometry_context'.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from m3core.kinds import Inputs, family_of
from m3core.model.config import ModalityConfig
from m3core.names import INPUT_FIELDS
from m3core.survey import Observation, Survey

__all__ = ["Batch", "RowGenerator", "make_batch", "prepare_observation"]

RowGenerator = Callable[[int], np.random.Generator | None]
"""Row number -> generator for the draws of its augmentation, or None for none."""


@dataclass(frozen=True)
class Batch:
    """Some sources, ready for a model.

    Attributes:
        rows: (B,) row numbers in the survey.
        inputs: flat key -> (B, ...) float32; zeros in rows that lack the modality; one that no row has is left out.
        present: modality -> (B,) bool.
        labels: (B,) class index, -1 where unknown.
    """

    rows: NDArray[np.int64]
    inputs: dict[str, Tensor]
    present: dict[str, Tensor]
    labels: Tensor

    def parts(self, size: int) -> "list[Batch]":
        """The same sources in batches of at most `size`."""
        cuts = [slice(start, start + size) for start in range(0, len(self.rows), size)]
        return [
            Batch(
                self.rows[cut],
                {key: tensor[cut] for key, tensor in self.inputs.items()},
                {name: flags[cut] for name, flags in self.present.items()},
                self.labels[cut],
            )
            for cut in cuts
        ]

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        inputs = {key: tensor.to(device) for key, tensor in self.inputs.items()}
        present = {name: flags.to(device) for name, flags in self.present.items()}
        return Batch(self.rows, inputs, present, self.labels.to(device))


def make_batch(
    survey: Survey,
    rows: NDArray[np.int64],
    modalities: Sequence[ModalityConfig],
    generator: RowGenerator = lambda row: None,
) -> Batch:
    """Prepare the sources at `rows` in every modality of a model."""
    inputs: dict[str, Tensor] = {}
    present: dict[str, Tensor] = {}
    for modality in modalities:
        name = modality.spec.name
        prepared = [prepare(survey, int(row), modality, generator(int(row))) for row in rows]
        present[name] = torch.tensor([one is not None for one in prepared])
        found = [one for one in prepared if one is not None]
        if not found:
            continue
        for field, example in found[0].items():
            assert field in ("", *INPUT_FIELDS), (
                f"kind {modality.spec.kind!r} prepares {field!r}, which no encoder would get"
            )
            blank = np.zeros_like(example)
            stacked = np.stack([blank if one is None else one[field] for one in prepared])
            inputs[f"{name}_{field}" if field else name] = torch.from_numpy(stacked)
    return Batch(rows, inputs, present, torch.from_numpy(survey.labels[rows]))


def prepare(survey: Survey, row: int, modality: ModalityConfig, rng: np.random.Generator | None) -> Inputs | None:
    """One source's inputs in one modality, None where it lacks it (or the survey does)."""
    spec = modality.spec
    if spec.name not in survey.modalities:
        return None
    observation = survey.observation(spec.name, row)
    if observation is None:
        return None
    return prepare_observation(modality, observation, rng)


def prepare_observation(
    modality: ModalityConfig, observation: Observation, rng: np.random.Generator | None = None
) -> Inputs:
    """What the modality's encoder takes of one observation; with a generator it is augmented."""
    family = family_of(modality.spec, modality.family)
    return family.prepare(modality.spec, modality.parsed_options, modality.statistics, observation, rng)
