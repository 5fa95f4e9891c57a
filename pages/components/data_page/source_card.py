"""One source at random: what a star of this survey looks like."""

import numpy as np
import streamlit as st

from m3core.figures.light_curve import Fold, Look, curves_of, folded_figure, points_figure
from m3core.figures.spectrum import line_figure
from m3core.kinds import Series, kind_of
from m3core.periods.ephemeris import known_periods
from m3core.sky.positions import sexagesimal
from m3core.survey import Source, Survey
from pages.components import links, state
from pages.components.border import guarded
from pages.components.figure import show
from pages.components.text import literal

__all__ = ["source_card"]

SHOWN = "card_source"
HEIGHT = 220


@st.fragment(key="card")
@guarded
def source_card(survey: Survey) -> None:
    """A source of the selection, or of the survey where there is none, and the button for another."""
    among = state.selection() or survey.source_ids
    known = st.session_state.get(SHOWN)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**One of the selected, at random**" if state.selection() else "**A source at random**")
            another = st.button("Show me another", key="card_another", icon=":material/casino:")
        if another or known is None or known[0] != survey.hash or (state.selection() and known[1] not in among):
            others = [one for one in among if known is None or one != known[1]] if len(among) < 1000 else among
            chosen = str(np.random.default_rng().choice(others if len(others) else among))
            known = st.session_state[SHOWN] = (survey.hash, chosen)
        _card(survey, survey.source(known[1]))


def _card(survey: Survey, source: Source) -> None:
    label = "unlabelled" if source.label is None else f"**{literal(source.label)}**"
    where = sexagesimal(source.ra, source.dec) or "no position"
    periods = known_periods(survey, source)
    period = literal(f"· P = {periods[0].days:.6g} d") if periods else ""
    st.markdown(f"{literal(source.source_id)} · {label} · {literal(source.split)} {period}")
    st.caption(literal(where))
    series = [one for name, spec in survey.modalities.items() for one in kind_of(spec).series(spec, source)]
    curves = [one for one in series if one.foldable]
    if curves:
        _curves(
            source, [one for one in curves if one.y_label == curves[0].y_label], periods[0].days if periods else None
        )
    for one in [one for one in series if one.style == "line"][:1]:
        show(line_figure(one, errors=False, height=HEIGHT), name="card_line", alt=f"{one.name} of {source.source_id}")
    if not curves and all(one.style == "table" for one in series):
        st.caption("Only catalogue columns are known of it.")
    links.source_link(source.source_id, "· everything that is known of it")


def _curves(source: Source, curves: list[Series], period: float | None) -> None:
    start = min(float(np.min(one.x)) for one in curves)
    look = Look(errors=False, height=HEIGHT)
    drawn = curves_of(curves)
    figure = points_figure(drawn, look) if period is None else folded_figure(drawn, Fold(period, start), look)
    show(figure, name="card_curve", alt=f"Light curves of {source.source_id}")
