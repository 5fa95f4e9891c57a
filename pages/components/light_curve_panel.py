"""Light curves of a source, in time and folded, with one period and one zero of phase for all bands."""

import numpy as np
import streamlit as st

from m3core.figures.series import Fold, folded_figure, points_figure
from m3core.kinds import Series
from m3core.periods.ephemeris import KnownPeriod, coarse_times, known_periods
from m3core.survey import Source, Survey
from pages.components.figure import show
from pages.components.text import literal

__all__ = ["light_curve_panel"]

SHORTEST, LONGEST = 1e-6, 1e6
"""Days; beyond them a fold means nothing."""


def light_curve_panel(survey: Survey, source: Source, series: list[Series], *, wide: bool) -> None:
    """Every foldable series of a source.

    Args:
        series: foldable ones; those of the same axes are drawn together.
        wide: raw and folded side by side instead of one above the other.
    """
    periods = known_periods(survey, source)
    key = f"period_{survey.hash[:8]}_{source.source_id}"
    if key not in st.session_state:
        st.session_state[key] = _allowed(periods[0].days) if periods else None
    with st.container(key="period_row", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        period = st.number_input(
            "Period [d]", min_value=SHORTEST, max_value=LONGEST, step=1e-4, format="%.7f", key=key,
            placeholder="type a period", width=165, persist_state="session",
        )  # fmt: skip
        _buttons(key, period, periods)
        errors = st.toggle("Error bars", value=True, key="error_bars", persist_state="session")
        apart = st.toggle("Bands apart", key="bands_apart", persist_state="session")
    if periods:
        st.caption(_known(periods))
    for number, group in enumerate(_groups(series)):
        _draw(survey, source, group, period, number, errors=errors, apart=apart, wide=wide)


def _allowed(period: float) -> float:
    return min(max(period, SHORTEST), LONGEST)


def _buttons(key: str, period: float | None, periods: list[KnownPeriod]) -> None:
    def put(value: float) -> None:
        st.session_state[key] = _allowed(value)

    without = period is None
    known = period or 1.0
    st.button("÷2", key="period_half", on_click=put, args=(known / 2,), disabled=without, help="Half the period")
    st.button("×2", key="period_twice", on_click=put, args=(known * 2,), disabled=without, help="Twice the period")
    for one in periods:
        st.button(
            one.name.capitalize(), key=f"period_{one.name}", on_click=put, args=(one.days,),
            help=f"Fold on {one.days:.7f} d" + (", the survey's choice" if one.is_choice else ""),
        )  # fmt: skip


def _known(periods: list[KnownPeriod]) -> str:
    parts = []
    for one in periods:
        notes = [note for note in (one.note, "the survey's choice for folding" if one.is_choice else "") if note]
        parts.append(f"{one.name} {one.days:.7f} d" + (f" ({'; '.join(notes)})" if notes else ""))
    text = ", ".join(parts)
    return literal(f"{text[0].upper()}{text[1:]}.", 400)


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
    height = 320 if wide else 225
    # where room is short the fold, which says most, comes first
    raw, folded = st.columns(2) if wide else reversed((st.container(gap="xsmall"), st.container(gap="xsmall")))
    with folded:
        if period is None:
            st.info("No period is known of this source: type one to fold its light curves.")
        else:
            show(
                folded_figure(group, Fold(period, start), errors=errors, apart=apart, height=height),
                name=f"folded_{number}",
                alt=f"Light curves {names} of {source.source_id} folded on {period:.7f} days",
            )
            label, _, unit = group[0].x_label.partition(" [")
            zero = f"phase 0 at {label} {start:.5f} {unit.rstrip(']')}, the first observation"
            st.caption(literal(f"P = {period:.7f} d; {zero}.", 300))
            for sentence in coarse_times(survey, source, period):
                st.warning(literal(sentence, 400), icon=":material/warning:")
    with raw:
        show(
            points_figure(group, errors=errors, apart=apart, legend=wide or period is None, height=height),
            name=f"raw_{number}",
            alt=f"Light curves {names} of {source.source_id} over time",
        )
        counts = ", ".join(f"{one.name} {len(one.x):,}" for one in group)
        st.caption(literal(f"Observations: {counts}; time span {span:,.1f} d.", 300))
        for note in {note for one in group for note in one.notes}:
            st.caption(literal(note, 300))
