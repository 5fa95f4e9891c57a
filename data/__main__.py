"""python -m data import-table | import-astrom3 | build | simulate | describe | export."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from m3core.command import one_line_errors
from m3core.errors import ConfigError
from m3core.progress import Progress, ProgressLine

if TYPE_CHECKING:  # each command imports what it needs: --help need not wait for it
    from m3core.survey import Survey

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Build surveys and say what they hold.")


@app.callback()
def _commands() -> None:
    """Build surveys and say what they hold."""


def _carry_out(
    plan: Any, write: "Callable[[Any, Path, Progress], Survey]", out: Path, dry_run: bool
) -> "Survey | None":
    """Say what is planned and write it; None where only a dry run was asked for."""
    for line in plan.summary():
        typer.echo(line)
    if dry_run:
        typer.echo("dry run: nothing is written.")
        return None
    return write(plan, out, ProgressLine())


def _written(out: Path, survey: "Survey", what: str) -> str:
    return f"{out}: a survey of {len(survey)} {what}, hash {survey.hash[:16]}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


@app.command("import-table")
def import_table(
    catalogue: Annotated[Path, typer.Option(help="A row a star: CSV, parquet, FITS or VOTable.")],
    photometry: Annotated[Path, typer.Option(help="A row an observation: source_id, band, time, mag or flux, error.")],
    out: Annotated[Path, typer.Option(help="Survey folder to make.")],
    map_: Annotated[str, typer.Option("--map", metavar="ROLE=COLUMN,...", help="Columns whose names differ.")] = "",
    exclude: Annotated[str, typer.Option(metavar="COLUMN,...", help="Catalogue columns that are no inputs.")] = "",
    split: Annotated[str, typer.Option(help="Shares of train, validation and test.")] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 42,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse files with any fault.")] = False,
    value: Annotated[str, typer.Option(help="mag or flux, where the photometry has both.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported and write nothing.")] = False,
    no_period_search: Annotated[
        bool, typer.Option("--no-period-search", help="Keep the catalogue's periods unchecked.")
    ] = False,
) -> None:
    """Import a catalogue and a long table of photometry: each band a modality, the numeric columns one more."""
    with one_line_errors():
        from data import import_table as importer
        from data.checks import check_free
        from data.columns import parse_map
        from data.import_table.periods import period_sentence
        from m3core.split import parse_fractions

        check_free(out)
        if value not in ("", "mag", "flux"):
            raise ConfigError(f"--value {value}: write mag or flux.")
        options = importer.Options(
            catalogue=catalogue,
            photometry=photometry,
            columns=parse_map(map_),
            exclude=_words(exclude),
            split=parse_fractions(split),
            seed=seed,
            strict=strict,
            value=value or None,  # type: ignore[arg-type]
            period_search=not no_period_search,
        )
        plan = importer.plan(options, ProgressLine())
        survey = _carry_out(plan, importer.write, out, dry_run)
        if survey is not None:
            typer.echo(period_sentence(survey.sources))
            typer.echo(f"{_written(out, survey, 'stars')}; faults are listed in report.csv.")


@app.command("import-astrom3")
def import_astrom3(
    source: Annotated[str, typer.Option(metavar="DIR_OR_HUB_NAME", help="Folder of the parquet files, or owner/name.")],
    out: Annotated[Path, typer.Option(help="Survey folder to make.")],
    config: Annotated[str, typer.Option(help="Size (full, sub50, sub25, sub10) and seed.")] = "full_42",
    revision: Annotated[str, typer.Option(help="Branch, tag or commit on the Hub; empty: the newest.")] = "",
    published_substitution: Annotated[
        bool, typer.Option("--published-substitution", help="Put 1 mas for parallaxes <= 0, for published weights.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse files with any fault.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported and write nothing.")] = False,
) -> None:
    """Import the published AstroM3 set: photometry, spectra and metadata with its own split."""
    with one_line_errors():
        from data import astrom3
        from data.checks import check_free

        check_free(out)
        options = astrom3.Options(
            source=source,
            config=config,
            revision=revision or None,
            published_substitution=published_substitution,
            strict=strict,
        )
        plan = astrom3.plan(options, ProgressLine())
        survey = _carry_out(plan, astrom3.write, out, dry_run)
        if survey is not None:
            typer.echo(f"{_written(out, survey, 'stars')}; faults are listed in report.csv.")


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Survey folder to make; the truth lies beside it, <out>-truth.parquet.")],
    sources: Annotated[int, typer.Option(help="How many stars.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 42,
    missing: Annotated[float, typer.Option(help="Share of stars that lack a modality, for each modality.")] = 0.0,
    light: Annotated[bool, typer.Option("--light", help="Short curves, coarse spectra: for very many stars.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Processes that draw stars; 0: one a core.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made and write nothing.")] = False,
) -> None:
    """Simulate a survey of variable stars with planted errors and oddities, and the truth about them beside it."""
    with one_line_errors():
        from data import simulate as simulator
        from data.checks import check_free

        check_free(out)
        check_free(simulator.truth_path(out))
        plan = simulator.plan(simulator.Options(sources=sources, seed=seed, missing=missing, light=light))
        survey = _carry_out(plan, partial(simulator.write, workers=workers or os.cpu_count() or 1), out, dry_run)
        if survey is not None:
            typer.echo(f"{_written(out, survey, 'simulated stars')}.")
            typer.echo(f"{simulator.truth_path(out)}: the truth about them.")


@app.command()
def build(
    catalogue: Annotated[
        Path, typer.Option(help="Variable stars, a row a source: ASAS-SN's catalogue or one like it.")
    ],
    lightcurves: Annotated[Path, typer.Option(metavar="DIR_OR_ZIP", help="Files of light curves.")],
    out: Annotated[Path, typer.Option(help="Survey folder to make.")],
    spectra: Annotated[Path | None, typer.Option(metavar="DIR", help="LAMOST's FITS files.")] = None,
    spectra_catalogue: Annotated[Path | None, typer.Option(metavar="CSV", help="LAMOST's catalogue of them.")] = None,
    radius: Annotated[float, typer.Option(metavar="ARCSEC", help="Of the match on the sky.")] = 3.0,
    format_: Annotated[
        str, typer.Option("--format", help="auto, asassn, skypatrol, ztf, aavso, gaia or tess.")
    ] = "auto",
    split: Annotated[str, typer.Option(help="Shares of train, validation and test.")] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 42,
    classes: Annotated[str, typer.Option(metavar="A,B", help="Keep sources of these classes only.")] = "",
    uncertain: Annotated[
        str, typer.Option(help="Types in doubt (ROT:, EA|EB): unlabelled, drop or certain (ROT: is ROT).")
    ] = "unlabelled",
    value: Annotated[str, typer.Option(help="mag or flux; else flux for ASAS-SN and TESS, mag elsewhere.")] = "",
    bands: Annotated[str, typer.Option(metavar="V,g", help="Take these bands only.")] = "",
    ormask: Annotated[bool, typer.Option("--ormask", help="Mask what was bad in any exposure of a spectrum.")] = False,
    epoch: Annotated[float, typer.Option(metavar="YEAR", help="Of the catalogue's positions.")] = 2016.0,
    published_substitution: Annotated[
        bool, typer.Option("--published-substitution", help="parallax <= 0 becomes 1 mas, for the published weights.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse files with any fault.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be built and write nothing.")] = False,
) -> None:
    """Build a survey from archives: light curves, LAMOST spectra and a catalogue, matched on the sky."""
    with one_line_errors():
        from data import archives
        from data.checks import check_free
        from m3core.split import parse_fractions

        if archives.clear_finished(out):
            typer.echo(f"{out}: was built already; nothing is left to do.")
            return
        check_free(out)
        options = archives.Options(
            catalogue=catalogue,
            lightcurves=lightcurves,
            spectra=spectra,
            spectra_catalogue=spectra_catalogue,
            radius=radius,
            format=format_,
            split=parse_fractions(split),
            seed=seed,
            strict=strict,
            classes=_words(classes),
            uncertain=uncertain,  # type: ignore[arg-type]
            value=value or None,  # type: ignore[arg-type]
            bands=_words(bands),
            ormask=ormask,
            epoch=epoch,
            published_substitution=published_substitution,
        )
        plan = archives.plan(options, ProgressLine(), None if dry_run else archives.cache_folder(out))
        survey = _carry_out(plan, archives.write, out, dry_run)
        if survey is not None:
            typer.echo(f"{_written(out, survey, 'sources')}; see report.csv.")


@app.command()
def describe(survey: Annotated[Path, typer.Argument(metavar="DIR", help="Survey folder.")]) -> None:
    """Say what a survey holds, and whether its files are those that were written."""
    with one_line_errors():
        from data.describe import describe as lines_of
        from m3core.survey import Survey

        for line in lines_of(Survey.open(survey)):
            typer.echo(line)


@app.command()
def export(
    survey: Annotated[Path, typer.Argument(metavar="DIR", help="Survey folder.")],
    out: Annotated[Path, typer.Option(help="File to make.")],
    format_: Annotated[str, typer.Option("--format", help="parquet, csv, votable or fits; else by the ending.")] = "",
    sources: Annotated[str, typer.Option(metavar="ID,...", help="Only these sources.")] = "",
) -> None:
    """Write a survey's catalogue for other programs, with units and UCDs."""
    with one_line_errors():
        from m3core.survey import Survey
        from m3core.survey.export import export_catalogue, format_of

        count = export_catalogue(Survey.open(survey), out, format_of(out, format_), _words(sources) or None)
        typer.echo(f"{out}: {count} sources.")


if __name__ == "__main__":
    sys.exit(app())
