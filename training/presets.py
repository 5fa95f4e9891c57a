"""Presets: a function each, from the number of sources to a complete configuration."""

from collections.abc import Callable

from m3core.errors import ConfigError
from training.config import FinetuneConfig, Settings, TrainConfig

__all__ = ["CLASSIFIER_PRESETS", "PRESETS", "classifier_preset", "fast", "paper", "preset"]


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


def fast_classifier(n_labels: int, n_unlabelled: int, *, is_pretrained: bool) -> FinetuneConfig:
    """Ours: about the same number of steps for few sources as for many; pseudo-labels are trained on like labels."""
    n_sources = n_labels + n_unlabelled if is_pretrained else n_labels
    batch_size = max(16, min(128, n_sources // 8))
    passes = 60_000 if is_pretrained else 100_000
    epochs = max(10, min(150, round(passes / max(n_sources, 1))))
    return FinetuneConfig(
        preset="fast",
        family="fast",
        epochs=epochs,
        batch_size=batch_size,
        patience=max(8, epochs // 4),
        learning_rate=1e-3 if not is_pretrained else 3e-3,
        encoder_rate=1.0 if not is_pretrained else 0.1,
        average_decay=0.98,
        label_smoothing=0.05,
        modality_dropout=0.2,
        pseudo_labels=0.5 if is_pretrained else 0.0,
        tree_share=0.5 if is_pretrained else 0.0,
        warmup_epochs=1.0,
    )


def paper_classifier(n_labels: int, n_unlabelled: int, *, is_pretrained: bool) -> FinetuneConfig:
    """The published architecture and optimizer, labels alone; what it does not say (rates of parts) as in `fast`."""
    shared = {name: value for name, value in paper(n_labels) if name in Settings.model_fields}
    return FinetuneConfig(
        **{**shared, "batch_size": min(512, max(16, n_labels // 8)), "encoder_rate": 0.1 if is_pretrained else 1.0}
    )


CLASSIFIER_PRESETS = {"fast": fast_classifier, "paper": paper_classifier}

PRESETS: dict[str, Callable[[int], TrainConfig]] = {"fast": fast, "paper": paper}


def preset(name: str, n_sources: int) -> TrainConfig:
    """A preset's configuration for a survey of this size.

    Raises:
        ConfigError: no such preset.
    """
    _check_known(name)
    return PRESETS[name](n_sources)


def classifier_preset(name: str, n_labels: int, n_unlabelled: int, *, is_pretrained: bool) -> FinetuneConfig:
    """A preset's configuration of a classifier.

    Args:
        n_labels: labelled sources that it is trained on.
        n_unlabelled: further sources of the training split, for pseudo-labels.
        is_pretrained: whether its encoders come from a pre-trained run.

    Raises:
        ConfigError: no such preset.
    """
    _check_known(name)
    return CLASSIFIER_PRESETS[name](n_labels, n_unlabelled, is_pretrained=is_pretrained)


def _check_known(name: str) -> None:
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}.")
