"""The catalogue entry of a source."""

import streamlit as st

from m3core.catalogue.entry import MISSING, catalogue_table
from m3core.survey import Source, Survey
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["catalogue_panel"]


def catalogue_panel(survey: Survey, source: Source, *, height: int) -> None:
    """Value, unit, percentile among the class, and whether the model reads the column."""
    table = catalogue_table(survey, source)
    if table.empty:
        st.caption("The catalogue has no columns beside id, position, label and split.")
        return
    among = f"{source.label} sources" if source.label is not None else "its class"
    dataframe(
        table, key="catalogue", height=min(height, 36 + 32 * len(table)), row_height=32,
        column_config={
            "column": st.column_config.TextColumn("Column", width=150),
            "value": st.column_config.TextColumn("Value", width=104),
            "error": st.column_config.TextColumn("Error", width=62, help="1 sigma, of the catalogue."),
            "unit": st.column_config.TextColumn("Unit", width=58),
            "percentile": st.column_config.ProgressColumn(
                "Percentile", width=80, min_value=0, max_value=100, format="%.0f",
                help=f"Percent of the {literal(among)} below it.",
            ),
            "input_of": st.column_config.TextColumn("Input of", width=96, help="Modalities that read the column."),
        },
        column_order=[name for name in table if name not in ("error", "unit") or table[name].any()],
        alt="Catalogue values of the source",
    )  # fmt: skip
    n_missing = int((table["value"] == MISSING).sum())
    missing = f" {n_missing} of {len(table)} values are missing." if n_missing else ""
    if source.label is None:
        st.caption(f"The source has no label, so it has no percentiles among a class.{missing}")
    else:
        below = f"percent of the {literal(among)} with a smaller value"
        st.caption(f"Percentile: {below}, equal ones counted half (0 to 100).{missing}")
