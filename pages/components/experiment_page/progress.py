"""How far an experiment is, read from its folder; Stop and Go on."""

import streamlit as st

from m3core.durations import duration
from m3core.workspace.run import State, Status
from pages.components import resources
from pages.components.border import guarded
from pages.components.live import COLOURS, POLL_SECONDS
from pages.components.text import literal
from training import process

__all__ = ["progress"]


def progress(name: str) -> None:
    """A badge, and while it is at work a bar with the time left; it redraws itself, and the page with each cell."""
    experiment = resources.experiment(name)
    if not (experiment.path / "status.json").is_file():
        st.warning("The experiment has not begun, or was killed at once: go on with it.")
        _go_on(name)
        return
    at_first = experiment.run.status()

    @st.fragment(run_every=POLL_SECONDS if at_first.state.is_active else None)
    @guarded
    def watch() -> None:
        status = experiment.run.status()
        if (status.state.is_active, status.step) != (at_first.state.is_active, at_first.step):
            st.rerun()  # a cell more in the table, or the end
        _show(name, status)

    watch()
    if at_first.state is not State.FINISHED:
        with st.expander("Log"):
            st.code(experiment.run.log(100) or "The log is empty.", language=None, height=240)


def _show(name: str, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(str(status.state), color=COLOURS.get(status.state, "blue"))
        if not status.state.is_active and status.message:
            st.markdown(literal(status.message, 500), width="content")
        if status.state is State.FINISHED:
            return
        if status.state.is_active:
            if st.button("Stop", key="experiment_stop", icon=":material/stop:", help="Finished cells are kept."):
                with st.spinner("Stopping; finished cells and the last checkpoint are kept"):
                    process.stop(resources.experiment(name).run)
                st.rerun()
        else:
            _go_on(name)
    text = f"{status.step} of {status.steps} steps done"
    if status.state.is_active:
        left = status.seconds_left
        told = "time left not known yet" if left is None else f"about {duration(left)} left when this step began"
        st.progress(status.progress, text=literal(f"{text}; now {status.message}; {told}", 300))
    elif status.steps:
        st.caption(f"{text}. Going on does none of them again.")


def _go_on(name: str) -> None:
    if st.button("Go on", key="experiment_go_on", icon=":material/play_arrow:", type="primary"):
        with st.spinner("Starting"):
            process.go_on(resources.experiment(name).path)
        st.rerun()
