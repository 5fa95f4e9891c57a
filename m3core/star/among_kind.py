"""The star among its kind: where it stands in colour, luminosity, period, amplitude and on the sky."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.catalogue.entry import error_column
from m3core.diagrams.colouring import Categories
from m3core.diagrams.columns import amplitude_columns, distance_columns, guess_colour, magnitude_columns, period_columns
from m3core.diagrams.diagram import (
    MIN_PARALLAX_SNR,
    Points,
    colour_colour,
    colour_magnitude,
    named,
    parallax_ratio,
    period_diagram,
)
from m3core.diagrams.extinction import Extinction, ExtinctionUse, extinction_of
from m3core.diagrams.wesenheit import wesenheit_of
from m3core.figures.among_kind import FEWEST_FOR_DENSITY, LEGEND, MOST_POINTS, STAR, among_kind_figure
from m3core.figures.palette import GREY, mark
from m3core.figures.sky import sky_figure
from m3core.figures.text import plain
from m3core.sky.projection import FIELD_RADIUS, field_of
from m3core.star.panel import Panel
from m3core.survey import Source, Survey
from m3core.survey.measures import measured_unit

__all__ = ["KindSettings", "best_distance", "kind_panels"]

COLOUR_CHAINS = (("u", "g", "r"), ("g", "r", "i"), ("b", "v", "r"), ("b", "v", "i"), ("v", "r", "i"), ("j", "h", "k"))
"""Three bands, the first of which a catalogue has all: two colours."""

COLOUR_COLUMNS = ("bp_rp", "j_k", "w1_w2", "g_r", "b_v", "v_i")


@dataclass(frozen=True)
class KindSettings:
    """What to draw.

    Attributes:
        extinction: 'auto', 'subtract' or 'none', as in `m3core.diagrams.extinction.extinction_of`.
        distance: 'parallax', a column of distances, '' for apparent magnitudes; None: `best_distance`.
        with_others: whether sources of other classes are points; their density is always drawn.
        height: of a figure, pixels.
    """

    extinction: ExtinctionUse = "auto"
    distance: str | None = None
    with_others: bool = True
    height: int = 380


@dataclass(frozen=True)
class _Scene:
    """What all diagrams of a star share."""

    survey: Survey
    source: Source
    settings: KindSettings
    row: int
    is_kin: NDArray[np.bool_]
    extinction: Extinction | None
    distance: str


def best_distance(survey: Survey) -> str:
    """'parallax' where any is above five times its error, else '': no absolute magnitude could be shown."""
    if "parallax" not in distance_columns(survey):
        return ""
    return "parallax" if (parallax_ratio(survey.sources) > MIN_PARALLAX_SNR).any() else ""


def kind_panels(
    survey: Survey, source: Source, settings: KindSettings = KindSettings(), measures: pd.DataFrame | None = None
) -> list[Panel]:  # fmt: skip
    """Colour-magnitude, period-luminosity (a magnitude and the Wesenheit index), period-amplitude, colour-colour, sky.

    Args:
        measures: of `m3core.survey.measures.measure_survey`, for amplitudes that the catalogue does not give.
    """
    row = survey.row(source.source_id)
    code = survey.labels[row]
    distance = best_distance(survey) if settings.distance is None else settings.distance
    scene = _Scene(
        survey, source, settings, row, (survey.labels == code) & (code >= 0),
        extinction_of(survey, settings.extinction), distance,
    )  # fmt: skip
    return [
        _colour_magnitude(scene), _period_luminosity(scene), _period_wesenheit(scene),
        _period_amplitude(scene, measures), _colour_colour(scene), _sky(scene),
    ]  # fmt: skip


def _colour_magnitude(scene: _Scene) -> Panel:
    title, sources = "Colour and magnitude", scene.survey.sources
    colour = guess_colour(sources)
    magnitudes = list(magnitude_columns(sources))
    if colour is None or not magnitudes:
        gone = "colour" if colour is None else "magnitude"
        return _none("colour_magnitude", title, f"The catalogue has no {gone} that is recognised by its name.")
    gaia = "phot_g_mean_mag"
    bright = gaia if gaia in magnitudes else colour[1] or magnitudes[0]
    points = colour_magnitude(scene.survey, colour, bright, scene.distance, scene.extinction)
    error = _magnitude_error(scene, {bright: 1.0})
    return _panel(scene, "colour_magnitude", title, points, _extinction(scene), invert_y=True, y_error=error)


def _extinction(scene: _Scene) -> str:
    if scene.extinction is None:
        return "The catalogue gives no extinction: none is corrected."
    return scene.extinction.sentence


def _period_luminosity(scene: _Scene) -> Panel:
    title = "Period and luminosity"
    magnitudes, periods = magnitude_columns(scene.survey.sources), period_columns(scene.survey)
    if not magnitudes or not periods:
        gone = "period" if not periods else "magnitude"
        return _none("period_luminosity", title, f"The catalogue has no {gone}, so there is no such diagram.")
    infrared = [name for name, band in magnitudes.items() if band in ("k", "ks")]
    guess = guess_colour(scene.survey.sources)
    bright = infrared[0] if infrared else guess[1] if guess and guess[1] else next(iter(magnitudes))
    points = period_diagram(scene.survey, periods[0], bright, distance=scene.distance, extinction=scene.extinction)
    return _panel(
        scene, "period_luminosity", title, points, _extinction(scene), invert_y=True, log_x=True,
        y_error=_magnitude_error(scene, {bright: 1.0}),
    )  # fmt: skip


def _period_wesenheit(scene: _Scene) -> Panel:
    title, periods = "Period and Wesenheit index", period_columns(scene.survey)
    index = wesenheit_of(scene.survey)
    if index is None or not periods:
        why = "no period" if not periods else "no two magnitudes in bands whose extinction is known"
        return _none("period_wesenheit", title, f"The catalogue has {why}, so there is no such diagram.")
    points = period_diagram(
        scene.survey, periods[0], index.values, y_title="Wesenheit index W [mag]", distance=scene.distance or ""
    )
    points = replace(points, y_title=f"Wesenheit index W, {'absolute' if scene.distance else 'apparent'} [mag]")
    said = f"{index.formula}, free of extinction; R from {index.source}."
    error = _magnitude_error(scene, index.terms)
    return _panel(scene, "period_wesenheit", title, points, said, invert_y=True, log_x=True, y_error=error)


def _period_amplitude(scene: _Scene, measures: pd.DataFrame | None) -> Panel:
    title, survey = "Period and amplitude", scene.survey
    periods, given = period_columns(survey), amplitude_columns(survey.sources)
    measured = [] if measures is None else [name for name in map(str, measures) if name.startswith("amplitude")]
    if not periods or not (given or measured):
        why = "no period" if not periods else "no amplitude, and none is measured yet"
        return _none("period_amplitude", title, f"There is {why}, so there is no such diagram.")
    if given:
        values, name = survey.sources[given[0]], given[0]
        described = survey.manifest.columns.get(name)
        unit = described.unit if described else ""
        said = f"Amplitude: the catalogue's {name}."
    else:
        assert measures is not None
        values, name, unit = measures[measured[0]], measured[0], measured_unit(survey, measured[0])
        said = "Amplitude: from the 5th to the 95th percentile of the light curve."
    title_y = named("Amplitude", name) + (f" [{unit}]" if unit else "")
    points = period_diagram(survey, periods[0], values.to_numpy(np.float64, na_value=np.nan), y_title=title_y)
    return _panel(scene, "period_amplitude", title, points, said, log_x=True)


def _colour_colour(scene: _Scene) -> Panel:
    title, sources = "Colour and colour", scene.survey.sources
    columns = {band: name for name, band in reversed(magnitude_columns(sources).items())}
    chain = next((one for one in COLOUR_CHAINS if set(one) <= columns.keys()), None)
    named = [(name, "") for name in COLOUR_COLUMNS if name in sources]
    if len(named) > 1:
        first, second = named[:2]
    elif chain is not None:
        a, b, c = (columns[band] for band in chain)
        first, second = (b, c), (a, b)
    else:
        return _none("colour_colour", title, "The catalogue has fewer than two colours, so there is no such diagram.")
    points = colour_colour(scene.survey, first, second, scene.extinction)
    return _panel(scene, "colour_colour", title, points, _extinction(scene))


def _panel(
    scene: _Scene, key: str, title: str, points: Points, said: str, *, invert_y: bool = False, log_x: bool = False,
    y_error: float = float("nan"),
) -> Panel:  # fmt: skip
    source, survey = scene.source, scene.survey
    if not len(points.rows) and not len(points.poor_rows):
        return _none(key, title, " ".join(points.notes[1:]) or "No source has both quantities.")
    kin = _kin(scene)
    figure = among_kind_figure(
        points, survey.source_ids, scene.is_kin, scene.row, kin=kin, style=mark(int(survey.labels[scene.row])),
        invert_y=invert_y, log_x=log_x, y_error=y_error, with_others=scene.settings.with_others,
        height=scene.settings.height,
    )  # fmt: skip
    caption = f"{source.source_id} (star) {_among(scene)}. {_place(points, scene)}{said} "
    caption += " ".join(points.notes)
    if len(points.rows) > (MOST_POINTS if scene.settings.with_others else FEWEST_FOR_DENSITY):
        caption += " Sources of other classes are shown by their density alone."
    return Panel(key, title, figure, caption, _data(points, scene))


def _kin(scene: _Scene) -> str:
    return "sources of its class" if scene.source.label is None else scene.source.label


def _among(scene: _Scene) -> str:
    if scene.source.label is None:
        return "among all sources; it has no label, so no class is drawn"
    if scene.is_kin.sum() == 1:
        return f"among all sources, the only {scene.source.label} of the survey"
    return f"among {scene.source.label} and all sources"


def _place(points: Points, scene: _Scene) -> str:
    """What is to be said of the star itself: that it is not there, or flagged."""
    if scene.row in points.rows:
        return ""
    if scene.row in points.poor_rows:
        return f"Its parallax is not above {MIN_PARALLAX_SNR:g} times its error: flagged, drawn hollow. "
    if "absolute" in points.y_title.lower():
        return "It has no positive parallax or distance, or a value is missing: it is not in the figure. "
    return "A value that this needs is missing from its catalogue: it is not in the figure. "


def _data(points: Points, scene: _Scene) -> pd.DataFrame:
    rows = np.concatenate([points.rows, points.poor_rows])
    labels = scene.survey.sources["label"].to_numpy(object)
    return pd.DataFrame(
        {
            "source_id": scene.survey.source_ids[rows],
            "label": labels[rows],
            points.x_title: np.concatenate([points.x, points.poor_x]),
            points.y_title: np.concatenate([points.y, points.poor_y]),
            "parallax_is_poor": np.arange(len(rows)) >= len(points.rows),
        }
    )


def _none(key: str, title: str, why: str) -> Panel:
    return Panel(key, title, None, "", pd.DataFrame(), why)


def _parallax_error(scene: _Scene) -> float:
    """Magnitudes: 5 / ln 10 times the relative error of the parallax; NaN where distances are not from parallaxes."""
    if scene.distance != "parallax":
        return float("nan")
    ratio = parallax_ratio(scene.survey.sources.iloc[[scene.row]])[0]
    return float(5 / np.log(10) / ratio) if ratio > 0 else float("nan")


def _magnitude_error(scene: _Scene, terms: Mapping[str, float]) -> float:
    """The star's error of a magnitude or of a sum of some, that of its parallax added in quadrature.

    Args:
        terms: column -> its factor.

    Returns:
        NaN where none is known; the parallax's alone where the catalogue lacks that of a magnitude.
    """
    names = {column: error_column(scene.survey, column) for column in terms}
    own = [factor * (_number(scene.source, name) if (name := names[one]) else np.nan) for one, factor in terms.items()]
    parts = [part for part in (float(np.hypot.reduce(own)), _parallax_error(scene)) if np.isfinite(part)]
    return float(np.hypot.reduce(parts)) if parts else float("nan")


def _number(source: Source, column: str) -> float:
    value = source.catalogue.get(column)
    return float(value) if isinstance(value, int | float | np.number) else float("nan")


def _sky(scene: _Scene) -> Panel:
    survey, row = scene.survey, scene.row
    ra, dec = (survey.sources[name].to_numpy(np.float64, na_value=np.nan) for name in ("ra", "dec"))
    known = np.isfinite(ra) & np.isfinite(dec)
    title = "On the sky"
    if not known.any():
        return _none("sky", title, "No source of this survey has a position, so there is no map of the sky.")
    codes = np.where(scene.is_kin, 1, 0)
    codes[row] = 2
    kin = _kin(scene)
    colours = Categories("", ("others", kin, "this source"), codes.astype(np.int64), "")
    whole = field_of(ra[known], dec[known]).radius > FIELD_RADIUS
    figure = sky_figure(ra, dec, survey.source_ids, colours, whole=whole)
    style, names = mark(int(survey.labels[row])), [plain(name) for name in colours.names]
    dim = {"color": GREY, "opacity": 0.45, "symbol": "circle"}
    looks = [dim, {"color": style.colour, "symbol": style.symbol}, STAR]
    for trace in figure.data:
        if trace.customdata is not None:
            which = names.index(trace.meta)
            trace.marker.update(looks[which])
            trace.name = "this source" if which == 2 else trace.name
    figure.update_layout(height=scene.settings.height, legend=LEGEND)
    frame = "Mollweide's projection, equal areas" if whole else "degrees, as long in both directions as on the sky"
    caption = f"{scene.source.source_id} (star) {_among(scene)}; ICRS, {frame}."
    if not known[row]:
        caption += " This source has no position: it is not in the figure."
    if (gone := int((~known).sum())) > 0:
        caption += f" {gone:,} sources have no position."
    data = survey.sources[["ra", "dec", "label"]].reset_index()
    return Panel("sky", title, figure, caption, data.rename(columns={"ra": "ra [deg]", "dec": "dec [deg]"}))
