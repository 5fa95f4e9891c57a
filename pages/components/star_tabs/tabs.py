"""The tabs of a star's page."""

from collections.abc import Callable

import streamlit as st

from m3core.survey import Source, Survey
from pages.components.border import guarded
from pages.components.star_tabs.catalogue import catalogue
from pages.components.star_tabs.kind import among_kind
from pages.components.star_tabs.model import model
from pages.components.star_tabs.notes import notes
from pages.components.star_tabs.save import save
from pages.components.star_tabs.surroundings import surroundings

__all__ = ["star_tabs"]

TABS: dict[str, Callable[[Survey, Source, str], None]] = {
    "Catalogue": catalogue,
    "Among its kind": among_kind,
    "What the model saw": model,
    "Blends and nights": surroundings,
    "Notes": notes,
    "Save the page": save,
}


def star_tabs(survey: Survey, source: Source, page: str) -> None:
    """Everything but light curves and spectra, in a fragment: another tab draws nothing above anew.

    Args:
        page: where links to other sources lead.
    """

    @st.fragment
    @guarded
    def draw() -> None:
        places = st.tabs(list(TABS), key="star_tab", on_change="rerun")
        for place, show in zip(places, TABS.values(), strict=True):
            if place.open:
                with place:
                    show(survey, source, page)

    draw()
