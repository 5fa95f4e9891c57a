"""Import a catalogue and its photometry: read first, show what was recognised, write only when told to."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from data.columns import parse_map
from data.import_table import Options, Plan, plan, write
from m3core.errors import M3Error
from m3core.survey import Survey
from pages.components import jobs, links, state
from pages.components.import_preview import import_preview

__all__ = ["import_form"]

READ, WRITE, UPLOADS = "read files", "write survey", "import_uploads"
FORMATS = ["csv", "gz", "txt", "tsv", "parquet", "fits", "fit", "vot", "xml"]


def import_form() -> None:
    """The steps one below the other: files, what was recognised, writing. Nothing is asked while one is under way."""
    at_work = next((key for key in (READ, WRITE) if (found := jobs.job(key)) is not None and found.is_alive()), None)
    if at_work is None:
        _written()
    options = _ask(disabled=at_work is not None)
    if at_work is not None:
        jobs.show_progress(at_work)
        return
    if options is not None:
        jobs.start(READ, "Reading the files", lambda report: plan(options, report))
        st.rerun()
    found = jobs.job(READ)
    if found is None:
        return
    jobs.show_fault(found)
    if found.result is None:
        st.caption("Nothing was written.")
        return
    import_preview(found.result)
    _offer_to_write(found.result)


def _ask(*, disabled: bool) -> Options | None:
    """The files and how to read them; Options once the button is pressed."""
    how = st.segmented_control(
        "Your files are", ["on this machine", "to be uploaded"], default="on this machine", required=True,
        key="import_how", label_visibility="collapsed", disabled=disabled,
    )  # fmt: skip
    left, right = st.columns(2)
    if how == "on this machine":
        texts = {"key": "import_catalogue", "placeholder": "/data/catalogue.csv", "disabled": disabled}
        catalogue = _path(left.text_input("Catalogue file", **texts))
        texts = {"key": "import_photometry", "placeholder": "/data/photometry.parquet", "disabled": disabled}
        photometry = _path(right.text_input("Photometry file", **texts))
    else:
        files = {"type": FORMATS, "disabled": disabled}
        catalogue = _uploaded(left.file_uploader("Catalogue file", key="import_catalogue_file", **files))
        photometry = _uploaded(right.file_uploader("Photometry file", key="import_photometry_file", **files))
    st.caption(
        "CSV, parquet, FITS or VOTable, also gzipped. The catalogue has a row a star with its id; the photometry has "
        "a row an observation with id, band, time (days) and magnitude or flux, best with an error. "
        "Each band becomes a modality, the numeric catalogue columns one more."
    )
    changes = _more_options()
    ready = catalogue is not None and photometry is not None and not disabled
    pressed = st.button("Read the files", type="primary", disabled=not ready, key="import_read")
    if not pressed or catalogue is None or photometry is None:
        return None
    return Options(catalogue=catalogue, photometry=photometry, **changes)


def _more_options() -> dict:
    """What an import can be told beside its files."""
    with st.expander("Options"):
        left, right = st.columns(2)
        named = left.text_input(
            "Columns under other names", key="import_map", placeholder="period=P, source_id=ID",
            help="ROLE=COLUMN, parted by commas. Roles: source_id, ra, dec, label, period, "
            "band, time, mag, flux, error.",
        )  # fmt: skip
        value = left.selectbox(
            "Brightness", ["as recognised", "mag", "flux"], key="import_value", help="Where a file has both."
        )
        split = right.text_input(
            "Split: train, validation, test", value="0.8, 0.1, 0.1", key="import_split",
            help="Fractions that add up to 1, drawn by source and stratified by label.",
        )  # fmt: skip
        seed = left.number_input("Seed of the split", min_value=0, value=42, key="import_seed")
        period_search = right.toggle(
            "Search the periods", value=True, key="import_periods",
            help="In all bands together. Folds use it where it fits clearly better than the catalogue's.",
        )  # fmt: skip
        strict = right.toggle("Refuse files with any fault", key="import_strict")
    return {
        "columns": parse_map(named),
        "value": None if value == "as recognised" else value,
        "split": _fractions(split),
        "seed": int(seed),
        "period_search": period_search,
        "strict": strict,
    }


def _fractions(text: str) -> tuple[float, float, float]:
    try:
        train, validation, test = (float(part) for part in text.split(","))
    except ValueError:
        raise M3Error(f"split {text[:60]!r}: write three fractions, such as 0.8, 0.1, 0.1.") from None
    return train, validation, test


def _path(text: str) -> Path | None:
    return Path(text.strip()).expanduser() if text.strip() else None


def _uploaded(file: UploadedFile | None) -> Path | None:
    """An uploaded file on disk, under its own name without any folder: the survey's provenance names it."""
    if file is None:
        return None
    if UPLOADS not in st.session_state:
        st.session_state[UPLOADS] = tempfile.mkdtemp(prefix="m3-upload-")
    folder = Path(st.session_state[UPLOADS]) / file.file_id
    name = Path(file.name.replace("\\", "/")).name or "table"
    if not (folder / name).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(file.getbuffer())
    return folder / name


def _offer_to_write(found: Plan) -> None:
    """Which columns the model sees, the survey's name, and the button."""
    inputs, content = list(found.catalogue.inputs), found.hashes["catalogue"][:8]
    seen = st.multiselect(
        "Catalogue columns that the model sees", inputs, default=inputs, key=f"import_inputs_{content}",
        help="What is taken away is kept and shown, and is no input: a quality flag, a column that tells the label.",
    )  # fmt: skip
    folder = found.options.catalogue.parent.name
    wish = found.options.catalogue.stem if UPLOADS in st.session_state else folder
    with st.container(horizontal=True, vertical_alignment="bottom"):
        free = state.workspace().free_survey_name(wish)
        name = st.text_input("Name of the survey", value=free, key=f"import_name_{free}", width=320, max_chars=64)
        if st.button("Import", type="primary", key="import_write", icon=":material/download_done:"):
            out = state.workspace().new_survey(name.strip())
            left_out = tuple(_own_name(found, column) for column in inputs if column not in seen)
            jobs.start(WRITE, "The import", lambda report: _import(found, left_out, out, report))
            st.rerun()


def _own_name(found: Plan, column: str) -> str:
    """A catalogue column as the file calls it."""
    return found.recognised["catalogue"].get("period", column) if column == "period" else column


def _import(found: Plan, left_out: tuple[str, ...], out: Path, report: jobs.Progress) -> Survey:
    """Write what was read; read once more where a column has been taken away since."""
    if left_out:
        options = replace(found.options, exclude=left_out)
        found = plan(options, lambda done, sentence: report(0.1 * done, sentence))
        return write(found, out, lambda done, sentence: report(0.1 + 0.9 * done, sentence))
    return write(found, out, report)


def _written() -> None:
    """Once the survey is written: choose it, and say what comes next."""
    done = jobs.job(WRITE)
    if done is None:
        return
    jobs.forget(WRITE)
    if done.result is None:
        jobs.show_fault(done)
        st.caption("Nothing was written.")
        return
    jobs.forget(READ)
    shutil.rmtree(st.session_state.pop(UPLOADS, ""), ignore_errors=True)
    state.choose(survey=done.result.path.name)
    if state.page() == "Survey":
        st.rerun()
    links.follow(links.HOME, "Open the survey")
