"""A star that is in no survey: its files, what was read of them, and its query."""

import hashlib
from collections.abc import Callable
from typing import Any

import streamlit as st

from data.query import Curve, Read, is_curve, is_row, is_spectrum, read_curves, read_row, read_spectrum, star_of
from m3core.manifest import ModalitySpec
from m3core.similarity.query import embed_source
from m3core.similarity.search import Query, query_of_vectors
from m3core.survey import Source, Survey
from pages.components import jobs, resources
from pages.components.border import sentences
from pages.components.text import literal, sentence

__all__ = ["uploaded"]

LEAVE = "leave out"


def uploaded(survey: Survey, survey_name: str, run_name: str) -> tuple[Query, Source] | None:
    """The query that the uploaded files make, and the star; None without any."""
    if not resources.run(run_name).has_checkpoint:
        st.info(
            "The embeddings of this run came from elsewhere: it has no model that could embed a new star. Choose a run "
            "that was trained here."
        )
        return None
    specs = list(survey.modalities.values())
    curves_of = [spec for spec in specs if is_curve(spec)]
    spectra_of = [spec for spec in specs if is_spectrum(spec)]
    rows_of = [spec for spec in specs if is_row(spec)]
    places = iter(st.columns(max(bool(curves_of) + bool(spectra_of) + bool(rows_of), 1), gap="medium"))
    curves: dict[str, Curve] = {}
    spectra: dict[str, Any] = {}
    row: dict[str, float] = {}
    notes: list[str] = []
    if curves_of:
        with next(places), sentences():
            curves = _curves(curves_of, notes)
            period = st.number_input(
                "Period [d], if known", min_value=0.0, value=None, format="%.7f", key="similarity_period",
                placeholder="found in the curves", persist_state="session",
            )  # fmt: skip
            row |= {"period": period} if period else {}
    if spectra_of:
        with next(places), sentences():
            spectra = _spectra(spectra_of, notes)
    if rows_of:
        with next(places), sentences():
            row = _row(survey, notes) | row
    if not (curves or spectra or set(row) - {"period"}):
        st.info(
            "Give a light curve, a spectrum or a catalogue row of one star, or several of these: what it lacks "
            "is left out."
        )
        return None
    made = _embedded(survey, survey_name, run_name, curves, spectra, row)
    if made is None:
        return None
    vectors, star = made
    st.caption(" ".join(sentence(one) for one in [*notes, *star.notes]))
    st.markdown(f"What is like this star, by its **{literal(', '.join(vectors))}**?")
    return query_of_vectors(vectors, "the uploaded star"), star.content


def _read(
    file: Any, title: str, notes: list[str], read: Callable[..., Read], *arguments: Any, several: bool = True
) -> Any:
    """What a file holds, None where it cannot be read.

    Args:
        read: (name, content, *arguments, id of the star) -> Read.
        several: whether the file may hold several stars: then the id of one may be typed below it.
    """
    key = f"similarity_star_of_{file.name}"
    star = (st.session_state.get(key) or "").strip()
    content = None
    with sentences():
        found = read(file.name, file.getvalue(), *arguments, *([star] if several else []))
        notes += found.notes
        content = found.content
    if several and (content is None or star):
        st.text_input(f"{title}: id of the star in the file", key=key)
    return content


def _curves(specs: list[ModalitySpec], notes: list[str]) -> dict[str, Curve]:
    """modality -> curve, band by band as the user says."""
    value = specs[0].fields[1]
    files = st.file_uploader(
        "Light curve", accept_multiple_files=True, key="similarity_curves",
        help=f"A table with a row an observation (time, {value}, its error, a band if there are several), or a file of "
        "ASAS-SN, Sky Patrol, ZTF, AAVSO, Gaia or TESS.",
    )  # fmt: skip
    unit = specs[0].units.get(value, "")
    st.caption(literal(f"Brightness as the survey has it: {value}{f' [{unit}]' if unit else ''}.", 100))
    found: dict[str, Curve] = {}
    for file in files:
        bands = _read(file, "Light curve", notes, read_curves, value)
        for band, curve in (bands or {}).items():
            free = [spec.name for spec in specs if spec.name not in found]
            own = [spec.name for spec in specs if band.lower() in (spec.name.lower(), spec.label.lower())]
            options = [spec.name for spec in specs]
            first = own[0] if own else (free[0] if free else options[0])
            if len(specs) > 1 or not own:
                first = st.selectbox(
                    f"{literal(file.name, 40)}, {literal(band)} ({len(curve.time):,} points) is", [*options, LEAVE],
                    index=options.index(first), key=f"similarity_band_{file.name}_{band}",
                )  # fmt: skip
            if first != LEAVE:
                found[first] = curve
    return found


def _spectra(specs: list[ModalitySpec], notes: list[str]) -> dict[str, Any]:
    found = {}
    for spec in specs:
        title = "Spectrum" if len(specs) == 1 else f"Spectrum, {spec.name}"
        file = st.file_uploader(
            literal(title), key=f"similarity_spectrum_{spec.name}",
            help="FITS as LAMOST publishes its low-resolution spectra, in the layout to DR7 or from DR8.",
        )  # fmt: skip
        if file is not None:
            read = _read(file, title, notes, read_spectrum, spec, several=False)
            found |= {spec.name: read} if read is not None else {}
    return found


def _row(survey: Survey, notes: list[str]) -> dict[str, float]:
    wanted = tuple(dict.fromkeys(column for spec in survey.modalities.values() for column in spec.columns))
    wanted = tuple(column for column in wanted if not column.startswith("m3_"))
    file = st.file_uploader(
        "Catalogue row", key="similarity_row",
        help=f"CSV, parquet, FITS or VOTable with columns as the survey has them: {', '.join(wanted[:12])}, ...",
    )  # fmt: skip
    if file is None:
        return {}
    return _read(file, "Catalogue row", notes, read_row, wanted) or {}


def _embedded(
    survey: Survey, survey_name: str, run_name: str, curves: dict[str, Curve], spectra: dict[str, Any],
    row: dict[str, float],
) -> tuple[dict[str, Any], Read] | None:  # fmt: skip
    """The star's embeddings, found in a thread, once for the same files."""
    digest = hashlib.sha256(repr((sorted(row.items()), sorted(curves), sorted(spectra))).encode())
    for name in sorted(curves):
        for array in (curves[name].time, curves[name].value, curves[name].error):
            digest.update(array.tobytes())
    for name in sorted(spectra):
        for array in spectra[name].values():
            digest.update(array.tobytes())
    stamp = resources.weights_stamp(resources.run(run_name))

    def work(report: jobs.Progress) -> tuple[dict[str, Any], Read]:
        report(0.1, "Looking for the period")
        star = star_of(survey, "uploaded star", curves, spectra, row)
        report(0.5, "Reading the model")
        return embed_source(resources.model(run_name), star.content), star

    return jobs.awaited(
        f"similar upload {run_name} {stamp} {survey.hash[:16]} {digest.hexdigest()}", "Embedding the star", work,
        note="The star is embedded by the run's model.", again="Embed it again",
    )  # fmt: skip
