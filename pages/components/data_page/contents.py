"""What is in the survey: classes, splits, modalities, and one source at random."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import streamlit as st

from m3core.figures.counts import MOST_COMBINATIONS, class_figure, combination_figure
from m3core.survey import ModalitySpec, Survey
from m3core.survey.overview import combination_table, overview_table, presence_codes
from pages.components import resources
from pages.components.data_page.source_card import source_card
from pages.components.pick import pick_bars
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["contents"]


def contents(survey: Survey, survey_name: str) -> None:
    """Counts as figures and as a table."""
    table = resources.derived(survey_name, overview_table)
    combinations = resources.derived(survey_name, combination_table)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Sources by class and split**")
        pick_bars(
            class_figure(table), name="classes", alt="Sources by class and split",
            sources_of=lambda picked: _of_classes(survey, picked),
        )  # fmt: skip
    with right:
        st.markdown("**Which modalities they have**")
        pick_bars(
            combination_figure(combinations, {name: spec.label for name, spec in survey.modalities.items()}),
            name="combinations", alt="Sources by combination of modalities",
            sources_of=lambda picked: _of_combinations(survey, survey_name, picked),
        )  # fmt: skip
        if (hidden := len(combinations) - MOST_COMBINATIONS) > 0:
            rest = int(combinations["sources"].iloc[MOST_COMBINATIONS:].sum())
            st.caption(f"{hidden:,} rarer combinations of {rest:,} sources are not drawn.")
    left, right = st.columns(2, gap="medium")
    with left:
        source_card(survey)
    with right:
        st.markdown("**What each modality is**")
        st.markdown("\n".join(f"- {_modality(spec)}" for spec in survey.modalities.values()))
        with st.expander("The counts as a table"):
            dataframe(table, height="content", alt="Counts of sources", key="overview")


def _of_classes(survey: Survey, picked: list[Any]) -> Iterable[str]:
    label, split = (survey.sources[name].astype(object) for name in ("label", "split"))
    label = label.where(label.notna(), "")
    chosen = np.zeros(len(survey), bool)
    for one, part in picked:
        chosen |= ((label == one) & (split == part)).to_numpy(bool)
    return survey.source_ids[chosen]


def _of_combinations(survey: Survey, survey_name: str, picked: list[Any]) -> Iterable[str]:
    codes = [one[0] if isinstance(one, list) else one for one in picked]
    return survey.source_ids[np.isin(resources.derived(survey_name, presence_codes), codes)]


def _modality(spec: ModalitySpec) -> str:
    """'**b**, photometry: time [d], mag [mag]; catalogue columns period', escaped."""
    shown = "" if spec.label == spec.name else f" ({literal(spec.label)} in the files)"
    arrays = ", ".join(f"{field} [{spec.units[field]}]" if spec.units.get(field) else field for field in spec.fields)
    columns = f"catalogue columns {', '.join(spec.columns)}" if spec.columns else ""
    held = "; ".join(part for part in (arrays, columns) if part)
    kind = f", {literal(spec.kind)}" if spec.kind != spec.name else ""
    return f"**{literal(spec.name)}**{shown}{kind}: {literal(held, 1500)}"
