"""The classifier page: its head, its sections, and what is selected; or the way to a classifier."""

from pathlib import Path

import streamlit as st

from m3core.classifier.logits import is_classifier
from m3core.model.config import ModelConfig
from m3core.survey import Survey
from m3core.workspace.run import Run, State
from pages.components import links, pick, resources, state
from pages.components.border import guarded
from pages.components.classifier_page.predictions import predictions
from pages.components.classifier_page.reliability import reliability
from pages.components.classifier_page.scores import scores
from pages.components.classifier_page.subsets import subsets
from pages.components.selected_line import selected_line
from pages.components.text import literal
from pages.components.training_form import CLASSIFIER, open_training_form

__all__ = ["classifier_page"]

SECTIONS = {"Scores": scores, "Reliability": reliability, "Modalities": subsets, "Predictions": predictions}

HINTS = {
    "Scores": "Click a cell of the confusion matrix to select its sources, for this and every page.",
    "Predictions": "No sources are selected: 'Select these' takes all that the table shows, for this and every page.",
}
NO_HINT = "No sources are selected: a cell of the confusion matrix, under Scores, selects its own."


def classifier_page(survey_name: str, run_name: str) -> None:
    """What a classifier says of a survey, and how often it is right."""
    survey, run = resources.survey(survey_name), resources.run(run_name)
    if not is_classifier(run):
        _no_classifier(survey_name, run_name)
        return
    if not run.has_checkpoint:
        st.title(literal(run_name))
        st.info("This classifier has no checkpoint yet: its first epoch makes one.", icon=":material/hourglass_empty:")
        keep = state.link_parameters()
        st.page_link(links.TRAINING, label="Open the run", icon=":material/trending_down:", query_params=keep)
        return
    _head(survey, run)
    name = st.segmented_control(
        "Section", list(SECTIONS), default="Scores", required=True, key="classifier_section",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    shown = (survey_name, run_name, name)
    if state.is_new_page() or st.session_state.get("classifier_shown") != shown:
        pick.forget()
        st.session_state["classifier_shown"] = shown
    selected_line(survey, survey_name, HINTS.get(name, NO_HINT), is_counted=False)
    _section(survey_name, run_name, name)


def _no_classifier(survey_name: str, run_name: str) -> None:
    st.title("Classifier")
    names = resources.runs_of_survey(survey_name, tuple(state.workspace().run_folders()))
    classifiers = [name for name in names if is_classifier(resources.run(name))]
    if resources.run(run_name).status().state.is_active:
        says = f"Run {literal(run_name)} is at work: when it has ended, a classifier can be fine-tuned from it."
    else:
        says = f"Run {literal(run_name)} is a pre-trained model and tells no classes: fine-tune a classifier from it."
    st.info(says, icon=":material/category:")
    open_training_form("Fine-tune a classifier", CLASSIFIER)
    if classifiers:
        st.markdown(f"**Classifiers of {literal(survey_name)}**")
    for name in classifiers:
        st.page_link(
            links.CLASSIFIER, label=f"Open {literal(name)}", icon=":material/category:",
            query_params=state.link_parameters(run=name),
        )  # fmt: skip


def _head(survey: Survey, run: Run) -> None:
    config = resources.model_config(run.name)
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(literal(run.name), width="content")
        st.caption(" · ".join(_facts(run, config)), width="stretch")
        st.page_link(
            links.TRAINING, label="Its training", icon=":material/trending_down:", query_params=state.link_parameters()
        )
    if status.state.is_active:
        st.warning(f"The run is at work ({status.state}): these are the figures of its best epoch so far.")
    elif status.state is not State.FINISHED:
        st.warning(f"The run is {status.state}, not finished: these are the figures of its best epoch until then.")
    if run.config().get("survey_hash") != survey.hash:
        st.warning(
            f"The classifier was trained on another survey than {literal(survey.path.name)}: sources that are in both "
            "may have been trained on, and their scores would be too good.",
            icon=":material/compare_arrows:",
        )


def _facts(run: Run, config: ModelConfig) -> list[str]:
    """What tells a classifier from another."""
    content = run.config()
    settings, origin = content.get("settings") or {}, content.get("origin")
    joined = {"concat": " (concatenated)", "avg": " (mean)"}.get(config.head or "", "")
    facts = [f"{len(config.classes)} classes", f"reads {literal(', '.join(config.names), 100)}{joined}"]
    if "labels" in settings:
        facts.append(f"{settings['labels']:.0%} of the labels" + (", capped" if settings.get("cap") else ""))
        facts.append(f"from {literal(Path(str(origin)).name, 60)}" if origin else "from scratch")
    return facts


@st.fragment(key=pick.SECTION)
@guarded
def _section(survey_name: str, run_name: str, name: str) -> None:
    SECTIONS[name](survey_name, run_name)
