"""The list of outliers: what orders it, what is left out, and a row a source."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from m3core.outliers.learning import ANSWERS, learned_score
from m3core.outliers.score import Outliers
from m3core.survey import Survey
from m3core.workspace.verdicts import Verdicts
from pages.components import state
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["Listing", "listing"]

HEIGHT = 560
FIRST = 100
"""Listed sources that a button selects."""


@dataclass(frozen=True)
class Listing:
    """What is listed.

    Attributes:
        order: ids as they stand in the list.
        answered: ids with a verdict.
        is_learned: whether answers have ordered it.
    """

    order: tuple[str, ...]
    answered: set[str]
    is_learned: bool


def listing(survey: Survey, found: Outliers, verdicts: Verdicts) -> Listing:
    """The controls and the table."""
    scores = found.scores
    said = {name: one.verdict for name, one in verdicts.current().items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order_by = st.selectbox(
            "Order by", list(scores.columns), key="outliers_order_by", persist_state="session", width=205,
            help="A score or a single detector; higher is odder in each. The formulas are below the list.",
        )  # fmt: skip
        classes = st.multiselect(
            "Classes", survey.classes, key=f"outliers_classes_{survey.hash[:8]}", placeholder="all", width=180,
            persist_state="session",
        )  # fmt: skip
    with st.container(horizontal=True):
        first = st.toggle("Unanswered first", value=True, key="outliers_unanswered", persist_state="session")
        learn = st.toggle(
            "Learn from my answers", value=True, key="outliers_learn", persist_state="session",
            help="From the first yes or no on, the list is ordered by the normal deviate of the chosen column plus "
            "that of an active anomaly detection forest (coniferest's AADForest), which weighs the detectors by what "
            "you answer.",
        )  # fmt: skip
    answers = tuple(sorted((name, verdict) for name, verdict in said.items() if verdict in ANSWERS))
    learned = _learned(found, order_by, answers) if learn else None
    table = _table(survey, found, order_by, learned, said)
    if classes:
        table = table[table["label"].isin(classes)]
    if first:
        table = pd.concat([table[table["verdict"] == ""], table[table["verdict"] != ""]])
    _caption(survey, table, said, learned is not None, learn)
    _rows(table, order_by)
    ids = tuple(table["source_id"].head(FIRST))
    st.button(
        f"Select the first {len(ids)}", key="outliers_select", on_click=state.select_in_order, args=(ids,),
        icon=":material/select_all:", help="Every page keeps the selection: see them on the map, or export them there.",
    )  # fmt: skip
    return Listing(tuple(table["source_id"]), set(said), learned is not None)


def _learned(found: Outliers, order_by: str, answers: tuple[tuple[str, str], ...]) -> np.ndarray | None:
    """Fitted once for the same answers."""
    kept = st.session_state.setdefault("outliers_learned", {})
    key = (id(found), order_by, answers)
    if kept.get("key") != key:
        kept["key"], kept["score"] = key, learned_score(found.scores, order_by, dict(answers))
    return kept["score"]


def _table(
    survey: Survey, found: Outliers, order_by: str, learned: np.ndarray | None, said: dict[str, str]
) -> pd.DataFrame:  # fmt: skip
    values = found.scores[order_by].to_numpy(np.float64)
    order = np.lexsort((survey.source_ids.astype(str), -np.where(np.isfinite(values), values, -np.inf)))
    rank = np.empty(len(values), np.int64)
    rank[order] = np.arange(1, len(values) + 1)
    if learned is not None:
        order = np.lexsort((rank, -learned))
    columns = dict.fromkeys([order_by, "score", "disagreement"])
    table = pd.DataFrame(
        {
            "rank": rank,
            "source_id": survey.source_ids,
            "verdict": [said.get(one, "") for one in survey.source_ids],
            "label": survey.sources["label"].to_numpy(object),
            **{name: found.scores[name].to_numpy() for name in columns},
            "percentile": 100.0 * (len(rank) - rank + 0.5) / len(rank),
        }
    )
    return table.iloc[order]


def _caption(survey: Survey, table: pd.DataFrame, said: dict[str, str], is_learned: bool, learn: bool) -> None:
    counts = pd.Series(list(said.values()), dtype=object).value_counts()
    told = ", ".join(f"{count:,} {literal(verdict)}" for verdict, count in counts.items()) or "none yet"
    way = "learned from the answers" if is_learned else "the first yes or no changes it" if learn else "as it was found"
    st.caption(f"{len(table):,} of {len(survey):,} sources · verdicts: {told} · order: {way}.")


def _rows(table: pd.DataFrame, order_by: str) -> None:
    ids = table["source_id"].tolist()

    def clicked() -> None:
        cells = st.session_state["outliers_table"]["selection"]["cells"]
        if cells:
            state.choose(source=ids[cells[0][0]])

    number = st.column_config.NumberColumn
    dataframe(
        table, height=HEIGHT, key="outliers_table", on_select=clicked, selection_mode="single-cell",
        column_config={
            "rank": number("rank", help=f"Place by {order_by} alone, 1 the oddest.", width=55),
            "source_id": st.column_config.TextColumn("id"),
            "verdict": st.column_config.TextColumn("verdict", width=70),
            **{name: number(name, format="%.3f", help="Higher is odder.") for name in table.columns[4:-1]},
            "percentile": number("percentile", format="%.2f", help="Share of sources that rank below, 0 to 100."),
        },
        alt="Sources, oddest first; choosing a row opens the source",
    )  # fmt: skip
