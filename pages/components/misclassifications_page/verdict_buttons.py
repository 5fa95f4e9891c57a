"""What a person decides on a suspect, by button and by key."""

import pandas as pd
import streamlit as st

from m3core.survey import Survey
from m3core.workspace.verdicts import Verdicts
from pages.components import state
from pages.components.verdicts import first_button, next_unanswered, note_fields, say, show_fault, standing, undo_button

__all__ = ["verdict_buttons"]

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
    show_fault()
    key = f"suspect_class_{source_id}"
    others = [name for name in survey.classes if name != row["label"]]
    following = next_unanswered(source_id, order, set(current))
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
        undo_button(verdicts)
        first_button(source_id, order)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        note_fields()
    st.caption(
        "Keys: J next, K previous, Home first, M mislabelled, Y right, A artefact, U unsure, Z undo. Each is on the "
        "disk at once."
    )
    standing(verdicts, source_id)


def _say_label(verdicts: Verdicts, source_id: str, verdict: str, key: str, following: str | None) -> None:
    value = str(st.session_state.get(key, "")) if verdict == "mislabelled" else ""
    if say(verdicts, source_id, verdict, value) and following is not None:
        state.choose(source=following)
