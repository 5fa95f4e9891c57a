"""python -m m3core subtypes | outliers | label-issues | similar | retrieval | adopt-embeddings | show."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from m3core.command import one_line_errors
from m3core.similarity.command import adopt_embeddings, retrieval, similar
from m3core.star.command import show

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Read what a model has learnt of a survey.")

RunOption = Annotated[Path, typer.Option("--run", help="Run folder, with the survey embedded.")]
SurveyOption = Annotated[Path, typer.Option("--survey", help="Survey folder.")]
TableOption = Annotated[Path, typer.Option("--out", help="CSV file to write.")]


@app.callback()
def _commands() -> None:
    """Read what a model has learnt of a survey."""


@app.command()
def subtypes(
    run: RunOption,
    survey: SurveyOption,
    label: Annotated[str, typer.Option("--label", metavar="CLASS", help="The class to look into.")],
    out: TableOption,
) -> None:
    """Find clusters within one class: source_id, cluster (0 the largest), confidence (0 to 1) of every star of it."""
    with one_line_errors():  # each command imports what it needs: --help need not wait for it
        from m3core.classifier.prediction_table import check_file, write_table
        from m3core.embeddings.kept import Embeddings
        from m3core.progress import ProgressLine
        from m3core.subtypes.clusters import find_subtypes, subtype_table
        from m3core.survey import Survey

        check_file(out)
        opened = Survey.open(survey)
        found = find_subtypes(Embeddings.open(run, opened), opened, label, ProgressLine())
        write_table(subtype_table(found), out)
        typer.echo("\n".join([*found.sentences, f"{out}: {len(found.rows)} stars."]))


@app.command()
def outliers(run: RunOption, survey: SurveyOption, out: TableOption) -> None:
    """List every source, oddest first: source_id, rank, score, disagreement, percentile, a column a detector."""
    with one_line_errors():
        from m3core.classifier.prediction_table import check_file, write_table
        from m3core.embeddings.kept import Embeddings
        from m3core.outliers.score import outlier_table
        from m3core.outliers.store import have_outliers
        from m3core.progress import ProgressLine
        from m3core.survey import Survey
        from m3core.workspace.run import Run

        check_file(out)
        opened, of = Survey.open(survey), Run.open(run)
        found, is_new = have_outliers(of, opened, Embeddings.open(of, opened), ProgressLine())
        write_table(outlier_table(found), out)
        known = "" if is_new else " They were found before, and nothing has changed since."
        typer.echo("\n".join([*found.sentences, f"{out}: {len(found.scores)} sources, oddest first.{known}"]))


@app.command("label-issues")
def label_issues(run: RunOption, survey: SurveyOption, out: TableOption) -> None:
    """List labels and periods that are likely wrong, most suspect first: source_id, rank, score (0 to 1), label,
    suggested, period_alias (empty where the period holds), and what they rest on."""
    with one_line_errors():
        from m3core.classifier.prediction_table import check_file, write_table
        from m3core.embeddings.kept import Embeddings
        from m3core.label_issues.table import csv_table, suspects
        from m3core.progress import ProgressLine
        from m3core.survey import Survey
        from m3core.workspace.run import Run

        check_file(out)
        opened, its_run = Survey.open(survey), Run.open(run)
        found = suspects(its_run, opened, Embeddings.open(its_run, opened), ProgressLine())
        write_table(csv_table(found.table), out)
        typer.echo("\n".join([*found.sentences, f"{out}: {len(found.table)} sources."]))


app.command()(similar)
app.command()(retrieval)
app.command()(adopt_embeddings)
app.command()(show)


if __name__ == "__main__":
    sys.exit(app())
