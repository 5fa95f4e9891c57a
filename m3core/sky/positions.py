"""Positions on the sky: reading what a user types, writing them as astronomers do, and finding sources near them."""

import re

import numpy as np
from numpy.typing import ArrayLike, NDArray

from m3core.errors import M3Error

__all__ = ["cone_search", "near", "parse_coordinates", "sexagesimal"]

SEXAGESIMAL = re.compile(r"[:hdms°'\"′″]")
EXAMPLE = "write degrees (85.2140 -70.2330) or hours and degrees (05:40:51.4 -70:13:58.8)"


def parse_coordinates(text: str) -> tuple[float, float]:
    """Right ascension and declination, ICRS degrees, from what was typed.

    Two numbers are degrees; with colons, unit letters, or as six numbers, right ascension is in hours.

    Raises:
        M3Error: not a position, or one that is not on the sphere.
    """
    from astropy import units
    from astropy.coordinates import Angle

    plain = text.replace("−", "-").replace(",", " ").strip()
    words = plain.split()
    hours = bool(SEXAGESIMAL.search(plain)) or len(words) == 6
    if len(words) not in (2, 6):
        # '05h40m51s-70d13m58s': the sign of the declination parts them
        parted = re.fullmatch(r"(\S.*?\S)\s*([+-].*)", plain)
        words = list(parted.groups()) if parted else words
    half = len(words) // 2
    try:
        if len(words) not in (2, 6):
            raise ValueError("not a pair")
        ra = Angle(" ".join(words[:half]), unit=units.hourangle if hours else units.deg)
        dec = Angle(" ".join(words[half:]), unit=units.deg)
        position = float(ra.deg), float(dec.deg)
    except Exception:  # astropy's parser raises a zoo of its own
        raise M3Error(f"{text[:80]!r} is not a position: {EXAMPLE}.") from None
    if not (0 <= position[0] <= 360 and -90 <= position[1] <= 90):
        raise M3Error(
            f"{text[:80]!r} is not on the sphere: right ascension is 0 to 360 degrees (0 to 24 h), "
            "declination -90 to 90 degrees."
        )
    return position


def sexagesimal(ra: float, dec: float) -> str:
    """'05:40:51.37 -70:13:58.8': hours and degrees of a position in degrees (0.15 and 0.1 arcsec); '' without one."""
    if not (np.isfinite(ra) and np.isfinite(dec)):
        return ""
    hundredths = round(ra % 360 / 15 * 360_000) % (24 * 360_000)
    tenths = round(abs(dec) * 36_000)
    hours, minutes, seconds = hundredths // 360_000, hundredths // 6000 % 60, hundredths % 6000 / 100
    degrees, arcmin, arcsec = tenths // 36_000, tenths // 600 % 60, tenths % 600 / 10
    sign = "-" if dec < 0 else "+"
    return f"{hours:02d}:{minutes:02d}:{seconds:05.2f} {sign}{degrees:02d}:{arcmin:02d}:{arcsec:04.1f}"


def cone_search(
    ra: NDArray[np.float64], dec: NDArray[np.float64], centre: tuple[float, float], radius: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Sources within a radius of a position, nearest first.

    Args:
        ra, dec: (N,) degrees; NaN where unknown, which is never found.
        centre: right ascension and declination, degrees.
        radius: arcsec.

    Returns:
        (k,) row numbers and (k,) separations in arcsec.
    """
    phi, phi0 = np.radians(dec), np.radians(centre[1])
    half_ra = np.radians(ra - centre[0]) / 2
    # haversine: exact to rounding at the small separations asked for here, where arccos is not
    square = np.sin((phi - phi0) / 2) ** 2 + np.cos(phi) * np.cos(phi0) * np.sin(half_ra) ** 2
    separation = np.degrees(2 * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0)))) * 3600
    rows = np.flatnonzero(separation <= radius)
    rows = rows[np.argsort(separation[rows], kind="stable")]
    return rows, separation[rows]


def near(
    positions: tuple[ArrayLike, ArrayLike], others: tuple[ArrayLike, ArrayLike], radius: float
) -> NDArray[np.bool_]:
    """Which positions have another within a radius.

    Args:
        positions, others: right ascension and declination, degrees, (N,) and (M,) each; NaN is near nothing.
        radius: arcsec, at most a few degrees.

    Returns:
        (N,) bool.
    """
    from scipy.spatial import cKDTree

    first, second = _unit_vectors(*positions), _unit_vectors(*others)
    known = np.isfinite(first).all(axis=1)
    result = np.zeros(len(first), bool)
    tree = cKDTree(second[np.isfinite(second).all(axis=1)])
    chord = 2 * np.sin(np.radians(radius / 3600) / 2)
    if tree.n and known.any():
        result[known] = np.isfinite(tree.query(first[known], distance_upper_bound=chord)[0])
    return result


def _unit_vectors(ra: ArrayLike, dec: ArrayLike) -> NDArray[np.float64]:
    """(N, 3), from degrees."""
    alpha, delta = np.radians(np.asarray(ra, np.float64)), np.radians(np.asarray(dec, np.float64))
    return np.column_stack([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)])
