"""What has been trained, and how do the runs differ?"""

from pages.components.navigation import through_app

through_app()

import streamlit as st

from m3core.workspace.run_table import FIRST_COLUMNS, run_table
from pages.components import links, resources, state
from pages.components.given_form import given_form
from pages.components.need import need_survey
from pages.components.tables import dataframe
from pages.components.text import literal
from pages.components.training_form import open_training_form
from training import process

need_survey()
survey_name = state.chosen().survey
assert survey_name is not None
st.title("Runs")
folders = state.workspace().run_folders()
if not folders:
    st.info("No model has been trained yet.", icon=":material/trending_down:")
    open_training_form()
    given_form(survey_name)
    st.stop()

table = run_table(folders)
names = list(table["run"])


def choose_row() -> None:
    """A clicked row is the chosen run."""
    cells = st.session_state["run_table"]["selection"]["cells"]
    if cells:
        state.choose(run=names[cells[0][0]])


dataframe(
    table, key="run_table", on_select=choose_row, selection_mode="single-cell", height="content",
    column_config={
        "validation_loss": st.column_config.NumberColumn("validation loss", format="%.4f", help="At the best epoch."),
        "recall@10": st.column_config.NumberColumn(format="percent", help="Mean over the pairs at the best epoch."),
        "balanced_accuracy": st.column_config.NumberColumn(
            "balanced accuracy", format="percent", help="Of a classifier, at the best epoch."
        ),
        "minutes": st.column_config.NumberColumn(format="%.1f", help="Of training."),
    },
    alt="All runs; choosing a row opens the run",
)  # fmt: skip
differ = (
    " The columns after the minutes are the settings in which the runs differ."
    if len(table.columns) > len(FIRST_COLUMNS)
    else ""
)
st.caption(f"A click on a row chooses the run.{differ}")
given_form(survey_name)


@st.dialog("Delete this run?")
def ask_to_delete(name: str) -> None:
    """The second question."""
    st.markdown(
        f"**{literal(name)}** with its checkpoint, embeddings, maps and log will be removed from the disk. "
        "This cannot be undone."
    )
    with st.container(horizontal=True):
        if st.button("Delete for good", type="primary", key="delete_yes"):
            process.delete(resources.run(name))
            state.choose(run=None)
            st.rerun()
        if st.button("Keep it", key="delete_no"):
            st.rerun()


chosen = state.chosen().run
if chosen is not None:
    run = resources.run(chosen)
    status = run.status()
    st.subheader(literal(chosen))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(str(status.state), color="blue" if status.state.is_active else "gray")
        st.page_link(
            links.TRAINING, label="Curves, log, stop and resume", icon=":material/trending_down:",
            query_params=state.link_parameters(run=chosen),
        )  # fmt: skip
        if st.button(
            "Delete", key="run_delete", icon=":material/delete:", disabled=status.state.is_active,
            help="A run at work must be stopped first." if status.state.is_active else None,
        ):  # fmt: skip
            ask_to_delete(chosen)
    if status.message:
        st.markdown(literal(status.message, 500))
