"""What is planted to be found: seven kinds of odd stars, three kinds of wrong periods."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data.simulate.catalogue import auxiliaries
from data.simulate.observing import LightCurve
from data.simulate.place import Place
from data.simulate.star import Signal, Star, UnlikelyStar

__all__ = [
    "alias_of",
    "fading",
    "flare",
    "impossible",
    "in_emission",
    "is_another",
    "is_told_apart",
    "turned_to_carbon",
]

Array = NDArray[np.float64]


def flare(star: Star, time: Array, rng: np.random.Generator) -> Star:
    """An outburst of 1.2 to 2.8 mag that fades within weeks, while the survey looks `_often_enough`."""
    height, length = rng.uniform(1.2, 2.8), rng.uniform(12.0, 45.0)
    start = float(time[rng.integers(0, len(time))])
    return _with_event(star, time, lambda t: -height * _decay(t - start, length))


def _often_enough(time: Array) -> int:
    """Epochs that an event must have to be one: six, three of a short curve."""
    return 6 if len(time) >= 100 else 3


def _decay(since: Array, length: float) -> Array:
    return np.where(since > 0, np.exp(-np.maximum(since, 0) / (0.6 * length)), np.exp(np.minimum(since, 0) / 1.5))


def fading(star: Star, time: Array, rng: np.random.Generator) -> Star:
    """A fall by 1 to 2.2 mag within weeks and a slow recovery, as by dust, while the survey looks `_often_enough`."""
    depth, recovery = rng.uniform(1.0, 2.2), rng.uniform(120.0, 400.0)
    start = float(time[rng.integers(0, len(time))])
    return _with_event(star, time, lambda t: depth * _dip(t - start, recovery))


def _dip(since: Array, recovery: float) -> Array:
    fall = 1.0 / (1.0 + np.exp(-np.clip((since - 15.0) / 5.0, -50, 50)))
    return fall * np.exp(-(np.maximum(since - 30.0, 0) ** 2) / (2 * (0.5 * recovery) ** 2))


def _with_event(star: Star, time: Array, event: Signal) -> Star:
    """The star with an event, where enough epochs see half a magnitude of it or more."""
    if (np.abs(event(time)) > 0.5).sum() < _often_enough(time):
        raise UnlikelyStar
    quiet = star.signal
    return replace(star, signal=lambda t: quiet(t) + event(t))


def in_emission(star: Star, rng: np.random.Generator) -> Star:
    """Strong Balmer and helium lines in emission, as of an accreting companion."""
    return replace(star, emission=rng.uniform(2.5, 6.0))


def turned_to_carbon(star: Star) -> Star:
    """A carbon star whose curve is that of any semiregular; spectrum and infrared colours tell."""
    return replace(star, carbon=True)


def is_another(star: Star, other: Star) -> bool:
    """Are two stars so unlike that an exchange shows: of another class, and a third in temperature or 3 mag apart?"""
    ratio = max(star.temperature, other.temperature) / min(star.temperature, other.temperature)
    return star.kind != other.kind and (ratio > 1.33 or abs(star.abs_v - other.abs_v) > 3.0)


def impossible(columns: dict[str, float], place: Place, rng: np.random.Generator) -> dict[str, float]:
    """A catalogue entry that no star has: a parallax ten times off, or an optical colour against the infrared one.

    Each value alone is an ordinary one.
    """
    found = dict(columns)
    if rng.random() < 0.5:
        near = 1000.0 / place.distance < 0.8
        factor = rng.uniform(8.0, 14.0) if near else 1.0 / rng.uniform(8.0, 14.0)
        found["parallax"] = round(1000.0 / place.distance * factor, 4)
        found["parallax_over_error"] = round(found["parallax"] / found["parallax_error"], 4)
    else:
        shift = rng.uniform(1.3, 2.0) * (1 if found["bp_rp"] < 1.6 else -1)
        found["phot_bp_mean_mag"] = round(found["phot_bp_mean_mag"] + 0.6 * shift, 4)
        found["phot_rp_mean_mag"] = round(found["phot_rp_mean_mag"] - 0.4 * shift, 4)
        found["bp_rp"] = round(found["phot_bp_mean_mag"] - found["phot_rp_mean_mag"], 4)
    return found


def alias_of(period: float, alias: str, rng: np.random.Generator) -> float:
    """The period, days, that a catalogue gives in place of the real one."""
    if alias == "1d":
        return (
            float(1.0 / (1.0 / period + rng.choice([-1.0, 1.0]))) if period < 1 else float(1.0 / (1.0 / period + 1.0))
        )
    return period / 2 if alias == "P/2" else 2 * period


def is_told_apart(curve: LightCurve, period: float, alias: str, wrong: float) -> bool:
    """Does the fold at the real period stand out? By the string length of Lafler & Kinman, smooth against scattered.

    A fold at 2P draws the cycle twice and is less smooth by that alone: there the curve has to be a clean one, and
    the fold at P the smoother by a quarter.
    """
    if not 0.03 < wrong < 100:
        return False
    right, other = (auxiliaries(curve, listed)["lksl_statistic"] for listed in (period, wrong))
    return right < 0.2 and other > (1.25 if alias == "2P" else 2.0) * right
