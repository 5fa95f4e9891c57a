"""The clusters on the map and along the axis that parts them."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from m3core.embeddings.manifold import MEAN
from m3core.figures.map import map_figure
from m3core.figures.subtypes import axis_figure, cluster_colours
from m3core.subtypes.clusters import Subtypes
from m3core.survey import Survey
from pages.components import jobs, pick, resources, state
from pages.components.figure import show
from pages.components.pick import SECTION, SELECTED
from pages.components.text import literal

__all__ = ["seen"]


def seen(survey_name: str, run_name: str, key: str, found: Subtypes) -> None:
    """A map with the clusters in colours, the axis of the first cut, and a button a cluster."""
    maps = resources.maps(run_name, survey_name)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        name = st.segmented_control(
            "Map of", list(maps.map_xy), default=MEAN, required=True, key="subtypes_map", persist_state="session"
        )
        pick.pick_points(
            survey_name, draw_map, name="subtypes_map_chart", alt=f"Clusters of {found.label} on the map of {name}",
            job=key, run=run_name, survey_called=survey_name, of=name,
        )  # fmt: skip
        st.caption(literal(maps.about["how"].get(name, ""), 200) + ". A map has no unit and no direction\\.")
    with right:
        st.markdown("**Select for every page**")
        with st.container(horizontal=True):
            for one, size in enumerate(found.sizes):
                ids = found.source_ids[found.cluster == one]
                st.button(f"Cluster {one} ({size:,})", key=f"subtypes_take_{one}", on_click=_take, args=(ids,))
            st.button("Whole class", key="subtypes_take_all", on_click=_take, args=(found.source_ids,))
        if found.first is not None:  # without a cut there is no axis, and the headline says why
            show(
                axis_figure(found.first, found.cluster[found.fitted]), name="subtypes_axis",
                alt=f"Stars of {found.label} along the axis of the first cut",
            )  # fmt: skip
            was = "accepted" if found.first.is_accepted else "not accepted"
            st.caption(
                f"The first cut, {was}: valley {found.first.valley:.2f} (0 to 1, lower is deeper), separation "
                f"{found.first.separation:.1f} σ (0 upwards, higher is further apart), BIC gain "
                f"{found.first.gain_per_star:.2f} a star (higher speaks for two). "
                f"{len(found.fitted):,} stars were fitted; the outermost bins hold what lies beyond."
            )
        unsure = int(np.sum(found.confidence < 0.9))
        st.caption(f"{unsure:,} of {len(found.rows):,} stars have a confidence under 0.9 (0 to 1, higher is surer).")


def draw_map(survey: Survey, selected: tuple[str, ...], job: str, run: str, survey_called: str, of: str) -> go.Figure:
    """The map with the clusters of a search that is done."""
    found: Subtypes = jobs.job(job).result
    maps = resources.maps(run, survey_called)
    chosen = np.isin(survey.source_ids.astype(str), selected) if selected else None
    colours = cluster_colours(found.label, len(survey), found.rows, found.cluster)
    figure = map_figure(maps.map_xy[of], maps.source_ids, colours, selected=chosen, height=430, revision="subtypes")
    # they recede on white and on dark alike: of them there may be a hundred times as many
    faint = {"opacity": 0.15}
    return figure.update_traces(marker=faint, unselected={"marker": faint}, selector={"meta": colours.missing})


def _take(ids: np.ndarray) -> None:
    state.select_in_order(str(one) for one in ids)
    pick.forget()
    st.rerun([SECTION, SELECTED])
