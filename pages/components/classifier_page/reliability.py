"""Whether probabilities mean what they say, before and after calibration."""

from typing import Any

import streamlit as st

from m3core.classifier.calibration import Calibration
from m3core.classifier.evaluation import calibration_of
from m3core.figures.classifier import reliability_figure
from pages.components import resources
from pages.components.figure import show
from pages.components.tables import dataframe
from pages.components.text import sentence

__all__ = ["reliability"]


def reliability(survey_name: str, run_name: str) -> None:
    """The reliability diagram and the errors behind it; they are of the validation split of the training."""
    found = calibration_of(resources.run(run_name), resources.model_config(run_name).classes)
    if not found.is_fitted:
        st.info(sentence(found.reason), icon=":material/balance:")
        return
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.markdown("**How often guesses of like confidence are right**")
        show(
            reliability_figure(_figures(found)), name="reliability",
            alt="Share of right guesses against the largest probability, before and after calibration",
        )  # fmt: skip
    with right:
        st.markdown("**Errors of the probabilities**")
        _errors(found)
        st.caption(sentence(found.reason))
    st.caption(
        "Points on the dashed line: as often right as they say. Expected calibration error (ECE): the sum over 15 bins "
        "of equal number of n_b / n · |accuracy_b − confidence_b|, from 0 to 1, lower is better; with few sources even "
        r"a perfect classifier has 0\.03 to 0\.09. Log loss: mean of −ln p of the true class, 0 and up, lower is "
        "better. 'After' is cross-fitted: each fifth of the sources with what was fitted on the others."
    )


def _figures(found: Calibration) -> dict[str, Any]:
    """In the order of time, whatever that of the file."""
    return {when: found.figures[when] for when in ("before", "after")}


def _errors(found: Calibration) -> None:
    rows = [
        {"": when, "ECE": figures["ece"], "log loss": figures["log_loss"]} for when, figures in _figures(found).items()
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    dataframe(
        rows, column_config={"ECE": number, "log loss": number}, key="calibration_errors",
        alt="Expected calibration error and log loss before and after calibration",
    )  # fmt: skip
    st.markdown(rf"p = softmax(logits / T + b), T = {found.temperature:.3f}".replace(".", r"\."))
