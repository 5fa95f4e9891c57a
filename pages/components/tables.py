"""Tables as every page shows them: without an index, a missing value as an empty cell, shares in percent."""

from functools import partial
from typing import Any, Literal

import pandas as pd
import streamlit as st

__all__ = ["dataframe", "height", "percentages"]

dataframe = partial(st.dataframe, hide_index=True, placeholder="")

ROW = 35
"""Pixels of a row, and of the head."""


def height(table: pd.DataFrame, most: int) -> int | Literal["content"]:
    """Of all its rows; where they need more than `most` pixels of these: it scrolls."""
    return "content" if ROW * (len(table) + 1) <= most else most


def percentages(table: pd.DataFrame, names: list[str], *, key: str, alt: str, most: int = 440, **columns: Any) -> None:
    """A table with shares as percentages of one decimal: more digits than that are noise with hundreds of sources.

    Args:
        names: its columns that are shares, from 0 to 1.
        most: pixels of its height.
        columns: name -> title, where that is not the name, or Streamlit's configuration of a column that is no share.
    """
    shares = {
        name: st.column_config.NumberColumn(columns.get(name, name.replace("_", " ")), format="%.1f %%")
        for name in names
    }
    dataframe(
        table.assign(**{name: 100 * table[name] for name in names}), key=key, alt=alt,
        height=height(table, most), column_config=columns | shares,
    )  # fmt: skip
