"""What the sections share: the survey classified once, in a job, and which modalities the classifier is shown."""

import streamlit as st

from m3core.classifier.logits import predict_survey, scored_split, targets
from m3core.errors import ConfigError
from pages.components import jobs, resources
from pages.components.text import literal

__all__ = ["is_scored", "modalities_shown"]


def is_scored(survey_name: str, run_name: str) -> bool:
    """Whether the survey has labels to score by and has been classified; if not False, with the reason in its place:
    the way to the predictions, or a bar and Stop."""
    survey, split = resources.survey(survey_name), scored_split(resources.survey(survey_name))
    classes = resources.model_config(run_name).classes
    if not (targets(survey, classes)[survey.rows(split)] >= 0).any():
        st.info(
            f"Survey {literal(survey_name)} has no labelled source of the classifier's classes in its test or "
            "validation split: there is nothing to score. Its predictions are in the section Predictions.",
            icon=":material/label_off:",
        )
        return False
    return _is_predicted(survey_name, run_name)


def _is_predicted(survey_name: str, run_name: str) -> bool:
    run, survey = resources.run(run_name), resources.survey(survey_name)

    def work(report: jobs.Progress) -> bool:
        predict_survey(run, survey, lambda done: report(done, f"Classifying {len(survey):,} sources"))
        return True

    key = f"classify {run.path} {resources.weights_stamp(run)} {survey.hash}"
    note = "Every source is being classified, once, with each mixture of modalities."
    return bool(jobs.awaited(key, "Classifying", work, note=note, again="Classify"))


def modalities_shown(run_name: str) -> tuple[str, ...]:
    """The modalities that the classifier is to use; all at first.

    Raises:
        ConfigError: none is left.
    """
    names = resources.model_config(run_name).names
    if len(names) == 1:
        return names
    picked = st.pills(
        "Modalities shown to the classifier", names, selection_mode="multi", default=names,
        key=f"classifier_shown_{run_name}", persist_state="session",
        help="One that is taken away is withheld from every source: the classifier answers by the others.",
    )  # fmt: skip
    if not picked:
        raise ConfigError("every modality is withheld: choose one or more.")
    return tuple(name for name in names if name in picked)
