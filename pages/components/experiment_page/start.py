"""The form that starts an experiment, and the command that does the same."""

import shlex

import streamlit as st

from m3core.experiment.folder import ALL
from pages.components import resources, state
from pages.components.border import guarded
from pages.components.text import literal
from training import process
from training.presets import PRESETS

__all__ = ["start_form"]

SHARES = (1.0, 0.5, 0.25, 0.1)


def start_form(*, is_first: bool) -> None:
    """A panel with the options; open where there is no experiment yet."""
    with st.expander("New experiment", icon=":material/add:", expanded=is_first):
        _form()


@st.fragment
@guarded
def _form() -> None:
    name = state.chosen().survey
    assert name is not None
    survey = resources.survey(name)
    left, middle, right = st.columns(3)
    with left:
        seeds = st.number_input(
            "Seeds", 1, 50, 5, key="experiment_seeds",
            help="Repeats, each with its own split and pre-training; the paper has five, a t-test needs two.",
        )  # fmt: skip
        minutes = st.number_input(
            "Minutes a training", 0.0, 1440.0, 0.0, step=5.0, key="experiment_minutes",
            help="Then a training ends with its best epoch so far, and the table says so; 0: no limit.",
        )  # fmt: skip
    with middle:
        shares = st.pills(
            "Shares of the labels", SHARES, selection_mode="multi", default=SHARES, key="experiment_shares",
            format_func=lambda share: f"{100 * share:g} %",
        )  # fmt: skip
        preset = st.selectbox("Preset", list(PRESETS), key="experiment_preset")
    with right:
        names = (*survey.modalities, ALL)
        rows = st.pills("Modalities", names, selection_mode="multi", default=names, key=f"experiment_rows_{name}")
        wish = st.text_input("Name", state.workspace().free_experiment_name(name), key=f"experiment_name_{name}")
    arguments = [
        "--seeds", str(seeds), "--labels", ",".join(map(str, sorted(shares, reverse=True))),
        "--modalities", ",".join(one for one in names if one in rows), "--minutes-per-cell", f"{minutes:g}",
        "--preset", preset,
    ]  # fmt: skip
    n_trainings = seeds * (1 + 2 * len(shares) * len(rows))
    st.caption(
        f"{n_trainings} trainings: {seeds} pre-trainings, and {seeds * len(shares) * len(rows)} classifiers each from "
        f"scratch and from CLIP, on survey {literal(name)} (its own split is not used). One training after the other; "
        "it can be stopped and gone on with at any time."
    )
    if st.button(
        "Start the experiment", type="primary", key="experiment_start", icon=":material/play_arrow:",
        disabled=not (shares and rows),
    ):  # fmt: skip
        out = state.workspace().new_experiment(wish)
        with st.spinner("Starting the experiment"):
            process.start_experiment(survey, out, arguments)
        st.session_state["experiment_made"] = wish
        st.session_state.pop("experiment_shown", None)
        st.rerun()
    st.caption("The same from a terminal:")
    command = ["python", "-m", "training", "experiment", "--survey", str(survey.path), *arguments]
    st.code(shlex.join([*command, "--out", str(state.workspace().root / "experiments" / wish)]), language="bash")
