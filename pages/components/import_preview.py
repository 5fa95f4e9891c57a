"""What an import recognised and what is wrong with it, before anything is written."""

from typing import Any

import pandas as pd
import streamlit as st

from data.import_table import Plan
from data.report import KINDS
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["import_preview", "summary_preview"]

KEPT_APART = ("note", "fault")
"""What the lines of a summary begin with that are no part of the survey."""


def summary_preview(found: Any) -> None:
    """A plan in its own words: what would be made, then its notes, then its faults."""
    st.subheader("What would be made")
    notes, faults, lines = [], [], []
    for line in found.summary():
        head, _, rest = line.partition(": ")
        (notes if head == "note" else faults if head == "fault" else lines).append(rest if head in KEPT_APART else line)
    st.markdown("\n".join(f"- {literal(line, 600)}" for line in lines))
    for note in notes:
        st.info(literal(note[:1].upper() + note[1:], 500), icon=":material/info:")
    if faults:
        st.markdown("**Faults** of single rows or stars do not stop the import; `report.csv` in the survey lists each.")
        st.markdown("\n".join(f"- {literal(fault, 600)}" for fault in faults))


def import_preview(found: Plan) -> None:
    """Columns, modalities, labels and split, and the faults by kind."""
    st.subheader("What was recognised")
    sources = found.catalogue.sources
    labels = sources["label"].value_counts().sort_index()
    with st.container(horizontal=True, gap="large"):
        st.metric("Stars", f"{len(sources):,}", width="content")
        st.metric("Modalities", len(found.modalities), width="content")
        st.metric("Labels", len(labels), width="content")
        st.metric("Faults", f"{sum(found.report.counts.values()):,}", width="content")
    left, right = st.columns([2, 3])
    with left:
        rows = [
            {"File": file, "Role": role, "Column": column}
            for file, roles in found.recognised.items()
            for role, column in roles.items()
        ]
        dataframe(rows, height="content", alt="Which column is what")
    with right:
        dataframe(found.modalities, height="content", alt="The modalities")
        shares = pd.Series(found.splits).value_counts()
        split = ", ".join(f"{name} {shares.get(name, 0):,}" for name in ("train", "validation", "test"))
        named = ", ".join(f"{label} {count:,}" for label, count in labels.items()) or "none"
        st.caption(literal(f"Labels: {named}. Split: {split}.", 600))
    for note in found.notes:
        st.info(literal(note[0].upper() + note[1:], 500), icon=":material/info:")
    _faults(found)


def _faults(found: Plan) -> None:
    counts = found.report.counts
    if not counts:
        st.success("No fault was found in either file.", icon=":material/check:")
        return
    st.markdown("**Faults** of single rows or stars do not stop the import; `report.csv` in the survey lists each.")
    rows = [{"Fault": kind, "How many": count, "What is done": KINDS[kind]} for kind, count in counts.items()]
    dataframe(rows, height="content", alt="Faults by kind")
    with st.expander("Every fault, row by row"):
        dataframe(found.report.table, height=300)
