"""The ways to a survey, each an entry: what it asks for, and the package of `data` that does it.

Every package has Options, plan(options, report) -> Plan and write(plan, out, report) -> Survey; a plan has summary().
Packages are imported when they are used: some of them take seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import streamlit as st

from m3core.survey import Survey
from pages.components.import_preview import import_preview, summary_preview
from pages.components.import_table_form import ask_for_tables, choose_inputs, path_of, split_and_seed, wished_name
from pages.components.jobs import Progress

__all__ = ["WAYS", "Way"]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to a survey.

    Attributes:
        title: on its tab.
        module: the package.
        verb: on the button that reads and shows, and writes nothing.
        ask: (disabled) -> fields of Options, None while something is missing; draws the boxes.
        wish: plan -> what the survey could be called.
        preview: draws a plan.
        writer: plan -> (out, report) -> Survey; may ask once more.
    """

    title: str
    module: str
    verb: str
    ask: Callable[..., dict[str, Any] | None]
    wish: Callable[[Any], str]
    preview: Callable[[Any], None] = summary_preview
    writer: Callable[[Any], Callable[..., Survey]] | None = None

    def plan(self, fields: dict[str, Any], report: Progress) -> Any:
        """Read, and write nothing."""
        package = import_module(self.module)
        return package.plan(package.Options(**fields), report)

    def write_of(self, found: Any) -> Callable[..., Survey]:
        """What writes a plan, (out, report) -> Survey."""
        if self.writer is not None:
            return self.writer(found)
        return partial(import_module(self.module).write, found)


SIZES = ("full", "sub50", "sub25", "sub10")
SEEDS = (42, 0, 66, 12, 123)


def _ask_for_astrom3(*, disabled: bool) -> dict[str, Any] | None:
    source = st.text_input(
        "Folder, or name on the Hugging Face Hub", value="AstroMLCore/AstroM3Processed", key="astrom3_source",
        disabled=disabled,
        help="A folder with the parquet files needs no network; from the Hub they are fetched once and kept.",
    ).strip()  # fmt: skip
    left, right = st.columns(2)
    size = left.selectbox(
        "Size", SIZES, key="astrom3_size", disabled=disabled,
        help="full: 21,440 sources; the others keep at most 1,518, 649 or 209 of a class.",
    )  # fmt: skip
    seed = right.selectbox("Seed of the published split", SEEDS, key="astrom3_seed", disabled=disabled)
    st.caption(
        "The published data set: ASAS-SN light curves, LAMOST spectra and 34 catalogue columns of the same stars, "
        "with its own split, which is kept."
    )
    with st.expander("Options"):
        revision = st.text_input(
            "Revision on the Hub", key="astrom3_revision", placeholder="the newest", disabled=disabled,
            help="A branch, tag or commit. Revisions that hold the network's inputs and not the data are refused.",
        ).strip()  # fmt: skip
        strict, published = _strict_and_published("astrom3", disabled)
    if not source:
        return None
    asked = {"source": source, "config": f"{size}_{seed}", "revision": revision or None}
    return {**asked, "strict": strict, "published_substitution": published}


def _strict_and_published(key: str, disabled: bool) -> tuple[bool, bool]:
    strict = st.toggle("Refuse files with any fault", key=f"{key}_strict", disabled=disabled)
    published = st.toggle(
        "Substitute as the published pipeline did", key=f"{key}_published", disabled=disabled,
        help="A parallax that is not positive becomes 1 mas: for the published weights alone.",
    )  # fmt: skip
    return strict, published


LIGHT_CURVES = {
    "auto": "told by the files", "asassn": "ASAS-SN .dat", "skypatrol": "ASAS-SN Sky Patrol", "ztf": "ZTF",
    "aavso": "AAVSO", "gaia": "Gaia epoch photometry", "tess": "TESS",
}  # fmt: skip


def _ask_for_archives(*, disabled: bool) -> dict[str, Any] | None:
    left, right = st.columns(2)

    def place(column: Any, label: str, example: str) -> Any:
        key = f"archives_{label.lower().replace(' ', '_')}"
        return path_of(column.text_input(label, key=key, placeholder=example, disabled=disabled))

    catalogue = place(left, "Catalogue", "/data/asassn_variables.csv")
    lightcurves = place(right, "Light curves", "/data/lightcurves or .zip")
    spectra = place(left, "Spectra", "/data/lamost (may be empty)")
    spectra_catalogue = place(right, "Catalogue of the spectra", "/data/lamost.csv (may be empty)")
    st.caption(
        "The ASAS-SN catalogue of variable stars with its light curves, matched on the sky with LAMOST low-resolution "
        "spectra. Light curves of ZTF, AAVSO, Gaia and TESS are read too."
    )
    with st.expander("Options"):
        left, right = st.columns(2)
        radius = left.number_input(
            "Match within [arcsec]", min_value=0.1, max_value=60.0, value=3.0, step=0.5, key="archives_radius",
            disabled=disabled,
        )  # fmt: skip
        format_ = left.selectbox(
            "Format of the light curves", list(LIGHT_CURVES), key="archives_format", disabled=disabled,
            format_func=LIGHT_CURVES.__getitem__,
        )  # fmt: skip
        classes = left.text_input(
            "Classes", key="archives_classes", placeholder="all, or EW, RRAB", disabled=disabled,
            help="Only stars of these classes, parted by commas.",
        )  # fmt: skip
        with right:
            split, seed = split_and_seed("archives")
            strict, published = _strict_and_published("archives", disabled)
    if catalogue is None or lightcurves is None:
        return None
    return {
        "catalogue": catalogue, "lightcurves": lightcurves, "spectra": spectra, "spectra_catalogue": spectra_catalogue,
        "radius": float(radius), "format": format_, "split": split, "seed": seed, "strict": strict,
        "classes": tuple(name.strip() for name in classes.split(",") if name.strip()),
        "published_substitution": published,
    }  # fmt: skip


def _ask_to_simulate(*, disabled: bool) -> dict[str, Any]:
    left, right = st.columns(2)
    sources = left.number_input(
        "Sources", min_value=10, max_value=1_000_000, value=3000, step=500, key="simulate_sources", disabled=disabled
    )
    seed = right.number_input("Seed", min_value=0, value=42, key="simulate_seed", disabled=disabled)
    missing = left.slider(
        "Share of sources that lack a modality", 0.0, 0.9, 0.0, 0.05, key="simulate_missing", disabled=disabled
    )
    light = right.toggle(
        "Short curves and coarse spectra", key="simulate_light", disabled=disabled, help="For very many sources."
    )
    st.caption(
        "Ten classes of variable stars with light curves, spectra and catalogue, none of them real. What was planted "
        "(wrong labels, wrong periods, oddities) is written beside the survey, never inside it."
    )
    return {"sources": int(sources), "seed": int(seed), "missing": float(missing), "light": light}


WAYS = (
    Way(
        title="Your tables", module="data.import_table", verb="Read the files", ask=ask_for_tables, wish=wished_name,
        preview=import_preview, writer=choose_inputs,
    ),
    Way(
        title="AstroM3", module="data.astrom3", verb="Read the files", ask=_ask_for_astrom3,
        wish=lambda found: f"astrom3-{found.options.config}",
    ),
    Way(
        title="Archives", module="data.archives", verb="Read the files", ask=_ask_for_archives,
        wish=lambda found: found.options.catalogue.stem,
    ),
    Way(
        title="Simulated", module="data.simulate", verb="Show what would be made", ask=_ask_to_simulate,
        wish=lambda found: f"simulated-{found.options.sources}",
    ),
)  # fmt: skip
