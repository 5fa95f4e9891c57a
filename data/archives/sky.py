"""Sources and spectra matched by position, with proper motion; and sources that are one star.

Distances are great circles (astropy.coordinates). A source moves from the catalogue's epoch (Gaia EDR3: 2016.0) to the
date of each spectrum, where it has a proper motion and the spectrum a date; spectra stay where LAMOST says.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["SAME_POSITION", "SAME_STAR", "candidates", "choose", "nearest_source", "one_star"]

SAME_POSITION = 0.5
"""Arcsec: spectra closer than this to one another are observations of one star."""

SAME_STAR = 3.0
"""Arcsec: sources closer than this may be one star, however small the radius of the match."""

FASTEST = 11.0
"""Arcsec a year: no star but Barnard's comes near; more is a fault of the catalogue."""

YEARS_TOGETHER = 1.0
"""Spectra are searched by the year; the exact date of each moves its source afterwards."""

Floats = NDArray[np.float64]


def candidates(sources: pd.DataFrame, spectra: pd.DataFrame, *, radius: float, epoch: float) -> pd.DataFrame:
    """Every spectrum within `radius` of a source.

    Args:
        sources: ra, dec in degrees (NaN: matches nothing), and pmra (with cos dec), pmdec in mas a year if known.
        spectra: ra, dec in degrees, year (Julian year of observation, NaN where unknown).
        radius: arcsec.
        epoch: Julian year of the sources' positions.

    Returns:
        columns source, spectrum (row numbers) and arcsec, by source, then by distance, then by spectrum.
    """
    place = np.flatnonzero(np.isfinite(sources["ra"]) & np.isfinite(sources["dec"]))
    moving = {"pmra", "pmdec"} <= set(sources)
    motion = sources[["pmra", "pmdec"]].to_numpy(np.float64)[place] / 1000 if moving else np.zeros((len(place), 2))
    motion = np.nan_to_num(motion)
    motion[np.hypot(*motion.T) > FASTEST] = 0.0
    ra, dec = (sources[axis].to_numpy(np.float64)[place] for axis in ("ra", "dec"))
    years = spectra["year"].to_numpy(np.float64) if moving else np.full(len(spectra), np.nan)
    slices = np.where(np.isnan(years), np.nan, np.round((years - epoch) / YEARS_TOGETHER))
    parts = []
    for each in np.unique(slices):  # one NaN, the last
        rows = np.flatnonzero(np.isnan(slices) if np.isnan(each) else slices == each)
        middle = 0.0 if np.isnan(each) else each * YEARS_TOGETHER
        margin = float(np.hypot(*motion.T).max(initial=0.0)) * YEARS_TOGETHER / 2
        moved = _moved(ra, dec, motion, np.full(len(ra), middle))
        spectrum = _coordinates(*(spectra[axis].to_numpy(np.float64)[rows] for axis in ("ra", "dec")))
        if len(rows) == 0 or len(place) == 0:
            continue
        first, second = _around(_coordinates(*moved), spectrum, radius + margin)
        span = np.nan_to_num(years[rows[second]] - epoch)
        exact = _coordinates(*_moved(ra[first], dec[first], motion[first], span))
        arcsec = np.asarray(exact.separation(spectrum[second]).arcsec)
        near = arcsec <= radius
        parts.append(
            pd.DataFrame({"source": place[first[near]], "spectrum": rows[second[near]], "arcsec": arcsec[near]})
        )
    columns = {"source": np.int64, "spectrum": np.int64, "arcsec": np.float64}
    found = pd.concat(parts) if parts else pd.DataFrame(columns=list(columns))
    return found.astype(columns).sort_values(["source", "arcsec", "spectrum"], ignore_index=True)


def choose(found: pd.DataFrame, spectra: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """One spectrum a source: of the nearest star, with its file, of the highest signal to noise.

    Spectra within `SAME_POSITION` of the nearest one are observations of the same star. Among these one whose file is
    there wins, then the highest snrg, then the nearest, then the lowest row. All others are other stars.

    Args:
        found: as `candidates` gives them.
        spectra: ra, dec, snrg (NaN where unknown), has_file.

    Returns:
        the chosen rows of `found`, one a source; the candidates that belong to other stars; and the other
        observations of the chosen star.
    """
    if found.empty:
        return found, found, found
    nearest = found.groupby("source")["spectrum"].transform("first").to_numpy()
    axes = [spectra[axis].to_numpy(np.float64) for axis in ("ra", "dec")]
    apart = _coordinates(*(axis[nearest] for axis in axes)).separation(
        _coordinates(*(axis[found["spectrum"]] for axis in axes))
    )
    same = np.asarray(apart.arcsec) <= SAME_POSITION
    rank = found[same].assign(
        lacks_file=~spectra["has_file"].to_numpy(bool)[found["spectrum"][same]],
        signal=-spectra["snrg"].to_numpy(np.float64)[found["spectrum"][same]],
    )
    rank = rank.sort_values(["source", "lacks_file", "signal", "arcsec", "spectrum"], na_position="last")
    chosen = rank.drop_duplicates("source").sort_values("source")
    repeats = found[same].drop(chosen.index).reset_index(drop=True)
    return chosen[list(found)].reset_index(drop=True), found[~same].reset_index(drop=True), repeats


def one_star(
    ra: Floats, dec: Floats, radius: float, keys: Sequence[Sequence[str | None]] = ()
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Sources that may be one star: within `radius` arcsec of one another or of one key, directly or by way of others.

    Args:
        ra, dec: (n,) degrees, NaN where unknown (at no other's position).
        keys: lists of (n,) names, such as Gaia's; None links nothing.

    Returns:
        (n,) number of the group, and the pairs by position: first, second (row numbers, first < second), arcsec.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    place = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    pairs = pd.DataFrame({"first": np.empty(0, np.int64), "second": np.empty(0, np.int64), "arcsec": np.empty(0)})
    if len(place) > 1:
        coordinates = _coordinates(ra[place], dec[place])
        first, second = _around(coordinates, coordinates, radius)
        later = first < second
        first, second = first[later], second[later]
        arcsec = np.asarray(coordinates[first].separation(coordinates[second]).arcsec)
        pairs = pd.DataFrame({"first": place[first], "second": place[second], "arcsec": arcsec})
        pairs = pairs.sort_values(["first", "second"], ignore_index=True)
    links = [pairs[["first", "second"]].to_numpy(np.int64)]
    for names in keys:
        first_of: dict[str, int] = {}
        same = [(first_of.setdefault(name, row), row) for row, name in enumerate(names) if name is not None]
        links.append(np.array(same, np.int64).reshape(-1, 2))
    linked = np.concatenate(links).T
    graph = coo_array((np.ones(linked.shape[1]), tuple(linked)), shape=(len(ra), len(ra)))
    return connected_components(graph, directed=False)[1].astype(np.int64), pairs


def _coordinates(ra: Floats, dec: Floats):  # type: ignore[no-untyped-def]
    from astropy.coordinates import SkyCoord

    return SkyCoord(ra, dec, unit="deg")


def _around(first, second, radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # type: ignore[no-untyped-def]
    from astropy import units as u
    from astropy.coordinates import search_around_sky

    one, other, _, _ = search_around_sky(first, second, radius * u.arcsec)
    return np.asarray(one, np.int64), np.asarray(other, np.int64)


def _moved(ra: Floats, dec: Floats, motion: Floats, years: Floats) -> tuple[Floats, Floats]:
    """Positions after `years` of proper motion (n, 2) in arcsec a year, in degrees."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from astropy.time import Time

    still = (motion == 0).all(axis=1) | (years == 0)
    if still.all():
        return ra, dec
    start = 2016.0  # any: only the difference counts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ERFA tells of the distance that it puts in where none is known
        coordinates = SkyCoord(
            ra * u.deg,
            dec * u.deg,
            pm_ra_cosdec=motion[:, 0] * u.arcsec / u.yr,
            pm_dec=motion[:, 1] * u.arcsec / u.yr,
            obstime=Time(start, format="jyear"),
        )
        later = coordinates.apply_space_motion(new_obstime=Time(start + years, format="jyear"))
    return np.where(still, ra, later.ra.deg), np.where(still, dec, later.dec.deg)


def nearest_source(sources: pd.DataFrame, positions: Floats, radius: float) -> NDArray[np.int64]:
    """The source nearest to each position (n, 2: ra, dec in degrees) within `radius` arcsec, -1 where there is none."""
    found = np.full(len(positions), -1, np.int64)
    here = np.flatnonzero(np.isfinite(positions).all(axis=1) & (np.abs(positions[:, 1]) <= 90))
    place = np.flatnonzero(np.isfinite(sources["ra"]) & np.isfinite(sources["dec"]))
    if len(here) and len(place):
        known = _coordinates(*(sources[axis].to_numpy(np.float64)[place] for axis in ("ra", "dec")))
        match, apart, _ = _coordinates(*positions[here].T).match_to_catalog_sky(known)
        near = np.asarray(apart.arcsec) <= radius
        found[here[near]] = place[np.asarray(match)[near]]
    return found
