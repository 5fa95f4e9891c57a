"""Hand-made features: what a user would give to a tree classifier in place of a trained embedding.

Light curves: features of the `light-curve` package (Malanchev et al. 2021, MNRAS 502, 5147) in time and, folded, in
phase at P and 2P, and the Fourier parameters of Simon & Lee (1981, ApJ 248, 291). Catalogue: the columns as they are.
Spectra: none, since there is no package of general ones.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.light_curve.fold import median, phase_fold
from m3core.manifest import ModalitySpec
from m3core.survey import Survey, kept_table, of_each_source

__all__ = ["LIGHT_CURVE", "feature_columns", "feature_table", "has_features", "kept_features", "source_features"]

Array = NDArray[np.float64]

LIGHT_CURVE = ("time", "error")
"""First and last field of a light curve; what stands between them is the brightness."""

SEARCHED = ("m3_period_search", "m3_period_power")
"""Columns of the import's period search."""

N_HARMONICS = 4

VERSION = 1
"""Of the features: those that another version kept are measured anew."""


def is_light_curve(spec: ModalitySpec) -> bool:
    """Whether a modality's fields are time, brightness and error."""
    return len(spec.fields) == 3 and (spec.fields[0], spec.fields[-1]) == LIGHT_CURVE


def has_features(spec: ModalitySpec) -> bool:
    """Whether there are hand-made features of a modality: of light curves and of catalogue columns."""
    return is_light_curve(spec) or not spec.fields


def feature_columns(table: pd.DataFrame, survey: Survey, modality: str) -> list[str]:
    """Names of the columns of `feature_table` that a modality ('all': every one) gives."""
    if modality == "all":
        return list(table.columns)
    spec = survey.modalities[modality]
    own = [name for name in table.columns if name.startswith(f"{modality}: ")]
    return own + [name for name in spec.columns if name in table.columns]


def feature_table(survey: Survey, progress: Callable[[float], None] = lambda done: None) -> pd.DataFrame:
    """Hand-made features of every source; no label and no split is read.

    Args:
        progress: told the fraction done.

    Returns:
        (N, K) float64 by source_id, NaN where a source lacks what a feature is of: of each light curve
        '<modality>: <feature>', the difference of medians of each two that follow one another (a colour, for
        magnitudes), every catalogue column that feeds a modality (the period that folds use among them), and the
        period found in all bands with its power.
    """
    curves = [spec for spec in survey.modalities.values() if is_light_curve(spec)]
    parts: dict[str, Array] = {}
    measured = of_each_source(_of_curves, survey, progress=progress) if curves else []
    for number, spec in enumerate(curves):
        found = pd.DataFrame([row[number] for row in measured], index=survey.sources.index)
        parts |= {f"{spec.name}: {name}": found[name].to_numpy(np.float64) for name in found}
    medians = [(spec.name, parts.get(f"{spec.name}: median")) for spec in curves]
    for (first, one), (second, other) in pairwise(medians):
        if one is not None and other is not None:
            parts[f"median {first} - {second}"] = one - other
    columns = [name for spec in survey.modalities.values() for name in spec.columns]
    columns += [name for name in SEARCHED if name in survey.sources]
    for name in dict.fromkeys(columns):
        parts[name] = survey.sources[name].to_numpy(np.float64, na_value=np.nan)
    progress(1.0)
    table = pd.DataFrame(parts, index=survey.sources.index)
    return table.where(np.isfinite(table))


def kept_features(survey: Survey, progress: Callable[[float], None] = lambda done: None) -> pd.DataFrame:
    """`feature_table` of a survey as it is on the disk, measured once."""
    return kept_table(survey, "features", VERSION, lambda: feature_table(survey, progress))


def _of_curves(survey: Survey, row: int) -> list[dict[str, float]]:
    """Features of every light curve of a source."""
    curves = [spec for spec in survey.modalities.values() if is_light_curve(spec)]
    return [source_features(spec, survey.observation(spec.name, row)) for spec in curves]


def source_features(spec: ModalitySpec, observation: Mapping[str, NDArray[Any]] | None) -> dict[str, float]:
    """Features of one light curve, by name; none where there is no observation."""
    if observation is None:
        return {}
    time, value, error = (np.asarray(observation[field], np.float64) for field in spec.fields)
    known = np.isfinite(time) & np.isfinite(value)
    time, value, error = time[known], value[known], error[known]
    given = np.isfinite(error) & (error > 0)
    # a missing error is the typical one; without any the features are those of equal weights
    error = np.where(given, error, median(error[given]) if given.any() else 1.0)
    order = np.argsort(time, kind="stable")
    time, value, error = time[order], value[order], error[order]
    found = _extracted(_in_time(), time, value, error)
    found["log median error"] = float(np.log10(median(error))) if given.any() else float("nan")
    period = _period(spec, observation)
    if period > 0:
        for factor, prefix in ((1, "at P"), (2, "at 2P")):
            phase = phase_fold(time, factor * period)
            order = np.argsort(phase, kind="stable")
            folded = _extracted(_in_phase(), phase[order], value[order], error[order])
            found |= {f"{prefix}: {name}": number for name, number in folded.items()}
        found |= _fourier(time, value, error, period)
    return found


def _period(spec: ModalitySpec, observation: Mapping[str, NDArray[Any]]) -> float:
    column = spec.settings.get("period")
    return float(observation["columns"][spec.columns.index(column)]) if column in spec.columns else float("nan")


@cache
def _in_time() -> tuple[tuple[str, ...], Any]:
    """Names and extractor of what is measured in time."""
    import light_curve as lc

    return _named(lc.Extractor(
        lc.Amplitude(), lc.AndersonDarlingNormal(), lc.BeyondNStd(1), lc.BeyondNStd(2), lc.Cusum(), lc.Eta(),
        lc.EtaE(), lc.ExcessVariance(), lc.InterPercentileRange(0.02), lc.InterPercentileRange(0.1),
        lc.InterPercentileRange(0.25), lc.Kurtosis(), lc.LinearTrend(), lc.MagnitudePercentageRatio(0.4, 0.05),
        lc.MagnitudePercentageRatio(0.2, 0.1), lc.MaximumSlope(), lc.Median(), lc.MedianAbsoluteDeviation(),
        lc.MedianBufferRangePercentage(0.1), lc.PercentAmplitude(), lc.ReducedChi2(), lc.Roms(), lc.Skew(),
        lc.StandardDeviation(), lc.StetsonK(), lc.WeightedMean(),
    ))  # fmt: skip


@cache
def _in_phase() -> tuple[tuple[str, ...], Any]:
    import light_curve as lc

    return _named(lc.Extractor(lc.Cusum(), lc.Eta(), lc.MaximumSlope()))


def _named(extractor: Any) -> tuple[tuple[str, ...], Any]:
    return tuple(str(name).replace("_", " ") for name in extractor.names), extractor


def _extracted(of: tuple[tuple[str, ...], Any], time: Array, value: Array, error: Array) -> dict[str, float]:
    """Name -> number; NaN where there are too few observations for one, or all are alike."""
    names, extractor = of
    if len(time) < 2 or time[0] == time[-1]:  # without a time span the package ends the process (light-curve 0.13)
        return dict.fromkeys(names, float("nan"))
    return dict(zip(names, extractor(time, value, error, sorted=True, check=True, fill_value=np.nan), strict=True))


def _fourier(time: Array, value: Array, error: Array, period: float) -> dict[str, float]:
    """Parameters of a weighted Fourier series of four harmonics: A1, R_k1 = A_k / A_1, phi_k1 = phi_k - k phi_1.

    A phase difference is an angle: its cosine and sine are given, so that 0 and 2 pi are one.
    """
    if len(time) < 2 * N_HARMONICS + 2:
        return {}
    turn = np.exp(2j * np.pi * phase_fold(time, period))
    design = np.empty((len(time), 2 * N_HARMONICS + 1))
    design[:, 0], power = 1.0, np.ones_like(turn)
    for k in range(1, N_HARMONICS + 1):
        power = power * turn
        design[:, 2 * k - 1], design[:, 2 * k] = power.real, power.imag
    design /= error[:, None]
    coefficients = np.linalg.lstsq(design, value / error, rcond=1e-10)[0]
    cosine, sine = coefficients[1::2], coefficients[2::2]
    amplitude, phase = np.hypot(cosine, sine), np.arctan2(-sine, cosine)
    residual = value - (design @ coefficients) * error
    weight = error**-2
    spread = float(np.sum(weight * (value - np.sum(weight * value) / np.sum(weight)) ** 2))
    found = {"A1": float(amplitude[0])}
    found["share explained"] = 1 - float(np.sum(weight * residual**2)) / spread if spread > 0 else float("nan")
    for k in range(2, N_HARMONICS + 1):
        difference = phase[k - 1] - k * phase[0]
        found[f"R{k}1"] = float(amplitude[k - 1] / amplitude[0]) if amplitude[0] > 0 else float("nan")
        found[f"cos phi{k}1"], found[f"sin phi{k}1"] = float(np.cos(difference)), float(np.sin(difference))
    return found
