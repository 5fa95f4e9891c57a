"""Yes, no or unsure on a source, by button and by key, and which source is opened next."""

import streamlit as st

from m3core.workspace.verdicts import Verdicts
from pages.components import state
from pages.components.text import literal
from pages.components.verdicts import first_button, next_unanswered, note_fields, say, show_fault, standing, undo_button

__all__ = ["opened_next", "verdict_panel"]

FOLLOWING = "verdict_following"
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
    show_fault()
    place = f" · {order.index(source_id) + 1:,} of {len(order):,} in the list" if source_id in order else ""
    st.markdown(f"**{literal(source_id)}**{place}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="verdict_row"):
        for verdict, (text, key, icon) in BUTTONS.items():
            given = source_id in current and current[source_id].verdict == verdict
            st.button(
                text, key=f"verdict_{verdict}", shortcut=key, icon=icon, type="primary" if given else "secondary",
                on_click=_say, args=(verdicts, source_id, verdict, next_unanswered(source_id, order, set(current))),
            )  # fmt: skip
        undo_button(verdicts)
        first_button(source_id, order)
        note_fields()
    st.caption(
        "Keys: J next, K previous, Home first, Y yes, N no, U unsure, Z undo. Each verdict is on the disk at once."
    )
    standing(verdicts, source_id)


def _say(verdicts: Verdicts, source_id: str, verdict: str, following: str | None) -> None:
    if say(verdicts, source_id, verdict):
        st.session_state[FOLLOWING] = following


def opened_next(order: tuple[str, ...], answered: set[str], *, is_learned: bool) -> None:
    """After a verdict open the next source: the first unanswered of a list that has just learned, else the next."""
    following = st.session_state.pop(FOLLOWING, None)
    if following is not None:
        first = next((one for one in order if one not in answered), following)
        state.choose(source=first if is_learned else following)
