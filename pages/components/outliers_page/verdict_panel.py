"""Yes, no or unsure on a source, by button and by key; undone, exported and taken in."""

import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.verdicts import Verdicts
from pages.components import state
from pages.components.text import literal, sentence

__all__ = ["kept_verdicts", "opened_next", "verdict_panel"]

AUTHOR, NOTE, FAULT, FOLLOWING = "verdict_author", "verdict_note", "verdict_fault", "verdict_following"
TAKEN_IN = "verdicts_taken_in"
BUTTONS = {
    "yes": ("Yes, odd", "Y", ":material/check:"),
    "no": ("No", "N", ":material/close:"),
    "unsure": ("Unsure", "U", ":material/question_mark:"),
}


def verdict_panel(verdicts: Verdicts, source_id: str, order: tuple[str, ...]) -> None:
    """The buttons for one source.

    Args:
        order: ids as listed; after a verdict the next one without any is opened.
    """
    current = verdicts.current()
    if fault := st.session_state.pop(FAULT, ""):
        st.error(sentence(fault), icon=":material/error:")
    place = f" · {order.index(source_id) + 1:,} of {len(order):,} in the list" if source_id in order else ""
    st.markdown(f"**{literal(source_id)}**{place}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="verdict_row"):
        for verdict, (text, key, icon) in BUTTONS.items():
            given = source_id in current and current[source_id].verdict == verdict
            st.button(
                text, key=f"verdict_{verdict}", shortcut=key, icon=icon, type="primary" if given else "secondary",
                on_click=_say, args=(verdicts, source_id, verdict, _next(source_id, order, set(current))),
            )  # fmt: skip
        st.button(
            "Undo", key="verdict_undo", shortcut="Z", icon=":material/undo:", on_click=_undo, args=(verdicts,),
            disabled=not current, help="Take back the last verdict and open its source.",
        )  # fmt: skip
        st.text_input("Initials", key=AUTHOR, max_chars=16, width=90, persist_state="session")
        st.text_input("Note", key=NOTE, max_chars=2000, placeholder="goes with the next verdict", width=220)
    st.caption("Keys: J next, K previous, Y yes, N no, U unsure, Z undo. Each verdict is on the disk at once.")
    if source_id in current:
        one = current[source_id]
        who = f" by {literal(one.author)}" if one.author else ""
        note = f": {literal(one.note, 300)}" if one.note else ""
        st.markdown(f"**{literal(one.verdict)}**{who}, {literal(one.time)}{note}")


def _next(source_id: str, order: tuple[str, ...], answered: set[str]) -> str | None:
    start = order.index(source_id) + 1 if source_id in order else 0
    ahead = [*order[start:], *order[:start]]
    return next((one for one in ahead if one not in answered and one != source_id), None)


def _say(verdicts: Verdicts, source_id: str, verdict: str, following: str | None) -> None:
    try:
        verdicts.add(source_id, verdict, note=st.session_state[NOTE], author=st.session_state[AUTHOR])
    except M3Error as fault:
        st.session_state[FAULT] = one_sentence(fault)
        return
    st.session_state[NOTE] = ""
    st.session_state[FOLLOWING] = following


def opened_next(order: tuple[str, ...], answered: set[str], *, is_learned: bool) -> None:
    """After a verdict open the next source: the first unanswered of a list that has just learned, else the next."""
    following = st.session_state.pop(FOLLOWING, None)
    if following is not None:
        first = next((one for one in order if one not in answered), following)
        state.choose(source=first if is_learned else following)


def _undo(verdicts: Verdicts) -> None:
    try:
        taken_back = verdicts.undo(st.session_state[AUTHOR])
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
            st.dataframe(table.iloc[::-1], hide_index=True, height=min(300, 38 + 35 * len(table)), key="verdicts_table")
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
