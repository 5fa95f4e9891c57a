"""What the commands that train share: a run's folder that stands before torch is imported, its log, its ending."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from m3core.errors import M3Error, RunError, SurveyError, one_sentence
from m3core.workspace.run import Run, State
from training.record import Record

if TYPE_CHECKING:
    from m3core.survey import Survey
    from training.run_config import RunConfig
    from training.supervisor import Supervisor

__all__ = [
    "ConfigOption", "NewRunOption", "PresetOption", "RunOption", "SetOption", "SurveyOption", "changes_of",
    "check_places", "ending_recorded", "log_to", "train", "train_in_new_run",
]  # fmt: skip

SurveyOption = Annotated[Path, typer.Option("--survey", help="Survey folder.")]
RunOption = Annotated[Path, typer.Option("--run", help="Run folder.")]
NewRunOption = Annotated[Path, typer.Option("--out", help="Run folder to make.")]
PresetOption = Annotated[str, typer.Option("--preset", help="fast (minutes on a laptop) or paper (as published).")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML file with settings.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="key=value, any setting; may be repeated.")]


def check_places(survey: Path, out: Path) -> None:
    """The first check, before a folder is made.

    Raises:
        SurveyError: there is no survey. RunError: something stands at `--out` that is no run.
    """
    if not (survey / "survey.json").is_file():
        raise SurveyError(f"{survey} is not a survey: it has no survey.json; import your files with `python -m data`.")
    if out.exists() and not (out / "status.json").is_file():
        raise RunError(f"{out} exists already and is not a run: choose another --out.")


def changes_of(config: Path | None, assignments: list[str] | None) -> dict[str, Any]:
    """What `--config` and `--set` ask for, the latter winning."""
    from training.config import parse_assignments
    from training.run_config import settings_from_file

    return {**(settings_from_file(config) if config else {}), **parse_assignments(assignments or [])}


def train_in_new_run(out: Path, asked: "Callable[[], tuple[Survey, RunConfig]]") -> None:
    """Train in a folder of its own from start to end; nothing is done again in one that finished with these settings.

    Args:
        asked: opens the survey and settles what is asked for; called when the folder stands, since it imports torch.

    Raises:
        RunError: `out` is another run, or did not finish. M3Error: what ended the training.
    """
    if out.exists():
        _refuse_or_leave(out, asked()[1])
        return
    with _new_run(out) as (record, supervisor):
        survey, wanted = asked()
        wanted.write(out)
    log_to(out)
    with ending_recorded(record):
        sentences = train(Run(out), survey, wanted, record, supervisor)
    supervisor.end()
    typer.echo("\n".join(sentences))


def train(run: Run, survey: "Survey", wanted: "RunConfig", record: Record, supervisor: "Supervisor") -> list[str]:
    """Train a model or a classifier, as `wanted` says, from where the run stands; returns what to print."""
    from training.run_config import FINETUNE

    if wanted.command == FINETUNE:
        from training import finetune

        origin = Run(wanted.origin) if wanted.origin else None
        return finetune.train(run, survey, wanted.settings, record, supervisor, origin)
    from training import pretrain

    return pretrain.train(run, survey, wanted.settings, record, supervisor)


@contextmanager
def _new_run(out: Path) -> "Iterator[tuple[Record, Supervisor]]":
    """Make a run's folder and watch over it; if the block fails, nothing was begun and nothing stays."""
    out.mkdir(parents=True)
    record = Record(out)
    supervisor = None
    try:
        from training.supervisor import Supervisor

        supervisor = Supervisor(record, is_new=True)
        supervisor.start()
        yield record, supervisor
    except BaseException:
        if supervisor is not None:
            supervisor.end()  # first: it writes into the folder that goes
        shutil.rmtree(out)
        raise


def log_to(run: Path) -> None:
    """Log to log.txt and to standard error."""
    handlers: list[logging.Handler] = [logging.FileHandler(run / "log.txt", encoding="utf-8"), logging.StreamHandler()]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", handlers=handlers, force=True
    )


@contextmanager
def ending_recorded(record: Record) -> Iterator[None]:
    """Whatever ends the training early is in status.json as a sentence, and in log.txt; what nobody foresaw in full."""
    try:
        yield
    except Exception as error:
        foreseen = isinstance(error, M3Error | OSError)
        logging.getLogger("training").error("the run failed: %s", one_sentence(error), exc_info=not foreseen)
        record.update(state=State.FAILED, message=one_sentence(error))
        raise M3Error(one_sentence(error)) from error


def _refuse_or_leave(out: Path, wanted: "RunConfig") -> None:
    """An `--out` that exists: fine where it is this very run and finished, a mistake otherwise.

    Raises:
        RunError: it is anything else.
    """
    from training.run_config import RunConfig

    run = Run.open(out)
    done = RunConfig.read(run)
    same = (done.settings, done.survey_hash, done.origin) == (wanted.settings, wanted.survey_hash, wanted.origin)
    state = run.status().state
    if same and state is State.FINISHED:
        typer.echo(f"{out} is finished already with these settings: nothing to do.")
        return
    mend = f"`python -m training resume {out}` goes on with it" if same else "choose another --out"
    raise RunError(f"{out} exists already ({state}): {mend}, or delete it first.")
