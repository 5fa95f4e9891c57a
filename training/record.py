"""What a run says of itself while it works: status.json with a heartbeat, metrics.jsonl, log.txt.

Only the standard library and psutil: the record stands before anything slow is imported.
"""

import json
import os
import socket
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from m3core.files import replaced_file, write_json
from m3core.workspace.run import State, Status

__all__ = ["Record"]


class Record:
    """Writes a run's status and metrics; safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        process = psutil.Process()
        self._process = process
        self.status = Status(
            state=State.STARTING, pid=os.getpid(), started=process.create_time(), host=socket.gethostname()
        )
        self.update()

    def update(self, **fields: Any) -> None:
        """Change fields of the status and write it, with the heartbeat."""
        with self._lock:
            self.status = Status(**{**asdict(self.status), **fields, "heartbeat": time.time()})
            write_json(self.path / "status.json", asdict(self.status))

    def metric(self, kind: str, **fields: Any) -> None:
        """Append a line to metrics.jsonl."""
        line = json.dumps({"kind": kind, **fields})
        with self._lock, (self.path / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def forget_after(self, step: int) -> None:
        """Drop metrics of steps beyond `step`: a killed run took them, and the resumed one takes them again."""
        place = self.path / "metrics.jsonl"
        if not place.is_file():
            return
        kept = []
        for line in place.read_text(encoding="utf-8").splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    kept.append(line)
            except (json.JSONDecodeError, KeyError):
                continue  # a line that was being written when the run was killed
        with replaced_file(place) as part:
            part.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def memory_bytes(self) -> int:
        """Resident memory of this process."""
        return int(self._process.memory_info().rss)
