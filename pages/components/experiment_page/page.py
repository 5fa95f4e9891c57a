"""The page Experiment: which one, how far it is, its sections; or the way to a first one."""

import streamlit as st

from m3core.experiment.folder import Experiment
from pages.components import resources, state
from pages.components.border import guarded
from pages.components.experiment_page.compare import compare_methods, compare_two_runs
from pages.components.experiment_page.progress import progress
from pages.components.experiment_page.start import start_form
from pages.components.experiment_page.table import files, table
from pages.components.text import literal

__all__ = ["experiment_page"]

TABLE, METHODS, RUNS, FILES = "Table", "Compare methods", "Compare runs", "Files"

SHOWN = "experiment_shown"


def experiment_page() -> None:
    """The experiments of the workspace; comparing runs needs none."""
    st.title("Experiment")
    st.caption(
        "Does pre-training earn its place? The same labels and the same test stars for a classifier from scratch and "
        "from CLIP, for frozen embeddings, and for trees on hand-made features, over several splits."
    )
    name = _chosen()
    if name is None:
        st.info("No experiment has been made yet.", icon=":material/science:")
        start_form(is_first=True)
        names = {RUNS: None}
    else:
        experiment = resources.experiment(name)
        _head(experiment)
        progress(name)
        start_form(is_first=False)
        names = {TABLE: None, METHODS: None, RUNS: None, FILES: None}
    section = st.segmented_control(
        "Section", list(names), default=next(iter(names)), required=True, label_visibility="collapsed",
        key="experiment_section" if name else "experiment_section_bare",
    )  # fmt: skip
    _section(name, section)


@st.fragment
@guarded
def _section(name: str | None, section: str) -> None:
    if section == RUNS or name is None:
        compare_two_runs()
    elif section == TABLE:
        table(name)
    elif section == METHODS:
        compare_methods(name)
    else:
        files(name)


def _chosen() -> str | None:
    """The experiment to show: of the chosen survey where there is one."""
    folders = state.workspace().experiment_folders()
    if not folders:
        return None
    survey = state.chosen().survey
    mine = resources.survey(survey).hash if survey else ""
    names = sorted(folders, key=lambda name: Experiment(folders[name]).asked.get("survey_hash") != mine)
    if st.session_state.get(SHOWN) not in names or state.is_new_page():
        st.session_state[SHOWN] = st.session_state.get("experiment_made") or names[0]
        if st.session_state[SHOWN] not in names:
            st.session_state[SHOWN] = names[0]
    if len(names) == 1:
        return names[0]
    return st.selectbox("Experiment", names, key=SHOWN, width=400)


def _head(experiment: Experiment) -> None:
    asked, plan = experiment.asked, experiment.plan
    shares = ", ".join(f"{100 * share:g} %" for share in plan.labels)
    limit = f"at most {asked['minutes_per_cell']:g} min a training" if asked["minutes_per_cell"] else "no limit of time"
    st.markdown(
        f"**{literal(experiment.path.name)}** on survey {literal(asked['survey_name'])}: {len(plan.seeds)} "
        f"{'seeds' if len(plan.seeds) > 1 else 'seed'} ({', '.join(map(str, plan.seeds))}), labels {shares}, preset "
        f"{literal(asked['preset'])}, {limit}."
    )
    survey = state.chosen().survey
    if survey and resources.survey(survey).hash != asked["survey_hash"]:
        st.caption(f"This is not an experiment on the chosen survey, {literal(survey)}.")
