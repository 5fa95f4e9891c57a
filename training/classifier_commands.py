"""python -m training finetune | predict | subsets."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from m3core.command import one_line_errors
from m3core.workspace.run import Run
from training.command import (
    ConfigOption,
    NewRunOption,
    PresetOption,
    RunOption,
    SetOption,
    SurveyOption,
    changes_of,
    check_places,
    train_in_new_run,
)

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Make the commands known."""
    for command in (finetune, predict, subsets):
        app.command()(command)


def finetune(
    survey: SurveyOption,
    origin: Annotated[str, typer.Option("--from", metavar="RUN|scratch", help="Pre-trained run to start from.")],
    out: NewRunOption,
    modality: Annotated[
        str | None, typer.Option("--modality", help="The modality to read, or all (the default).")
    ] = None,
    labels: Annotated[
        float | None, typer.Option("--labels", help="Share of the training labels: 1.0 (the default), 0.5, 0.25, 0.1.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of that share and of the weights; never of the split.")
    ] = None,
    cap: Annotated[
        bool, typer.Option("--cap", help="Take the share from the commonest classes, as the paper does.")
    ] = False,
    fusion: Annotated[
        Literal["avg", "concat"] | None, typer.Option("--fusion", help="How all modalities are read as one.")
    ] = None,
    preset: PresetOption = "fast",
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Train a classifier on one modality or on all of them, from a pre-trained run or from scratch."""
    with one_line_errors():
        check_places(survey, out)
        options = {"modality": modality, "labels": labels, "seed": seed, "cap": cap or None, "fusion": fusion}
        given = {name: value for name, value in options.items() if value is not None}
        from training.config import SCRATCH

        start = None if origin == SCRATCH else Run.open(origin)

        def asked():
            from m3core.survey import Survey
            from training.finetune import configure
            from training.run_config import FINETUNE, RunConfig

            opened = Survey.open(survey)
            settings = configure(opened, preset, {**changes_of(config, set_), **given}, start)
            place = "" if start is None else str(start.path.resolve())
            return opened, RunConfig(survey.resolve(), opened.hash, settings, FINETUNE, place)

        train_in_new_run(out, asked)


def predict(
    run: RunOption,
    survey: SurveyOption,
    out: Annotated[Path, typer.Option("--out", help="CSV file to write.")],
    modalities: Annotated[
        str | None, typer.Option("--modalities", help="Use these alone, comma-separated; the others are withheld.")
    ] = None,
    unknown_below: Annotated[
        float | None,
        typer.Option("--unknown-below", metavar="P", help="Say unknown under this probability."),
    ] = None,
    prior_shift: Annotated[
        bool, typer.Option("--prior-shift", help="Correct for class shares that differ from those of the training.")
    ] = False,
    show_modalities: Annotated[
        bool, typer.Option("--show-modalities", help="A last column: the modalities that each prediction rests on.")
    ] = False,
) -> None:
    """Classify every source of a survey: a table with a probability for each class."""
    with one_line_errors():
        opened = Run.open(run)
        from m3core.classifier.prediction_table import check_file, prediction_table, write_table
        from m3core.survey import Survey

        check_file(out)
        names = None if modalities is None else [name.strip() for name in modalities.split(",")]
        table, sentences = prediction_table(
            opened, Survey.open(survey), names=names, unknown_below=unknown_below, prior_shift=prior_shift
        )
        write_table(table if show_modalities else table.drop(columns="modalities"), out)
        typer.echo("\n".join([*sentences, f"{out}: {len(table)} sources."]))


def subsets(
    run: RunOption,
    survey: SurveyOption,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file to write as well.")] = None,
) -> None:
    """Score a classifier with every mixture of its modalities, the others withheld."""
    with one_line_errors():
        opened = Run.open(run)
        from m3core.classifier.evaluation import evaluate, subset_table
        from m3core.classifier.logits import MOST_FOR_ALL_SUBSETS
        from m3core.classifier.prediction_table import check_file, write_table
        from m3core.survey import Survey

        if out is not None:
            check_file(out)
        data = Survey.open(survey)
        split = evaluate(opened, data).split
        table = subset_table(opened, data)
        shown = table.copy()
        for name in shown.columns[3:]:
            shown[name] = ["" if value != value else f"{value:.1%}" for value in shown[name]]
        typer.echo(shown.to_string(index=False))
        typer.echo(f"labelled sources of the {split} split; accuracy with its 95 % Wilson interval")
        if max(name.count("+") for name in table["modalities"]) >= MOST_FOR_ALL_SUBSETS:
            typer.echo(f"more than {MOST_FOR_ALL_SUBSETS} modalities: all, all but one, and single ones only")
        if out is not None:
            write_table(table, out)
