"""A thread beside the training: writes the heartbeat and ends the run when asked, also in the middle of a long step.

A step of the published architecture takes tens of seconds inside torch, where no signal handler of Python runs. The
thread needs none: it takes the trainer's lock, which is free while gradients are computed, saves, and ends the process.
"""

import logging
import os
import select
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from m3core.workspace.run import State
from training.record import Record

__all__ = ["STOP_FILE", "Savable", "Supervisor"]

log = logging.getLogger(__name__)

STOP_FILE = "stop"
"""A file of this name in the run's folder asks it to stop; the only way that works from every process and machine."""

POLL_SECONDS = 0.2
HEARTBEAT_SECONDS = 1.0


class Savable(Protocol):
    """What the supervisor saves: a trainer."""

    lock: threading.Lock

    def save(self) -> None:
        """Write the state; the lock is held."""


class Supervisor(threading.Thread):
    """Watches over one run; `watch` tells it what to save."""

    def __init__(self, record: Record, leave: Callable[[int], None] = os._exit, *, is_new: bool = False) -> None:
        """Args: is_new: this process has made the run's folder, and may take it away before config.yaml stands."""
        super().__init__(daemon=True, name="supervisor")
        self._record, self._leave, self._is_new = record, leave, is_new
        self._trainer: Savable | None = None
        self._stop_file = record.path / STOP_FILE
        self._stop_file.unlink(missing_ok=True)
        self._ended = threading.Event()
        self._signals, wakeup = socket.socketpair()
        self._wakeup = wakeup
        wakeup.setblocking(False)
        signal.set_wakeup_fd(wakeup.fileno())  # the C handler writes here even while torch computes
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def watch(self, trainer: Savable) -> None:
        """Save this trainer when asked to stop."""
        self._trainer = trainer

    def end(self) -> None:
        """Stop watching: the run ends by itself."""
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Poll until the run ends or is asked to."""
        waited = 0.0
        while not self._ended.is_set():
            signalled, _, _ = select.select([self._signals], [], [], POLL_SECONDS)
            number = self._signals.recv(1)[0] if signalled else 0
            if signalled:
                log.info("asked to stop by signal %d", number)
            if signalled or self._stop_file.exists():
                self._end_run(128 + number if signalled else 0)
                return
            waited += POLL_SECONDS
            if waited >= HEARTBEAT_SECONDS:
                waited = 0.0
                with suppress(OSError):  # a full disk must not end the thread that can still stop the run
                    self._record.update()

    def _end_run(self, status: int) -> None:
        """Save and end the process with this exit status: 0 where `stop` asked, else as a shell counts signals."""
        if self._is_new and not (self._record.path / "config.yaml").is_file():
            # nothing was settled, so there is nothing to resume
            sys.stderr.write("stopped before the run began; nothing half-written stays.\n")
            shutil.rmtree(self._record.path, ignore_errors=True)
            self._leave(status)
            return
        try:
            if self._trainer is None:
                self._say_stopped("stopped before the first step; resume starts it anew")
            else:
                with self._trainer.lock:
                    self._trainer.save()
                    step = self._record.status.step
                    log.info("stopped at step %d", step)
                    self._say_stopped(f"stopped at step {step}; resume goes on from there")
                    self._leave(status)
        except Exception:
            log.exception("could not save while stopping; the last saved state stays")
            self._say_stopped("stopped; its last saved state is older than the stop")
        self._leave(status)

    def _say_stopped(self, message: str) -> None:
        """The last thing: who reads that the run has stopped may delete its folder, and nothing touches it any more."""
        self._stop_file.unlink(missing_ok=True)
        self._record.update(state=State.STOPPED, message=message)
