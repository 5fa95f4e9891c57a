"""The page of a star as a file, or those of the selected stars as one booklet: what `python -m m3core show` writes."""

from dataclasses import replace

import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.files import sha256_text
from m3core.progress import Progress, part
from m3core.star.command import FORMATS, file_content
from m3core.star.folding import LightCurveSettings
from m3core.star.notes import Notes
from m3core.star.page import SLOW_SEARCHES, Wishes, backdrop_of, stars_of, title_of
from m3core.star.picture import find_browser
from m3core.survey import Source, Survey
from pages.components import jobs, resources, state
from pages.components.text import literal, sentence

__all__ = ["save"]

SAY = {
    "html": "One file that opens in any browser without a network, its figures alive.",
    "pdf": "For print: figures as vectors, with captions and tables.",
    "svg": "Every figure with its caption, as vectors, for a paper.",
    "png": "Every figure with its caption, as one picture.",
    "json": "The figures as plotly has them, by name, for a notebook.",
}
MANY, MEGABYTES, SECONDS = 20, 2.0, 3.0
"""From how many sources on it is said what a booklet costs; of one source as HTML, on two cores."""

KEPT = 8
"""Files that are held ready."""


def save(survey: Survey, source: Source, page: str) -> None:
    """Choose, make, download."""
    selected = state.selection()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.segmented_control(
            "Format", list(FORMATS), default="html", required=True, format_func=str.upper, key="page_format",
            persist_state="session",
        )  # fmt: skip
        whole = st.toggle(
            f"The {len(selected):,} selected sources as one booklet", key="page_booklet", disabled=not selected,
            help="Select sources on the map, on the sky or in a list first.",
        ) and bool(selected)  # fmt: skip
        thorough = st.toggle(
            "Slow searches too", key="page_searches", help="Box least squares and phase dispersion: seconds a source."
        )
    st.caption(SAY[kind])
    if kind in ("pdf", "svg", "png"):
        try:
            find_browser()
        except M3Error as why:
            st.info(sentence(one_sentence(why)))
            return
    ids = list(selected) if whole else [source.source_id]
    period = None if whole else st.session_state.get(f"period_{survey.hash[:8]}_{source.source_id}")
    run_name = state.chosen().run or ""
    notes = Notes(state.workspace().root, survey).current()
    what = sha256_text(kind, str(thorough), run_name, repr(period), *ids, *(repr(notes.get(one)) for one in ids))
    key = f"star page {survey.hash} {what}"
    curves = LightCurveSettings(period=period)
    if not thorough:
        curves = replace(curves, panels=tuple(one for one in curves.panels if one not in SLOW_SEARCHES))
    run = resources.run(run_name) if run_name else None

    def make(report: Progress) -> bytes:
        behind = backdrop_of(survey, run, part(report, 0.0, 0.3))
        stars = stars_of(behind, ids, Wishes(light_curves=curves), notes, part(report, 0.3, 0.9))
        report(0.9, "Writing the file.")
        return file_content(kind, title_of(survey, ids), stars)

    many = f"{len(ids):,} sources" if whole else literal(source.source_id, 60)
    if jobs.job(key) is None:
        st.button(
            f"Make the {kind.upper()} of {many}", key="page_make", type="primary", icon=":material/draft:",
            on_click=lambda: (jobs.keep("star page ", KEPT), jobs.start(key, "Making the page", make)),
        )  # fmt: skip
        said = [] if thorough else ["Box least squares and phase dispersion are left out."]
        if len(ids) > MANY:
            size, minutes = len(ids) * MEGABYTES, len(ids) * SECONDS / 60
            said.append(f"{len(ids):,} sources are about {size:,.0f} MB and {minutes:,.0f} minutes; it can be stopped.")
        st.caption(" ".join(said))
        return
    content = jobs.awaited(key, "Making the page", make, again="Make it again", note="The page is being made.")
    if content is not None:
        name = source.source_id if not whole else f"{survey.path.name}-{len(ids)}-sources"
        safe = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)
        st.download_button(
            f"Download the {kind.upper()} of {many} ({len(content) / 1e6:.1f} MB)", content, file_name=f"{safe}.{kind}",
            key="page_download", type="primary", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
