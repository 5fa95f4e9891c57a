"""What a modality says of a source in numbers that have a name: columns, features of light curves, shapes of spectra.

`cross_residuals` beside it asks whether what one modality says is what the others lead to expect. A kind of observation
without a description of its own here is described by the principal components of its embedding.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.embeddings.kept import Embeddings
from m3core.light_curve.features import SEARCHED, feature_columns, is_light_curve, source_features
from m3core.light_curve.fold import median, median_absolute_deviation, phase_fold
from m3core.manifest import ModalitySpec
from m3core.outliers.spectral_shape import SpectralShape
from m3core.survey import Survey, of_each_source

__all__ = ["Descriptors", "curve_descriptors", "describe", "needs_embedding"]

Array = NDArray[np.float64]
Progress = Callable[[float], None]

N_COMPONENTS = 20
N_PHASES = 20
RUN, LONG_RUN = 5, 15
"""Observations whose median is an event: one wild point is none."""

EVENTS = (
    "skew",
    "highest run",
    "lowest run",
    "highest long run",
    "lowest long run",
    "drift",
    "spread of runs",
)  # fmt: skip
"""Descriptors that an outburst or a fading changes first."""


@dataclass(frozen=True)
class Descriptors:
    """The descriptors of one modality.

    Attributes:
        names: (K,) for people.
        values: (N, K), NaN where missing.
        events: those of an outburst or a fading; empty where a modality has no time.
        shape: of spectra, how they were made: `SpectralShape.of_source` describes one again.
    """

    names: tuple[str, ...]
    values: Array
    events: tuple[str, ...] = ()
    shape: SpectralShape | None = None


def describe(
    survey: Survey, embeddings: Embeddings, features: pd.DataFrame, progress: Progress = lambda done: None
) -> dict[str, Descriptors]:
    """Modality -> descriptors.

    Args:
        features: `m3core.light_curve.features.feature_table` of the survey.
    """
    found = {}
    for number, (name, spec) in enumerate(survey.modalities.items()):

        def so_far(done: float, number: int = number) -> None:
            progress((number + done) / len(survey.modalities))

        if is_light_curve(spec):
            found[name] = _of_curves(survey, spec, features, so_far)
        elif "wavelength" in spec.fields:
            found[name] = _of_spectra(survey, spec, so_far)
        elif not spec.fields:
            columns = list(spec.columns)
            found[name] = Descriptors(tuple(columns), survey.sources[columns].to_numpy(np.float64, na_value=np.nan))
        elif needs_embedding(spec) and name in embeddings.embeddings:
            found[name] = _of_embedding(embeddings.embeddings[name])
    return found


def needs_embedding(spec: ModalitySpec) -> bool:
    """Whether a modality is described by its embedding: nothing else is known of its kind."""
    return bool(spec.fields) and not is_light_curve(spec) and "wavelength" not in spec.fields


def _of_curves(survey: Survey, spec: ModalitySpec, features: pd.DataFrame, progress: Progress) -> Descriptors:
    own = feature_columns(features, survey, spec.name) + [name for name in SEARCHED if name in features]
    own = list(dict.fromkeys(own))
    found = of_each_source(partial(_events, spec.name), survey, progress=progress)
    table = pd.DataFrame(found, index=features.index)
    names = [name.removeprefix(f"{spec.name}: ") for name in own]
    present = survey.present(spec.name)[:, None]
    values = np.concatenate([features[own].to_numpy(np.float64), table.to_numpy(np.float64)], axis=1)
    return Descriptors((*names, *map(str, table.columns)), np.where(present, values, np.nan), EVENTS)


def _events(name: str, survey: Survey, row: int) -> dict[str, float]:
    observation = survey.observation(name, row)
    return {} if observation is None else events(survey.modalities[name], observation)


def curve_descriptors(survey: Survey, spec: ModalitySpec, row: int, kept: NDArray[np.bool_]) -> dict[str, float]:
    """Descriptors of the light curve of one source with some epochs left out, by name; columns are not among them.

    Args:
        kept: (n,) which epochs to use.
    """
    observation = survey.observation(spec.name, row)
    assert observation is not None
    part = {name: observation[name][kept] for name in spec.fields} | {"columns": observation["columns"]}
    return {**source_features(spec, part), **events(spec, part)}


def events(spec: ModalitySpec, observation: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Numbers of a light curve that tell an outburst or a fading from what repeats with the period.

    Brightness is in magnitudes from the median, brighter upwards. The repeated part is the median in twenty bins of
    phase at 2P, where taking it away leaves less. An event is a run of five epochs: the highest and the lowest median
    of one, in magnitudes and in robust scales of what is left; then how far the brightest and the faintest 2 % are
    from the median, in magnitudes and in interquartile ranges, and epochs and time span.
    """
    time, value, _ = (np.asarray(observation[field], np.float64) for field in spec.fields)
    known = np.isfinite(time) & np.isfinite(value)
    time, value = time[known], value[known]
    if len(time) < RUN:
        return {}
    order = np.argsort(time, kind="stable")
    time, value = time[order], value[order]
    level = median(value)
    if spec.fields[1] == "flux":
        if level <= 0:
            return {}
        bright = 2.5 * np.log10(np.maximum(value / level, 0.02))  # 4 mag under the median is as faint as it gets
    else:
        bright = level - value
    rest = _without_fold(time, bright, _period(spec, observation))
    scale = 1.4826 * median_absolute_deviation(rest) + 1e-4
    runs, long = (_run_medians(rest, length) for length in (RUN, LONG_RUN))
    walk = np.clip(rest / scale, -5.0, 5.0)
    walk = np.cumsum(walk - walk.mean()) / np.sqrt(len(walk))
    places = np.array([0.02, 0.25, 0.5, 0.75, 0.98]) * (len(bright) - 1)
    q02, q25, q50, q75, q98 = map(float, np.interp(places, np.arange(len(bright)), np.sort(bright)))
    quartiles = q75 - q25 + 1e-4
    return {
        "highest run": float(runs.max()),
        "lowest run": float(runs.min()),
        "highest run in scales": float(runs.max()) / scale,
        "lowest run in scales": float(runs.min()) / scale,
        "highest long run": float(long.max()),
        "lowest long run": float(long.min()),
        "drift": float(np.ptp(walk)),
        "scale beside the fold": scale,
        "brightest 2 %": q98 - q50,
        "faintest 2 %": q50 - q02,
        "brightest 2 % in quartiles": (q98 - q50) / quartiles,
        "faintest 2 % in quartiles": (q50 - q02) / quartiles,
        "spread of runs": float(np.std(runs)),
        "epochs": float(len(time)),
        "time span": float(np.ptp(time)),
    }


def _run_medians(values: Array, length: int) -> Array:
    """Medians of all runs of an odd length; of all values where there are fewer."""
    if len(values) < length:
        return np.array([median(values)])
    runs = np.lib.stride_tricks.sliding_window_view(values, length)
    return np.partition(runs, length // 2, axis=1)[:, length // 2]


def _without_fold(time: Array, bright: Array, period: float) -> Array:
    rest = bright - median(bright)
    if not period > 0:
        return rest
    bins = np.minimum((phase_fold(time, 2 * period) * N_PHASES).astype(np.int64), N_PHASES - 1)
    # medians of all bins at once: the middle of each bin's part of the points in order of bin and brightness
    ordered = bright[np.lexsort((bright, bins))]
    count = np.bincount(bins, minlength=N_PHASES)
    middle = np.cumsum(count) - count + (count - 1) / 2
    low, high = np.floor(middle).astype(np.int64), np.ceil(middle).astype(np.int64)
    medians = (ordered[low.clip(0, len(ordered) - 1)] + ordered[high.clip(0, len(ordered) - 1)]) / 2
    folded = np.where(count[bins] > 2, bright - medians[bins], rest)
    return folded if np.mean(np.abs(folded)) < np.mean(np.abs(rest)) else rest


def _period(spec: ModalitySpec, observation: Mapping[str, NDArray[Any]]) -> float:
    column = spec.settings.get("period")
    return float(observation["columns"][spec.columns.index(column)]) if column in spec.columns else float("nan")


def _of_spectra(survey: Survey, spec: ModalitySpec, progress: Progress) -> Descriptors:
    shape, values = SpectralShape.fitted(survey, spec.name, progress)
    return Descriptors(shape.names, values, shape=shape)


def _of_embedding(vectors: NDArray[np.float32]) -> Descriptors:
    found = np.full((len(vectors), N_COMPONENTS), np.nan)
    known = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    count = min(N_COMPONENTS, len(known), vectors.shape[1])
    if count:
        from sklearn.decomposition import PCA

        found[known, :count] = PCA(count, random_state=0).fit_transform(np.asarray(vectors[known], np.float64))
    return Descriptors(tuple(f"component {number + 1}" for number in range(count)), found[:, :count])
