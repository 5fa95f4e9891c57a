"""The whole page of a star, and of several as a booklet: every panel in its order, what they share made once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from m3core.catalogue.entry import MISSING, catalogue_table
from m3core.diagrams.columns import amplitude_columns
from m3core.errors import M3Error, one_sentence
from m3core.figures.light_curve import curves_of, points_figure
from m3core.figures.spectrum import line_figure
from m3core.kinds import Series, kind_of
from m3core.light_curve.features import is_light_curve
from m3core.light_curve.nights import Nights, find_nights
from m3core.progress import Progress, part, silent
from m3core.sky.positions import sexagesimal
from m3core.star.among_kind import KindSettings, kind_panels
from m3core.star.light_curves import LightCurveSettings, light_curve_panels
from m3core.star.links import links_of
from m3core.star.notes import Note
from m3core.star.panel import Panel
from m3core.star.spectra import SpectrumSettings, spectrum_panels
from m3core.star.surroundings import surroundings_panels
from m3core.survey import Source, Survey
from m3core.survey.measures import measure_survey

if TYPE_CHECKING:
    from m3core.classifier.calibration import Calibration
    from m3core.embeddings.kept import Embeddings
    from m3core.model.clip import Classifier
    from m3core.model.config import ModelConfig
    from m3core.workspace.run import Run

__all__ = [
    "SLOW_SEARCHES",
    "Backdrop",
    "Wishes",
    "backdrop_of",
    "catalogue_panel",
    "links_panel",
    "star_line",
    "star_panels",
    "stars_of",
    "title_of",
]


SLOW_SEARCHES = ("box", "dispersion")
"""Panels of light curves that take some seconds a star."""


@dataclass(frozen=True)
class Wishes:
    """What the panels of a page are asked for; the defaults are the app's."""

    light_curves: LightCurveSettings = field(default_factory=LightCurveSettings)
    spectra: SpectrumSettings = field(default_factory=SpectrumSettings)
    kind: KindSettings = field(default_factory=lambda: KindSettings(with_others=False))


@dataclass(frozen=True)
class Backdrop:
    """What the pages of all stars of a survey share.

    Attributes:
        measures: amplitudes, where the catalogue gives none; nights: by modality.
        run_name: '' where no run was asked for.
        config, embeddings, classifier, calibration: of the run, None where it has none.
        said: what of the run cannot be shown, and why.
    """

    survey: Survey
    measures: pd.DataFrame | None = None
    nights: dict[str, Nights] | None = None
    run_name: str = ""
    config: "ModelConfig | None" = None
    embeddings: "Embeddings | None" = None
    classifier: "Classifier | None" = None
    calibration: "Calibration | None" = None
    said: tuple[str, ...] = ()


def backdrop_of(survey: Survey, run: "Run | None" = None, progress: Progress = silent) -> Backdrop:
    """Read what the pages of a survey share: amplitudes, nights, and what a run knows of it.

    A run that has not embedded the survey is no fault: the page says so.
    """
    measures = None
    if not amplitude_columns(survey.sources):
        measures = measure_survey(survey, part(progress, 0.0, 0.4))
    nights = find_nights(survey, lambda done: progress(0.4 + 0.4 * done, "Comparing the nights of the survey."))
    if run is None:
        return Backdrop(survey, measures, nights)
    from m3core.classifier.evaluation import calibration_of
    from m3core.classifier.logits import is_classifier, load_classifier
    from m3core.embeddings.kept import Embeddings
    from m3core.files import read_json
    from m3core.model.config import ModelConfig

    config, embeddings, classifier, calibration, said = None, None, None, None, []
    if run.has_checkpoint:
        place = run.checkpoint / "config.json"
        config = ModelConfig.parse(read_json(place), str(place))
        try:
            config.check_fits(survey)
        except M3Error as why:
            said.append(one_sentence(why))
            config = None
    try:
        embeddings = Embeddings.open(run, survey)
    except M3Error as why:
        said.append(one_sentence(why))
    if config is not None and is_classifier(run):
        classifier = load_classifier(run)
        calibration = calibration_of(run, classifier.config.classes)
    progress(1.0, "Survey and run are read.")
    return Backdrop(survey, measures, nights, run.name, config, embeddings, classifier, calibration, tuple(said))


def star_panels(
    behind: Backdrop, source: Source, wishes: Wishes | None = None, note: Note | None = None
) -> list[Panel]:
    """Every panel of a star's page, in the order of the app."""
    survey, wishes = behind.survey, wishes or Wishes()
    panels: list[Panel] = []
    light_curves = [name for name in source.observations if is_light_curve(survey.modalities[name])]
    if light_curves or any(is_light_curve(spec) for spec in survey.modalities.values()):
        panels += light_curve_panels(survey, source, wishes.light_curves)
    panels += spectrum_panels(survey, source, wishes.spectra)
    panels += _other_series(survey, source, {panel.key for panel in panels})
    panels += [catalogue_panel(survey, source), *kind_panels(survey, source, wishes.kind, behind.measures)]
    panels += surroundings_panels(survey, source, behind.nights)
    panels += _of_the_model(behind, source)
    panels.append(links_panel(source))
    if note is not None and (note.note or note.tags):
        table = pd.DataFrame([{"note": note.note, "tags": ", ".join(note.tags), "time": note.time, "by": note.author}])
        panels.append(Panel("notes", "Notes", None, "Kept in the workspace, beside the survey.", table))
    return panels


def _of_the_model(behind: Backdrop, source: Source) -> list[Panel]:
    from m3core.star.model import embedding_panels, probability_panel, seen_panels

    panels = []
    if behind.config is not None:
        panels += seen_panels(behind.survey, source, behind.config)
    if behind.embeddings is not None:
        panels += embedding_panels(behind.survey, source, behind.embeddings)
    if behind.classifier is not None and behind.calibration is not None:
        panels.append(probability_panel(behind.survey, source, behind.classifier, behind.calibration))
    panels += [
        Panel(f"model_{number}", f"Run {behind.run_name}", None, "", pd.DataFrame(), sentence)
        for number, sentence in enumerate(behind.said)
    ]
    return panels


def _other_series(survey: Survey, source: Source, drawn: set[str]) -> list[Panel]:
    """What a kind offers that is neither a light curve nor a spectrum nor a table."""
    panels = []
    for name, spec in survey.modalities.items():
        for one in kind_of(spec).series(spec, source):
            if one.style == "table" or is_light_curve(spec) or "wavelength" in spec.fields:
                continue
            panels.append(_plain(one, f"series_{name}"))
    return [panel for panel in panels if panel.key not in drawn]


def _plain(one: Series, key: str) -> Panel:
    data = pd.DataFrame({one.x_label: one.x, one.y_label: one.y})
    figure = line_figure(one) if one.style == "line" else points_figure(curves_of([one]))
    return Panel(key, one.name, figure, " ".join(one.notes), data)


def catalogue_panel(survey: Survey, source: Source) -> Panel:
    """Every catalogue value with its error, unit and percentile within the class."""
    table = catalogue_table(survey, source)
    if table.empty:
        why = "The catalogue has no columns beside id, position, label and split."
        return Panel("catalogue", "Catalogue", None, "", table, why)
    n_missing = int((table["value"] == MISSING).sum())
    among = "none: the source has no label" if source.label is None else f"percent of the {source.label} sources"
    how = "" if source.label is None else " with a smaller value, equal ones counted half"
    caption = (
        f"Catalogue of {source.source_id}: {n_missing} of {len(table)} values are missing. Percentile (0 to 100): "
        f"{among}{how}. Errors are the catalogue's, 1 sigma."
    )
    return Panel("catalogue", "Catalogue", None, caption, table.round({"percentile": 1}))


def links_panel(source: Source) -> Panel:
    """Where else the star may be looked up."""
    links = links_of(source)
    if not links:
        why = "This source has no position and no id that an archive knows, so there is nothing to look up."
        return Panel("links", "Look it up elsewhere", None, "", pd.DataFrame(), why)
    table = pd.DataFrame([{"where": one.name, "by": one.asks, "address": one.url} for one in links])
    caption = "Addresses built from the position or an id; nothing is fetched unless one is clicked."
    return Panel("links", "Look it up elsewhere", None, caption, table)


def star_line(survey: Survey, source: Source, run_name: str = "") -> str:
    """Label, split, position, and where it is from: the line below a star's name."""
    where = sexagesimal(source.ra, source.dec)
    position = f"RA {source.ra:.6f}, Dec {source.dec:+.6f} deg (ICRS; {where})" if where else "no position"
    parts = [source.label or "unlabelled", f"split {source.split}", position, f"survey {survey.path.name}"]
    parts += [f"content hash {survey.hash[:16]}", f"run {run_name}" if run_name else ""]
    if survey.manifest.simulated:
        parts.insert(0, "SIMULATED")
    return " · ".join(one for one in parts if one)


def stars_of(
    behind: Backdrop, source_ids: Sequence[str], wishes: Wishes | None = None, notes: Mapping[str, Note] | None = None,
    progress: Progress = silent,
) -> list[tuple[str, str, list[Panel]]]:  # fmt: skip
    """Heading, line below it and panels of one star or of several, for a page (m3core.star.html, .picture).

    Raises:
        SurveyError: an id that is not in the survey.
    """
    stars = []
    for number, source_id in enumerate(source_ids):
        progress(number / len(source_ids), f"Drawing {source_id}, {number + 1} of {len(source_ids)}.")
        source = behind.survey.source(source_id)
        panels = star_panels(behind, source, wishes, (notes or {}).get(source_id))
        stars.append((source_id, star_line(behind.survey, source, behind.run_name), panels))
    progress(1.0, f"{len(source_ids)} source{'s' if len(source_ids) > 1 else ''} drawn.")
    return stars


def title_of(survey: Survey, source_ids: Sequence[str]) -> str:
    """Of a page or of a booklet."""
    return source_ids[0] if len(source_ids) == 1 else f"{len(source_ids)} sources of {survey.path.name}"
