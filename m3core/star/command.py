"""python -m m3core show: the page of a star, or of several as a booklet, as one file."""

import base64
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from m3core.command import one_line_errors

if TYPE_CHECKING:
    from m3core.star.picture import Star
    from m3core.survey import Survey

__all__ = ["FORMATS", "file_content", "show"]

FORMATS = ("html", "json", "pdf", "svg", "png")


def show(
    survey: Annotated[Path, typer.Option("--survey", help="Survey folder.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    source: Annotated[
        str, typer.Option("--source", metavar="ID", help="The source; several, separated by commas, make a booklet.")
    ] = "",
    sources: Annotated[
        Path | None,
        typer.Option(
            "--list", metavar="FILE", help="A booklet of the ids in a file: one a line, or a CSV's source_id."
        ),
    ] = None,
    most: Annotated[int | None, typer.Option("--most", min=1, help="Of a list: the first so many.")] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="Run folder: what its model saw, and what the embedding says.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="|".join(FORMATS), help="By the ending of --out; html where it has none."),
    ] = None,
    searches: Annotated[
        bool | None,
        typer.Option(help="Search boxes and phase dispersion, some seconds a source; done for one, not for a booklet."),
    ] = None,
    period: Annotated[
        float | None, typer.Option("--period", help="Fold on this, days; the survey's if not given.")
    ] = None,
) -> None:
    """Write a source's page: light curves, spectra, catalogue, its place among its kind, what the model saw.

    HTML is one file that opens without a network. PDF, SVG and PNG need a chromium or Chrome on this machine; SVG and
    PNG hold the figures with their captions, the others the tables too. JSON is {name: plotly figure}."""
    with one_line_errors():  # --help need not wait for what this imports
        from dataclasses import replace

        from m3core.classifier.prediction_table import check_file
        from m3core.errors import ConfigError
        from m3core.files import replaced_file
        from m3core.progress import ProgressLine
        from m3core.star.light_curves import LightCurveSettings
        from m3core.star.notes import Notes
        from m3core.star.page import SLOW_SEARCHES, Wishes, backdrop_of, stars_of, title_of
        from m3core.survey import Survey
        from m3core.workspace.folder import Workspace
        from m3core.workspace.run import Run

        kind = format_ or out.suffix[1:].lower() or "html"
        if kind not in FORMATS:
            where = f"--format {kind!r}" if format_ else f"the ending of {out.name}"
            raise ConfigError(f"{where} is unknown: write {', '.join(FORMATS)} as --format or as the ending of --out.")
        if period is not None and not 0 < period < float("inf"):
            raise ConfigError(f"--period {period:g}: write a positive number of days.")
        check_file(out)
        if kind in ("pdf", "svg", "png"):
            from m3core.star.picture import find_browser

            find_browser()  # before the work, not after it
        opened = Survey.open(survey)
        ids = _ids(opened, source, sources, most)
        progress = ProgressLine()
        behind = backdrop_of(opened, None if run is None else Run.open(run), progress)
        is_thorough = len(ids) == 1 if searches is None else searches
        curves = LightCurveSettings(period=period)
        if not is_thorough:
            curves = replace(curves, panels=tuple(one for one in curves.panels if one not in SLOW_SEARCHES))
        wishes = Wishes(light_curves=curves)
        stars = stars_of(behind, ids, wishes, Notes(Workspace().root, opened).current(), progress)
        content = file_content(kind, title_of(opened, ids), stars)
        with replaced_file(out) as part:
            part.write_bytes(content)
        left_out = "" if is_thorough else f" Left out: {', '.join(SLOW_SEARCHES)} (--searches draws them)."
        n_figures = sum(panel.figure is not None for _, _, panels in stars for panel in panels)
        typer.echo(f"{out}: {len(ids)} source{'s' if len(ids) > 1 else ''}, {n_figures} figures.{left_out}")


def file_content(kind: str, title: str, stars: "Sequence[Star]") -> bytes:
    """The file of a page or a booklet in one of `FORMATS`."""
    from m3core.star.html import html_page

    if kind == "html":
        return html_page(title, stars).encode()
    if kind == "json":
        return (json.dumps(_figures(stars), sort_keys=True) + "\n").encode()
    from m3core.star.picture import pdf_bytes, png_bytes, svg_page

    if kind == "pdf":
        return pdf_bytes(title, stars)
    return png_bytes(stars) if kind == "png" else svg_page(stars)[0].encode()


def _figures(stars: "Sequence[Star]") -> dict[str, object]:
    """name -> plotly figure; of several sources 'id/name'."""
    return {
        panel.key if len(stars) == 1 else f"{source_id}/{panel.key}": _listed(json.loads(panel.figure.to_json()))
        for source_id, _, panels in stars
        for panel in panels
        if panel.figure is not None
    }


def _listed(part: Any) -> Any:
    """The same with arrays as lists, null where no number is, in the place of plotly's base64: any reader has them."""
    if isinstance(part, list):
        return [_listed(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "bdata" not in part:
        return {name: _listed(one) for name, one in part.items()}
    import numpy as np

    array = np.frombuffer(base64.b64decode(part["bdata"]), part["dtype"])
    shape = [int(one) for one in part.get("shape", "-1").split(",")]
    numbers = array.astype(object)
    numbers[~np.isfinite(array)] = None
    return numbers.reshape(shape).tolist()


def _ids(survey: "Survey", source: str, listed: Path | None, most: int | None) -> list[str]:
    """Ids in the order they were asked for, each once."""
    from m3core.errors import ConfigError, SurveyError

    if bool(source) == (listed is not None):
        raise ConfigError("name the source by --source, or a file of ids by --list: one of the two.")
    if listed is not None:
        ids = _read_list(listed)
    else:
        # an id may hold a comma itself
        ids = [source] if source in survey.sources.index else [one.strip() for one in source.split(",") if one.strip()]
    ids = list(dict.fromkeys(ids))[:most]
    if not ids:
        raise ConfigError(f"{listed or '--source'} names no source: write at least one id.")
    unknown = [one for one in ids if one not in survey.sources.index]
    if len(unknown) > 1:
        first = ", ".join(map(repr, unknown[:3])) + (", ..." if len(unknown) > 3 else "")
        raise SurveyError(
            f"{len(unknown)} of {len(ids)} ids are not in the survey {survey.path.name} ({first}): check them."
        )
    for one in unknown:
        survey.row(one)
    return ids


def _read_list(place: Path) -> list[str]:
    """A CSV with a column source_id, or one id a line."""
    from m3core.errors import ConfigError

    try:
        rows = list(csv.reader(place.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error):
        raise ConfigError(f"{place} is no text: write one id a line, or a CSV with a column source_id.") from None
    rows = [row for row in rows if row]
    if rows and "source_id" in rows[0]:
        column = rows[0].index("source_id")
        return [row[column].strip() for row in rows[1:] if len(row) > column and row[column].strip()]
    return [",".join(row).strip() for row in rows]
