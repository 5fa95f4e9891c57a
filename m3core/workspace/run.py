"""A run's folder, read: one training with everything that came of it. `training` writes it, everyone else only reads.

Layout: config.yaml, metrics.jsonl, status.json, log.txt, checkpoint/, last/ (to resume), embeddings/<survey hash>/.
"""

import json
import socket
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil
import yaml

from m3core.errors import RunError
from m3core.files import read_json

__all__ = ["GIVEN", "Run", "State", "Status"]

GIVEN = "adopt-embeddings"
"""The command whose runs hold embeddings from elsewhere (m3core.embeddings.given)."""

HEARTBEAT_LIMIT = 30.0
"""Seconds without a heartbeat after which a process that cannot be asked (another machine's) counts as gone."""


class State(StrEnum):
    """What a run is doing, or how it ended."""

    STARTING = "starting"
    PREPARING = "preparing"
    TRAINING = "training"
    EMBEDDING = "embedding"
    MAPPING = "mapping"
    LISTING = "listing"
    PREDICTING = "predicting"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        """Whether a process should be at work."""
        return self not in (State.FINISHED, State.STOPPED, State.FAILED)


@dataclass(frozen=True)
class Status:
    """status.json, checked against the process that wrote it.

    Attributes:
        state: as written; FAILED where the process is gone without having said so.
        message: one sentence for the user.
        epoch, epochs, step, steps: how far; epochs count from 1, 0 before the first.
        seconds_left: estimate for what is left of the training, None where unknown.
        progress: 0 to 1 within the present state.
    """

    state: State
    message: str = ""
    pid: int = 0
    started: float = 0.0
    heartbeat: float = 0.0
    host: str = ""
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    sources_per_second: float = 0.0
    seconds_left: float | None = None
    progress: float = 0.0


class Run:
    """A run folder."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Open a run.

        Raises:
            RunError: there is none.
        """
        run = cls(path)
        if not (run.path / "status.json").is_file():
            raise RunError(f"{path} is not a run: it has no status.json; start one with `python -m training pretrain`.")
        return run

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def checkpoint(self) -> Path:
        """The best checkpoint by the run's monitor."""
        return self.path / "checkpoint"

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is a model to embed with."""
        return (self.checkpoint / "model.safetensors").is_file()

    @property
    def is_given(self) -> bool:
        """Whether the run stands for embeddings from elsewhere: it has no model, and never will."""
        return not self.has_checkpoint and self.config().get("command") == GIVEN

    def config(self) -> dict[str, Any]:
        """config.yaml.

        Raises:
            RunError: absent or malformed.
        """
        place = self.path / "config.yaml"
        try:
            content = yaml.safe_load(place.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(f"{place} does not exist: the run ended before it was configured; delete the run.") from None
        except yaml.YAMLError as fault:
            raise RunError(f"{place} is not readable YAML ({fault}).") from None
        if not isinstance(content, dict):
            raise RunError(f"{place} holds no settings.")
        return content

    def status(self) -> Status:
        """The status, with a process that vanished told from one at work."""
        content = read_json(self.path / "status.json", RunError)
        try:
            status = Status(**{**content, "state": State(content["state"])})
        except (KeyError, TypeError, ValueError) as fault:
            raise RunError(f"{self.path / 'status.json'} is malformed ({fault}): resume or delete the run.") from None
        if status.state.is_active and not _is_alive(status):
            gone = "its process ended without a word (killed, or out of memory): resume it (go on), or read its log"
            return Status(**{**content, "state": State.FAILED, "message": gone})
        return status

    def metrics(self, kind: str) -> list[dict[str, Any]]:
        """Lines of metrics.jsonl of one kind ('step' or 'epoch'), oldest first; a line being written is left out."""
        place = self.path / "metrics.jsonl"
        if not place.is_file():
            return []
        lines = []
        for line in place.read_text(encoding="utf-8").splitlines():
            try:
                content = json.loads(line)
            except json.JSONDecodeError:
                continue
            if content.get("kind") == kind:
                lines.append(content)
        return lines

    def log(self, n_lines: int = 200) -> str:
        """The end of log.txt."""
        place = self.path / "log.txt"
        text = place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
        return "\n".join(text.splitlines()[-n_lines:])


def _is_alive(status: Status) -> bool:
    """Whether the process that wrote a status still runs; start times tell a reused pid from the real one."""
    if status.host and status.host != socket.gethostname():
        return time.time() - status.heartbeat < HEARTBEAT_LIMIT
    try:
        process = psutil.Process(status.pid)
        return abs(process.create_time() - status.started) < 2.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
