"""The list of suspects: what it shows, in which order, and a row a source."""

import pandas as pd
import streamlit as st

from m3core.survey import Survey
from m3core.workspace.verdicts import Verdicts
from pages.components import state
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["listing"]

HEIGHT = 350

EVERY, ISSUES, PERIODS = "all labelled", "labels taken for wrong", "periods that do not hold"


def listing(survey: Survey, table: pd.DataFrame, verdicts: Verdicts) -> tuple[str, ...]:
    """The controls and the table; ids in the order of the list."""
    said = {name: one.verdict for name, one in verdicts.current().items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        show = st.selectbox("Show", [EVERY, ISSUES, PERIODS], key="suspects_show", persist_state="session", width=205)
        classes = st.multiselect(
            "Labels", survey.classes, key=f"suspects_classes_{survey.hash[:8]}", placeholder="all", width=180,
            persist_state="session",
        )  # fmt: skip
    with st.container(horizontal=True):
        first = st.toggle("Unanswered first", value=True, key="suspects_unanswered", persist_state="session")
        agreed = st.toggle(
            "All modalities against first", value=True, key="suspects_agreed", persist_state="session",
            help="Sources whose every modality has neighbours of the suggested class come first, by score.",
        )  # fmt: skip
    shown = _shown(table, show, classes)
    shown.insert(2, "verdict", [said.get(one, "") for one in shown["source_id"]])
    keys = {"verdict": shown["verdict"] != ""} if first else {}
    if agreed and "against" in shown:
        keys["all"] = ~((shown["against"] == shown["of"]) & (shown["of"] > 0))
    if keys:
        order = pd.DataFrame(keys, index=shown.index).assign(rank=shown["rank"]).sort_values([*keys, "rank"]).index
        shown = shown.loc[order]
    counts = pd.Series(list(said.values()), dtype=object).value_counts()
    told = ", ".join(f"{count:,} {literal(word)}" for word, count in counts.items()) or "none yet"
    is_selection = f", those of the {len(state.selection()):,} selected" if state.selection() else ""
    st.caption(f"{len(shown):,} of {len(table):,} labelled sources{is_selection} · verdicts: {told}.")
    _rows(shown)
    return tuple(shown["source_id"])


def _shown(table: pd.DataFrame, show: str, classes: list[str]) -> pd.DataFrame:
    kept = pd.Series(True, index=table.index)
    if state.selection():
        kept &= table["source_id"].isin(state.selection())
    if show == ISSUES:
        kept &= table["is_issue"]
    if show == PERIODS:
        kept &= table["period_alias"] != ""
    if classes:
        kept &= table["label"].isin(classes)
    names = [
        "rank", "source_id", "label", "suggested", "score", "period_alias", "against", "of", "margin",
        "score_embeddings", "period", "period_best",
    ]  # fmt: skip
    return table.loc[kept, [name for name in names if name in table]].copy()


def _rows(shown: pd.DataFrame) -> None:
    ids = shown["source_id"].tolist()

    def clicked() -> None:
        cells = st.session_state["suspects_table"]["selection"]["cells"]
        if cells:
            state.choose(source=ids[cells[0][0]])

    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    score = "t / (t + p), 0 to 1, higher is more suspect"
    dataframe(
        shown, height=HEIGHT, key="suspects_table", on_select=clicked, selection_mode="single-cell",
        column_config={
            "rank": number("rank", help="By score alone, 1 the most suspect.", width=50),
            "source_id": text("id"),
            "verdict": text("verdict", width=80),
            "score": number("score", format="%.3f", help=score),
            "period_alias": text("period is", help="Empty: holds. Else the real one in terms of the catalogue's P."),
            "against": number("against", help="Modalities whose neighbours say the suggested class.", width=60),
            "of": number("of", help="Modalities that have a say.", width=40),
            "margin": number("margin", format="%.2f", help="p(suggested) − p(label), −1 to 1"),
            "score_embeddings": number("embeddings", format="%.3f", help=f"From embeddings alone: {score}"),
            "period": number("P [d]", format="%.6f", help="The catalogue's."),
            "period_best": number("best P [d]", format="%.6f", help="Of the lowest cost that is clear."),
        },
        alt="Suspects, most suspect first; choosing a row opens the source",
    )  # fmt: skip
