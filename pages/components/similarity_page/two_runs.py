"""Two runs beside each other: neighbours kept, gained and lost, and the ranks of two lists."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import MEAN
from m3core.figures.retrieval import kept_figure
from m3core.label_issues.table import suspects
from m3core.outliers.score import outlier_table
from m3core.outliers.store import have_outliers
from m3core.similarity.changes import NeighbourChanges, RankChanges, neighbour_changes, rank_changes
from m3core.survey import Survey
from m3core.workspace.run import Run
from pages.components import jobs, links, resources, state
from pages.components.figure import show
from pages.components.tables import dataframe
from pages.components.text import literal

__all__ = ["two_runs"]

K = 10
MOST_CHANGED = 200


def two_runs(survey_name: str, run_name: str) -> None:
    """The chosen run against another that has embedded the survey."""
    folders = state.workspace().run_folders()
    others = [name for name in folders if name != run_name and resources.has_maps(name, survey_name)]
    if not others:
        st.info(
            "No other run has embedded this survey: train one in the sidebar, embed the survey with one on the map's "
            "page, or bring embeddings from elsewhere on the page Runs."
        )
        st.page_link(links.RUNS, label="Open the runs", icon=":material/list:", query_params=state.link_parameters())
        return
    survey = resources.survey(survey_name)
    mine = resources.embeddings(run_name, survey_name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        other = st.selectbox(
            f"{literal(run_name, 60)} against", others, key="similarity_other", width=280, persist_state="session"
        )
        theirs = resources.embeddings(other, survey_name)
        shared = [MEAN, *(name for name in mine.embeddings if name in theirs.embeddings)]
        by = st.selectbox("By", shared, key="similarity_other_by", width=180, persist_state="session")
    found = _changes(survey_name, run_name, other, by, mine, theirs)
    if found is not None:
        _neighbours(survey, run_name, other, found)
    _ranks(survey, (run_name, other), (mine, theirs))


def _changes(
    survey_name: str, run_name: str, other: str, by: str, mine: Embeddings, theirs: Embeddings
) -> NeighbourChanges | None:
    def work(report: jobs.Progress) -> NeighbourChanges:
        return neighbour_changes(mine, theirs, by, K, lambda done: report(done, "Looking for neighbours"))

    return jobs.awaited(
        f"neighbour changes {survey_name} {run_name} {mine.hash} {other} {theirs.hash} {by}", "Comparing neighbours",
        work, note="The ten nearest of every source by both runs.", again="Compare again",
    )  # fmt: skip


def _neighbours(survey: Survey, run_name: str, other: str, found: NeighbourChanges) -> None:
    st.subheader("Neighbours kept, gained and lost")
    left, right = st.columns([5, 6], gap="medium")
    with left:
        show(kept_figure(found), name="similarity_kept", alt="How many of their nearest the sources keep")
        st.caption(
            f"Mean share kept {found.share:.1%} (0 to 1, higher is more alike; two random lists share "
            f"{found.chance:.2%}), over the {len(found.rows):,} sources that both runs have embedded, each of its "
            f"{found.k} nearest by cosine, itself left out."
        )
    with right:
        order = found.kept.argsort(kind="stable")[:MOST_CHANGED]
        changed = pd.DataFrame(
            {
                "source_id": survey.source_ids[found.rows[order]],
                "label": survey.sources["label"].to_numpy(object)[found.rows[order]],
                "kept": found.kept[order],
                "lost and gained": found.k - found.kept[order],
            }
        )

        def clicked() -> None:
            cells = st.session_state["similarity_changed"]["selection"]["cells"]
            if cells:
                state.choose(source=str(changed["source_id"].iloc[cells[0][0]]))

        dataframe(
            changed, height=250, key="similarity_changed", on_select=clicked,
            selection_mode="single-cell", alt="Sources whose neighbours changed most; choosing a row shows them",
        )  # fmt: skip
        st.caption(f"The {len(changed):,} sources that keep fewest; a click on a row shows its neighbours.")
    source_id = state.chosen().source
    if source_id is None:
        return
    table = found.of(survey.row(source_id))
    if table is None:
        st.info(f"One of the runs has no such embedding of {literal(source_id, 80)}.")
        return
    rows = table.pop("row").to_numpy()
    table.insert(0, "source_id", survey.source_ids[rows])
    table.insert(1, "label", survey.sources["label"].to_numpy(object)[rows])
    links.source_link(source_id, "· its neighbours by both runs")
    dataframe(
        table, key="similarity_gained",
        column_config={"rank_first": f"rank by {run_name}", "rank_second": f"rank by {other}"},
        alt="Neighbours of the open source by both runs",
    )  # fmt: skip
    st.caption(literal(f"lost: near by {run_name} alone; gained: near by {other} alone.", 300))


def _outliers(run: Run, survey: Survey, embeddings: Embeddings, report: jobs.Progress) -> pd.DataFrame:
    return outlier_table(have_outliers(run, survey, embeddings, report)[0])


def _suspects(run: Run, survey: Survey, embeddings: Embeddings, report: jobs.Progress) -> pd.DataFrame:
    return suspects(run, survey, embeddings, report).table


LISTS: dict[str, Callable[[Run, Survey, Embeddings, jobs.Progress], pd.DataFrame]] = {
    "Outliers": _outliers,
    "Suspects": _suspects,
}
"""Read where they are on the disk, made and kept otherwise."""


def _ranks(survey: Survey, names: tuple[str, str], tables: tuple[Embeddings, Embeddings]) -> None:
    st.subheader("Ranks of outliers and of suspects")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.segmented_control(
            "List", list(LISTS), default="Outliers", required=True, key="similarity_list", persist_state="session",
            label_visibility="collapsed",
        )  # fmt: skip
        hashes = " ".join(f"{name} {one.hash}" for name, one in zip(names, tables, strict=True))

        def key(what: str) -> str:
            return f"rank changes {what} {survey.hash} {hashes}"

        def work(what: str, report: jobs.Progress) -> RankChanges:
            lists = []
            for number, (name, one) in enumerate(zip(names, tables, strict=True)):

                def half(done: float, said: str, number: int = number, name: str = name) -> None:
                    report((number + done) / 2, f"{name}: {said}")

                lists.append(LISTS[what](resources.run(name), survey, one, half))
            return rank_changes(*lists)

        def begin() -> None:
            what = st.session_state["similarity_list"]  # as clicked: the page may still show the other list's button
            jobs.start(key(what), "The lists", partial(work, what))

        if jobs.job(key(what)) is None:
            st.button("Compare the lists", key="similarity_ranks_go", on_click=begin)
    if jobs.job(key(what)) is None:
        st.caption("A list that no page has made yet is made first: seconds to minutes, with a bar.")
        return
    found = jobs.awaited(
        key(what), "The lists", partial(work, what), note="The lists of both runs.", again="Compare again"
    )
    if found is not None:
        _shown(found, survey)


def _shown(found: RankChanges, survey: Survey) -> None:
    def clicked() -> None:
        cells = st.session_state["similarity_ranks"]["selection"]["cells"]
        if cells:
            state.choose(source=str(found.table["source_id"].iloc[cells[0][0]]))

    labels = survey.sources["label"].reindex(found.table["source_id"]).to_numpy(object)
    dataframe(
        found.table.assign(label=labels), height=300, key="similarity_ranks", on_select=clicked,
        selection_mode="single-cell", column_order=("source_id", "label", "rank_first", "rank_second", "change"),
        column_config={"change": st.column_config.NumberColumn(help="Places up (positive) in the second list.")},
        alt="Sources by how far their rank moved",
    )  # fmt: skip
    alone = found.n_only_first + found.n_only_second
    st.caption(
        f"Spearman's correlation of the ranks {found.correlation:.3f} (−1 to 1, higher is more alike); of the first "
        f"{found.n_top} of each list {found.top_kept} are in both. change = first rank − second, positive: nearer the "
        "top in the second list." + (f" {alone:,} sources stand in one list alone and are left out." if alone else "")
    )
