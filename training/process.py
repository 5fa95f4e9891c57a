"""Runs as processes of their own: started, stopped, resumed and deleted from a terminal or from the app alike."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from m3core.errors import RunError
from m3core.files import write_json
from m3core.survey import Survey
from m3core.workspace.run import Run, State
from training.config import FROM_RUN, SCRATCH, FinetuneConfig, Settings, TrainConfig
from training.supervisor import STOP_FILE

__all__ = ["delete", "embed", "resume", "start_experiment", "start_finetune", "start_pretrain", "stop"]

ROOT = Path(__file__).resolve().parent.parent
"""The repository: `python -m training` is found from here."""

STOP_SECONDS = 2.5
"""A run answers within a fraction of a second; one that has not by now (its map is in a long compiled call) is
killed, which costs nothing but the work since its last save."""

START_SECONDS = 60.0


def start_pretrain(survey: Survey, out: Path, config: TrainConfig) -> Run:
    """Start a pre-training as a process that outlives this one.

    Raises:
        RunError: it ended at once; the sentence it left.
    """
    return _start_training(["pretrain"], survey, out, config, exclude=())


def start_finetune(survey: Survey, out: Path, config: FinetuneConfig, origin: Run | None) -> Run:
    """Start the training of a classifier as a process that outlives this one.

    Args:
        origin: the pre-trained run, which decides the encoders; None: from scratch.

    Raises:
        RunError: it ended at once; the sentence it left.
    """
    start = SCRATCH if origin is None else str(origin.path.resolve())
    return _start_training(["finetune", "--from", start], survey, out, config, () if origin is None else FROM_RUN)


def start_experiment(survey: Survey, out: Path, arguments: Sequence[str]) -> None:
    """Start an experiment as a process that outlives this one.

    Args:
        arguments: options of `python -m training experiment` beside the survey and the folder.

    Raises:
        RunError: it ended at once; the sentence it left.
    """
    places = ["--survey", str(survey.path.resolve()), "--out", str(out.resolve())]
    _start(["experiment", *places, *arguments], (out / "experiment.json").is_file)


def go_on(experiment: Path) -> None:
    """Start a process that goes on with an experiment, also with one that was killed before its first word."""
    status = experiment / "status.json"
    before = status.stat().st_mtime_ns if status.is_file() else 0
    begun = lambda: status.is_file() and status.stat().st_mtime_ns > before  # noqa: E731
    _start(["resume", str(experiment.resolve())], begun)


def _start_training(command: list[str], survey: Survey, out: Path, config: Settings, exclude: tuple[str, ...]) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.yaml"
        settings.write_text(config.to_yaml(exclude), encoding="utf-8")
        arguments = [*command, "--survey", str(survey.path.resolve()), "--preset", config.preset]
        _start([*arguments, "--config", str(settings), "--out", str(out.resolve())], (out / "config.yaml").is_file)
    return Run.open(out)


def resume(run: Run) -> None:
    """Start a process that goes on with a run."""
    before = run.status()
    if before.state.is_active:
        raise RunError(f"{run.name} is at work already (process {before.pid}).")
    _start(["resume", str(run.path.resolve())], lambda: run.status().heartbeat > before.heartbeat)


def embed(run: Run, survey: Survey, report: Callable[[float, str], None], *, lists: bool) -> None:
    """Embed and map a survey by a run in a process of its own, and wait for its end.

    Args:
        lists: whether outliers and suspects are listed too.
        report: told the fraction done of the step under way and its name; raising from it ends the process.

    Raises:
        RunError: the sentence that the process left.
    """
    arguments = ["embed", "--run", str(run.path.resolve()), "--survey", str(survey.path.resolve())]
    arguments.append("--lists" if lists else "--no-lists")
    process = _popen(arguments, subprocess.PIPE)
    last = ""
    try:
        assert process.stderr is not None
        for line in process.stderr:
            last = line.decode(errors="replace").strip() or last
            if found := re.fullmatch(r"(\w+) (.*?) ?(\d+)%", last):
                report(int(found[3]) / 100, f"{found[1].capitalize()} {found[2]}".strip())
        if process.wait():
            raise RunError(last.removeprefix("error: ") or f"the embedding ended with status {process.returncode}.")
    finally:
        process.kill()
        process.wait()


def stop(run: Run) -> str:
    """End a run, leaving a checkpoint.

    Returns:
        A sentence on how it ended.
    """
    status = run.status()
    if not status.state.is_active:
        return f"{run.name} is not at work ({status.state}): nothing to stop."
    (run.path / STOP_FILE).touch()
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.05)
        status = run.status()
        if not status.state.is_active:
            return f"{run.name}: {status.message or status.state}"
    if status.host == socket.gethostname():
        with suppress(ProcessLookupError):
            os.kill(status.pid, signal.SIGKILL)
        message = "stopped; its last saved state is up to a minute older than the stop"
        write_json(run.path / "status.json", asdict(replace(status, state=State.STOPPED, message=message)))
        (run.path / STOP_FILE).unlink(missing_ok=True)
        return f"{run.name}: {message}"
    return f"{run.name} runs on {status.host}: it was asked to stop and will within a second of seeing it."


def delete(run: Run) -> None:
    """Remove a run's folder.

    Raises:
        RunError: it is at work.
    """
    if run.status().state.is_active:
        raise RunError(f"{run.name} is at work: stop it first.")
    shutil.rmtree(run.path)


def _popen(arguments: list[str], stderr: int) -> subprocess.Popen[bytes]:
    # a session of its own: the app's end, or Ctrl-C in its terminal, is not the run's
    return subprocess.Popen(
        [sys.executable, "-m", "training", *arguments],
        cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
    )  # fmt: skip


def _start(arguments: list[str], has_begun: Callable[[], bool]) -> None:
    """Start a process and wait for its first sign."""
    with tempfile.TemporaryFile() as errors:
        process = _popen(arguments, errors.fileno())
        deadline = time.monotonic() + START_SECONDS
        while not has_begun():
            if process.poll() is not None:
                errors.seek(0)
                text = errors.read().decode(errors="replace").strip()
                last_line = text.splitlines()[-1] if text else f"exit status {process.returncode}"
                raise RunError(last_line.removeprefix("error: "))
            if time.monotonic() > deadline:
                raise RunError(f"the run did not begin within {START_SECONDS:.0f} s: look at its log.txt.")
            time.sleep(0.05)
