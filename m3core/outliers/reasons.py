"""Why a source is odd: which modality, which of its descriptors, and which epochs or wavelengths carry them.

A descriptor's part of a surprise z' W z / K is z_k (W z)_k / K (`Residuals.shares`). Which epochs or wavelengths carry
a surprise is found by occlusion (Zeiler & Fergus 2014, ECCV): a twentieth or a fortieth of them is taken away, the
modality described again, and what the surprise loses is theirs. Taken away means left out of a light curve; in a
spectrum, replaced by what the components fitted to the rest say.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from m3core.light_curve.features import is_light_curve
from m3core.manifest import ModalitySpec
from m3core.outliers.cross_residuals import Ranked
from m3core.outliers.descriptors import curve_descriptors
from m3core.outliers.score import Evidence, Outliers
from m3core.survey import Survey

__all__ = ["Carried", "Reason", "carried", "others_of", "reasons"]

Array = NDArray[np.float64]

N_WINDOWS = {"epochs": 20, "wavelengths": 40}


@dataclass(frozen=True)
class Reason:
    """One descriptor that carries a surprise.

    Attributes:
        value, expected: of the descriptor, and what the others lead to expect, in its own unit.
        z: residual in robust standard deviations, its sign that of the residual.
        ratio: surprise of the modality over its 84th percentile among all sources.
        share: of the modality's surprise, 0 to 1.
    """

    modality: str
    descriptor: str
    value: float
    expected: float
    z: float
    ratio: float
    share: float

    def sentence(self, others: str) -> str:
        """In plain words.

        Args:
            others: the modalities that the prediction rests on, for people.
        """
        way = "above" if self.z > 0 else "below"
        value, expected = _alike(self.value, self.expected)
        return (
            f"{self.descriptor} is {value}, where {others} lead to expect {expected}: "
            f"{abs(self.z):.1f} standard deviations {way} ({self.share:.0%} of the surprise of {self.modality})."
        )


def _alike(value: float, expected: float) -> tuple[str, str]:
    """Two numbers of one quantity with as many decimals, so many that the larger has four digits; whole ones none."""
    largest = max(abs(value), abs(expected))
    if not 1e-3 <= largest < 1e5:
        return f"{value:.4g}", f"{expected:.4g}"
    is_whole = float(value).is_integer() and float(expected).is_integer()
    decimals = 0 if is_whole else max(3 - int(np.floor(np.log10(largest))), 0)
    return f"{value:.{decimals}f}", f"{expected:.{decimals}f}"


def reasons(found: Outliers, row: int, most: int = 8) -> list[Reason]:
    """The descriptors that carry most, those of the modality with the largest ratio first.

    Args:
        row: of the source in the survey.
    """
    listed = []
    for name, evidence in found.evidence.items():
        surprise = float(evidence.residuals.surprise()[row])
        if not np.isfinite(surprise) or surprise <= 0 or evidence.typical <= 0:
            continue
        shares = evidence.residuals.shares(row) / surprise
        ratio = surprise / evidence.typical
        ranked = Ranked.of(evidence.descriptors.values)
        for number in np.argsort(-shares, kind="stable")[:most]:
            if shares[number] > 0:
                descriptor = evidence.descriptors.names[number]
                value = float(evidence.descriptors.values[row, number])
                expected = ranked.value(int(number), float(evidence.residuals.expected[row, number]))
                z = float(evidence.residuals.z[row, number])
                listed.append(Reason(name, descriptor, value, expected, z, ratio, float(shares[number])))
    return sorted(listed, key=lambda one: -one.ratio * one.share)[:most]


@dataclass(frozen=True)
class Carried:
    """What each window of a series carries of its modality's surprise.

    Attributes:
        edges: (W + 1,) ends of the windows, in the unit of x, ascending.
        parts: (W,) share of the surprise that goes with the window, 0 to 1; 0 where it would grow.
    """

    edges: Array
    parts: Array


def carried(found: Outliers, survey: Survey, name: str, row: int) -> Carried | None:
    """Which epochs or wavelengths of a modality carry its surprise; None where it has none or no x."""
    evidence, spec = found.evidence.get(name), survey.modalities[name]
    if evidence is None or survey.observation(name, row) is None:
        return None
    whole = float(evidence.residuals.surprise()[row])
    if not np.isfinite(whole) or whole <= 0:
        return None
    if is_light_curve(spec):
        edges, rows = _without_epochs(evidence, survey, spec, row)
    elif evidence.descriptors.shape is not None:
        edges, rows = _without_wavelengths(evidence, survey, spec, row)
    else:
        return None
    residuals = evidence.residuals
    z = (Ranked.of(evidence.descriptors.values)(rows) - residuals.expected[row]) / residuals.scale[row]
    z = np.where(np.isfinite(z), z, residuals.z[row])  # what cannot be told without the window is left as it is
    return Carried(edges, np.clip(1 - residuals.surprise(z) / whole, 0.0, 1.0))


def _without_epochs(evidence: Evidence, survey: Survey, spec: ModalitySpec, row: int) -> tuple[Array, Array]:
    observation = survey.observation(spec.name, row)
    assert observation is not None
    time = np.asarray(observation[spec.fields[0]], np.float64)
    places = np.array_split(np.argsort(time, kind="stable"), min(N_WINDOWS["epochs"], len(time)))
    described = []
    own = evidence.descriptors
    for place in places:
        kept = np.ones(len(time), bool)
        kept[place] = False
        again = curve_descriptors(survey, spec, row, kept)
        # the number of epochs is lower because we took some: that is no reason
        again = {key: value for key, value in again.items() if key not in ("epochs", "time span")}
        described.append([again.get(key, old) for key, old in zip(own.names, own.values[row], strict=True)])
    edges = [time[places[0][0]], *(time[one[0]] for one in places[1:]), time[places[-1][-1]]]
    return np.array(edges), np.array(described, np.float64)


def _without_wavelengths(evidence: Evidence, survey: Survey, spec: ModalitySpec, row: int) -> tuple[Array, Array]:
    observation, shape = survey.observation(spec.name, row), evidence.descriptors.shape
    assert observation is not None
    assert shape is not None
    binned = shape.of_source(observation)
    windows = np.array_split(np.arange(len(binned)), N_WINDOWS["wavelengths"])
    rows = np.stack([_filled(binned, window, shape.center, shape.components) for window in windows])
    edges = np.array([*(shape.edges[window[0]] for window in windows), shape.edges[-1]])
    numbers = shape.numbers(rows)
    kept = [shape.names.index(name) for name in evidence.descriptors.names]
    return edges, numbers[:, kept]


def _filled(binned: Array, window: NDArray[np.int64], center: Array, components: Array) -> Array:
    """The shape with a window as the components say that are fitted to the rest."""
    rest = np.delete(np.arange(len(binned)), window)
    weights, *_ = np.linalg.lstsq(components[:, rest].T, (binned - center)[rest], rcond=1e-6)
    filled = binned.copy()
    filled[window] = center[window] + weights @ components[:, window]
    return filled


def others_of(found: Outliers, name: str) -> str:
    """The modalities that a prediction of `name` rests on, joined for a sentence."""
    others = [one for one in found.evidence if one != name]
    return " and ".join([", ".join(others[:-1]), others[-1]] if len(others) > 1 else others) or "nothing"
