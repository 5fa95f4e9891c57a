"""What the commands that train share: a run's folder that stands before torch is imported, its log, its ending."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from m3core.errors import M3Error, RunError, SurveyError, one_sentence
from m3core.run import Run, State
from training.record import Record

if TYPE_CHECKING:
    from training.config import Settings
    from training.supervisor import Supervisor

__all__ = [
    "ConfigOption", "NewRunOption", "PresetOption", "RunOption", "SetOption", "SurveyOption", "changes_of",
    "check_is_run", "check_survey", "ending_recorded", "log_to", "new_run", "refuse_or_leave",
]  # fmt: skip

SurveyOption = Annotated[Path, typer.Option("--survey", help="Survey folder.")]
RunOption = Annotated[Path, typer.Option("--run", help="Run folder.")]
NewRunOption = Annotated[Path, typer.Option("--out", help="Run folder to make.")]
PresetOption = Annotated[str, typer.Option("--preset", help="fast (minutes on a laptop) or paper (as published).")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML file with settings.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="key=value, any setting; may be repeated.")]


def check_survey(path: Path) -> None:
    """Raise SurveyError where there is no survey: the first check, before a folder is made."""
    if not (path / "survey.json").is_file():
        raise SurveyError(f"{path} is not a survey: it has no survey.json; import your files with `python -m data`.")


def changes_of(config: Path | None, assignments: list[str] | None) -> dict[str, Any]:
    """What `--config` and `--set` ask for, the latter winning."""
    from training.config import parse_assignments
    from training.run_config import settings_from_file

    return {**(settings_from_file(config) if config else {}), **parse_assignments(assignments or [])}


@contextmanager
def new_run(out: Path) -> "Iterator[tuple[Record, Supervisor]]":
    """Make a run's folder and watch over it; if the block fails, nothing was begun and nothing stays."""
    out.mkdir(parents=True)
    record = Record(out)
    try:
        from training.supervisor import Supervisor

        supervisor = Supervisor(record)
        supervisor.start()
        yield record, supervisor
    except BaseException:
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
    """Whatever ends the training early is in status.json as a sentence and in log.txt in full."""
    try:
        yield
    except Exception as error:
        logging.getLogger("training").exception("the run failed")
        record.update(state=State.FAILED, message=one_sentence(error))
        raise M3Error(one_sentence(error)) from error


def refuse_or_leave(out: Path, settings: "Settings", survey_hash: str, origin: str = "") -> None:
    """An `--out` that exists: fine where it is this very run and finished, a mistake otherwise.

    Raises:
        RunError: it is anything else.
    """
    from training.run_config import RunConfig

    run = Run.open(out)
    done = RunConfig.read(run)
    same = (done.settings, done.survey_hash, done.origin) == (settings, survey_hash, origin)
    state = run.status().state
    if same and state is State.FINISHED:
        typer.echo(f"{out} is finished already with these settings: nothing to do.")
        return
    mend = f"`python -m training resume {out}` goes on with it" if same else "choose another --out"
    raise RunError(f"{out} exists already ({state}): {mend}, or delete it first.")


def check_is_run(out: Path) -> None:
    """Raise RunError where something stands at `--out` that is no run."""
    if not (out / "status.json").is_file():
        raise RunError(f"{out} exists already and is not a run: choose another --out.")
