"""Light curves of a source: raw and folded side by side, one period and one zero of phase for all bands."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from m3core.periods.ephemeris import KnownPeriod, known_periods
from m3core.periods.phase_zero import in_days
from m3core.periods.refine import refined_period
from m3core.star.folding import LightCurveSettings, Star, star_of
from m3core.star.light_curves import panels_of
from m3core.star.panel import Panel
from m3core.survey import Source, Survey
from pages.components.figure import show_panel
from pages.components.light_curve_display import display_settings
from pages.components.light_curve_period import PeriodButton, fold_slider
from pages.components.light_curve_searches import searches
from pages.components.text import literal

__all__ = ["light_curve_panel"]

SHORTEST, LONGEST = 1e-6, 1e6
"""Days; beyond them a fold means nothing."""

FACTORS = {"÷3": ("third", 1 / 3), "÷2": ("half", 0.5), "×2": ("twice", 2.0), "×3": ("thrice", 3.0)}


def light_curve_panel(survey: Survey, source: Source, *, wide: bool) -> None:
    """Every light curve of a source.

    Args:
        wide: raw and folded side by side instead of one above the other.
    """
    periods = known_periods(survey, source)
    key = f"period_{survey.hash[:8]}_{source.source_id}"
    # said anew in every run: on the way to another page Streamlit keeps the value and gives the field its least one
    st.session_state[key] = st.session_state.get(key, _allowed(periods[0].days) if periods else None)
    with st.container(key="period_row", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        period = st.number_input(
            "Period [d]", min_value=SHORTEST, max_value=LONGEST, step=1e-4, format="%.7f", key=key,
            placeholder="type a period", width=165, persist_state="session",
        )  # fmt: skip
        buttons = _buttons(key, period, periods, lambda: _refined(survey, source, period))
        # beside the map there is room for the commonest; the others stand behind 'Display'
        shown = buttons if wide else [one for one in buttons if one.key in ("period_half", "period_twice")]
        for one in shown:
            one.draw()
        settings = display_settings(survey, source, wide=wide, more=[one for one in buttons if one not in shown])
    above, height = ("light_curve", "folded"), 320 if wide else 205
    settings = replace(settings, period=period, height=height, narrow=not wide, panels=above)
    star = star_of(survey, source, settings)
    if periods and wide:
        st.caption(_known(periods))
    if star.ephemeris is not None:
        fold_slider(key, star, settings)
    _draw(source, settings, star, wide=wide)
    searches(survey, source, settings, key)


def _allowed(period: float) -> float:
    return min(max(period, SHORTEST), LONGEST)


def _refined(survey: Survey, source: Source, period: float | None) -> float:
    assert period is not None  # without one the button is disabled
    groups = star_of(survey, source, LightCurveSettings(period=period)).groups
    return _allowed(refined_period(groups[0].bands, period)) if groups else period


def _buttons(
    key: str, period: float | None, periods: list[KnownPeriod], refined: Callable[[], float]
) -> list[PeriodButton]:  # fmt: skip
    known = period or 1.0
    found = [
        PeriodButton(text, f"period_{name}", key, _allowed(known * factor), f"{text} the period", period is None)
        for text, (name, factor) in FACTORS.items()
    ]
    note = "Fold on the best period within half a cycle over the time span, by a Fourier series of six harmonics"
    found.append(PeriodButton("Refine", "period_refine", key, refined, note, period is None))
    for one in periods:
        note = f"Fold on {in_days(one.days)}" + (", the survey's choice" if one.is_choice else "")
        found.append(PeriodButton(one.name.capitalize(), f"period_{one.name}", key, _allowed(one.days), note, False))
    return found


def _known(periods: list[KnownPeriod]) -> str:
    parts = []
    for one in periods:
        notes = [note for note in (one.note, "the survey's choice for folding" if one.is_choice else "") if note]
        if _allowed(one.days) != one.days:
            notes.append(f"folds are made from {SHORTEST:g} to {LONGEST:,.0f} d")
        parts.append(f"{one.name} {in_days(one.days)}" + (f" ({'; '.join(notes)})" if notes else ""))
    text = ", ".join(parts)
    return literal(f"{text[0].upper()}{text[1:]}.", 400)


def _draw(source: Source, settings: LightCurveSettings, star: Star, *, wide: bool) -> None:
    panels = panels_of(star, settings)
    raw = [panel for panel in panels if panel.key.startswith("light_curve")]
    folded = [panel for panel in panels if panel.key.startswith("folded")]
    if star.ephemeris is None:
        folded = folded[:1]  # one sentence, not one a group
    if wide:
        left, right = st.columns(2)
    else:  # where room is short the fold, which says most, comes first
        right, left = st.container(gap="xsmall"), st.container(gap="xsmall")
    with right:
        for panel in folded:
            _show(panel, source, wide=wide)
        if star.ephemeris is not None:
            if wide:
                st.code(star.ephemeris.vsx(star.groups[0].time_system), language=None)
            for sentence in star.coarse:
                st.warning(literal(sentence, 400), icon=":material/warning:")
    with left:
        for panel in raw:
            _show(panel, source, wide=wide)


def _show(panel: Panel, source: Source, *, wide: bool) -> None:
    """Beside the map the first sentence of the caption stands under the figure."""
    if not wide:
        first, stop, _ = panel.caption.partition("; phase 0" if panel.key.startswith("folded") else ". ")
        panel = replace(panel, caption=first + ("." if stop else ""))
    show_panel(panel, file=source.source_id, titled=False)
