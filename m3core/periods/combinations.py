"""Names of the frequencies of a star: independent ones, their harmonics and sums, aliases and side lobes."""

from collections.abc import Sequence

import numpy as np

from m3core.periods.harmonic_fit import Array

__all__ = ["names_of"]

MOST_HARMONICS, MOST_MULTIPLE, MOST_OTHER = 15, 8, 2

SIDE_LOBE = 0.1
"""An independent frequency is called a side lobe within this share of the first one, from the first or a multiple."""


RHYTHMS = {"1 d⁻¹": 1.0, "1 sidereal d⁻¹": 1.0027379, "2 d⁻¹": 2.0, "1 yr⁻¹": 1 / 365.25}
"""Of the Earth: a frequency that is one of these from a multiple of another is rather its alias."""


def names_of(frequencies: Array, errors: Array, span: float) -> list[str]:
    """A name for each, in their order: 'f1', '2f1', 'f1 + f2', '3f1 + 1 yr⁻¹ (alias)',
    'f2 (side lobe: 2f1 − 0.0123 d⁻¹, 81.3 d)'.

    A combination agrees within three standard errors, or a quarter of 1 / time span where that is more; the simplest
    that agrees is named.

    Args:
        frequencies, errors: (n,) cycles a day.
        span: days.
    """
    own: list[int] = []
    names: list[str] = []
    for number, frequency in enumerate(frequencies):
        name = _combination(float(frequency), float(errors[number]), frequencies[own], errors[own], span)
        name = name or _alias(float(frequency), frequencies[own], span)
        if not name:
            own.append(number)
            name = f"f{len(own)}" + (_side_lobe(float(frequency), float(frequencies[0]), span) if number else "")
        names.append(name)
    return names


def _combination(frequency: float, error: float, own: Array, errors: Array, span: float) -> str:
    tried: list[tuple[int, str]] = []
    for i in range(len(own)):
        tried += [(k, f"{k}f{i + 1}") for k in range(2, MOST_HARMONICS + 1) if _agrees(
            frequency, error, [(k, own[i], errors[i])], span
        )]  # fmt: skip
        for j in range(len(own)):
            for a in range(1, MOST_MULTIPLE + 1):
                for b in (n for n in range(-MOST_OTHER, MOST_OTHER + 1) if n and (abs(n) <= a) and i != j):
                    if _agrees(frequency, error, [(a, own[i], errors[i]), (b, own[j], errors[j])], span):
                        tried.append((a + 2 * abs(b), _written(a, i + 1, b, j + 1)))
    return min(tried, default=(0, ""))[1]


def _agrees(frequency: float, error: float, parts: Sequence[tuple[int, float, float]], span: float) -> bool:
    total = sum(k * one for k, one, _ in parts)
    wide = 3 * np.sqrt(error**2 + sum((k * one) ** 2 for k, _, one in parts))
    return bool(abs(frequency - abs(total)) < max(wide, 0.25 / span))


def _written(a: int, i: int, b: int, j: int) -> str:
    one, other = (f"{abs(k) if abs(k) > 1 else ''}f{n}" for k, n in ((a, i), (b, j)))
    return f"{one} {'+' if b > 0 else '−'} {other}"


def _alias(frequency: float, own: Array, span: float) -> str:
    for i, one in enumerate(own):
        for k in range(1, MOST_MULTIPLE + 1):
            for name, rhythm in RHYTHMS.items():
                for sign, moved in (("+", k * one + rhythm), ("−", abs(k * one - rhythm))):
                    if rhythm * span > 1.5 and abs(frequency - moved) < 0.3 / span:
                        return f"{k if k > 1 else ''}f{i + 1} {sign} {name} (alias)"
    return ""


def _side_lobe(frequency: float, first: float, span: float) -> str:
    k = max(1, round(frequency / first))
    apart = frequency - k * first
    if not 0.5 / span < abs(apart) < SIDE_LOBE * first:
        return ""
    return (
        f" (side lobe: {k if k > 1 else ''}f1 {'+' if apart > 0 else '−'} {abs(apart):.5f} d⁻¹, {1 / abs(apart):.4g} d)"
    )
