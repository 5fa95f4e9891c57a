"""The catalogue as a file for other programs: of the whole survey or of the selection."""

from functools import partial

import streamlit as st

from m3core.survey import Survey
from m3core.survey.export import FORMATS, SUFFIXES, export_bytes

__all__ = ["export_menu"]

SAY = {
    "parquet": "Parquet: types, units and UCDs; for pandas, polars, astropy, TOPCAT.",
    "csv": "CSV: numbers and text alone; ids are quoted.",
    "votable": "VOTable: units, UCDs and descriptions; for TOPCAT, Aladin, every VO tool.",
    "fits": "FITS binary table: units, UCDs (TUCDn) and comments.",
}


def export_menu(survey: Survey, source_ids: tuple[str, ...] | None, *, key: str, label: str = "Export") -> None:
    """A button that opens the choice of a format; the file is made when it is asked for.

    Args:
        source_ids: which sources; None: all.
        key: of this menu.
    """
    n = len(survey) if source_ids is None else len(source_ids)
    with st.popover(label, icon=":material/download:", key=f"{key}_menu"):
        name = st.segmented_control(
            "Format", list(FORMATS), default="parquet", required=True, key=f"{key}_format", persist_state="session"
        )
        st.caption(SAY[name])
        part = "-selection" if source_ids is not None else ""
        st.download_button(
            f"Download {n:,} source{'s' if n != 1 else ''}", partial(export_bytes, survey, name, source_ids),
            file_name=f"{survey.path.name}{part}{SUFFIXES[name]}", key=f"{key}_download", on_click="ignore",
            type="primary", help="The catalogue: id, position, label, split and every column. Missing stays missing.",
        )  # fmt: skip
