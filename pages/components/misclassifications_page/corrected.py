"""The survey again with what the verdicts say: a new one, the old one untouched."""

import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.periods.ephemeris import CATALOGUE
from m3core.periods.survey_check import checked_column
from m3core.survey import Correction, Survey, corrections_table, write_corrected
from m3core.workspace.verdicts import Verdicts
from pages.components import state
from pages.components.tables import dataframe
from pages.components.text import literal, sentence

__all__ = ["corrected", "corrections_of"]

FOLD = "m3_period_fold"


def corrections_of(survey: Survey, verdicts: Verdicts) -> list[Correction]:
    """What the verdicts that count change: labels, and the periods that the catalogue lists and the folds use."""
    found = []
    columns = [one for one in dict.fromkeys([checked_column(survey) or CATALOGUE, FOLD]) if one in survey.sources]
    for said in verdicts.current().values():
        if said.verdict == "mislabelled" and said.value:
            found.append(Correction(said.source_id, "label", said.value))
        if said.verdict == "period wrong" and said.value:
            found += [Correction(said.source_id, column, said.value) for column in columns]
    return found


@st.fragment(key="corrected_survey")
def corrected(survey: Survey, verdicts: Verdicts) -> None:
    """What would change, and a button that writes it."""
    with st.expander("Write a corrected survey", icon=":material/edit_document:"):
        try:
            corrections = corrections_of(survey, verdicts)
            table = corrections_table(survey, corrections)
        except M3Error as fault:
            st.error(sentence(one_sentence(fault)), icon=":material/error:")
            return
        st.caption(
            "'Mislabelled' gives a source its other class, 'period wrong' the adopted period, in the catalogue's "
            "column and in the one of the folds; other verdicts change nothing. The result is a new survey: its "
            "provenance says what it was made from, corrections.csv in it what changed, and this survey stays as it "
            "is. A model has to be trained on the new one, or to embed it."
        )
        st.button("Count the latest verdicts", key="corrected_refresh", icon=":material/refresh:")
        if table.empty:
            st.info("No verdict changes anything yet.")
            return
        dataframe(table, key="corrected_table")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            free = state.workspace().free_survey_name(f"{survey.path.name}-corrected")
            name = st.text_input("Name of the new survey", value=free, key=f"corrected_name_{free}", max_chars=64)
            pressed = st.button(
                f"Write with {len(table):,} changes", key="corrected_write", type="primary", icon=":material/save:"
            )
        if pressed:
            try:
                made = write_corrected(survey, state.workspace().new_survey(name), corrections)
            except (M3Error, OSError) as fault:
                st.error(sentence(one_sentence(fault)), icon=":material/error:")
                return
            st.success(literal(f"{made.path.name}: {len(table):,} values changed. Choose it in the sidebar.", 300))
