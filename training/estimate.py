"""What a training will take on this machine, measured on a few sources before it starts."""

import time
from dataclasses import dataclass

import torch

from m3core.batch import make_batch
from m3core.survey import Survey
from training.config import TrainConfig
from training.objectives import Contrastive
from training.setup import build_model, chosen_modalities, device_of, split_rows

__all__ = ["Estimate", "estimate"]

PROBE = 32
"""Sources of the measured step: enough for a stable rate, few enough for a second or two of the slowest preset."""

PROCESS_BYTES = 600 * 2**20
"""A Python process with torch and pandas loaded, before any model."""


@dataclass(frozen=True)
class Estimate:
    """Attributes: seconds of training (embedding and maps apart), and bytes of memory at the peak."""

    seconds: float
    memory_bytes: int
    sources_per_second: float

    @property
    def sentence(self) -> str:
        """What to show before the start."""
        minutes = self.seconds / 60
        time_text = f"{minutes:.0f} min" if minutes >= 2 else f"{self.seconds:.0f} s"
        if minutes >= 120:
            time_text = f"{minutes / 60:.1f} h"
        return (
            f"about {time_text} of training if it runs to the last epoch, at {self.sources_per_second:.0f} sources/s, "
            f"and {self.memory_bytes / 2**30:.1f} GB of memory"
        )


def estimate(survey: Survey, config: TrainConfig) -> Estimate:
    """Time one step on a few sources, and count what it keeps for the gradient.

    Raises:
        ConfigError, SurveyError: what `training.pretrain` would refuse.
    """
    rows = split_rows(survey, chosen_modalities(survey, config))
    probe = rows.train[:PROBE]
    device = device_of(config)
    with torch.random.fork_rng(devices=[]):
        model = build_model(survey, config, probe).to(device)
    objective = Contrastive()
    kept = 0

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    seconds = []
    for _ in range(2):  # the first step pays for lazy initialisation
        started = time.perf_counter()
        batch = make_batch(survey, probe, model.config.modalities).to(device)
        kept = 0
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            objective.backward(model, batch, micro_batch=PROBE, seed=0)
        seconds.append(time.perf_counter() - started)
    # a batch of several parts is embedded once more, a third of a step
    repeated = 4 / 3 if config.micro_batch < min(config.batch_size, len(rows.train)) else 1.0
    rate = len(probe) / min(seconds) / repeated
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    # weights, gradients and two moments of Adam, 4 bytes each; what is kept grows with the sources in memory
    memory = (
        PROCESS_BYTES
        + 16 * n_parameters
        + kept * min(config.batch_size, config.micro_batch, len(rows.train)) // len(probe)
    )
    passes = config.epochs * (len(rows.train) + 0.3 * len(rows.validation))  # judging takes a third of training
    return Estimate(passes / rate, memory, rate)
