"""The confusion matrix, and precision and recall of each class."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import streamlit as st

from m3core.classifier.evaluation import Evaluation, evaluate
from m3core.classifier.scores import class_table, confusion, summary, wilson
from m3core.figures.classifier import class_figure, confusion_figure
from m3core.survey import Survey
from pages.components import resources
from pages.components.classifier_page.shown import is_scored, modalities_shown
from pages.components.figure import show
from pages.components.pick import pick_bars
from pages.components.tables import percentages

__all__ = ["evaluated_sentence", "scores"]

CELL = 38
"""Height of a row of the matrix in pixels: two lines of text."""


def scores(survey_name: str, run_name: str) -> None:
    """How often the classifier is right, and what it takes for what."""
    if not is_scored(survey_name, run_name):
        return
    survey = resources.survey(survey_name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        names = modalities_shown(run_name)
        found: Evaluation = resources.of_classifier(run_name, survey_name, evaluate, names=names)
        _numbers(found)
    left, right = st.columns([6, 5], gap="medium")
    table = confusion(found.truth, found.guess, len(found.classes))
    with left:
        st.markdown("**Confusion matrix**: share of each true class, and sources")
        pick_bars(
            confusion_figure(table, found.classes, height=max(330, 100 + CELL * len(found.classes))),
            name="confusion", alt="Confusion matrix: rows the true class, columns the predicted",
            sources_of=lambda picked: _of_cells(survey, found, picked),
        )  # fmt: skip
    classes = class_table(found.truth, found.guess, found.classes)
    with right:
        st.markdown("**Recall and precision of each class**, 95 % intervals")
        show(class_figure(classes), name="class_scores", alt="Recall and precision of each class with intervals")
        with st.expander("As a table"):
            percentages(
                classes, list(classes.columns[3:]), key="class_table", alt="Recall and precision of each class",
                n_predicted="predicted",
            )  # fmt: skip
    st.caption(
        f"{evaluated_sentence(found)} Accuracy: right / all; balanced accuracy: mean of the recalls of the classes "
        "that occur; recall of a class: right / its true members; precision: right / all that are predicted as it. "
        "Each from 0 to 100 %, higher is better; intervals are Wilson's."
    )


def evaluated_sentence(found: Evaluation) -> str:
    """Which sources figures are of."""
    text = f"{len(found.rows):,} labelled sources of the {found.split} split."
    if found.split == "validation":
        text += " The test split has no labels, and these also chose the epoch: the figures are somewhat too good."
    if found.n_left_out:
        text += (
            f" {found.n_left_out:,} more are not scored: none of these modalities, or a class that the classifier does "
            "not know."
        )
    return text


def _numbers(found: Evaluation) -> None:
    total = summary(found.truth, found.guess, len(found.classes))
    low, high = wilson(int((found.guess == found.truth).sum()), len(found.truth))
    majority = np.bincount(found.truth).max() / len(found.truth)
    st.markdown(f"Accuracy **{total['accuracy']:.1%}** ({low:.1%} to {high:.1%})", width="content")
    st.markdown(f"balanced **{total['balanced_accuracy']:.1%}**", width="content")
    st.caption(f"the commonest class alone: {majority:.1%}", width="content")


def _of_cells(survey: Survey, found: Evaluation, picked: list[Any]) -> Iterable[str]:
    return [str(one) for true, predicted in picked for one in survey.source_ids[found.cell(true, predicted)]]
