"""Colour-magnitude, period-luminosity and period-amplitude diagrams."""

from contextlib import AbstractContextManager

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from m3core.diagrams.colouring import columns_to_colour_by
from m3core.diagrams.columns import (
    amplitude_columns,
    distance_columns,
    guess_colour,
    magnitude_columns,
    numeric_columns,
    period_columns,
)
from m3core.diagrams.diagram import Points, colour_magnitude, period_diagram
from m3core.figures.blank import blank_figure
from m3core.figures.diagram import diagram_figure
from m3core.survey import Survey
from m3core.survey.measures import measured_unit
from pages.components.data_page.colour import chosen_mask, colour_by, colours_of
from pages.components.data_page.measuring import measured, measures_if_done
from pages.components.pick import pick_points
from pages.components.text import literal

__all__ = ["diagrams"]

APPARENT = "none: apparent magnitudes"
NO_COLUMN = "no second column"


def diagrams(survey: Survey, survey_name: str) -> None:
    """Three figures, each over columns that were guessed and can be chosen."""
    sources = survey.sources
    column, log = colour_by(survey_name, columns_to_colour_by(survey), key="diagram")
    paint = {"column": column, "log": log}
    distances = ["", *distance_columns(survey)]
    magnitudes = list(magnitude_columns(sources))
    left, right = st.columns(2, gap="medium")
    with left:
        _colour_magnitude(survey, survey_name, magnitudes, distances, paint)
    with right:
        _period_luminosity(survey, survey_name, magnitudes, distances, paint)
    left, right = st.columns(2, gap="medium")
    with left:
        _period_amplitude(survey, survey_name, paint)
    with right:
        st.caption(
            "Magnitudes are those of the catalogue, without correction for extinction unless the catalogue made it. "
            "Columns are guessed by their names: 'Columns' beside a figure chooses others."
        )


def _box(label: str, options: list[str], default: str | None, key: str, survey: Survey, **more: object) -> str | None:
    index = options.index(default) if default in options else None
    return st.selectbox(
        label, options, index=index, key=f"{key}_{survey.hash[:8]}", persist_state="session", **more
    )  # fmt: skip


def _columns(title: str, key: str) -> AbstractContextManager:
    """The head of a diagram, and the place of the boxes with its columns."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{title}**")
        return st.popover("Columns", icon=":material/tune:", key=f"{key}_columns", type="tertiary")


def _distance(options: list[str], key: str, survey: Survey) -> str:
    best = "parallax" if "parallax" in options else ""
    return _box(
        "Distance from", options, best, key, survey, format_func=lambda name: name or APPARENT,
        help="A distance that was itself estimated from magnitudes shows what was assumed, and no more.",
    )  # fmt: skip


def _colour_magnitude(
    survey: Survey, survey_name: str, magnitudes: list[str], distances: list[str], paint: dict
) -> None:  # fmt: skip
    numbers = numeric_columns(survey.sources)
    if not numbers:
        _cannot(
            "Colour and magnitude",
            "The catalogue has no numeric column, so there is neither a colour nor a magnitude.",
            "cmd",
        )
        return
    guess = guess_colour(survey.sources)
    gaia = "phot_g_mean_mag"
    bright = gaia if gaia in magnitudes else guess[1] if guess and guess[1] else next(iter(magnitudes), None)
    with _columns("Colour and magnitude", "cmd"):
        blue = _box("Colour", numbers, guess[0] if guess else None, "cmd_blue", survey)
        seconds = ["", *numbers]
        red = _box(
            "minus", seconds, guess[1] if guess else "", "cmd_red", survey, format_func=lambda name: name or NO_COLUMN
        )
        magnitude = _box("Magnitude", magnitudes or numbers, bright, "cmd_mag", survey)
        distance = _distance(distances, "cmd_distance", survey)
    if blue is None or magnitude is None:
        _blank(
            f"No {'colour' if blue is None else 'magnitude'} was recognised in the catalogue: choose its columns.",
            "cmd",
        )
        return
    arguments = {"blue": blue, "red": red, "magnitude": magnitude, "distance": distance}
    pick_points(survey_name, _draw_cmd, name="cmd", alt="Colour-magnitude diagram", **arguments, **paint)
    _notes(_cmd_points(survey, **arguments))


def _cmd_points(survey: Survey, blue: str, red: str, magnitude: str, distance: str) -> Points:
    return colour_magnitude(survey, (blue, red), magnitude, distance)


def _draw_cmd(
    survey: Survey,
    selected: tuple[str, ...],
    blue: str,
    red: str,
    magnitude: str,
    distance: str,
    column: str,
    log: bool,
) -> go.Figure:
    points = _cmd_points(survey, blue, red, magnitude, distance)
    return _drawn(survey, points, selected, column, log, invert_y=True)


def _period_luminosity(
    survey: Survey, survey_name: str, magnitudes: list[str], distances: list[str], paint: dict
) -> None:  # fmt: skip
    numbers, periods = numeric_columns(survey.sources), period_columns(survey)
    if not periods:
        _cannot("Period and luminosity", "The catalogue has no column of periods.", "pl")
        return
    infrared = [name for name, band in magnitude_columns(survey.sources).items() if band in ("k", "ks")]
    guess = guess_colour(survey.sources)
    best = infrared[0] if infrared else guess[1] if guess and guess[1] else next(iter(magnitudes), None)
    with _columns("Period and luminosity", "pl"):
        period = _box("Period", periods, periods[0], "pl_period", survey)
        magnitude = _box("Magnitude", magnitudes or numbers, best, "pl_mag", survey)
        distance = _distance(distances, "pl_distance", survey)
    if magnitude is None:
        _blank("No magnitude was recognised in the catalogue: choose its column.", "pl")
        return
    arguments = {"period": period, "magnitude": magnitude, "distance": distance}
    pick_points(survey_name, _draw_pl, name="pl", alt="Period-luminosity diagram", **arguments, **paint)
    _notes(_pl_points(survey, **arguments))


def _pl_points(survey: Survey, period: str, magnitude: str, distance: str) -> Points:
    return period_diagram(survey, period, magnitude, distance=distance)


def _draw_pl(
    survey: Survey, selected: tuple[str, ...], period: str, magnitude: str, distance: str, column: str, log: bool
) -> go.Figure:
    points = _pl_points(survey, period, magnitude, distance)
    return _drawn(survey, points, selected, column, log, invert_y=True, log_x=True)


def _period_amplitude(survey: Survey, survey_name: str, paint: dict) -> None:
    periods = period_columns(survey)
    found = measured(survey)
    if found is None:
        return  # the bar shows how far it is
    own = [name for name in found if name.startswith("amplitude")]
    amplitudes = [*amplitude_columns(survey.sources), *own]
    if not periods or not amplitudes:
        _cannot("Period and amplitude", f"The survey has no {'periods' if not periods else 'amplitudes'}.", "pa")
        return
    with _columns("Period and amplitude", "pa"):
        period = _box("Period", periods, periods[0], "pa_period", survey)
        amplitude = _box(
            "Amplitude", amplitudes, amplitudes[0], "pa_amplitude", survey,
            help="A column of the catalogue, or measured here: from the 5th to the 95th percentile of a light curve.",
        )  # fmt: skip
    arguments = {"period": period, "amplitude": amplitude}
    pick_points(survey_name, _draw_pa, name="pa", alt="Period-amplitude diagram", **arguments, **paint)
    _notes(_pa_points(survey, **arguments))


def _pa_points(survey: Survey, period: str, amplitude: str) -> Points:
    found = measures_if_done(survey)
    if amplitude in survey.sources or found is None:
        values, described = survey.sources[amplitude], survey.manifest.columns.get(amplitude)
        unit = described.unit if described and described.unit else ""
    else:
        values, unit = found[amplitude], measured_unit(survey, amplitude)
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    title = f"Amplitude, {amplitude} [{unit}]" if unit else f"Amplitude, {amplitude}"
    return period_diagram(survey, period, numbers, y_title=title)


def _draw_pa(
    survey: Survey, selected: tuple[str, ...], period: str, amplitude: str, column: str, log: bool
) -> go.Figure:  # fmt: skip
    return _drawn(survey, _pa_points(survey, period, amplitude), selected, column, log, log_x=True)


def _drawn(
    survey: Survey, points: Points, selected: tuple[str, ...], column: str, log: bool, **more: bool
) -> go.Figure:  # fmt: skip
    return diagram_figure(
        points, survey.source_ids, colours_of(survey, column), log_colour=log, selected=chosen_mask(survey, selected),
        **more,
    )  # fmt: skip


def _cannot(title: str, why: str, name: str) -> None:
    st.markdown(f"**{title}**")
    _blank(why, name)


def _blank(why: str, name: str) -> None:
    st.plotly_chart(blank_figure(why), key=f"{name}_cannot", alt=why)


def _notes(points: Points) -> None:
    st.caption(literal(" ".join(points.notes), 400))
