"""What changes when modalities are withheld."""

import streamlit as st

from m3core.classify import MOST_FOR_ALL_SUBSETS
from m3core.evaluation import Evaluation, evaluate, subset_table
from m3core.figures.classifier import subset_figure
from pages.components import resources
from pages.components.classifier_page.scores import evaluated_sentence
from pages.components.classifier_page.shown import is_predicted
from pages.components.figure import show

__all__ = ["subsets"]

SCORES = {
    "accuracy": "Accuracy: right / all, with its 95 % Wilson interval.",
    "balanced_accuracy": "Balanced accuracy: mean of the recalls of the classes that occur.",
    "macro_recall": "Macro recall: mean of the recalls of all classes, 0 for one that does not occur.",
}
"""Score -> its formula."""


def subsets(survey_name: str, run_name: str) -> None:
    """A score for each mixture of modalities, as bars and as a table."""
    if not is_predicted(survey_name, run_name):
        return
    whole: Evaluation = resources.of_classifier(run_name, survey_name, evaluate)
    table = resources.of_classifier(run_name, survey_name, subset_table)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        what = st.segmented_control(
            "Score", list(SCORES), default="accuracy", required=True, key="subset_score", label_visibility="collapsed",
            format_func=lambda name: name.replace("_", " ").capitalize(), persist_state="session",
        )  # fmt: skip
        show(
            subset_figure(table, what=what), name=f"subsets_{what}",
            alt=f"{what.replace('_', ' ')} by the modalities that the classifier is shown",
        )  # fmt: skip
    with right:
        st.dataframe(
            table, hide_index=True, height=min(420, 40 + 35 * len(table)), key="subset_table",
            alt="Scores by the modalities that the classifier is shown",
            column_config={
                name: st.column_config.NumberColumn(name.replace("_", " "), format="percent")
                for name in table.columns[3:]
            } | {"n_without": st.column_config.NumberColumn("without", help="Labelled, with none of them: not scored")},
        )  # fmt: skip
    more = ""
    if len(resources.model_config(run_name).names) > MOST_FOR_ALL_SUBSETS:
        more = f" Of more than {MOST_FOR_ALL_SUBSETS} modalities: all, all but one, and single ones."
    st.caption(
        f"{SCORES[what]} From 0 to 100 %, higher is better. {evaluated_sentence(whole)} A row is of those among them "
        f"that have one of its modalities; the others are withheld.{more}"
    )
