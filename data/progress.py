"""Progress of long steps on standard error: one line that changes on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import TextIO

__all__ = ["ProgressLine"]

SECONDS_BETWEEN_LINES = 10.0


class ProgressLine:
    """A `data.import_table.Progress` that writes to a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._last = float("-inf")

    def __call__(self, fraction: float, sentence: str) -> None:
        """Show `sentence` with the share that is done."""
        if self._terminal:
            self._stream.write(f"\r\x1b[K{fraction:4.0%} {sentence}" + ("\n" if fraction >= 1 else ""))
            self._stream.flush()
        elif fraction >= 1 or time.monotonic() - self._last > SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            self._stream.write(f"{fraction:4.0%} {sentence}\n")
            self._stream.flush()
