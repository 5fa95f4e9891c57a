"""LAMOST spectra dropped onto the page."""

from collections import Counter
from dataclasses import replace

import streamlit as st

from data.query import MOST_OF_SPECTRUM
from data.spectrum_file import open_spectrum
from m3core.spectrum.lines import LIGHT_SPEED
from m3core.survey import Survey
from pages.components.border import guarded, sentences
from pages.components.spectrum_panel import file_spectra
from pages.components.text import literal

__all__ = ["dropped_spectra"]


@st.fragment(key="dropped_spectra")
@guarded
def dropped_spectra(survey: Survey | None) -> None:
    """The place to drop FITS files, and the spectra of those that were dropped, wherever on the page (catch_drop.js).

    Args:
        survey: whose sources and classes may be laid over them.
    """
    files = st.file_uploader(
        "Drop LAMOST spectra (FITS, either layout) anywhere on this page, or choose them", key="spectrum_files",
        accept_multiple_files=True, max_upload_size=MOST_OF_SPECTRUM >> 20,
        help="Low-resolution spectra as LAMOST publishes them, .fits or .fits.gz, to DR7 or from DR8. They are looked "
        "at and not kept.",
    )  # fmt: skip
    spectra, redshifts, seen = [], [], Counter[str]()
    for file in files:
        with sentences():
            spectrum, header, notes = open_spectrum(file.name, file.getvalue())
            seen[spectrum.name] += 1  # LAMOST's releases give the files of a star the same name
            if seen[spectrum.name] > 1:
                spectrum = replace(spectrum, name=f"{spectrum.name} ({seen[spectrum.name]})")
            spectra.append(spectrum)
            redshifts.append(header["z"])
            st.markdown(_described(spectrum.name, header))
            for note in notes:
                st.caption(literal(note, 300))
    if spectra:
        file_spectra(spectra, redshifts, survey)


def _described(name: str, header: dict[str, object]) -> str:
    """What LAMOST itself says of a spectrum."""
    z = header["z"]
    known = isinstance(z, int | float)
    parts = [
        f"class **{literal(header['class'] or 'not given')}**",
        f"subclass **{literal(header['subclass'] or 'not given')}**",
        f"redshift **{literal(f'{z:+.6f}')}** ({literal(f'{z * LIGHT_SPEED:+.1f}')} km/s)" if known else "no redshift",
    ]
    if isinstance(header["snrg"], int | float):
        parts.append(f"S/N in g {literal(round(header['snrg'], 1))}")
    if header["obsid"] is not None:
        parts.append(f"obsid {literal(header['obsid'])}")
    return f"**{literal(name)}** by LAMOST: {', '.join(parts)}"
