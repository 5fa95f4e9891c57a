"""How well the embeddings retrieve, against chance."""

from functools import partial

import pandas as pd
import streamlit as st

from m3core.classifier.prediction_table import csv_text
from m3core.figures.retrieval import precision_figure
from m3core.manifest import SPLITS
from m3core.similarity.retrieval import ALL, KS, class_precision, own_retrieval, rows_to_score
from pages.components import jobs, resources
from pages.components.figure import show
from pages.components.tables import percentages

__all__ = ["quality"]


def quality(survey_name: str, run_name: str) -> None:
    """Recall and median rank across modalities, precision by class."""
    survey, embeddings = resources.survey(survey_name), resources.embeddings(run_name, survey_name)
    names = [*(name for name in SPLITS if len(survey.rows(name))), ALL]
    split = st.segmented_control(
        "Of the split", names, default=rows_to_score(survey)[0], required=True,
        key=f"similarity_split_{survey.hash[:8]}", persist_state="session",
        help="The model was trained on 'train': figures of it are too good.",
    )  # fmt: skip
    rows = rows_to_score(survey, split)[1]

    def work(report: jobs.Progress) -> tuple[pd.DataFrame, pd.DataFrame]:
        across = own_retrieval(embeddings, rows, lambda done: report(done / 2, "Looking across modalities"))
        by_class = class_precision(
            embeddings, survey, rows, lambda done: report(0.5 + done / 2, "Looking for the same class")
        )
        return across, by_class

    found = jobs.awaited(
        f"retrieval {survey_name} {run_name} {embeddings.hash} {split}", "Measuring retrieval", work,
        note=f"{len(rows):,} sources are looked for, by every pair of modalities.", again="Measure again",
    )  # fmt: skip
    if found is None:
        return
    across, by_class = found
    _across(across, split)
    _by_class(by_class, split)


def _across(table: pd.DataFrame, split: str) -> None:
    st.subheader("One modality finds the same star in another")
    if table.empty:
        st.info("The run has one modality: there is no other to find a star in.")
        return
    shown = table[["query", "found", "n", *(f"recall@{k}" for k in KS), "chance@10", "median_rank", "chance_rank"]]
    percentages(
        shown, [*(f"recall@{k}" for k in KS), "chance@10"], key="similarity_across",
        alt="Recall and median rank for every ordered pair of modalities",
        median_rank=st.column_config.NumberColumn("median rank", format="%.1f", help="From 1, lower is better."),
        chance_rank=st.column_config.NumberColumn("by chance", format="%.1f", help="(n + 1) / 2"),
    )  # fmt: skip
    widest = max((row["recall@10_high"] - row["recall@10_low"]) / 2 for _, row in table.iterrows())
    st.caption(
        f"Split {split}. recall@k: share of the stars whose own embedding in the second modality is among the k "
        "nearest to theirs in the first, of the n that have both; 0 to 1, higher is better; by chance k / n. Ties "
        f"count against it. 95 % intervals (Wilson, in the file) reach up to {widest:.1%} to either side of recall@10."
    )
    _download(table, "retrieval", "similarity_across_download")


def _by_class(table: pd.DataFrame, split: str) -> None:
    st.subheader("The ten nearest are of the same class")
    if table.empty or table["precision"].isna().all():
        st.info("No source of this split has a label, so nothing can be said by class.")
        return
    show(precision_figure(table), name="similarity_precision", alt="Precision of the ten nearest by class")
    st.caption(
        f"Split {split}. precision@10: share of a star's ten nearest labelled sources, of any split and itself left "
        "out, that bear its label; mean over the stars of a class; 0 to 1, higher is better. Chance: the share of the "
        "class among them. It inherits what is wrong with the labels."
    )
    wide = table.assign(pair=[_pair(one) for one in table.itertuples()])
    wide = wide.pivot_table(index="class", columns="pair", values="precision", dropna=False)
    wide = wide[list(dict.fromkeys(_pair(one) for one in table.itertuples()))]
    asked = table.groupby("class")["n"].max()
    chance = table.groupby("class")["chance"].mean()
    wide = pd.concat([asked, chance, wide], axis=1).reset_index()
    shares = [name for name in wide.columns if name not in ("class", "n")]
    percentages(
        wide, shares, key="similarity_by_class",
        alt="Precision of the ten nearest, a row a class, a column an embedding or pair",
        **{name: name for name in shares},
    )  # fmt: skip
    _download(table, "precision", "similarity_by_class_download")


def _pair(line: tuple) -> str:
    return line.query if line.query == line.found else f"{line.query} → {line.found}"  # type: ignore[attr-defined]


def _download(table: pd.DataFrame, name: str, key: str) -> None:
    st.download_button(
        "Download as CSV", partial(csv_text, table), file_name=f"{name}.csv", mime="text/csv", key=key,
        on_click="ignore", icon=":material/download:",
    )  # fmt: skip
