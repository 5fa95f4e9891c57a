"""Notes and tags of one's own on a star, kept in the workspace."""

import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.star.notes import Notes
from m3core.survey import Source, Survey
from pages.components import state
from pages.components.tables import dataframe
from pages.components.text import literal, sentence
from pages.components.verdicts import AUTHOR

__all__ = ["notes"]

FAULT = "note_fault"


def notes(survey: Survey, source: Source, page: str) -> None:
    """What is said of this star, and the tags of the survey."""
    kept = Notes(state.workspace().root, survey)
    said = kept.of(source.source_id)
    counts = kept.tags()
    if fault := st.session_state.pop(FAULT, ""):
        st.error(sentence(fault), icon=":material/error:")
    for told in kept.sentences():
        st.warning(literal(told, 400), icon=":material/warning:")
    # what is kept is in the keys: after Undo and for another star the fields begin anew
    mark = f"{source.source_id}_{said.time}"
    left, right = st.columns([11, 9], gap="medium")
    with left:
        text = st.text_area("Note", said.note, key=f"note_{mark}", max_chars=2000, height=120)
        tags = st.multiselect(
            "Tags", sorted({*counts, *said.tags}), default=list(said.tags), key=f"tags_{mark}",
            accept_new_options=True, placeholder="choose one or type a new one",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input("Initials", key=AUTHOR, max_chars=16, width=90, persist_state="session")
            st.button(
                "Keep", key="note_keep", type="primary", icon=":material/save:", on_click=_keep,
                args=(kept, source.source_id, text, tags),
            )  # fmt: skip
            st.button(
                "Undo", key="note_undo", icon=":material/undo:", on_click=_undo, args=(kept, source.source_id),
                disabled=not said.time, help="Take back what was last kept of this source; what stood before counts.",
            )  # fmt: skip
        if said.time:
            who = f" by {literal(said.author)}" if said.author else ""
            st.caption(f"Kept {literal(said.time)}{who}.")
        else:
            st.caption("Nothing is kept of this source yet. Notes stay with the survey's content, whatever the run.")
    with right:
        _all(survey, kept, counts)


def _all(survey: Survey, kept: Notes, counts: dict[str, int]) -> None:
    table = kept.table()
    if table.empty:
        st.caption("Tags of this survey will stand here, each with its sources.")
        return
    with st.container(horizontal=True, gap="small"):
        for tag, count in list(counts.items())[:12]:
            st.button(
                f"{literal(tag)} ({count})", key=f"tag_{tag}", on_click=state.select_in_order, args=(kept.tagged(tag),),
                help="Select these sources, for every page.", type="tertiary",
            )  # fmt: skip
    dataframe(table, key="notes_table", alt="All notes")
    st.download_button(
        "Notes as CSV", lambda: table.to_csv(index=False, lineterminator="\n").encode(), mime="text/csv",
        file_name=f"{survey.path.name}-notes.csv", key="notes_csv", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def _keep(kept: Notes, source_id: str, text: str, tags: list[str]) -> None:
    try:
        kept.keep(source_id, text, tags, st.session_state.get(AUTHOR, ""))
    except M3Error as fault:
        st.session_state[FAULT] = one_sentence(fault)


def _undo(kept: Notes, source_id: str) -> None:
    try:
        kept.undo(source_id)
    except M3Error as fault:
        st.session_state[FAULT] = one_sentence(fault)
