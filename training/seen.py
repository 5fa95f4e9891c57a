"""What classifiers beside the network are fitted to: frozen features, and the numbers that the encoders are given."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from m3core.model.batch import make_batch
from m3core.model.encoders import ModalityEncoders
from m3core.model.tree_vote import FrozenReading, numbers_of
from m3core.survey import Survey

__all__ = ["Seen", "seen_by"]

BATCH_SIZE = 256

N_COMPONENTS = 30
"""Principal components of the features that trees see."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What a pre-trained model gives, and what it is given.

    Attributes:
        features: modality -> (N, K) of its encoder before any projection, standardised over the training split; 0
            where absent.
        numbers: (N, P + M) principal components of the features, and every input that is a number and no curve.
        inputs: keys of a batch with how many of those M numbers they hold, in their order.
        reading: the encoders with what standardises their features and projects them.
    """

    features: dict[str, Array]
    numbers: Array
    inputs: tuple[tuple[str, int], ...]
    reading: FrozenReading


def seen_by(encoders: ModalityEncoders, survey: Survey, names: Collection[str]) -> Seen:
    """Run frozen encoders over every source of a survey.

    Args:
        names: the modalities to read, of those that have an encoder.
    """
    modalities = tuple(one for one in encoders.config.modalities if one.spec.name in names)
    reading = FrozenReading(encoders.config.model_copy(update={"modalities": modalities}), n_components=0)
    weights = encoders.state_dict()  # with projections, where it is a whole model, which are not read
    reading.encoders.load_state_dict({name: weights[name] for name in reading.encoders.state_dict()})
    device = next(encoders.parameters()).device
    reading.to(device).eval()
    widths = reading.encoders.widths
    found = {name: np.zeros((len(survey), width)) for name, width in widths.items()}
    given: dict[str, Array] = {}
    with torch.inference_mode():
        for start in range(0, len(survey), BATCH_SIZE):
            rows = np.arange(start, min(start + BATCH_SIZE, len(survey)))
            batch = make_batch(survey, rows, modalities).to(device)
            for name, features in reading.encoders.features(batch.inputs).items():
                found[name][rows] = features.cpu().numpy()
            for key, width in numbers_of(batch.inputs).items():
                given.setdefault(key, np.zeros((len(survey), width)))[rows] = batch.inputs[key].cpu().numpy()
    train = survey.rows("train")
    scales = [_standardise(found[name], survey.present(name), train) for name in widths]
    every = np.concatenate(list(found.values()), axis=1)
    pca = PCA(min(N_COMPONENTS, every.shape[1], len(train)), random_state=0).fit(every[train])
    mean, scale = (np.concatenate(parts) for parts in zip(*scales, strict=True))
    reading.measured(mean=mean, scale=scale, centre=pca.mean_, axes=pca.components_)
    numbers = np.concatenate([pca.transform(every), *given.values()], axis=1)
    return Seen(found, numbers, tuple((key, values.shape[1]) for key, values in given.items()), reading)


def _standardise(features: Array, present: NDArray[np.bool_], train: NDArray[np.int64]) -> tuple[Array, Array]:
    """Standardise (N, K) features in place by the training sources that have the modality; their mean and spread."""
    known = features[train[present[train]]]
    if not len(known):
        features[:] = 0.0
        return np.zeros(features.shape[1]), np.ones(features.shape[1])
    mean, spread = known.mean(axis=0), known.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    features[:] = np.where(present[:, None], (features - mean) / scale, 0.0)
    return mean, scale
