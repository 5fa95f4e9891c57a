"""The clusters of a class compared: catalogue columns, median spectra, folded curves."""

import numpy as np
import streamlit as st

from m3core.figures.subtypes import column_figure, profile_figure
from m3core.subtypes.clusters import Subtypes
from m3core.subtypes.columns import columns_that_part
from m3core.subtypes.profiles import MOST_STARS, Profile, profiles
from m3core.survey import Survey
from pages.components import jobs
from pages.components.figure import show
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["columns", "curves"]

SHOWN = 6
"""Columns whose distributions are drawn."""


def columns(survey: Survey, found: Subtypes) -> None:
    """Which columns part the clusters, and how they are distributed in the first of them."""
    st.subheader("Catalogue columns that part them")
    rows, cluster = found.rows[found.fitted], found.cluster[found.fitted]
    table = columns_that_part(survey, rows, cluster)
    if table.empty:
        st.info("The catalogue has no numeric column to compare.")
        return
    shown = table.drop(columns=[name for name in table.columns if name.startswith("known_")])
    number = st.column_config.NumberColumn(format="%.4g")
    dataframe(
        shown, key="subtypes_columns",
        column_config={name: number for name in shown.columns if name.startswith("median_")}
        | {
            "delta": st.column_config.NumberColumn(
                "Cliff's δ", format="%.2f", help="P(x₁ > x₀) − P(x₁ < x₀), −1 to 1; far from 0 is a larger difference."
            ),
            "q": st.column_config.NumberColumn(
                "q", format="%.1e", help="Kruskal-Wallis test, corrected for all columns (Benjamini-Hochberg); "
                "0 to 1, lower is less likely to be chance.",
            ),
            "input_of": st.column_config.TextColumn("input of", help="The modalities of the model that read it."),
        },
        alt="Catalogue columns by how much they part the clusters",
    )  # fmt: skip
    n_tested, n_small = int(table["q"].notna().sum()), int((table["q"] < 0.01).sum())
    st.caption(
        f"Compared are the {len(rows):,} stars that were fitted. {n_small} of {n_tested} tested columns have "
        "q < 0\\.01. Cliff's δ = P(x₁ > x₀) − P(x₁ < x₀) of the two clusters that differ most, −1 to 1, far from 0 is "
        "a larger difference. The clusters were found in what the model read: in columns that it reads a small q was "
        "to be expected, and only those that are no input are independent witnesses."
    )
    first = [str(name) for name in table["column"][table["delta"].notna()][:SHOWN]]
    for start in range(0, len(first), 3):
        for name, place in zip(first[start : start + 3], st.columns(3, gap="small"), strict=False):
            described = survey.manifest.columns.get(name)
            title = f"{name} [{described.unit}]" if described and described.unit else name
            values = survey.sources[name].to_numpy(np.float64, na_value=np.nan)[rows]
            with place:
                figure = column_figure(title, values, cluster)
                show(figure, name=f"subtypes_column_{name}", alt=f"Distribution of {name} in each cluster")
    st.caption(
        "Shares of each cluster's stars with a value; colours as on the map; the outer bins hold what lies beyond."
    )


def curves(survey: Survey, key: str, found: Subtypes) -> None:
    """Median spectra and folded curves of the clusters, read in a thread."""
    st.subheader("Median spectra and folded curves")

    def work(report: jobs.Progress) -> list[Profile]:
        return profiles(survey, found.rows[found.fitted], found.cluster[found.fitted], report)

    note = "Spectra and light curves of the clusters are being read."
    every = jobs.awaited(f"profiles {key}", "Reading", work, note=note, again="Read again")
    if every is None:
        return
    if not every:
        st.info("No modality of this survey has a spectrum, or a light curve with a period to fold on.")
        return
    by_name: dict[str, list[Profile]] = {}
    for one in every:
        by_name.setdefault(one.name, []).append(one)
    # spectra first, and folded curves two to a row
    for name, group in by_name.items():
        if not group[0].is_folded:
            _one(name, group)
    folded = [(name, group) for name, group in by_name.items() if group[0].is_folded]
    for start in range(0, len(folded), 2):
        for (name, group), place in zip(folded[start : start + 2], st.columns(2, gap="medium"), strict=False):
            with place:
                _one(name, group)
    st.caption(
        "Lines: median of the stars; bands: 16th to 84th percentile. Spectra are divided by their own median. Curves "
        "are folded on the survey's choice of period, phase 0 at the maximum of a Fourier series of three harmonics, "
        f"relative to their own median. At most {MOST_STARS} stars of a cluster are read, drawn with seed 0; stars "
        "with fewer than ten points or without a period do not count\\."
    )


def _one(name: str, group: list[Profile]) -> None:
    st.markdown(f"**{literal(name)}**")
    show(profile_figure(group), name=f"subtypes_profile_{name}", alt=f"Median {name} of each cluster")
    counted = "; ".join(f"cluster {one.cluster}: {one.n_stars:,} of {one.n_cluster:,}" for one in group)
    st.caption(literal(f"Stars read, {counted}.", 300))
