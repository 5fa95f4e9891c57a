"""Search: the query, how to compare, and what is found as a table, as curves and spectra, and on the map."""

from dataclasses import dataclass
from functools import partial

import streamlit as st

from m3core.classifier.prediction_table import csv_text
from m3core.embeddings.manifold import MEAN
from m3core.figures.multiples import Cell, cell_of, multiples_figure
from m3core.similarity.search import Similar, find_similar, similar_table
from m3core.survey import Source, Survey
from pages.components import links, pick, resources, state
from pages.components.border import guarded, sentences
from pages.components.figure import configuration, files
from pages.components.map_marker import map_marker
from pages.components.map_panel import source_id
from pages.components.selected_line import selected_line
from pages.components.similarity_page.compare import Comparison, comparison
from pages.components.similarity_page.query import Asked, asked_for
from pages.components.tables import dataframe
from pages.components.text import sentence

__all__ = ["search"]

LOOKED, MAP_KEY, CELLS_KEY, TABLE_KEY = "similarity_looked", "similarity_map", "similarity_cells", "similarity_table"

COUNTS = (11, 23)
"""Neighbours that are drawn: with the query three or six full rows."""


@dataclass(frozen=True)
class _Found:
    survey: Survey
    asked: Asked
    found: Similar
    how: Comparison


def search(survey_name: str, run_name: str) -> None:
    """Ask, and show what is found."""
    survey, embeddings = resources.survey(survey_name), resources.embeddings(run_name, survey_name)
    asked = asked_for(survey, survey_name, run_name, embeddings)
    how = comparison(survey, list(embeddings.embeddings))
    if asked is None:
        return
    with sentences():
        found = find_similar(
            asked.query, embeddings, survey, by=how.by, among=how.among, weights=how.weights, filters=how.filters
        )
        selected_line(
            survey, survey_name, "Select the nearest, or take the box or the lasso above a figure.", is_counted=False
        )
        _results(survey_name, run_name, _Found(survey, asked, found, how))


@st.fragment(key=pick.SECTION)
@guarded
def _results(survey_name: str, run_name: str, what: _Found) -> None:
    survey, found = what.survey, what.found
    st.caption(" ".join(sentence(one) for one in found.sentences))
    if not len(found.rows):
        st.info("No source is left to be found: widen the filters, or look by another modality.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = st.segmented_control(
            "Drawn", COUNTS, default=COUNTS[0], required=True, key="similarity_n", persist_state="session"
        )
        top = [str(one) for one in survey.source_ids[found.rows[:n]]]
        st.button(
            f"Select these {len(top)}", key="similarity_select", on_click=_select, args=(top,),
            icon=":material/select_all:", help="For every page: map, list, export.",
        )  # fmt: skip
        st.download_button(
            f"Download {len(found.rows):,} rows as CSV", partial(_csv, survey, found),
            file_name=f"{survey.path.name}-similar.csv", mime="text/csv", key="similarity_download", on_click="ignore",
            icon=":material/download:", help="source_id, rank, similarity, most alike first.",
        )  # fmt: skip
        _looked_at(survey)
    st.caption(how_it_is_computed(what.how))
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _table(survey, found)
    with right:
        _map(survey_name, run_name, what.asked, top)
    _multiples(survey, what, n)


def _select(ids: list[str]) -> None:
    state.select_in_order(ids)
    st.rerun([pick.SECTION, pick.SELECTED])


def _csv(survey: Survey, found: Similar) -> str:
    return csv_text(similar_table(survey, found))


def how_it_is_computed(how: Comparison) -> str:
    """Formula, range and direction, for the page."""
    if how.weights is not None:
        return (
            "Similarity = Σ w cos / Σ w over the modalities that both have, cos = a·b of their L2-normalised "
            "embeddings; −1 to 1, higher is more alike. Distance = 1 − similarity, 0 to 2."
        )
    across = (
        " Across two modalities cosines are lower than within one (each lies in a region of its own): compare ranks, "
        "not values."
        if how.across
        else ""
    )
    return (
        "Similarity = a·b, the cosine of the L2-normalised embeddings; −1 to 1, higher is more alike. "
        f"Distance = 1 − similarity, 0 to 2. All sources are compared; no index approximates.{across}"
    )


def _table(survey: Survey, found: Similar) -> None:
    table = similar_table(survey, found)
    table.insert(2, "label", survey.sources["label"].to_numpy(object)[found.rows])
    table.insert(3, "split", survey.sources["split"].to_numpy(object)[found.rows])
    table["distance"] = 1.0 - table["similarity"]

    def clicked() -> None:
        cells = st.session_state[TABLE_KEY]["selection"]["cells"]
        if cells:
            st.session_state[LOOKED] = str(table["source_id"].iloc[cells[0][0]])

    dataframe(
        table, height=430, key=TABLE_KEY, on_select=clicked, selection_mode="single-cell",
        column_order=("rank", "source_id", "label", "split", "similarity", "distance"),
        column_config={
            "rank": st.column_config.NumberColumn("rank", width=55),
            "source_id": "id",
            "similarity": st.column_config.NumberColumn(format="%.4f", help="−1 to 1, higher is more alike."),
            "distance": st.column_config.NumberColumn(format="%.4f", help="1 − similarity, 0 to 2, lower is alike."),
        },
        alt="Sources by similarity; choosing a row offers to open it",
    )  # fmt: skip


def _looked_at(survey: Survey) -> None:
    """The neighbour that was clicked, with the ways on from it."""
    looked = st.session_state.get(LOOKED)
    if looked not in survey.sources.index:
        st.caption("Click a row, a point or a curve to go on from it.")
        return
    links.source_link(looked, "· open", help="Its own page.")
    links.source_link(looked, "· what is like it?", page=links.SIMILARITY, help="Make it the query.")


def _map(survey_name: str, run_name: str, asked: Asked, top: list[str]) -> None:
    maps = resources.maps(run_name, survey_name)
    survey = resources.survey(survey_name)
    name = st.segmented_control(
        "Map of", list(maps.map_xy), default=MEAN, required=True, key="similarity_map_of", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    marked = [*top, *(str(one) for one in survey.source_ids[asked.query.rows])]
    figure, _, _ = resources.drawn_map(
        run_name, survey_name, name, "label", log=False, selected=tuple(sorted(marked)), height=380
    )
    key = f"{MAP_KEY}_{name}"
    title = f"The {len(top)} nearest on the map of the {name} embeddings, all others grey"
    st.plotly_chart(
        figure, key=key, on_select=partial(_answer, key), config=configuration(key, scroll_zoom=True), alt=title
    )
    files(figure, key=key, name=key, title=title)
    row = int(asked.query.rows[0]) if len(asked.query.rows) == 1 else None
    map_marker({} if row is None else {key: maps.map_xy[name][row]})
    ring = "; the ring is the query" if row is not None else ""
    st.caption(f"In colour: the {len(top)} nearest and the query{ring}.")


def _answer(key: str) -> None:
    """A click on a point or a curve looks at its source; a box or a lasso selects for every page."""
    ids = list(dict.fromkeys(source_id(point) for point in st.session_state[key]["selection"]["points"]))
    ids = [one for one in ids if one]
    if len(ids) == 1:
        st.session_state[LOOKED] = ids[0]
    elif ids:
        _select(ids)


def _multiples(survey: Survey, what: _Found, n: int) -> None:
    st.subheader("Beside one another")
    cells = [_query_cell(survey, one, what.asked) for one in what.asked.shown]
    for number, (row, similarity) in enumerate(
        zip(what.found.rows[:n], what.found.similarity[:n], strict=True), start=1
    ):
        source = survey.source(str(survey.source_ids[row]))
        label = "unlabelled" if source.label is None else source.label
        cells.append(cell_of(survey, source, f"{number} · {source.source_id}", f"{label} · {similarity:.3f}"))
    figure = multiples_figure(cells, n_marked=len(what.asked.shown))
    title = f"Light curves and spectra of the query and of its {len(cells) - len(what.asked.shown)} nearest"
    st.plotly_chart(
        figure, key=CELLS_KEY, on_select=partial(_answer, CELLS_KEY), config=configuration(CELLS_KEY), alt=title
    )
    files(figure, key=CELLS_KEY, name=CELLS_KEY, title=title)
    more = what.asked.n_sources - len(what.asked.shown)
    st.caption(
        "Shaded: the query"
        + (f" (the first {len(what.asked.shown)} of {what.asked.n_sources} sources)" if more > 0 else "")
        + ". Under each id: class, similarity, and the period that it is folded on (the survey's choice; without one, "
        "brightness over time). Phase 0 is the maximum of a Fourier series of three harmonics; the second cycle "
        "repeats the first; magnitudes go up when brighter. Spectra are divided by their own median. Every point is "
        "drawn, without error bars."
    )


def _query_cell(survey: Survey, source: Source, asked: Asked) -> Cell:
    in_survey = bool(len(asked.query.rows))
    label = source.label or ("unlabelled" if in_survey else "uploaded")
    return cell_of(survey, source, f"Query · {source.source_id}", label, in_survey=in_survey)
