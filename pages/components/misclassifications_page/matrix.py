"""Given against predicted classes: a cell selects its sources."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from m3core.classifier.scores import confusion
from m3core.figures.classifier import confusion_figure
from m3core.survey import Survey
from pages.components.pick import pick_bars

__all__ = ["matrix", "predicted"]

CELL = 34


def predicted(table: pd.DataFrame) -> pd.Series:
    """The likeliest class of each source, out of sample; '' where it is not judged."""
    own = table["label"].where(table["margin"] <= 0, table["suggested"])
    return own.where(table["score"].notna(), "")


def matrix(survey: Survey, table: pd.DataFrame) -> None:
    """The confusion matrix of the labels."""
    classes = [name for name in survey.classes if (table["label"] == name).any()]
    guess = predicted(table)
    index = {name: number for number, name in enumerate(classes)}
    truth, said = (np.array([index.get(one, -1) for one in column], np.int64) for column in (table["label"], guess))
    judged = said >= 0

    def of_cells(picked: list[Any]) -> Iterable[str]:
        chosen = np.zeros(len(table), bool)
        for given, other in picked:
            chosen |= ((table["label"] == given) & (guess == other)).to_numpy()
        return [str(one) for one in table["source_id"][chosen]]

    with st.expander("Given against predicted class, out of sample", expanded=True):
        pick_bars(
            confusion_figure(
                confusion(truth[judged], said[judged], len(classes)), classes, rows="given",
                height=max(250, 90 + CELL * len(classes)),
            ),
            name="label_confusion", alt="Rows the given class, columns the predicted; a cell selects its sources",
            sources_of=of_cells,
        )  # fmt: skip
        st.caption("Shares of each given class, and sources. Off the diagonal the models contradict the label.")
