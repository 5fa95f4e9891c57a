"""Progress of long steps: what it is told to, and a line on standard error that shows it."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

__all__ = ["Progress", "ProgressLine", "part", "silent"]

Progress = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and a sentence; what it raises ends the work and leaves nothing behind."""

SECONDS_BETWEEN_LINES = 10.0


def silent(fraction: float, sentence: str) -> None:
    """No progress is shown."""


def part(progress: Progress, first: float, last: float) -> Progress:
    """The progress of a step that takes the whole from `first` to `last`."""
    return lambda fraction, sentence: progress(first + (last - first) * fraction, sentence)


class ProgressLine:
    """A `Progress` that writes to a stream: one line that changes on a terminal, a line now and then elsewhere."""

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
