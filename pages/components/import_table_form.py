"""The form of the way that begins with a catalogue and its photometry."""

import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from data.columns import parse_map
from data.import_table import Plan, plan, write
from m3core.split import parse_fractions
from m3core.survey import Survey
from pages.components import jobs

__all__ = ["ask_for_tables", "choose_inputs", "forget_uploads", "path_of", "split_and_seed", "wished_name"]

UPLOADS = "import_uploads"
FORMATS = ["csv", "gz", "txt", "tsv", "parquet", "fits", "fit", "vot", "xml"]


def ask_for_tables(*, disabled: bool) -> dict[str, Any] | None:
    """The files and how to read them; the options once there are two files."""
    how = st.segmented_control(
        "Your files are", ["on this machine", "to be uploaded"], default="on this machine", required=True,
        key="import_how", label_visibility="collapsed", disabled=disabled,
    )  # fmt: skip
    left, right = st.columns(2)
    if how == "on this machine":
        texts = {"key": "import_catalogue", "placeholder": "/data/catalogue.csv", "disabled": disabled}
        catalogue = path_of(left.text_input("Catalogue file", **texts))
        texts = {"key": "import_photometry", "placeholder": "/data/photometry.parquet", "disabled": disabled}
        photometry = path_of(right.text_input("Photometry file", **texts))
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
    if catalogue is None or photometry is None:
        return None
    return {"catalogue": catalogue, "photometry": photometry, **changes}


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
        with right:
            split, seed = split_and_seed("import")
        period_search = right.toggle(
            "Search the periods", value=True, key="import_periods",
            help="In all bands together. Folds use it where it fits clearly better than the catalogue's.",
        )  # fmt: skip
        strict = right.toggle("Refuse files with any fault", key="import_strict")
    return {
        "columns": parse_map(named),
        "value": None if value == "as recognised" else value,
        "split": split,
        "seed": seed,
        "period_search": period_search,
        "strict": strict,
    }


def split_and_seed(key: str) -> tuple[tuple[float, float, float], int]:
    """The shares of train, validation and test, and the seed that draws them."""
    split = st.text_input(
        "Split: train, validation, test", value="0.8, 0.1, 0.1", key=f"{key}_split",
        help="Fractions that add up to 1, drawn by source and stratified by label.",
    )  # fmt: skip
    seed = st.number_input("Seed of the split", min_value=0, value=42, key=f"{key}_seed")
    return parse_fractions(split), int(seed)


def path_of(text: str) -> Path | None:
    """A path that was typed, None where nothing was."""
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


def forget_uploads() -> None:
    """Remove uploaded files once they are imported."""
    shutil.rmtree(st.session_state.pop(UPLOADS, ""), ignore_errors=True)


def wished_name(found: Plan) -> str:
    """What the survey could be called: an uploaded file lies in a folder of ours, any other in one with a name."""
    catalogue = found.options.catalogue
    return catalogue.stem if UPLOADS in st.session_state else catalogue.parent.name


def choose_inputs(found: Plan) -> Any:
    """Which columns the model sees.

    Returns:
        What writes the survey, (out, report) -> Survey.
    """
    inputs, content = list(found.catalogue.inputs), found.hashes["catalogue"][:8]
    seen = st.multiselect(
        "Catalogue columns that the model sees", inputs, default=inputs, key=f"import_inputs_{content}",
        help="What is taken away is kept and shown, and is no input: a quality flag, a column that tells the label.",
    )  # fmt: skip
    left_out = tuple(_own_name(found, column) for column in inputs if column not in seen)
    return partial(_import, found, left_out)


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
