"""What changes when modalities are withheld."""

from functools import partial

import streamlit as st

from m3core.classifier.evaluation import Evaluation, evaluate, subset_table
from m3core.classifier.logits import MOST_FOR_ALL_SUBSETS
from m3core.classifier.prediction_table import csv_text
from m3core.figures.classifier import subset_figure
from pages.components import resources
from pages.components.classifier_page.scores import evaluated_sentence
from pages.components.classifier_page.shown import is_scored
from pages.components.figure import show
from pages.components.tables import percentages

__all__ = ["subsets"]

SCORES = {
    "accuracy": "Accuracy: right / all, with its 95 % Wilson interval.",
    "balanced_accuracy": "Balanced accuracy: mean of the recalls of the classes that occur.",
    "macro_recall": "Macro recall: mean of the recalls of all classes, 0 for one that does not occur.",
}
"""Score -> its formula."""


def subsets(survey_name: str, run_name: str) -> None:
    """A score for each mixture of modalities, as bars and as a table."""
    if not is_scored(survey_name, run_name):
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
        scores = list(table.columns[3:])
        percentages(
            table[["modalities", *scores, "n", "n_without"]], scores, key="subset_table", n_without="not scored",
            accuracy_low="low", accuracy_high="high", balanced_accuracy="balanced",
            alt="Scores by the modalities that the classifier is shown",
        )  # fmt: skip
        st.download_button(
            f"Download {len(table)} rows as CSV", partial(csv_text, table), key="subset_download",
            file_name=f"{survey_name}-by-{run_name}-subsets.csv", mime="text/csv", on_click="ignore",
            icon=":material/download:", help="The same as of `python -m training subsets`.",
        )  # fmt: skip
        more = ""
        if len(resources.model_config(run_name).names) > MOST_FOR_ALL_SUBSETS:
            more = f" Of more than {MOST_FOR_ALL_SUBSETS} modalities: all, all but one, and single ones."
        st.caption(
            f"{SCORES[what]} From 0 to 100 %, higher is better. {evaluated_sentence(whole)} A row is of those "
            f"among them that have one of its modalities; the others are withheld.{more}"
        )
