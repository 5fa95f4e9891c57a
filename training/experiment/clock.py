"""How long an experiment will still take: by the steps that are done."""

from pathlib import Path

from m3core.files import read_json, write_json

__all__ = ["Clock"]


ALIKE = {"clip": "scratch"}
"""Kinds that take about as long as another one."""


class Clock:
    """Seconds of finished steps, kept in timing.json, and from them the time left.

    Steps are called '<seed>/<kind>-<modality>-<labels>'; one without a time takes as long as the mean of the same row
    of other seeds, else of its kind or one alike. While a kind has no time at all, the time left is unknown.
    """

    def __init__(self, place: Path, steps: list[str]) -> None:
        """Args: steps: names of all that have to be done."""
        self._place, self._steps = place, steps
        self.seconds: dict[str, float] = read_json(place) if place.is_file() else {}

    def took(self, step: str, seconds: float) -> None:
        """Note a finished step."""
        self.seconds[step] = round(seconds, 3)
        write_json(self._place, self.seconds)

    def left(self, done: set[str]) -> float | None:
        """Seconds for the steps that are not done; None where nothing like one of them has been timed."""
        expected = [self._expected(step) for step in self._steps if step not in done]
        known = [seconds for seconds in expected if seconds is not None]
        return sum(known) if len(known) == len(expected) else None

    def _expected(self, step: str) -> float | None:
        row = step.rpartition("/")[2]
        kind = row.partition("-")[0]
        for alike in (row, kind, ALIKE.get(kind, kind)):
            found = [
                seconds
                for name, seconds in self.seconds.items()
                if f"{name.rpartition('/')[2]}-".startswith(f"{alike}-")
            ]
            if found:
                return sum(found) / len(found)
        return None
