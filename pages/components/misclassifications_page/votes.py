"""What each modality says of a source's class, side by side."""

import pandas as pd
import streamlit as st

from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["votes"]


def votes(row: pd.Series) -> None:
    """Neighbours, centre and distance of each modality, and the pooled probabilities.

    Args:
        row: of the list of suspects.
    """
    if pd.isna(row["score"]):
        st.info(f"Class {literal(row['label'])} has too few labelled sources to judge its labels.")
        return
    flag = " · confident learning takes the label for wrong" if row["is_issue"] else ""
    st.markdown(
        f"given **{literal(row['label'])}** (p = {row['p_label']:.3f}), suggested **{literal(row['suggested'])}** "
        f"(p = {row['p_suggested']:.3f}) · score **{row['score']:.3f}**, rank {row['rank']:,}{flag}"
    )
    names = [name.removeprefix("neighbours_") for name in row.index if str(name).startswith("neighbours_")]
    table = pd.DataFrame(
        [
            {
                "modality": name,
                "neighbours say": row[f"neighbours_{name}"] or "absent",
                "nearest centre": row[f"centre_{name}"] or "absent",
                "distance to own centre": row[f"distance_{name}"],
                "against the label": _sides(row, name),
            }
            for name in names
        ]
    )
    dataframe(
        table, key="suspect_votes",
        column_config={
            "distance to own centre": st.column_config.NumberColumn(
                format="%.3f", help="1 − cosine to the centre of the given class, 0 to 2, higher is further"
            ),
        },
        alt="What the neighbours and the nearest centre of each modality say",
    )  # fmt: skip


def _sides(row: pd.Series, name: str) -> str:
    said = [one for one in (row[f"neighbours_{name}"], row[f"centre_{name}"]) if one]
    against = sum(one != row["label"] for one in said)
    return "" if not said else f"{against} of {len(said)}"
