"""The time of phase zero, one for all bands: at maximum for pulsators, at primary minimum for eclipsing binaries.

That is the rule of the GCVS and the VSX. Where a label says neither, the curve decides, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from m3core.periods.fourier_fit import combined_extremum, fit_fourier, period_error
from m3core.periods.harmonic_fit import Band
from m3core.periods.search import is_eclipse_like
from m3core.periods.variability_type import variability_of

__all__ = ["Ephemeris", "Zero", "ephemeris", "in_days", "value_and_error"]

Zero = Literal["auto", "maximum", "minimum", "first", "typed"]

MOST_EPOCH_ERROR = 0.25
"""Of the period: an extremum that is known less well is none."""


@dataclass(frozen=True)
class Ephemeris:
    """Time = epoch + E period.

    Attributes:
        period, epoch: days, in the time system of the observations; their standard errors, NaN where unknown: of a
            period also where the error is above the period itself.
        mark: 'Max', 'Min' or '' (a typed or the first epoch).
        reason: how phase zero was chosen, in words.
        first_cycle, last_cycle: E of the first and the last observation, rounded down.
    """

    period: float
    period_error: float
    epoch: float
    epoch_error: float
    mark: str
    reason: str
    first_cycle: int
    last_cycle: int

    @property
    def n_cycles(self) -> int:
        """Cycles from the first to the last observation."""
        return self.last_cycle - self.first_cycle + 1

    def vsx(self, time_label: str) -> str:
        """As the VSX writes it: 'Max = HJD 2450123.4567(12) + 0.5668386(3) × E', errors in units of the last digit."""
        mark = f"{self.mark} = " if self.mark else ""
        epoch = value_and_error(self.epoch, self.epoch_error, digits=5)
        period = value_and_error(self.period, self.period_error, digits=7)
        return f"{mark}{time_label} {epoch} + {period} × E"


def value_and_error(value: float, error: float, *, digits: int = 5) -> str:
    """'0.5668386(3)': the error, one or two digits, in units of the last; without an error that many decimals."""
    if not (np.isfinite(error) and error > 0):
        return f"{value:.{digits}f}"
    decimals = max(0, -int(np.floor(np.log10(error))))
    shown = round(error * 10**decimals)
    if shown < 3:  # 1 and 2 alone are half-truths
        decimals, shown = decimals + 1, round(error * 10 ** (decimals + 1))
    return f"{value:.{decimals}f}({shown})" if decimals else f"{value:.0f}({error:.0f})"


def in_days(period: float) -> str:
    """'0.6129059 d': to seven decimals, seven digits where it is short, without zeros that nobody measured."""
    decimals = max(7, 6 - int(np.floor(np.log10(period))))
    return f"{np.format_float_positional(round(period, decimals), trim='-')} d"


def ephemeris(
    bands: Sequence[Band],
    period: float,
    *,
    value: Literal["mag", "flux"] = "mag",
    label: str | None = None,
    zero: Zero = "auto",
    epoch: float | None = None,
) -> Ephemeris:
    """Choose phase zero and give both numbers their errors.

    The curve is a Fourier series a band (`fit_fourier`); the extremum is that of all bands together
    (`combined_extremum`), in the cycle nearest to the middle of the observations, where its error is smallest.

    Args:
        bands: light curves of one source, at least one with a finite time.
        period: days.
        label: its class, which 'auto' goes by.
        zero: 'typed' takes `epoch`, 'first' the first observation.
    """
    times = np.concatenate([time[np.isfinite(time)] for time, _, _ in bands])
    first, last, middle = float(times.min()), float(times.max()), float(times.mean())
    fits = [fit_fourier(band, period, middle) for band in bands]
    fitted = [fit for fit in fits if fit is not None]
    error = period_error(bands, fits)
    if not error < period:
        error = float("nan")
    mark, reason, chosen, epoch_error = "", "at the first observation", first, float("nan")
    if zero == "typed" and epoch is not None:
        chosen, reason = epoch, "at the epoch typed"
    elif zero in ("auto", "maximum", "minimum"):
        found = None
        if fitted:
            mark, why = _mark(zero, bands, period, value, label)
            found = combined_extremum(fitted, largest=(mark == "Max") == (value == "flux"))
        if found is not None and found.error < MOST_EPOCH_ERROR:
            reason, epoch_error = why, found.error * period
            chosen = middle + found.phase * period
            chosen -= period * round((chosen - middle) / period)
        else:
            mark, reason = "", f"{reason}, since no curve has six points that vary and show an extremum"
    cycles = np.floor((np.array([first, last]) - chosen) / period).astype(int)
    return Ephemeris(period, error, chosen, epoch_error, mark, reason, int(cycles[0]), int(cycles[1]))


def _mark(
    zero: Zero, bands: Sequence[Band], period: float, value: Literal["mag", "flux"], label: str | None
) -> tuple[str, str]:  # fmt: skip
    if zero == "maximum":
        return "Max", "at maximum, as asked"
    if zero == "minimum":
        return "Min", "at primary minimum, as asked"
    kind = variability_of(label)
    if kind == "pulsating":
        return "Max", f"at maximum, since {label} is a pulsating type"
    if kind == "eclipsing":
        return "Min", f"at primary minimum, since {label} is an eclipsing type"
    named = f"the label {label} says neither pulsating nor eclipsing" if label else "it has no label"
    usable = [band for band in bands if len(band[0]) >= 12]
    if usable and any(is_eclipse_like(usable, period / share, value=value) for share in (1, 2)):
        return "Min", f"at primary minimum, chosen because the curve looks like eclipses ({named})"
    return "Max", f"at maximum, chosen because the curve does not look like eclipses ({named})"
