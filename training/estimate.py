"""What a training will take on this machine, measured on a few sources before it starts."""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from m3core.model.batch import make_batch
from m3core.model.clip import Model
from m3core.survey import Survey
from m3core.workspace.run import Run
from training.classification import Classification
from training.classifier_setup import build_classifier, one_hot, prepare, pretrained
from training.config import FinetuneConfig, Settings, TrainConfig
from training.objectives import Contrastive, Objective
from training.setup import Rows, build_model, chosen_modalities, device_of, split_rows

__all__ = ["Estimate", "estimate", "estimate_classifier"]

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
    """Time one step of a pre-training on a few sources, and count what it keeps for the gradient.

    Raises:
        ConfigError, SurveyError: what `training.pretrain` would refuse.
    """
    rows = split_rows(survey, chosen_modalities(survey, config))
    with torch.random.fork_rng(devices=[]):
        model = build_model(survey, config, rows.train[:PROBE])
    return _measured(survey, config, rows, model, Contrastive())


def estimate_classifier(survey: Survey, config: FinetuneConfig, origin: Run | None) -> Estimate:
    """The same for the training of a classifier.

    Args:
        origin: the pre-trained run; None: from scratch.

    Raises:
        M3Error: what `training.finetune` would refuse of the survey, the settings and the run.
    """
    model = None if origin is None else pretrained(origin)
    prepared = prepare(survey, config, None if model is None else model.config)
    with torch.random.fork_rng(devices=[]):
        classifier = build_classifier(survey, config, prepared, model, statistics_of=prepared.rows.train[:PROBE])
    objective = Classification(one_hot(prepared), np.ones(len(prepared.classes), np.float32))
    rows = prepared.rows
    if config.pseudo_labels:
        rows = replace(rows, train=np.union1d(rows.train, prepared.unlabelled))
    return _measured(survey, config, rows, classifier, objective)


def _measured(survey: Survey, config: Settings, rows: Rows, model: Model, objective: Objective) -> Estimate:
    probe = rows.train[:PROBE]
    device = device_of(config)
    model = model.to(device)
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
    in_memory = min(config.batch_size, config.micro_batch, len(rows.train))
    is_parted = config.micro_batch < min(config.batch_size, len(rows.train))
    # a contrastive batch of several parts is embedded once more, a third of a step
    repeated = 4 / 3 if is_parted and isinstance(objective, Contrastive) else 1.0
    rate = len(probe) / min(seconds) / repeated
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    # weights, gradients and two moments of Adam, 4 bytes each; what is kept grows with the sources in memory
    memory = PROCESS_BYTES + 16 * n_parameters + kept * in_memory // len(probe)
    passes = config.epochs * (len(rows.train) + 0.3 * len(rows.validation))  # judging takes a third of training
    return Estimate(passes / rate, memory, rate)
