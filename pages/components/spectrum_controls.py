"""What to show of a spectrum: the row of controls above its figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from m3core.spectrum.air import Medium
from m3core.spectrum.continuum import DEGREE
from m3core.spectrum.lines import GROUPS, LIGHT_SPEED
from m3core.spectrum.template import HIGHEST, LOWEST
from m3core.star.spectra import DEFAULT_GROUPS, SpectrumSettings
from pages.components.text import literal

__all__ = ["OWN", "Measuring", "controls", "measuring", "take_drag"]

FASTEST = 600.0
"""km/s: the ends of the slider; the box takes more."""

WINDOWS = (0, 5, 11, 21, 51, 101)

DECLARED = "as declared"

OWN = "its own class"

WIDTH = 430
"""Pixels inside a popover."""

MOST_OTHERS = 8
"""Spectra laid over one: more cannot be told apart."""


@dataclass(frozen=True)
class Measuring:
    """Whether dragging measures, and the range that was dragged or typed, Angstrom."""

    on: bool
    low: float | None
    high: float | None

    @property
    def range(self) -> tuple[float, float] | None:
        """The range, once both ends are known and differ."""
        if not self.on or self.low is None or self.high is None or self.low == self.high:
            return None
        return min(self.low, self.high), max(self.low, self.high)


def controls(
    owner: str,
    place: str,
    *,
    first_velocity: float | None,
    origin: str,
    classes: Sequence[str],
    candidates: Sequence[str],
    wide: bool,
) -> tuple[SpectrumSettings, bool]:  # fmt: skip
    """The settings, and whether dragging measures.

    Args:
        owner: whose radial velocity and comparison this is.
        place: what keys begin with; the other settings hold for all spectra that are shown there.
        first_velocity: km/s, None where it is not known; origin: where it comes from, in words.
        classes: those whose median may be drawn behind; OWN among them stands for that of the source.
        candidates: ids to suggest for laying over; other ids may be typed.
    """
    velocity, measures = 0.0, False
    with st.container(key=f"{place}_row", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        with st.popover("Lines", icon=":material/straighten:", key=f"{place}_lines"):
            groups, telluric, medium = _lines(place)
            if not wide:
                velocity = _velocity(owner, place, first_velocity, origin)
        with st.popover("Flux", icon=":material/tune:", key=f"{place}_flux"):
            flux = _flux(place)
            if not wide:
                measures = _measures(place)
        with st.popover("Compare", icon=":material/layers:", key=f"{place}_compare"):
            compared = _compare(owner, place, classes, candidates)
        if wide:
            measures = _measures(place)
    if wide:
        velocity = _velocity(owner, place, first_velocity, origin)
    settings = SpectrumSettings(
        **flux, **compared, medium=medium, groups=groups, telluric=telluric, velocity=velocity,
        drag="select" if measures else "zoom", height=400 if wide else 300, compact=not wide,
    )  # fmt: skip
    return settings, measures


def _lines(place: str) -> tuple[tuple[str, ...], bool, Medium | None]:
    groups = st.pills(
        "Lines and bands", GROUPS, selection_mode="multi", default=list(DEFAULT_GROUPS), key=f"{place}_groups",
        persist_state="session",
    )  # fmt: skip
    telluric = st.toggle(
        "Shade telluric bands", value=True, key=f"{place}_telluric", persist_state="session",
        help="What O₂ and H₂O of the Earth's atmosphere absorb. It does not move with the star.",
    )  # fmt: skip
    medium = st.segmented_control(
        "Wavelengths are in", [DECLARED, "vacuum", "air"], default=DECLARED, required=True, key=f"{place}_medium",
        persist_state="session", help="The lines are converted to it; the spectrum stays as it is.",
    )  # fmt: skip
    return tuple(one for one in GROUPS if one in groups), telluric, None if medium == DECLARED else medium


def _flux(place: str) -> dict[str, Any]:
    errors = st.toggle("Error band", value=True, key=f"{place}_errors", persist_state="session")
    masked = st.toggle("Masked pixels", value=True, key=f"{place}_masked", persist_state="session")
    smoothing = st.select_slider(
        "Smooth over [pixels]", WINDOWS, key=f"{place}_smoothing", persist_state="session",
        help="Savitzky-Golay filter of degree 3; 0: not smoothed.",
    )  # fmt: skip
    divided = st.toggle("Divide by the continuum", key=f"{place}_continuum", persist_state="session")
    degree = DEGREE
    if divided:
        degree = st.slider("Degree of the polynomial", 1, 12, DEGREE, key=f"{place}_degree", persist_state="session")
    return {"errors": errors, "masked": masked, "smoothing": smoothing, "continuum": divided, "degree": degree}


def _compare(owner: str, place: str, classes: Sequence[str], candidates: Sequence[str]) -> dict[str, Any]:
    template = None
    if classes:
        template = st.selectbox(
            "Median of a class behind it", classes, index=None, placeholder="none", width=WIDTH,
            key=f"{place}_template", persist_state="session", help="The median of the spectra of its members.",
        )  # fmt: skip
    others = st.multiselect(
        "Lay over it", candidates, key=f"{place}_others_{owner}", max_selections=MOST_OTHERS, accept_new_options=True,
        placeholder="type an id, or choose", persist_state="session", width=WIDTH,
        help="Sources of this survey: the selected ones and the nearest neighbours, or any typed id.",
    )  # fmt: skip
    offset = st.number_input(
        "Offset between them", 0.0, 10.0, 0.0, 0.25, key=f"{place}_offset", persist_state="session",
        help="In units of their median flux.",
    )  # fmt: skip
    return {
        "template": template is not None, "template_of": None if template == OWN else template,
        "others": tuple(others), "offset": offset,
    }  # fmt: skip


def _measures(place: str) -> bool:
    return st.toggle(
        "Measure a line", key=f"{place}_measures", persist_state="session",
        help="Drag over a line to measure its equivalent width; off: dragging zooms, a double click shows all.",
    )  # fmt: skip


def _velocity(owner: str, place: str, first: float | None, origin: str) -> float:
    """Radial velocity, km/s: a slider and a box that follow one another."""
    box, slider = f"{place}_velocity_{owner}", f"{place}_slider_{owner}"

    def put(value: float) -> None:
        st.session_state[box] = value
        st.session_state[slider] = min(max(value, -FASTEST), FASTEST)

    # said anew in every run: on the way to another page Streamlit gives the slider its least value
    put(st.session_state.get(box, round(first or 0.0, 2)) or 0.0)
    with st.container(key=f"{place}_velocity_row", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.slider(
            "Radial velocity of the lines [km/s]", -FASTEST, FASTEST, step=1.0, key=slider, format="%.0f",
            on_change=lambda: put(st.session_state[slider]), width=260,
        )  # fmt: skip
        value = st.number_input(
            "km/s", min_value=LOWEST * LIGHT_SPEED, max_value=HIGHEST * LIGHT_SPEED, step=5.0, format="%.2f", key=box,
            on_change=lambda: put(st.session_state[box] or 0.0), width=150, persist_state="session",
        )  # fmt: skip
        if first is not None and abs((value or 0.0) - first) > 0.006:
            st.button("Back to the redshift", key=f"{place}_back_{owner}", on_click=put, args=(round(first, 2),))
    if first is not None:
        st.caption(literal(f"{origin}: {first:+.2f} km/s, where the lines start.", 200))
    return value or 0.0


def measuring(owner: str, chart: str, on: bool) -> Measuring:
    """The range to measure: what was dragged on the chart, or typed."""
    low, high = f"spectrum_from_{owner}_{chart}", f"spectrum_to_{owner}_{chart}"
    if not on:
        return Measuring(False, None, None)
    with st.container(key=f"spectrum_range_{chart}", horizontal=True, vertical_alignment="bottom", gap="small"):
        first = st.number_input("From [Å]", value=None, format="%.2f", key=low, width=170, persist_state="session")
        last = st.number_input("To [Å]", value=None, format="%.2f", key=high, width=170, persist_state="session")
    if first is None or last is None:
        st.caption("Drag over a line in the figure, or type the range. Zoom first, with dragging set back to zoom.")
    return Measuring(True, first, last)


def take_drag(owner: str, chart: str) -> None:
    """Put the range that was dragged on a chart into the boxes of `measuring`; a callback."""
    boxes = st.session_state[chart].get("selection", {}).get("box", [])
    if boxes and len(boxes[-1].get("x", [])) == 2:
        low, high = sorted(float(end) for end in boxes[-1]["x"])
        st.session_state[f"spectrum_from_{owner}_{chart}"] = round(low, 2)
        st.session_state[f"spectrum_to_{owner}_{chart}"] = round(high, 2)
