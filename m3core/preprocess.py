"""Preprocessing that the published weights expect (AstroM3, arXiv 2411.08842; its released code)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from m3core.light_curve.fold import median_absolute_deviation, robust_scale

__all__ = ["ABSOLUTE", "WAVELENGTH", "auxiliaries", "light_curve", "metadata", "spectrum"]

YEAR = 365.0
"""Days: the unit of the time-span channel."""

WAVELENGTH = np.arange(3850.0, 9000.0, 2.0)
"""Angstrom, (2575,): the grid of the published spectra."""

ABSOLUTE = frozenset(
    [
        "mean_vmag",
        "phot_g_mean_mag",
        "phot_bp_mean_mag",
        "phot_rp_mean_mag",
        "j_mag",
        "h_mag",
        "k_mag",
        "w1_mag",
        "w2_mag",
        "w3_mag",
        "w4_mag",
    ]
)
"""Catalogue magnitudes that are made absolute."""


def light_curve(
    rows: NDArray,
    auxiliaries: NDArray | Sequence[float],
    length: int,
    *,
    rng: np.random.Generator | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows of a light curve as the published photometry encoder takes them.

    Duplicate rows go, time is sorted and scaled to [0, 1], flux to (flux - mean) / MAD, its error by the same MAD
    (raw median absolute deviation). Where the MAD is 0 the standard deviation stands in for it, and 1 where that is
    0 too: the published code divides by zero there.

    Args:
        rows: (n, 3) time in days, flux, flux error; n >= 1.
        auxiliaries: (k,) standardised constants appended to every row.
        length: rows kept; longer curves are cropped (in the centre, or at random with `rng`), shorter ones padded
            with zeros at the end.

    Returns:
        (length, 5 + k) float32: time, flux, flux error, the auxiliaries, log10 MAD, time span in years of 365 d;
        and (length,) float32, 1 on real rows. The constants stand on padded rows too.
    """
    rows = np.unique(np.asarray(rows, np.float64), axis=0)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    time, flux, error = rows.T
    scale = robust_scale(flux)
    span = time[-1] - time[0]
    scaled = np.column_stack([(time - time[0]) / (span or 1.0), (flux - flux.mean()) / scale, error / scale])
    surplus = len(scaled) - length
    if surplus > 0:
        start = surplus // 2 if rng is None else int(rng.integers(surplus + 1))
        scaled = scaled[start : start + length]
    array = np.zeros((length, 5 + len(auxiliaries)), np.float32)
    array[: len(scaled), :3] = scaled
    array[:, 3:] = [*auxiliaries, np.log10(scale), span / YEAR]
    mask = np.zeros(length, np.float32)
    mask[: len(scaled)] = 1.0
    return array, mask


def spectrum(rows: NDArray) -> NDArray[np.float32]:
    """Rows of a spectrum as the published spectrum encoder takes them.

    Args:
        rows: (n, 3) wavelength in Angstrom, flux, and the third column that the published set calls an error
            (LAMOST's inverse variance).

    Returns:
        (3, 2575) float32 on `WAVELENGTH`: (flux - mean) / MAD, third column / MAD, log10 MAD, with the MAD over
        flux that is not zero.
    """
    rows = np.asarray(rows, np.float64)
    wavelength, flux, error = rows[np.argsort(rows[:, 0], kind="stable")].T
    flux = np.interp(WAVELENGTH, wavelength, flux)
    error = np.interp(WAVELENGTH, wavelength, error)
    observed = flux[flux != 0]
    scale = (median_absolute_deviation(observed) if len(observed) else 0.0) or robust_scale(flux)
    return np.stack([(flux - flux.mean()) / scale, error / scale, np.full_like(flux, np.log10(scale))]).astype(
        np.float32
    )


def auxiliaries(names: Sequence[str], values: NDArray) -> NDArray[np.float64]:
    """Photometry constants before standardisation: the period as log10 (days), the others as they are."""
    values = np.array(values, np.float64)
    for index, name in enumerate(names):
        if name == "period":
            values[index] = np.log10(values[index]) if values[index] > 0 else np.nan
    return values


def metadata(names: Sequence[str], values: NDArray) -> NDArray[np.float64]:
    """Catalogue columns before standardisation: absolute magnitudes m - 10 + 5 log10(parallax / mas), cos l, sin b.

    A magnitude without a positive parallax stays missing (NaN): the published code puts 1 mas there. Where the
    catalogue has no parallax at all, magnitudes stay apparent.
    """
    values = np.array(values, np.float64)
    column = {name: index for index, name in enumerate(names)}
    if "parallax" in column:
        parallax = values[column["parallax"]]
        modulus = 10 - 5 * np.log10(parallax) if parallax > 0 else np.nan
        for name in ABSOLUTE & column.keys():
            values[column[name]] -= modulus
    if "l" in column:
        values[column["l"]] = np.cos(np.radians(values[column["l"]]))
    if "b" in column and "l" in column:  # 'b' alone may well be a blue magnitude
        values[column["b"]] = np.sin(np.radians(values[column["b"]]))
    return values
