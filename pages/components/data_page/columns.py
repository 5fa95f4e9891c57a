"""The catalogue, column by column."""

import numpy as np
import streamlit as st

from m3core.catalogue.table import column_table
from m3core.diagrams.colouring import Values
from m3core.figures.blank import blank_figure
from m3core.figures.counts import histogram_figure
from m3core.figures.palette import OKABE_ITO
from m3core.survey import Survey
from pages.components import resources, state
from pages.components.data_page.quality import within
from pages.components.pick import SECTION, SELECTED, pick_bars
from pages.components.tables import dataframe, height
from pages.components.text import literal

__all__ = ["columns"]


def columns(survey: Survey, survey_name: str) -> None:
    """A table of all columns, and the histogram of the one that is chosen in it."""
    table = resources.derived(survey_name, column_table)
    left, right = st.columns([13, 7], gap="medium")
    with left:
        st.caption(
            "A click on a row draws its histogram. The outer bars hold all beyond the 1st and the 99th percentile."
        )
        event = dataframe(
            table, key=f"columns_{survey.hash[:8]}", on_select="rerun", selection_mode="single-row",
            height=height(table, 620), alt="Every column of the catalogue",
            column_order=["column", "unit", "histogram", "missing", "smallest", "median", "largest", "values",
                          "input_of", "description"],
            column_config={
                "column": st.column_config.TextColumn("Column", width=132, pinned=True),
                "unit": st.column_config.TextColumn("Unit", width=45),
                "histogram": st.column_config.BarChartColumn("Histogram", width=100, y_min=0),
                "missing": st.column_config.NumberColumn("Missing", format="localized", width=65),
                "smallest": st.column_config.NumberColumn("Smallest", format="%.4g", width=70),
                "median": st.column_config.NumberColumn("Median", format="%.4g", width=70),
                "largest": st.column_config.NumberColumn("Largest", format="%.4g", width=70),
                "values": st.column_config.TextColumn("Text"),
                "input_of": st.column_config.TextColumn("Input of", help="Modalities that read the column."),
                "description": st.column_config.TextColumn("Description"),
            },
        )  # fmt: skip
    rows = event["selection"]["rows"]
    # what a model reads says more at first sight than a position
    inputs = table["column"][np.isfinite(table["smallest"]) & (table["input_of"] != "")]
    with right:
        _one(survey, survey_name, table["column"].iloc[rows[0]] if rows else next(iter(inputs), "source_id"))


def _one(survey: Survey, survey_name: str, column: str) -> None:
    st.markdown(f"**{literal(column)}**")
    found = resources.colours(survey_name, column) if column in survey.sources else None
    if isinstance(found, Values):
        log = st.toggle("Log scale", value=found.wants_log, key=f"column_log_{column}", persist_state="session")
        figure = histogram_figure(
            {column: found.values}, found.title, log=log, colours=OKABE_ITO[:1], revision=f"column_{column}",
            empty=f"No source has a value of {column}.",
        )  # fmt: skip
        pick_bars(
            figure, name="column", alt=f"Histogram of {column}",
            sources_of=lambda picked: within(survey, {column: found.values}, picked),
        )  # fmt: skip
    else:
        st.plotly_chart(blank_figure(f"{column} holds text, which has no histogram."), key="column_text", alt=column)
    if column not in survey.sources:
        return
    gone = survey.source_ids[survey.sources[column].isna().to_numpy()]

    def select() -> None:
        state.select_in_order(gone)
        st.rerun([SECTION, SELECTED])

    if len(gone):
        st.button(f"Select the {len(gone):,} sources without a value", key="column_gone", on_click=select)
