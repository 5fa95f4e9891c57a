"""The period check of one source: what was tried, folded curves of the best, and one click to adopt one."""

import pandas as pd
import streamlit as st

from m3core.figures.light_curve import Fold, Look, curves_of, folded_figure
from m3core.kinds import Series, kind_of
from m3core.periods.check import HELD, Candidate, PeriodCheck, string_length
from m3core.periods.phase_zero import in_days, value_and_error
from m3core.periods.survey_check import bands_of, check_source, checked_column
from m3core.survey import Survey
from m3core.workspace.verdicts import Verdicts
from pages.components import resources, state
from pages.components.figure import show
from pages.components.tables import dataframe
from pages.components.text import literal
from pages.components.verdicts import say

__all__ = ["periods"]

ACROSS = 3
SHOWN = 6
"""Candidates whose folds are drawn."""


def periods(survey: Survey, verdicts: Verdicts, source_id: str, row: pd.Series) -> None:
    """Everything on the period.

    Args:
        row: of the list of suspects.
    """
    name = state.chosen().survey
    assert name is not None
    check: PeriodCheck | None = resources.derived(name, _checked, source_id=source_id)
    if check is None:
        column = checked_column(survey)
        why = f"no {column} to check, or too few observations" if column else "no period column"
        st.caption(literal(f"Period check: this source has {why}.", 200))
        return
    st.markdown(_verdict(check, row))
    bands, _ = bands_of(survey, survey.row(source_id))
    table = pd.DataFrame(
        [
            {
                "period": _name(one), "P [d]": _days(one),
                "cost": one.cost - check.candidates[0].cost, "explained": one.share,
                "power": one.power, "harmonics": one.n_harmonics,
                "string length": string_length(bands, one.period),
            }
            for one in check.candidates
        ]
    )  # fmt: skip
    dataframe(
        table, key="suspect_periods",
        column_config={
            "P [d]": st.column_config.TextColumn(
                help="In brackets one standard error, in units of the last digit; the catalogue's as it is listed."
            ),
            "cost": st.column_config.NumberColumn(
                format="%.1f", help="Less that of the catalogue's period; lower is better, −6 is clear."
            ),
            "explained": st.column_config.NumberColumn(format="%.3f", help="Share of the variance, 0 to 1."),
            "power": st.column_config.NumberColumn(format="%.3f", help="Lomb-Scargle, one sine: 0 to 1."),
            "string length": st.column_config.NumberColumn(format="%.3f", help="0 smooth to 1 scatter."),
        },
        alt="Periods that were tried, the catalogue's first",
    )  # fmt: skip
    _folds(survey, verdicts, source_id, check)


def _checked(survey: Survey, source_id: str) -> PeriodCheck | None:
    return check_source(survey, survey.row(source_id))


def _name(one: Candidate) -> str:
    return "P listed" if one.name == HELD else one.name


def _days(one: Candidate) -> str:
    """The period to the digits that its error allows; the catalogue's as it is listed."""
    if one.name == HELD:
        return in_days(one.period).removesuffix(" d")
    return value_and_error(one.period, one.error, digits=7)


def _verdict(check: PeriodCheck, row: pd.Series) -> str:
    listed = check.candidates[0]
    if row["is_half_orbit"]:
        return f"**Period** {_days(listed)} d: the curve peaks at P/2, half the orbit of a binary; it **holds**."
    if check.best == HELD:
        return f"**Period** {_days(listed)} d **holds**."
    best = check.of(check.best)
    rather = f"rather {best.name} = {_days(best)} d"
    return f"**Period** {_days(listed)} d **does not hold**: {rather}."


def _folds(survey: Survey, verdicts: Verdicts, source_id: str, check: PeriodCheck) -> None:
    source = survey.source(source_id)
    found = {name: kind_of(spec).series(spec, source) for name, spec in survey.modalities.items()}
    series = [one for every in found.values() for one in every if one.foldable]
    if not series:
        return
    series = [one for one in series if (one.y_label, one.invert_y) == (series[0].y_label, series[0].invert_y)]
    shown = _to_draw(check)
    for start in range(0, len(shown), ACROSS):
        for number, (one, place) in enumerate(
            zip(shown[start : start + ACROSS], st.columns(ACROSS, gap="small"), strict=False), start
        ):
            with place:
                _fold(survey, verdicts, source_id, series, one, number)


def _to_draw(check: PeriodCheck) -> list[Candidate]:
    """The catalogue's, P/2 and 2P, and the best of the others by cost, a name once."""
    first = {one.name: one for one in reversed(check.candidates)}  # the best of each name wins
    wanted = [HELD, check.best, "P/2", "2P", *(one.name for one in check.candidates)]
    return [first[name] for name in dict.fromkeys(wanted) if name in first][:SHOWN]


def _fold(
    survey: Survey, verdicts: Verdicts, source_id: str, series: list[Series], one: Candidate, number: int
) -> None:  # fmt: skip
    fold = Fold(one.period, float(series[0].x.min()))
    figure = folded_figure(curves_of(series), fold, Look(errors=False, height=170))
    figure.update_layout(showlegend=False, margin={"l": 34, "r": 4, "t": 4, "b": 20})
    figure.update_xaxes(title=None)
    figure.update_yaxes(title=None, nticks=4)
    figure.update_traces(marker_size=3)
    best = one.name == HELD
    st.markdown(f"**{literal(_name(one))}**  \n{_days(one)} d")
    show(figure, name=f"suspect_fold_{number}", alt=f"{source_id} folded on {one.period:.7f} days")
    st.button(
        "Adopt" if not best else "Fold on it", key=f"adopt_{number}", on_click=_adopt,
        args=(survey, verdicts, source_id, one),
        help="Fold on this period, and keep the verdict 'period wrong' with it." if not best else "No verdict.",
    )  # fmt: skip


def _adopt(survey: Survey, verdicts: Verdicts, source_id: str, one: Candidate) -> None:
    st.session_state[f"period_{survey.hash[:8]}_{source_id}"] = one.period  # of the light curves below
    if one.name != HELD:
        say(verdicts, source_id, "period wrong", f"{one.period:.10g}")
