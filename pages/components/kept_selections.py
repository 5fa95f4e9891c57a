"""Selections with a name: keep what is selected, take up what was kept."""

from collections.abc import Callable

import streamlit as st

from m3core.errors import M3Error
from m3core.survey import Survey
from m3core.workspace.selections import Selections
from pages.components import state
from pages.components.border import sentences
from pages.components.text import literal, sentence

__all__ = ["kept_selections"]

DELETED, SAID = "selection_deleted", "selection_said"


def kept_selections(survey: Survey, *, key: str, taken: Callable[[], None]) -> None:
    """A button that opens the kept selections of a survey.

    Args:
        key: of this menu.
        taken: called after a kept one has become the selection, to draw what shows it anew.
    """
    kept = Selections(state.workspace().root, survey)
    names = kept.names()
    selected = state.selection()
    if not names and not selected and DELETED not in st.session_state:
        return
    with st.popover(f"Kept ({len(names)})", icon=":material/bookmark:", key=f"{key}_menu"), sentences():
        if selected:
            _keep(kept, selected, key)
        if names:
            _open(kept, names, key, taken)
        if DELETED in st.session_state:
            name, ids = st.session_state[DELETED]
            st.button(
                f"Put {literal(name, 40)} back", key=f"{key}_back", on_click=_put_back, args=(kept, name, ids),
                icon=":material/undo:",
            )  # fmt: skip
        if said := st.session_state.pop(SAID, ""):
            st.caption(said)


def _keep(kept: Selections, selected: tuple[str, ...], key: str) -> None:
    name = st.text_input("Name", key=f"{key}_name", max_chars=80, placeholder="a name for what is selected")
    taken = " ".join(name.split()) in kept.names()
    st.button(
        f"{'Replace with' if taken else 'Keep'} these {len(selected):,}", key=f"{key}_keep", type="primary",
        on_click=_put, args=(kept, f"{key}_name", selected), icon=":material/bookmark_add:",
    )  # fmt: skip


def _put(kept: Selections, name_key: str, selected: tuple[str, ...]) -> None:
    try:
        done = kept.keep(st.session_state[name_key], selected)  # a click may bring the last letters along
        st.session_state[SAID] = literal(f"{done.name}: {len(done.source_ids):,} sources are kept.", 200)
    except (M3Error, OSError) as fault:
        st.session_state[SAID] = sentence(str(fault))


def _open(kept: Selections, names: list[str], key: str, taken: Callable[[], None]) -> None:
    name = st.selectbox("Kept", names, key=f"{key}_which")
    found = kept.open(name)
    gone = f" {found.n_gone:,} more are not in the survey any more." if found.n_gone else ""
    st.caption(f"{len(found.source_ids):,} sources.{gone}")

    def take() -> None:
        state.select(found.source_ids)
        taken()

    with st.container(horizontal=True):
        st.button("Select", key=f"{key}_take", on_click=take, icon=":material/select_all:")
        st.download_button(
            "Ids", "source_id\n" + "".join(f"{_quoted(one)}\n" for one in found.source_ids),
            file_name="selection.csv", mime="text/csv", key=f"{key}_ids", on_click="ignore",
            icon=":material/download:", help="A CSV with the column source_id; select and Export gives the catalogue.",
        )  # fmt: skip
        st.button(
            "Delete", key=f"{key}_delete", on_click=_delete, args=(kept, name, found.source_ids),
            icon=":material/delete:",
        )  # fmt: skip


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n\r') else text


def _delete(kept: Selections, name: str, ids: tuple[str, ...]) -> None:
    kept.delete(name)
    st.session_state[DELETED] = (name, ids)


def _put_back(kept: Selections, name: str, ids: tuple[str, ...]) -> None:
    kept.keep(name, ids)
    st.session_state.pop(DELETED, None)
