"""Light curves of a source, in time and folded, with one period for all bands."""

import numpy as np
import streamlit as st

from m3core.ephemeris import KnownPeriod, coarse_times, known_periods
from m3core.figures.series import Fold, folded_figure, points_figure
from m3core.kinds import Series
from m3core.survey import Source, Survey
from pages.components.figure import show
from pages.components.text import literal

__all__ = ["light_curve_panel"]

SHORTEST, LONGEST = 1e-6, 1e6
"""Days; beyond them a fold means nothing."""

BUTTONS = {"fold": "Reset", "searched": "Searched", "catalogue": "Catalogue"}


def light_curve_panel(survey: Survey, source: Source, series: list[Series], *, wide: bool) -> None:
    """Every foldable series of a source.

    Args:
        series: foldable ones; those of the same axes are drawn together.
        wide: raw and folded side by side instead of one above the other.
    """
    periods = known_periods(survey, source)
    key = f"period_{survey.hash[:8]}_{source.source_id}"
    if key not in st.session_state:
        st.session_state[key] = min(max(periods[0].days, SHORTEST), LONGEST) if periods else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        period = st.number_input(
            "Period [d]", min_value=SHORTEST, max_value=LONGEST, step=1e-4, format="%.7f", key=key,
            placeholder="type a period", width=170, persist_state="session",
        )  # fmt: skip
        _buttons(key, period, periods)
        errors = st.toggle("Error bars", value=True, key="error_bars", persist_state="session")
        apart = st.toggle("Bands apart", key="bands_apart", persist_state="session")
    if periods:
        st.caption(_known(periods))
    for number, group in enumerate(_groups(series)):
        _draw(survey, source, group, period, number, errors=errors, apart=apart, wide=wide)


def _buttons(key: str, period: float | None, periods: list[KnownPeriod]) -> None:
    def put(value: float) -> None:
        st.session_state[key] = min(max(value, SHORTEST), LONGEST)

    known = period or 0.0
    st.button(
        "÷ 2", key="period_half", on_click=put, args=(known / 2,), disabled=period is None, help="Half the period"
    )
    st.button(
        "× 2", key="period_twice", on_click=put, args=(known * 2,), disabled=period is None, help="Twice the period"
    )
    for one in periods:
        st.button(BUTTONS[one.name], key=f"period_{one.name}", on_click=put, args=(one.days,), help=f"{one.days:.7f} d")


def _known(periods: list[KnownPeriod]) -> str:
    parts = []
    for one in periods:
        if one.name == "fold":
            parts.append(f"Folded on {one.note}" if one.note else f"Survey's choice {one.days:.7f} d")
        else:
            parts.append(f"{one.name} {one.days:.7f} d" + (f" ({one.note})" if one.note else ""))
    return literal("; ".join(parts) + ".", 400)


def _groups(series: list[Series]) -> list[list[Series]]:
    """Series that may share axes: the same quantity over the same time system."""
    groups: dict[tuple[str, str, bool], list[Series]] = {}
    for one in series:
        groups.setdefault((one.x_label, one.y_label, one.invert_y), []).append(one)
    return list(groups.values())


def _draw(
    survey: Survey, source: Source, group: list[Series], period: float | None, number: int,
    *, errors: bool, apart: bool, wide: bool,
) -> None:  # fmt: skip
    names = ", ".join(one.name for one in group)
    start = min(float(np.min(one.x)) for one in group)
    span = max(float(np.max(one.x)) for one in group) - start
    height = 300 if wide else 240
    # where room is short the fold, which says most, comes first
    raw, folded = st.columns(2) if wide else reversed((st.container(), st.container()))
    with folded:
        if period is None:
            st.info("No period is known of this source: type one to fold its light curves.")
        else:
            show(
                folded_figure(group, Fold(period, start), errors=errors, apart=apart, height=height),
                name=f"folded_{number}",
                alt=f"Light curves {names} of {source.source_id} folded on {period:.7f} days",
            )
            zero = f"{group[0].x_label} {start:.5f}, the first observation in any of these bands"
            st.caption(literal(f"P = {period:.7f} d; phase 0 at {zero}.", 300))
            for sentence in coarse_times(survey, source, period):
                st.warning(literal(sentence, 400), icon=":material/warning:")
    with raw:
        show(
            points_figure(group, errors=errors, apart=apart, height=height),
            name=f"raw_{number}",
            alt=f"Light curves {names} of {source.source_id} over time",
        )
        counts = ", ".join(f"{one.name} {len(one.x):,}" for one in group)
        st.caption(literal(f"Observations: {counts}; time span {span:,.1f} d.", 300))
        for note in {note for one in group for note in one.notes}:
            st.caption(literal(note, 300))
