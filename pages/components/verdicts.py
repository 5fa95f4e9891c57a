"""What every list of findings shares: a verdict said, undone, shown, exported and taken in."""

import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.workspace.verdicts import Verdicts
from pages.components import state
from pages.components.tables import dataframe
from pages.components.text import literal, sentence

__all__ = [
    "first_button",
    "kept_verdicts",
    "next_unanswered",
    "note_fields",
    "say",
    "show_fault",
    "standing",
    "undo_button",
]

AUTHOR, NOTE, FAULT, TAKEN_IN = "verdict_author", "verdict_note", "verdict_fault", "verdicts_taken_in"


def show_fault() -> None:
    """Why the last verdict was not kept, if it was not."""
    if fault := st.session_state.pop(FAULT, ""):
        st.error(sentence(fault), icon=":material/error:")


def note_fields() -> None:
    """Initials, which stay, and the note of the next verdict."""
    st.text_input("Initials", key=AUTHOR, max_chars=16, width=90, persist_state="session")
    st.text_input("Note", key=NOTE, max_chars=2000, placeholder="goes with the next verdict", width=220)


def undo_button(verdicts: Verdicts) -> None:
    """Takes back the last verdict and opens its source; Z."""
    st.button(
        "Undo", key="verdict_undo", shortcut="Z", icon=":material/undo:", on_click=_undo, args=(verdicts,),
        disabled=not verdicts.current(), help="Take back the last verdict and open its source.",
    )  # fmt: skip


def first_button(source_id: str, order: tuple[str, ...]) -> None:
    """Opens the first of the list, wherever the source came from; Home."""
    first = next(iter(order), source_id)
    st.button(
        "First", key="verdict_first", shortcut="Home", icon=":material/first_page:", on_click=state.choose,
        kwargs={"source": first}, disabled=first == source_id, help="Open the first source of the list.",
    )  # fmt: skip


def standing(verdicts: Verdicts, source_id: str) -> None:
    """The verdict that counts for a source, if there is one."""
    one = verdicts.current().get(source_id)
    if one is not None:
        value = f" ({literal(one.value)})" if one.value else ""
        who = f" by {literal(one.author)}" if one.author else ""
        note = f": {literal(one.note, 300)}" if one.note else ""
        st.markdown(f"**{literal(one.verdict)}**{value}{who}, {literal(one.time)}{note}")


def next_unanswered(source_id: str, order: tuple[str, ...], answered: set[str]) -> str | None:
    """The next source of the list without a verdict, from its start again behind its end."""
    start = order.index(source_id) + 1 if source_id in order else 0
    ahead = [*order[start:], *order[:start]]
    return next((one for one in ahead if one not in answered and one != source_id), None)


def say(verdicts: Verdicts, source_id: str, verdict: str, value: str = "") -> bool:
    """Keep a verdict with the note and the initials; False, and a fault to show, where it cannot be kept."""
    note, author = st.session_state.get(NOTE, ""), st.session_state.get(AUTHOR, "")
    try:
        verdicts.add(source_id, verdict, note=note, author=author, value=value)
    except M3Error as fault:
        st.session_state[FAULT] = one_sentence(fault)
        return False
    st.session_state[NOTE] = ""
    return True


def _undo(verdicts: Verdicts) -> None:
    try:
        taken_back = verdicts.undo(st.session_state.get(AUTHOR, ""))
    except M3Error as fault:
        st.session_state[FAULT] = one_sentence(fault)
        return
    if taken_back is not None:
        state.choose(source=taken_back.source_id)


def kept_verdicts(verdicts: Verdicts, name: str) -> None:
    """What was said so far: a table, a file to save, a file to take in.

    Args:
        name: of survey and run, for the file.
    """
    with st.expander("Verdicts kept with this run", icon=":material/rule:"):
        table = verdicts.table()
        for one in verdicts.sentences():
            st.warning(literal(one, 400), icon=":material/warning:")
        if len(table):
            dataframe(table.iloc[::-1], key="verdicts_table")
        else:
            st.caption("None yet. They are kept in the run's folder, a line each, with time and initials.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.download_button(
                "Download as CSV", verdicts.csv, file_name=f"{name}-verdicts.csv", mime="text/csv",
                key="verdicts_download", on_click="ignore", icon=":material/download:", disabled=not len(table),
            )  # fmt: skip
        given = st.file_uploader("Take in a CSV file of verdicts", type="csv", key="verdicts_file")
        if given is not None:
            st.button(
                "Take in", key="verdicts_take_in", icon=":material/upload:", on_click=_take_in,
                args=(verdicts, given.getvalue(), given.name),
            )  # fmt: skip
        if told := st.session_state.pop(TAKEN_IN, ""):
            st.success(sentence(told), icon=":material/check:")


def _take_in(verdicts: Verdicts, content: bytes, name: str) -> None:
    try:
        st.session_state[TAKEN_IN] = verdicts.take_in(content, name, st.session_state[AUTHOR])
    except M3Error as fault:
        st.session_state[FAULT] = one_sentence(fault)
