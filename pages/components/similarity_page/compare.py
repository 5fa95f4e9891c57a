"""How to compare, and which sources may be found."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from m3core.embeddings.manifold import MEAN
from m3core.similarity.search import Filters
from m3core.survey import Survey
from pages.components.text import literal

__all__ = ["Comparison", "comparison"]

SAME = "the same"


@dataclass(frozen=True)
class Comparison:
    """How to compare. Attributes: as the arguments of m3core.similarity.search.find_similar."""

    by: str
    among: str | None
    weights: dict[str, float] | None
    filters: Filters

    @property
    def across(self) -> bool:
        """Whether two different embeddings are compared."""
        return self.weights is None and self.among not in (None, self.by)


def comparison(survey: Survey, names: list[str]) -> Comparison:
    """The controls.

    Args:
        names: the modalities that are embedded.
    """
    key = survey.hash[:8]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        weighted = st.session_state.get("similarity_weighted", False)
        by = st.selectbox(
            "Look by", [MEAN, *names], key=f"similarity_by_{key}", width=190, persist_state="session",
            disabled=weighted, help="The embedding of the query: the mean of its modalities, or one of them.",
        )  # fmt: skip
        among = st.selectbox(
            "Among", [SAME, MEAN, *names], key=f"similarity_among_{key}", width=190, persist_state="session",
            disabled=weighted, help="The embedding of the sources: another modality's finds across the two.",
        )  # fmt: skip
        st.toggle(
            "Weights", key="similarity_weighted", persist_state="session",
            help="Compare each modality with itself, and weigh the cosines.",
        )  # fmt: skip
        filters = _filters(survey, key)
    weights = _weights(names, key) if weighted else None
    return Comparison(by, None if among == SAME else among, weights, filters)


def _weights(names: list[str], key: str) -> dict[str, float]:
    found = {}
    for name, place in zip(names, st.columns(min(len(names), 6)) * len(names), strict=False):
        with place:
            found[name] = st.slider(
                f"Weight of {literal(name)}", 0.0, 1.0, 1.0, 0.05, key=f"similarity_weight_{key}_{name}",
                persist_state="session",
            )  # fmt: skip
    return found


def _filters(survey: Survey, key: str) -> Filters:
    with st.popover("Filters", icon=":material/filter_alt:", key=f"similarity_filters_{key}"):
        labels: list[str] = []
        if survey.classes:
            labels = st.multiselect(
                "Classes", survey.classes, key=f"similarity_classes_{key}", placeholder="any", persist_state="session"
            )
        splits = st.multiselect(
            "Splits", list(dict.fromkeys(survey.sources["split"])), key=f"similarity_splits_{key}", placeholder="any",
            persist_state="session", help="The model has seen the sources of train and validation.",
        )  # fmt: skip
        ranges = _ranges(survey, key)
        radius = st.number_input(
            "Same star within [arcsec]", 0.0, 3600.0, 2.0, 0.5, key=f"similarity_radius_{key}", persist_state="session",
            help="What lies so near the query, or bears its id in other writing, is left out as the star itself. "
            "0 leaves out the query alone.",
        )  # fmt: skip
    filters = Filters(tuple(labels), tuple(splits), ranges, radius)
    said = [*labels, *splits, *(f"{column} {low:g} to {high:g}" for column, low, high in ranges)]
    if said:
        st.caption(literal(f"Found are: {', '.join(said)}.", 300))
    return filters


def _ranges(survey: Survey, key: str) -> tuple[tuple[str, float, float], ...]:
    numeric = [
        str(name) for name in survey.sources.columns if pd.api.types.is_numeric_dtype(survey.sources[name].dtype)
    ]
    columns = st.multiselect(
        "Columns", numeric, key=f"similarity_columns_{key}", placeholder="any value", persist_state="session"
    )
    found = []
    for column in columns:
        values = survey.sources[column].to_numpy(np.float64, na_value=np.nan)
        known = values[np.isfinite(values)]
        ends = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        low, high = st.columns(2)
        with low:
            least = st.number_input(
                f"{literal(column)} from", value=ends[0], key=f"similarity_low_{key}_{column}", format="%.6g",
                persist_state="session",
            )  # fmt: skip
        with high:
            most = st.number_input(
                "to", value=ends[1], key=f"similarity_high_{key}_{column}", format="%.6g", persist_state="session"
            )
        found.append((column, least, most))
    return tuple(found)
