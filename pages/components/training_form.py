"""The form that starts a training, made from the schema of its settings: a new setting shows up by itself."""

import streamlit as st

from m3core.errors import M3Error
from m3core.survey import Survey
from pages.components import jobs, links, state
from pages.components.border import guarded
from pages.components.text import literal, sentence
from pages.components.training_drafts import Draft, finetune_draft, pretrain_draft

__all__ = ["CLASSIFIER", "open_training_form", "training_form"]

PANEL, DRAFT, KIND = "train_panel", "train_draft", "train_kind"
"""Session keys: how often the panel was made anew; what the form asks for, a Draft, None while it is impossible; and
which kind of training."""

PRETRAINING, CLASSIFIER = "Pre-training", "Classifier"

ESTIMATE_POLL_SECONDS = 1.5


def _panel_key() -> str:
    return f"{PANEL}_{st.session_state.get(PANEL, 0)}"


def open_training_form(label: str = "Train a model", kind: str | None = None) -> None:
    """A button that opens the form, for pages that have nothing to show without a model.

    Args:
        kind: of training that the form then asks for; None: as it stands.
    """

    def open_panel() -> None:
        st.session_state[_panel_key()] = True
        if kind is not None:
            st.session_state[KIND] = kind

    st.button(
        label, type="primary", icon=":material/play_circle:", on_click=open_panel, key="open_training_form",
        help="Opens the form in the sidebar.",
    )  # fmt: skip


def training_form(survey: Survey, survey_name: str) -> None:
    """The panel in the sidebar: kind, preset, name, settings, what they will take, and Start."""
    panel = st.expander("Train a model", icon=":material/play_circle:", key=_panel_key(), on_change="rerun")
    form, estimate, start = panel.container(), panel.container(), panel.container()
    with form:
        _form(survey, survey_name)
    if panel.open:
        with estimate:
            st.fragment(_estimate_line, run_every=ESTIMATE_POLL_SECONDS)()
    with start:
        draft = st.session_state.get(DRAFT)
        if st.button(
            "Start training", type="primary", key="train_start", icon=":material/play_arrow:", width="stretch"
        ):
            _start(draft)


@st.fragment
@guarded
def _form(survey: Survey, survey_name: str) -> None:
    """A fragment: a changed setting redraws the form alone."""
    st.session_state[DRAFT] = None
    st.session_state.setdefault(KIND, PRETRAINING)  # no default beside it: open_training_form sets the key as well
    kind = st.segmented_control(
        "Kind of training", [PRETRAINING, CLASSIFIER], required=True, key=KIND,
        persist_state="session", width="stretch",
        help="Pre-training needs no labels and learns a space of embeddings; a classifier learns the labels of the "
        "training split, from a pre-trained run or from scratch.",
    )  # fmt: skip
    asked = finetune_draft(survey, survey_name) if kind == CLASSIFIER else pretrain_draft(survey)
    st.session_state[DRAFT] = asked


@guarded
def _estimate_line() -> None:
    """What the training will take, measured in a thread: nobody waits for torch to be imported."""
    draft: Draft | None = st.session_state.get(DRAFT)
    if draft is None:
        return
    measuring = jobs.start_once(f"estimate {draft.key}", "The estimate", lambda report: draft.estimate())
    if measuring.is_alive():
        st.caption("Measuring one step to estimate time and memory …")
    elif measuring.fault:
        st.warning(sentence(measuring.fault))
    else:
        st.caption(literal(measuring.result, 400))


def _start(draft: Draft | None) -> None:
    if draft is None:
        raise M3Error("a setting of the form is impossible: mend it first.")
    with st.spinner("Starting the run"):
        name = draft.start()
    state.choose(run=name)
    st.session_state[PANEL] = st.session_state.get(PANEL, 0) + 1  # a new panel, closed
    links.follow(links.TRAINING, "Watch the training")
