"""python -m training pretrain | finetune | predict | subsets | experiment | embed | stop | resume | adopt | export.

A run's folder stands before torch is imported, so that whoever started it sees it at once.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from m3core.command import one_line_errors
from m3core.errors import RunError
from m3core.workspace.run import Run, State
from training.classifier_commands import add_to
from training.command import (
    ConfigOption,
    NewRunOption,
    PresetOption,
    RunOption,
    SetOption,
    SurveyOption,
    changes_of,
    check_places,
    ending_recorded,
    log_to,
    train,
    train_in_new_run,
)
from training.experiment_commands import ASKED, experiment, go_on
from training.record import Record

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Train and use multimodal CLIP models.")

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]

add_to(app)
app.command()(experiment)


@app.command()
def pretrain(
    survey: SurveyOption,
    out: NewRunOption,
    preset: PresetOption = "fast",
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Train a multimodal CLIP model on a survey, embed it and map it."""
    with one_line_errors():
        check_places(survey, out)

        def asked():
            from m3core.survey import Survey
            from training.pretrain import configure
            from training.run_config import RunConfig

            opened = Survey.open(survey)
            settings = configure(opened, preset, changes_of(config, set_))
            return opened, RunConfig(survey.resolve(), opened.hash, settings)

        train_in_new_run(out, asked)


@app.command()
def resume(
    run: RunArgument,
    survey: Annotated[Path | None, typer.Option("--survey", help="Where the survey lies now, if it was moved.")] = None,
) -> None:
    """Go on with a run or an experiment that was stopped or killed, to the same end as one that never was."""
    with one_line_errors():
        opened = Run.open(run)
        status = opened.status()
        if status.state.is_active:
            raise RunError(f"{run} is at work already (process {status.pid}): nothing to resume.")
        if status.state is State.FINISHED:
            typer.echo(f"{run} is finished: nothing to do.")
            return
        if (run / ASKED).is_file():
            from m3core.survey import Survey

            go_on(run, None if survey is None else Survey.open(survey))
            return
        step = json.loads(place.read_text())["step"] if (place := run / "last" / "position.json").is_file() else 0
        typer.echo(f"resuming at step {step}")
        sys.stdout.flush()
        record = Record(run)
        from training.supervisor import Supervisor

        supervisor = Supervisor(record)
        supervisor.start()
        log_to(run)
        with ending_recorded(record):
            from training.pretrain import survey_of
            from training.run_config import RunConfig

            wanted = RunConfig.read(opened)
            sentences = train(opened, survey_of(wanted, survey), wanted, record, supervisor)
        supervisor.end()
        typer.echo("\n".join(sentences))


@app.command()
def stop(run: RunArgument) -> None:
    """End a run within seconds, leaving a checkpoint to resume from."""
    with one_line_errors():
        from training.process import stop as stop_run

        typer.echo(stop_run(Run.open(run)))


@app.command()
def embed(
    run: RunOption,
    survey: SurveyOption,
    neighbors: Annotated[int | None, typer.Option("--neighbors", help="UMAP: neighbours of a source.")] = None,
    min_dist: Annotated[float | None, typer.Option("--min-dist", help="UMAP: how close points may lie.")] = None,
    lists: Annotated[bool, typer.Option(help="List outliers and suspects too: their pages open at once.")] = True,
) -> None:
    """Embed every source of a survey with a run's model, map it, and list outliers and suspects."""
    with one_line_errors():
        opened = Run.open(run)
        from dataclasses import replace

        from m3core.survey import Survey
        from training.pretrain import map_settings
        from training.readout import embed_and_map, make_lists, score_sentences
        from training.run_config import RunConfig

        settings = map_settings(RunConfig.read(opened).settings)
        given = {"n_neighbors": neighbors, "min_dist": min_dist}
        settings = replace(settings, **{name: value for name, value in given.items() if value is not None})
        data = Survey.open(survey)

        def report(state: State, done: float, what: str) -> None:  # training.process.embed reads these lines
            typer.echo(f"{state} {what} {done:.0%}", err=True)

        if not embed_and_map(opened, data, settings, report):
            typer.echo(f"{data.path.name} is embedded and mapped already by {opened.name}: nothing to do.")
        if lists:
            make_lists(opened, data, report)
        typer.echo("\n".join(score_sentences(opened, data)))


@app.command()
def adopt(
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="Folder, or name on the Hub such as owner/name.")],
    survey: SurveyOption,
    out: Annotated[Path, typer.Option("--out", help="Run folder to make.")],
) -> None:
    """Make a run of published AstroM3 weights, with the statistics of the survey that they were trained on."""
    with one_line_errors():
        if out.exists():
            raise RunError(f"{out} exists already: choose another --out, or delete it first.")
        from m3core.survey import Survey
        from training.adopt import adopt_run

        typer.echo("\n".join(adopt_run(checkpoint, Survey.open(survey), out)))


@app.command()
def export(
    run: RunOption, out: Annotated[Path, typer.Option("--out", help="Folder to make: config.json, model.safetensors.")]
) -> None:
    """Write a run's weights as a published AstroM3 checkpoint (without statistics and class names, as those are)."""
    with one_line_errors():
        opened = Run.open(run)
        from m3core.checkpoint.loading import load_checkpoint
        from m3core.checkpoint.published import export as export_checkpoint

        export_checkpoint(load_checkpoint(opened.checkpoint), out)
        typer.echo(f"{out}: config.json and model.safetensors as the published checkpoints have them.")


if __name__ == "__main__":
    app(prog_name="python -m training")
