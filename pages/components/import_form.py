"""Make a survey: read first, show what was found, write only when told to. The same for every way."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.components import jobs, links, state
from pages.components.import_table_form import forget_uploads
from pages.components.import_ways import WAYS, Way

__all__ = ["import_form"]

READ, WRITE = "read files", "write survey"


@dataclass(frozen=True)
class Read:
    """What was read, and in which way."""

    title: str
    plan: Any


def import_form() -> None:
    """The steps one below the other: way, files, what was found, writing. Nothing is asked while one is under way."""
    at_work = next((key for key in (READ, WRITE) if (found := jobs.job(key)) is not None and found.is_alive()), None)
    if at_work is None:
        _written()
    way = _way(disabled=at_work is not None)
    fields = way.ask(disabled=at_work is not None)
    ready = fields is not None and at_work is None
    pressed = st.button(way.verb, type="primary", disabled=not ready, key="import_read")
    if at_work is not None:
        jobs.show_progress(at_work)
        return
    if pressed and fields is not None:
        jobs.start(READ, "Reading the files", lambda report: Read(way.title, way.plan(fields, report)))
        st.rerun()
    found = jobs.job(READ)
    if found is None:
        return
    jobs.show_fault(found)
    if found.result is None:
        st.caption("Nothing was written.")
    elif found.result.title == way.title:
        way.preview(found.result.plan)
        _offer_to_write(way, found.result.plan)


def _way(*, disabled: bool) -> Way:
    titles = [way.title for way in WAYS]
    read = jobs.job(READ)
    # whoever comes back to the page finds what was read
    first = read.result.title if read is not None and read.result is not None else titles[0]
    # no persist_state: in Streamlit 1.67 the st.rerun of the page's button would bring the default back
    title = st.segmented_control(
        "Make a survey from", titles, default=first, required=True, key="import_way", disabled=disabled
    )
    return WAYS[titles.index(title)]


def _offer_to_write(way: Way, plan: Any) -> None:
    """What is asked last, the survey's name, and the button."""
    write = way.write_of(plan)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        free = state.workspace().free_survey_name(way.wish(plan))
        name = st.text_input("Name of the survey", value=free, key=f"import_name_{free}", width=320, max_chars=64)
        if st.button("Import", type="primary", key="import_write", icon=":material/download_done:"):
            out = state.workspace().new_survey(name.strip())
            jobs.start(WRITE, "The import", lambda report: write(out, report))
            st.rerun()


def _written() -> None:
    """Once the survey is written: choose it, and say what comes next."""
    done = jobs.job(WRITE)
    if done is None:
        return
    jobs.forget(WRITE)
    if done.result is None:
        jobs.show_fault(done)
        st.caption("Nothing was written.")
        return
    jobs.forget(READ)
    forget_uploads()
    state.choose(survey=done.result.path.name)
    if state.page() == "Survey":
        st.rerun()
    links.follow(links.HOME, "Open the survey")
