"""python -m training experiment, and how `resume` goes on with one."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from m3core.command import one_line_errors
from m3core.errors import RunError
from m3core.files import new_folder, write_json
from m3core.workspace.run import Run, State
from training.command import PresetOption, SetOption, SurveyOption, ending_recorded, log_to
from training.record import Record

if TYPE_CHECKING:
    from m3core.survey import Survey

__all__ = ["ASKED", "experiment", "go_on"]

ASKED = "experiment.json"

GROWS = ("survey", "survey_name", "seeds", "labels", "modalities", "methods")
"""What may differ when an experiment is asked for again: cells that are done stay, more are added."""


def experiment(
    survey: SurveyOption,
    out: Annotated[Path, typer.Option("--out", help="Experiment folder to make, or to go on with.")],
    seeds: Annotated[int, typer.Option("--seeds", help="Repeats; each has its own split and pre-training.")] = 5,
    labels: Annotated[
        str, typer.Option("--labels", help="Shares of the training labels, comma-separated.")
    ] = "1.0,0.5,0.25,0.1",
    minutes: Annotated[
        float, typer.Option("--minutes-per-cell", metavar="M", help="Of training, then the best epoch; 0: no limit.")
    ] = 0.0,
    modalities: Annotated[
        str | None, typer.Option("--modalities", help="Rows of the table, comma-separated; all: all together.")
    ] = None,
    cap: Annotated[
        bool, typer.Option("--cap", help="Take the labels from the commonest classes, as the paper does.")
    ] = False,
    preset: PresetOption = "fast",
    set_: SetOption = None,
) -> None:
    """The paper's table on any survey: scratch, CLIP, frozen embeddings and hand-made features, over several splits."""
    with one_line_errors():
        from m3core.survey import Survey
        from training.experiment.plan import Options, asked, parse_list, parse_shares, stage_changes
        from training.presets import preset as check_preset

        opened = Survey.open(survey)
        check_preset(preset, len(opened))
        pretrain, finetune = stage_changes(set_ or [])
        names = () if modalities is None else parse_list(modalities, "--modalities")
        options = Options(seeds, parse_shares(labels), names, minutes, cap, preset, pretrain, finetune)
        wanted = json.loads(json.dumps(asked(opened, options)))
        if not out.exists():
            with new_folder(out) as folder:
                write_json(folder / ASKED, wanted)
            try:
                _try_settings(out, opened)
            except BaseException:
                shutil.rmtree(out)
                raise
        elif _is_done(out, wanted):
            typer.echo(f"{out} is finished already with these settings: nothing to do.")
            return
        go_on(out, opened)


def _is_done(out: Path, wanted: dict[str, Any]) -> bool:
    """Take what is wanted into an experiment that exists; whether all of it is there already.

    Raises:
        RunError: it is no experiment, is at work, or has other settings.
    """
    from m3core.experiment.folder import Experiment

    if not (out / ASKED).is_file():
        raise RunError(f"{out} exists already and is not an experiment: choose another --out.")
    found = Experiment.open(out)
    _refuse_active(out)
    wanted["versions"] = found.asked["versions"]  # those of its beginning
    differing = [name for name in wanted if name not in GROWS and found.asked.get(name) != wanted[name]]
    if "survey_hash" in differing:
        raise RunError(
            f"{out} is an experiment on {found.asked['survey_name']}, and {wanted['survey']} is another survey or has "
            "changed since: choose another --out, or delete it first."
        )
    if differing:
        name = differing[0]
        raise RunError(
            f"{out} is an experiment with {name} = {found.asked.get(name)}, now asked for {wanted[name]}: choose "
            "another --out, or delete it first."
        )
    is_same = found.asked == wanted
    is_finished = (out / "status.json").is_file() and found.run.status().state is State.FINISHED
    if not is_same:
        write_json(out / ASKED, wanted)
    return is_same and is_finished


def _refuse_active(out: Path) -> None:
    if (out / "status.json").is_file() and (status := Run(out).status()).state.is_active:
        raise RunError(f"{out} is at work already (process {status.pid}): stop it first, or wait.")


def _try_settings(out: Path, survey: "Survey") -> None:
    """Raise what the first training would raise of its settings, before there is anything to keep."""
    from m3core.experiment.folder import Experiment
    from training.experiment.bench import check_settings

    check_settings(Experiment.open(out), survey)


def go_on(out: Path, survey: "Survey | None" = None) -> None:
    """Make what is missing of an experiment.

    Args:
        survey: its survey; None: where it lay when the experiment was started.

    Raises:
        M3Error: it is at work, its survey is gone or another, or a training failed.
    """
    _refuse_active(out)
    record = Record(out)
    from training.supervisor import Supervisor

    supervisor = Supervisor(record)
    supervisor.start()
    log_to(out)
    with ending_recorded(record):
        from m3core.experiment.folder import Experiment
        from m3core.survey import Survey
        from training.experiment.run import run_experiment

        opened = survey or Survey.open(Experiment.open(out).asked["survey"])
        sentences = run_experiment(out, opened, record, supervisor)
    supervisor.end()
    typer.echo("\n".join(sentences))
