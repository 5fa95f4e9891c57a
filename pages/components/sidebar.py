"""What stands beside every page: which survey and run, the way to a source, the form that starts a training."""

import streamlit as st

from m3core.errors import M3Error
from pages.components import links, resources, state
from pages.components.border import sentences
from pages.components.find import find
from pages.components.lists import lists_under_way
from pages.components.live import active_runs
from pages.components.training_form import training_form

__all__ = ["show"]


def show(page: str) -> None:
    """Draw the sidebar.

    Args:
        page: title of the page beside it; a source that is found opens beside the map where that is shown.
    """
    surveys = list(state.workspace().survey_folders())
    if not surveys:
        return
    _chooser("Survey", "survey", surveys)
    runs = _ordered_runs()
    if runs:
        _chooser("Run", "run", runs)
    name = state.chosen().survey
    if name is None:
        return
    # fixed places: a part that comes and goes must not move one whose clock is ticking
    finder, active, form = st.container(), st.container(), st.container()
    with sentences():
        survey = resources.survey(name)
        with finder:
            find(survey, links.MANIFOLD if page == "Manifold" else links.SOURCE)
        with active:
            active_runs()
            lists_under_way()
        with form:
            training_form(survey, name)


def _chooser(title: str, what: str, names: list[str]) -> None:
    key = f"{what}_box"
    st.session_state[key] = getattr(state.chosen(), what)

    def changed() -> None:
        state.choose(**{what: st.session_state[key]})

    st.selectbox(title, names, key=key, on_change=changed, placeholder=f"Choose a {what}")


def _ordered_runs() -> list[str]:
    """Runs of the chosen survey first, the latest first among them."""
    names = list(state.workspace().run_folders())
    survey = state.chosen().survey
    try:
        own = resources.runs_of_survey(survey, tuple(names)) if survey else []
    except (M3Error, OSError):
        own = []
    return [*own, *(name for name in names if name not in own)]
