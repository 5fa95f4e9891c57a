"""The learning rate of each step, and who is the best epoch so far: small states that resume exactly."""

import math
from dataclasses import dataclass

from training.config import Settings

__all__ = ["Judge", "learning_rate"]

THRESHOLD = 1e-4
"""An epoch is better by this fraction or not at all (the default of torch's ReduceLROnPlateau)."""


def learning_rate(config: Settings, step: int, steps_per_epoch: int, plateau_scale: float) -> float:
    """Rate of a step, counted from 0: linear warm-up, then cosine to zero, the plateau's scale, or constant."""
    warmup = config.warmup_epochs * steps_per_epoch
    rise = min(1.0, (step + 1) / warmup) if warmup >= 1 else 1.0
    if config.schedule == "cosine":
        total = config.epochs * steps_per_epoch
        done = min(max((step - warmup) / max(total - warmup, 1.0), 0.0), 1.0)
        return config.learning_rate * rise * 0.5 * (1.0 + math.cos(math.pi * done))
    return config.learning_rate * rise * (plateau_scale if config.schedule == "plateau" else 1.0)


@dataclass
class Judge:
    """Follows the monitor over epochs.

    Attributes:
        best: best value so far, oriented so that lower is better; None before the first epoch.
        epochs_since_best: for early stopping.
        bad_epochs: since the plateau schedule last acted.
        plateau_scale: product of the plateau's factors so far.
    """

    best: float | None = None
    epochs_since_best: int = 0
    bad_epochs: int = 0
    plateau_scale: float = 1.0

    def is_better(self, value: float, config: Settings) -> bool:
        """Take in an epoch's monitor (lower is better) and say whether it is the best so far."""
        better = self.best is None or value < self.best - THRESHOLD * abs(self.best)
        if better:
            self.best, self.epochs_since_best, self.bad_epochs = value, 0, 0
        else:
            self.epochs_since_best += 1
            self.bad_epochs += 1
            if self.bad_epochs > config.plateau_patience:
                self.plateau_scale *= config.plateau_factor
                self.bad_epochs = 0
        return better

    def should_stop(self, config: Settings) -> bool:
        """Whether patience is at its end."""
        return config.patience > 0 and self.epochs_since_best >= config.patience
