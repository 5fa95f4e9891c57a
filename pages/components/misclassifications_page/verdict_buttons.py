"""What a person decides on a suspect, by button and by key."""

import pandas as pd
import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.survey import Survey
from m3core.verdicts import Verdicts
from pages.components import state
from pages.components.outliers_page.verdict_panel import AUTHOR, FAULT, NOTE
from pages.components.text import literal, sentence

__all__ = ["say", "verdict_buttons"]

BUTTONS = {
    "mislabelled": ("Mislabelled", "M", ":material/label_important:"),
    "right": ("Right", "Y", ":material/check:"),
    "artefact": ("Artefact", "A", ":material/broken_image:"),
    "unsure": ("Unsure", "U", ":material/question_mark:"),
}
"""'period wrong' is said beside the periods, since it needs one."""


def verdict_buttons(
    survey: Survey, verdicts: Verdicts, source_id: str, row: pd.Series, order: tuple[str, ...]
) -> None:  # fmt: skip
    """The buttons for one source.

    Args:
        row: of the list of suspects.
        order: ids as listed; after a verdict the next one without any is opened.
    """
    current = verdicts.current()
    if fault := st.session_state.pop(FAULT, ""):
        st.error(sentence(fault), icon=":material/error:")
    key = f"suspect_class_{source_id}"
    others = [name for name in survey.classes if name != row["label"]]
    following = _next(source_id, order, set(current))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="verdict_row"):
        if others:
            at = others.index(row["suggested"]) if row["suggested"] in others else 0
            st.selectbox("Is rather", others, index=at, key=key, width=130, help="Goes with 'Mislabelled'.")
        for verdict, (text, shortcut, icon) in BUTTONS.items():
            given = source_id in current and current[source_id].verdict == verdict
            st.button(
                text, key=f"verdict_{verdict}", shortcut=shortcut, icon=icon, type="primary" if given else "secondary",
                on_click=_say_label, args=(verdicts, source_id, verdict, key, following),
                disabled=verdict == "mislabelled" and not others,
            )  # fmt: skip
        st.button(
            "Undo", key="verdict_undo", shortcut="Z", icon=":material/undo:", on_click=_undo, args=(verdicts,),
            disabled=not current, help="Take back the last verdict and open its source.",
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("Initials", key=AUTHOR, max_chars=16, width=90, persist_state="session")
        st.text_input("Note", key=NOTE, max_chars=2000, placeholder="goes with the next verdict", width=260)
    st.caption(
        "Keys: J next, K previous, M mislabelled, Y right, A artefact, U unsure, Z undo. Each is on the disk at once."
    )
    if source_id in current:
        one = current[source_id]
        value = f" ({literal(one.value)})" if one.value else ""
        who = f" by {literal(one.author)}" if one.author else ""
        note = f": {literal(one.note, 300)}" if one.note else ""
        st.markdown(f"**{literal(one.verdict)}**{value}{who}, {literal(one.time)}{note}")


def _next(source_id: str, order: tuple[str, ...], answered: set[str]) -> str | None:
    start = order.index(source_id) + 1 if source_id in order else 0
    ahead = [*order[start:], *order[:start]]
    return next((one for one in ahead if one not in answered and one != source_id), None)


def _say_label(verdicts: Verdicts, source_id: str, verdict: str, key: str, following: str | None) -> None:
    value = str(st.session_state.get(key, "")) if verdict == "mislabelled" else ""
    if say(verdicts, source_id, verdict, value) and following is not None:
        state.choose(source=following)


def say(verdicts: Verdicts, source_id: str, verdict: str, value: str) -> bool:
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
