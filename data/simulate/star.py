"""The physical state of one simulated star, from which everything that is observed of it follows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Signal", "Star", "UnlikelyStar", "within"]

Signal = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Time in days -> V magnitude less its mean level; negative where the star is brighter."""


class UnlikelyStar(Exception):  # noqa: N818  it is no fault: another star is drawn
    """The draw is a star that no survey would list under its class: draw again."""


def within(value: float, low: float, high: float) -> float:
    """The value, where it is one that the class has; clipped values would pile up at the ends.

    Raises:
        UnlikelyStar: it is outside.
    """
    if not low <= value <= high:
        raise UnlikelyStar
    return float(value)


@dataclass(frozen=True)
class Star:
    """A variable star as it is, not as it is observed.

    Attributes:
        kind: its true class.
        subtype: 'O-rich' or 'C-rich' for Miras, 'giant' or 'dwarf' for rotational variables, else ''.
        period: days.
        temperature: effective, K; of a binary, of the brighter component.
        abs_v: mean M_V, mag.
        metallicity: [Fe/H].
        giant: colours and lines of low gravity.
        carbon: more carbon than oxygen: C2 and CN instead of TiO.
        dust: circumstellar dust, 0 to 1.
        broadening: width of lines, km/s, on top of the spectrograph's.
        emission: Balmer emission, 1 as strong as the continuum at its peak.
        height: scale height of its population above the plane, pc.
        dispersion: velocity dispersion of its population, km/s.
        aliasable: folds at P/2, at 2P and at a one-day alias can be told from the one at P: one period that lasts,
            and minima that differ.
        signal: the light curve.
    """

    kind: str
    period: float
    temperature: float
    abs_v: float
    signal: Signal
    subtype: str = ""
    metallicity: float = 0.0
    giant: bool = False
    carbon: bool = False
    dust: float = 0.0
    broadening: float = 0.0
    emission: float = 0.0
    height: float = 200.0
    dispersion: float = 30.0
    aliasable: bool = True
