"""Presets: a function each, from the number of sources to a complete configuration."""

from collections.abc import Callable

from m3core.errors import ConfigError
from training.config import TrainConfig

__all__ = ["PRESETS", "fast", "paper", "preset"]


def fast(n_sources: int) -> TrainConfig:
    """Ours: minutes on a laptop. Small surveys get more epochs, since they have fewer steps in each."""
    epochs = max(8, min(60, round(70_000 / max(n_sources, 1))))
    # at least four steps an epoch, but never so few sources that a step has little to tell apart
    batch_size = max(32, min(256, n_sources // 4))
    return TrainConfig(preset="fast", family="fast", epochs=epochs, batch_size=batch_size)


def paper(n_sources: int) -> TrainConfig:
    """The published architecture and hyper-parameters (AstroM3, arXiv 2411.08842, and its released configuration)."""
    return TrainConfig(
        preset="paper",
        family="paper",
        epochs=100,
        batch_size=512,
        micro_batch=64,
        learning_rate=3.92e-3,
        patience=6,
        embedding_dim=512,
        optimizer="adam",
        beta1=0.926,
        weight_decay=4.67e-3,
        warmup_epochs=10,
        schedule="plateau",
        plateau_factor=0.1125,
        plateau_patience=3,
        gradient_clip=45.0,
        initial_logit_scale=100.0,
    )


PRESETS: dict[str, Callable[[int], TrainConfig]] = {"fast": fast, "paper": paper}


def preset(name: str, n_sources: int) -> TrainConfig:
    """A preset's configuration for a survey of this size.

    Raises:
        ConfigError: no such preset.
    """
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}.")
    return PRESETS[name](n_sources)
