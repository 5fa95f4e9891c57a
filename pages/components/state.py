"""What is chosen: names, defaults and life of everything that outlives a rerun, in one place.

Survey, run and source stand in the session and in the URL. The URL wins where it says something (a link, a
reload); where it is silent (a page switch clears it) the session writes itself back. Names are only looked up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.workspace.folder import Workspace
from pages.components import resources
from pages.components.text import literal

__all__ = [
    "Chosen", "choose", "chosen", "is_new_page", "link_parameters", "mapped_run", "notices", "page", "resolve",
    "select", "select_in_order", "selection", "workspace",
]  # fmt: skip

SURVEY, RUN, SOURCE = "survey", "run", "source"
NAMES = (SURVEY, RUN, SOURCE)
SELECTION, NOTICES, PAGE, NEW_PAGE = "selection", "notices", "page", "page_is_new"
RESET_BY = {SURVEY: (RUN, SOURCE), RUN: (), SOURCE: ()}
"""What loses its meaning when something is chosen: the sources of one survey are not those of another."""


@dataclass(frozen=True)
class Chosen:
    """Names, None where nothing is chosen."""

    survey: str | None
    run: str | None
    source: str | None


def workspace() -> Workspace:
    """The workspace of this server."""
    return Workspace()


def chosen() -> Chosen:
    """What is chosen now."""
    return Chosen(*(st.session_state.get(f"chosen_{name}") for name in NAMES))


def choose(**names: str | None) -> None:
    """Choose a survey, run or source, in the session and in the URL."""
    st.session_state[NOTICES] = []
    for name, value in names.items():
        _put(name, value)
    _write_url()


def _put(name: str, value: str | None) -> None:
    if st.session_state.get(f"chosen_{name}") == value:
        return
    st.session_state[f"chosen_{name}"] = value
    for other in RESET_BY[name]:
        st.session_state[f"chosen_{other}"] = None
    if name == SURVEY:
        select(())


def _write_url() -> None:
    wanted = link_parameters()
    for name in NAMES:
        if name in wanted:
            if st.query_params.get(name) != wanted[name]:
                st.query_params[name] = wanted[name]
        elif name in st.query_params:
            del st.query_params[name]


def link_parameters(**names: str) -> dict[str, str]:
    """Query parameters of a link that keeps what is chosen, but for `names`."""
    now = {name: st.session_state.get(f"chosen_{name}") for name in NAMES} | names
    return {name: value for name, value in now.items() if value is not None}


def selection() -> tuple[str, ...]:
    """Ids of the selected sources, in the survey's order; empty: no selection is on."""
    return st.session_state.get(SELECTION, ())


def select(source_ids: tuple[str, ...]) -> None:
    """Replace the selection."""
    st.session_state[SELECTION] = source_ids


def select_in_order(source_ids: Iterable[str]) -> None:
    """Replace the selection: in the survey's order, each once."""
    now = chosen()
    assert now.survey is not None
    survey = resources.survey(now.survey)
    select(tuple(sorted(set(source_ids), key=survey.row)))


def notices() -> list[str]:
    """Sentences on what the URL asked for and there is not, escaped."""
    return st.session_state.get(NOTICES, [])


def page() -> str:
    """Title of the page that runs."""
    return st.session_state.get(PAGE, "")


def is_new_page() -> bool:
    """Whether this full rerun is the first of its page since another page was shown."""
    return bool(st.session_state.get(NEW_PAGE, True))


def resolve(title: str) -> None:
    """Bring URL, session and workspace together, once at the start of every full rerun.

    Args:
        title: of the page that is about to run.
    """
    st.session_state[NEW_PAGE] = st.session_state.get(PAGE) != title
    st.session_state[PAGE] = title
    asked = {name: st.query_params[name] for name in NAMES if name in st.query_params}
    found = workspace()
    said = [] if is_new_page() else notices()  # they stay until the page or the choice changes
    st.session_state[NOTICES] = said
    surveys, runs = found.survey_folders(), found.run_folders()
    for name, there in ((SURVEY, surveys), (RUN, runs)):
        if name in asked:
            if asked[name] in there:
                _put(name, asked[name])
            else:
                said.append(f"There is no {name} called {literal(asked[name], 80)} in the workspace.")
        if st.session_state.get(f"chosen_{name}") not in there:  # deleted, or never chosen
            _put(name, None)
    if chosen().survey is None and surveys:
        _put(SURVEY, next(iter(surveys)))
    if chosen().run is None and chosen().survey is not None:
        _put(RUN, _default_run(chosen().survey, list(runs)))
    if SOURCE in asked:
        _resolve_source(asked[SOURCE], said)
    _write_url()


def _resolve_source(asked: str, said: list[str]) -> None:
    name = chosen().survey
    if name is None:
        return
    try:
        resources.survey(name).row(asked)
    except (M3Error, OSError) as fault:
        said.append(literal(one_sentence(fault), 300))
        _put(SOURCE, None)
    else:
        _put(SOURCE, asked)


def mapped_run() -> str | None:
    """The chosen run where it has a map of the survey, else its pre-trained run, else the latest with one."""
    now = chosen()
    if now.survey is None or now.run is None:
        return None
    folders = workspace().run_folders()
    try:
        origin = Path(str(resources.run(now.run).config().get("origin", ""))).name
    except (M3Error, OSError):
        origin = ""
    names = [now.run, *([origin] if origin in folders else []), *resources.runs_of_survey(now.survey, tuple(folders))]
    return next((name for name in names if resources.has_maps(name, now.survey)), None)


def _default_run(survey_name: str | None, names: list[str]) -> str | None:
    """The latest run of the survey that has a map, else its latest, else the latest other one with a map of it."""
    if survey_name is None:
        return None
    of_survey = resources.runs_of_survey(survey_name, tuple(names))
    mapped = [name for name in names if resources.has_maps(name, survey_name)]
    own = [name for name in of_survey if name in mapped]
    return next(iter(own or of_survey or mapped), None)
