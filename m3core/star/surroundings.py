"""What may spoil a star's data: neighbours in its aperture, a distant match, nights on which many stars deviate."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.diagrams.columns import magnitude_columns
from m3core.figures.surroundings import CIRCLES, finder_figure, nights_figure
from m3core.kinds import kind_of
from m3core.light_curve.features import is_light_curve
from m3core.light_curve.nights import FEWEST_STARS, LIMIT, Nights, on_bad_night
from m3core.periods.ephemeris import known_periods
from m3core.sky.positions import cone_search
from m3core.star.panel import Panel
from m3core.survey import Source, Survey
from m3core.survey.duplicates import DEFAULT_RADIUS

__all__ = ["RADIUS", "match_distances", "neighbours_on_sky", "surroundings_panels"]

RADIUS = 60.0
"""Arcsec: what can fall into one aperture of a wide-field camera (ASAS-SN's pixel is 8 arcsec, its stars 15 wide)."""

FARTHEST = 3600.0
"""Arcsec: beyond it the nearest sources are nobody's blend."""

MOST = 12
"""Neighbours that are listed."""

SAME_PERIOD = 0.002
"""Relative difference of two periods below which, at 1:1, 1:2 or 2:1, one curve may be the other's."""


def surroundings_panels(survey: Survey, source: Source, nights: Mapping[str, Nights] | None = None) -> list[Panel]:
    """Possible blends with distances of matches, and the star's epochs on bad nights.

    Args:
        nights: of `m3core.light_curve.nights.find_nights`; None: they are not known yet.
    """
    panels = [_blends(survey, source), _matches(survey, source)]
    if any(is_light_curve(survey.modalities[name]) for name in source.observations):
        panels.append(_nights(survey, source, nights))
    return panels


def neighbours_on_sky(survey: Survey, source: Source, radius: float = FARTHEST) -> pd.DataFrame:
    """The nearest other sources, nearest first.

    Returns:
        source_id, label, separation [arcsec], position_angle [deg] (north over east), east [arcsec], north [arcsec]
        (offsets on the tangent plane), the first magnitude of the catalogue, period [d], note.
    """
    ra, dec = (survey.sources[name].to_numpy(np.float64, na_value=np.nan) for name in ("ra", "dec"))
    rows, separation = cone_search(ra, dec, (source.ra, source.dec), radius)
    apart = rows != survey.row(source.source_id)
    rows, separation = rows[apart][:MOST], separation[apart][:MOST]
    angle = _position_angle(source.ra, source.dec, ra[rows], dec[rows])
    table = pd.DataFrame(
        {
            "source_id": survey.source_ids[rows],
            "label": survey.sources["label"].to_numpy(object)[rows],
            "separation [arcsec]": separation,
            "position_angle [deg]": np.degrees(angle) % 360,
            "east [arcsec]": separation * np.sin(angle),
            "north [arcsec]": separation * np.cos(angle),
        }
    )
    magnitude = next(iter(magnitude_columns(survey.sources)), None)
    if magnitude is not None:
        table[f"{magnitude} [mag]"] = survey.sources[magnitude].to_numpy(np.float64, na_value=np.nan)[rows]
    own = [one.days for one in known_periods(survey, source)[:1]]
    periods = [known_periods(survey, survey.source(str(survey.source_ids[row])))[:1] for row in rows]
    table["period [d]"] = [one[0].days if one else np.nan for one in periods]
    near = np.where(separation <= DEFAULT_RADIUS, f"within {DEFAULT_RADIUS:g} arcsec: likely the same star", "")
    alike = [_note(own[0], one[0].days) if own and one else "" for one in periods]
    table["note"] = ["; ".join(filter(None, both)) for both in zip(near, alike, strict=True)]
    return table


def _note(own: float, other: float) -> str:
    """What two periods have to do with one another, '' if nothing."""
    for factor, text in ((1.0, "the same period"), (2.0, "twice its period"), (0.5, "half its period")):
        if abs(other / (own * factor) - 1) < SAME_PERIOD:
            return f"{text}: one curve may be the other's"
    return ""


def _position_angle(
    ra: float, dec: float, other_ra: NDArray[np.float64], other_dec: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Radians, north over east, on the sphere."""
    alpha, delta, delta0 = np.radians(other_ra - ra), np.radians(other_dec), np.radians(dec)
    y = np.sin(alpha) * np.cos(delta)
    x = np.cos(delta0) * np.sin(delta) - np.sin(delta0) * np.cos(delta) * np.cos(alpha)
    return np.arctan2(y, x)


def match_distances(survey: Survey, source: Source) -> pd.DataFrame:
    """Distances on the sky that the survey keeps of its matches: column, arcsec, description."""
    rows = []
    for name, value in source.catalogue.items():
        described = survey.manifest.columns.get(name)
        unit = described.unit if described else ""
        is_match = unit == "arcsec" or name.endswith("_arcsec") or name in ("angDist", "angdist", "separation")
        if is_match and isinstance(value, int | float | np.number):
            rows.append((name, float(value), described.description if described else ""))
    return pd.DataFrame(rows, columns=["column", "distance [arcsec]", "description"])


def _blends(survey: Survey, source: Source) -> Panel:
    key, title = "blends", "Possible blends"
    if not (np.isfinite(source.ra) and np.isfinite(source.dec)):
        return Panel(key, title, None, "", pd.DataFrame(), "This source has no position, so nothing is near it.")
    table = neighbours_on_sky(survey, source)
    near = table[table["separation [arcsec]"] <= RADIUS]
    if near.empty:
        nearest = ""
        if len(table):
            first = table.iloc[0]
            nearest = f" The nearest, {first['source_id']}, is {first['separation [arcsec]'] / 60:.1f} arcmin away."
        why = f"No other source of this survey lies within {RADIUS:g} arcsec.{nearest}"
        why += " Stars that are not in the survey may: Aladin Lite, among the links, shows them."
        return Panel(key, title, None, "", table, why)
    said = [f"{row['source_id']}: {row['note']}." for _, row in near.iterrows() if row["note"]]
    farthest = float(near["separation [arcsec]"].max())
    shown = CIRCLES[-1] if farthest <= CIRCLES[-1] else RADIUS
    circles = ", ".join(f"{one:g}" for one in (*CIRCLES, RADIUS) if one <= shown)
    caption = " ".join(
        [
            f"Sources of this survey around {source.source_id} (star), north up, east to the left; circles at "
            f"{circles} arcsec. Within {RADIUS:g} arcsec: {len(near)}.",
            *said,
            "Stars that are not in the survey are not shown.",
        ]
    )
    return Panel(key, title, finder_figure(near, shown), caption, table)


def _matches(survey: Survey, source: Source) -> Panel:
    key, title = "matches", "Distances of matches"
    table = match_distances(survey, source)
    if table.empty:
        why = "The survey keeps no distance of a match (a column in arcsec): its tables were joined by id."
        return Panel(key, title, None, "", table, why)
    caption = "How far on the sky what was joined to this source lies from it: a large distance is another star."
    return Panel(key, title, None, caption, table)


def _nights(survey: Survey, source: Source, nights: Mapping[str, Nights] | None) -> Panel:
    key, title = "nights", "Bad nights"
    if nights is None:
        return Panel(key, title, None, "", pd.DataFrame(), "The nights of the survey have not been compared yet.")
    parts, series = [], []
    for name, spec in survey.modalities.items():
        found = kind_of(spec).series(spec, source) if name in nights else []
        for one in found:
            bad = on_bad_night(nights[name], one.x)
            series.append((one, bad))
            parts.append(pd.DataFrame({"modality": name, one.x_label: one.x, one.y_label: one.y, "on_bad_night": bad}))
    data = pd.concat(parts, ignore_index=True)
    n_bad = int(data["on_bad_night"].sum())
    counts = ", ".join(f"{name} {len(one.bad)} of {len(one.table)}" for name, one in nights.items())
    caption = (
        f"Epochs of {source.source_id} on nights on which many stars of the survey deviate together are crossed: "
        f"{n_bad} of {len(data)}. Bad nights: {counts}. A night is bad where the median over its stars (each less its "
        f"own median), or the share of stars beyond 3 sigma of their own, is off by more than {LIMIT:g} standard "
        f"deviations of nights; on fewer than {FEWEST_STARS} stars nothing is said."
    )
    return Panel(key, title, nights_figure(series), caption, data)
