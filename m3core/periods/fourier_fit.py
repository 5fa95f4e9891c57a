"""A Fourier series through a light curve with its parameters' errors, and what follows: ratios, extrema, the period.

    m(t) = m0 + sum over k of  a_k cos(2 pi k phi) + b_k sin(2 pi k phi),    phi = (t - epoch) / P

weighted by 1 / error^2 as quoted, without any regularisation. Errors do not rest on the size of the quoted ones, nor on
residuals being independent: they are those of the jackknife, from what each observation moves a parameter by (its
influence; HC3 of MacKinnon & White 1985, J. Econometrics 29, 305).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from m3core.periods.harmonic_fit import Array, Band

__all__ = ["Extremum", "FourierFit", "Ratio", "combined_extremum", "fit_fourier", "period_error"]

MOST_HARMONICS = 12

CELL = 0.02
"""Of a period: observations of all bands within it miss the curve alike, and count as one (`_error_of_sum`)."""

MOST_LEVERAGE = 0.95
"""Of one observation: the curve runs through what has more, whose influence is not known."""

Convention = Literal["cosine", "sine"]


@dataclass(frozen=True)
class Ratio:
    """A Fourier parameter: name ('R21', 'phi21' ...), value and standard error; phases in radians, 0 to 2 pi."""

    name: str
    value: float
    error: float


@dataclass(frozen=True)
class FourierFit:
    """A fitted series.

    Attributes:
        period, epoch: days.
        coefficients: (2h + 1,) mean, cosine terms, sine terms.
        time: (n,) days, of what was fitted; influence: (n, 2h + 1) what each observation moves the coefficients by.
        rms: of the residuals, unweighted; reduced_chi2: with the quoted errors, NaN where there are none.
        share: of the weighted variance that is explained, 0 to 1.
    """

    period: float
    epoch: float
    coefficients: Array
    time: Array
    influence: Array
    rms: float
    reduced_chi2: float
    share: float

    @property
    def n_harmonics(self) -> int:
        """How many."""
        return len(self.coefficients) // 2

    @property
    def n_points(self) -> int:
        """How many observations were fitted."""
        return len(self.time)

    @cached_property
    def covariance(self) -> Array:
        """(2h + 1, 2h + 1) of the coefficients."""
        return np.asarray(np.einsum("ni,nj->ij", self.influence, self.influence), np.float64)

    def rows(self, phase: Array, *, derivative: int = 0) -> Array:
        """(m, 2h + 1) what each coefficient adds at each phase, or to the derivative by phase."""
        k = np.arange(1, self.n_harmonics + 1)
        angle = 2 * np.pi * np.outer(phase, k) + derivative * np.pi / 2  # each derivative turns by a quarter
        steep = (2 * np.pi * k) ** derivative
        mean = np.full((len(phase), 1), float(derivative == 0))
        return np.concatenate([mean, steep * np.cos(angle), steep * np.sin(angle)], axis=1)

    def __call__(self, phase: Array) -> Array:
        """(m,) the curve at phases."""
        return np.einsum("mk,k->m", self.rows(np.asarray(phase, np.float64)), self.coefficients)

    def amplitudes(self) -> list[tuple[float, float, float, float]]:
        """A_k, its error, phi_k of the cosine convention (A_k cos(2 pi k phi + phi_k)) and its error, by harmonic."""
        found = []
        for k in range(1, self.n_harmonics + 1):
            a, b = self.coefficients[k], self.coefficients[self.n_harmonics + k]
            size = max(float(np.hypot(a, b)), 1e-300)
            by_size, by_phase = self._gradient(k, a / size, b / size), self._gradient(k, b / size**2, -a / size**2)
            phase = float(np.mod(np.arctan2(-b, a), 2 * np.pi))
            found.append((size, self._error(by_size), phase, self._error(by_phase)))
        return found

    def ratios(self, convention: Convention = "cosine", *, highest: int = 3) -> list[Ratio]:
        """R_k1 = A_k / A_1 and phi_k1 = phi_k - k phi_1 (Simon & Lee 1981, ApJ 248, 291), k = 2 to `highest`.

        The sine convention has A_k sin(2 pi k phi + phi_k): its phi_k1 is that of cosines plus (1 - k) pi / 2.
        """
        found = []
        amplitudes = self.amplitudes()
        for k in range(2, min(highest, self.n_harmonics) + 1):
            first, _, first_phase, _ = amplitudes[0]
            size, _, phase, _ = amplitudes[k - 1]
            unit = [self.coefficients[j] for j in (1, self.n_harmonics + 1, k, self.n_harmonics + k)]
            a1, b1, ak, bk = unit
            by_ratio = self._gradient(k, ak / (size * first), bk / (size * first))
            by_ratio += self._gradient(1, -size * a1 / first**3, -size * b1 / first**3)
            by_phase = self._gradient(k, bk / size**2, -ak / size**2)
            by_phase += self._gradient(1, -k * b1 / first**2, k * a1 / first**2)
            turned = phase - k * first_phase + (0.0 if convention == "cosine" else (1 - k) * np.pi / 2)
            found.append(Ratio(f"R{k}1", size / first, self._error(by_ratio)))
            found.append(Ratio(f"phi{k}1", float(np.mod(turned, 2 * np.pi)), self._error(by_phase)))
        return found

    def _gradient(self, k: int, by_cosine: float, by_sine: float) -> Array:
        gradient = np.zeros(len(self.coefficients))
        gradient[k], gradient[self.n_harmonics + k] = by_cosine, by_sine
        return gradient

    def _error(self, gradient: Array) -> float:
        return float(np.sqrt(max(np.einsum("i,ij,j->", gradient, self.covariance, gradient), 0.0)))


def fit_fourier(band: Band, period: float, epoch: float, n_harmonics: int | None = None) -> FourierFit | None:
    """Fit one band.

    Args:
        n_harmonics: None chooses, by the Bayesian information criterion N ln(chi2 / N) + (2 h + 1) ln N (Schwarz
            1978), 1 to 12; never more than four points for each, nor shorter waves than the widest gap in phase.

    Returns:
        None where the band has too few points for one harmonic, or nothing varies.
    """
    time, value, weight, has_errors = _prepared(band)
    n = len(time)
    if n < 6 or np.ptp(value) == 0:
        return None
    phase = np.mod((time - epoch) / period, 1.0)
    ordered = np.sort(phase)
    gap = float(np.max(np.diff(ordered, append=ordered[0] + 1.0)))
    most = int(max(1, min(MOST_HARMONICS, (n - 2) // 4, 0.8 / gap)))
    if n_harmonics is not None:
        most = min(n_harmonics, (n - 2) // 2)
    centre = float(np.average(value, weights=weight))
    rows = _rows(phase, most)
    normal = np.einsum("ni,nj->ij", rows * weight[:, None], rows)
    right = np.einsum("ni,n->i", rows, weight * (value - centre))
    squares = float(np.sum(weight * (value - centre) ** 2))
    best, series, inverse, chi2, kept = np.inf, right, normal, squares, np.arange(len(right))
    for h in [most] if n_harmonics is not None else range(1, most + 1):
        used = np.r_[0 : h + 1, most + 1 : most + h + 1]
        tried = np.linalg.pinv(normal[np.ix_(used, used)], hermitian=True)
        found = np.einsum("ij,j->i", tried, right[used])
        left_over = max(squares - float(np.sum(found * right[used])), 1e-12 * squares)
        cost = n * np.log(left_over / n) + len(used) * np.log(n)
        if cost < best:
            best, series, inverse, chi2, kept = cost, found, tried, left_over, used
    rows = rows[:, kept]
    left = value - centre - np.einsum("ni,i->n", rows, series)
    leverage = weight * np.einsum("ni,ij,nj->n", rows, inverse, rows)
    influence = np.einsum("ni,ij->nj", rows * (weight * _alone(left, leverage))[:, None], inverse)
    series[0] += centre
    return FourierFit(
        period, epoch, series, time, influence,
        rms=float(np.sqrt(np.mean(left**2))), reduced_chi2=chi2 / (n - len(series)) if has_errors else float("nan"),
        share=1.0 - chi2 / squares,
    )  # fmt: skip


def _alone(left: Array, leverage: Array) -> Array:
    """(n,) what each observation would be off a curve that was fitted without it."""
    return np.asarray(left / (1.0 - np.minimum(leverage, MOST_LEVERAGE)), np.float64)


def _error_of_sum(time: Array, influence: Array, period: float) -> float:
    """Standard error of what every observation moves by `influence` (n,).

    Bands are seen nearly at once, and miss a curve that changes from cycle to cycle, or that is too sharp for its
    harmonics, in the same sense: the observations of a `CELL` count as one, unless they cancel each other.
    """
    _, cell = np.unique(np.floor(time / (CELL * period)), return_inverse=True)
    return float(np.sqrt(max(np.sum(np.bincount(cell, influence) ** 2), np.sum(influence**2))))


def _prepared(band: Band) -> tuple[Array, Array, Array, bool]:
    """Finite points of a band with weights 1 / error^2; where no error is known, 1."""
    time, value, error = (np.asarray(one, np.float64) for one in band)
    finite = np.isfinite(time) & np.isfinite(value)
    time, value, error = time[finite], value[finite], error[finite]
    known = np.isfinite(error) & (error > 0)
    typical = float(np.median(error[known])) if known.any() else 1.0
    return time, value, 1.0 / np.where(known, error, typical) ** 2, bool(known.any())


def _rows(phase: Array, h: int) -> Array:
    """(n, 2h + 1) a one, cosines, sines."""
    angle = 2 * np.pi * np.outer(phase, np.arange(1, h + 1))
    return np.concatenate([np.ones((len(phase), 1)), np.cos(angle), np.sin(angle)], axis=1)


def period_error(bands: Sequence[Band], fits: Sequence[FourierFit | None]) -> float:
    """Standard error of the period of fits of one period and epoch, days, all bands together; NaN without a fit.

    By linear least squares with the frequency as a further unknown: its column in the normal equations is
    dm/df = (t - epoch) dm/dphi, less what the series itself can follow of it.
    """
    times, scores, information = [], [], 0.0
    for band, fit in zip(bands, fits, strict=True):
        if fit is None:
            continue
        time, value, weight, _ = _prepared(band)
        phase = np.mod((time - fit.epoch) / fit.period, 1.0)
        root = np.sqrt(weight)
        axes, _ = np.linalg.qr(fit.rows(phase) * root[:, None])
        slope = np.einsum("nk,k->n", fit.rows(phase, derivative=1), fit.coefficients)
        column = (time - fit.epoch) * slope * root
        column = column - np.einsum("ni,i->n", axes, np.einsum("ni,n->i", axes, column))
        left = root * (value - fit(phase))
        scatter = float(np.sum(left**2)) / max(len(time) - len(fit.coefficients) - 1, 1)
        strength = float(np.sum(column**2))
        if scatter > 0 and strength > 0:
            leverage = np.sum(axes**2, axis=1) + column**2 / strength
            times.append(time)
            scores.append(column * _alone(left, leverage) / scatter)
            information += strength / scatter
    if not times:
        return float("nan")
    period = next(fit.period for fit in fits if fit is not None)
    return period**2 * _error_of_sum(np.concatenate(times), np.concatenate(scores), period) / information


@dataclass(frozen=True)
class Extremum:
    """phase: where; error: standard error in phase."""

    phase: float
    error: float


def combined_extremum(fits: Sequence[FourierFit], *, largest: bool) -> Extremum:
    """The largest or smallest value of the fitted curves together, each counted by how much of its noise it exceeds.

    The error is that of the first derivative over the second at the extremum.
    """
    grid = np.arange(2000) / 2000
    weights = [1.0 / max(fit.rms, 1e-9) ** 2 * fit.n_points for fit in fits]
    curve = np.sum([w * fit(grid) for w, fit in zip(weights, fits, strict=True)], axis=0)
    phase = float(grid[curve.argmax() if largest else curve.argmin()])

    def total(derivative: int) -> float:
        at = np.array([phase])
        parts = [
            w * np.sum(f.rows(at, derivative=derivative)[0] * f.coefficients)
            for w, f in zip(weights, fits, strict=True)
        ]
        return float(np.sum(parts))

    for _ in range(5):
        step = -total(1) / total(2) if total(2) else 0.0
        phase += float(np.clip(step, -1e-3, 1e-3))
    moved = [
        w * np.einsum("ni,i->n", fit.influence, fit.rows(np.array([phase]), derivative=1)[0])
        for w, fit in zip(weights, fits, strict=True)
    ]
    error = _error_of_sum(np.concatenate([fit.time for fit in fits]), np.concatenate(moved), fits[0].period)
    bend = abs(total(2))
    return Extremum(phase % 1.0, error / bend if bend > 0 else float("nan"))
