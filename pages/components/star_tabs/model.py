"""What the chosen run's model saw of a star, and what its embedding says."""

import numpy as np
import streamlit as st

from m3core.classifier.evaluation import calibration_of
from m3core.classifier.logits import is_classifier
from m3core.errors import M3Error, one_sentence
from m3core.star.model import embedding_panels, probability_panel, seen_panels
from m3core.star.panel import Panel
from m3core.survey import Source, Survey
from pages.components import resources, state
from pages.components.figure import show_panel
from pages.components.star_tabs.kind import VIEWER
from pages.components.tables import dataframe
from pages.components.text import sentence

__all__ = ["model"]


COLUMNS = 3
"""Tables of neighbours beside one another: more would be cut off on a laptop."""


def model(survey: Survey, source: Source, page: str) -> None:
    """What the embedding says first, then the inputs."""
    now = state.chosen()
    if now.run is None or now.survey is None:
        st.info("No run is chosen: train one in the sidebar, or choose one there, to see what its model saw.")
        return
    run = resources.run(now.run)
    says: list[Panel] = []
    faults = []
    try:
        says = embedding_panels(survey, source, resources.embeddings(now.run, now.survey))
    except M3Error as why:
        faults.append(one_sentence(why))
    inputs: list[Panel] = []
    if run.has_checkpoint:
        config = resources.model_config(now.run)
        try:
            config.check_fits(survey)
            if is_classifier(run):
                classifier = resources.model(now.run)
                says.insert(0, probability_panel(survey, source, classifier, calibration_of(run, config.classes)))
            inputs = seen_panels(survey, source, config)
        except M3Error as why:
            faults.append(one_sentence(why))
    for why in faults:
        st.info(sentence(why))
    _grid([panel for panel in says if panel.key != "embedding_neighbours"], source, "says")
    for panel in says:
        if panel.key == "embedding_neighbours":
            _neighbours(panel, source)
    _grid(inputs, source, "seen")


def _grid(panels: list[Panel], source: Source, name: str) -> None:
    with st.container(key=f"panels_{name}"):
        for panel in panels:
            with st.container():
                show_panel(panel, file=source.source_id)


def _neighbours(panel: Panel, source: Source) -> None:
    """The neighbours of every modality beside one another; a click on a row opens its source."""

    def follow(key: str) -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            state.choose(source=str(table[key].iloc[rows[0]]["source_id"]))
            st.rerun([VIEWER])

    st.markdown("**Nearest neighbours by modality**")
    groups = list(panel.data.groupby("by", sort=False))
    table = {}
    places = [place for _ in range(0, len(groups), COLUMNS) for place in st.columns(COLUMNS)]
    for number, (place, (name, rows)) in enumerate(zip(places, groups, strict=False)):
        key = f"near_{number}_{source.source_id}"
        table[key] = rows
        with place:
            dataframe(
                rows[["source_id", "label", "similarity"]], key=key, alt=f"Nearest by {name}",
                on_select=lambda key=key: follow(key), selection_mode="single-row",
                column_config={
                    "source_id": st.column_config.TextColumn(str(name)),
                    "label": st.column_config.TextColumn("Label", width=70),
                    "similarity": st.column_config.NumberColumn("Cosine", format="%.3f", width=60),
                },
            )  # fmt: skip
    if not np.isfinite(panel.data["similarity"]).any():
        st.caption("This source has no embedding by this run.")
    st.caption(f"{panel.caption} A click on a row opens its source.")
