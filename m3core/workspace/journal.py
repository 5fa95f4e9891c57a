"""What people said, a JSON line each, appended and never changed: an undo is a line of its own that names another.

A line that was cut short, by a full disk or a killed server, is passed over and counted; all others count.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from m3core.errors import M3Error

__all__ = ["Journal"]


Said = TypeVar("Said")


class Journal(Generic[Said]):
    """A file of lines.

    Args:
        path: of the file; it is made with the first line.
        parse: the content of a line -> what was said; raises ValueError or TypeError for anything else.
        fault: what is raised where the file cannot be read or written.
        what: one entry, in words: 'verdict'.
    """

    def __init__(
        self, path: Path, parse: Callable[[dict[str, Any]], Said], fault: type[M3Error], what: str
    ) -> None:  # fmt: skip
        self.path, self._parse, self._fault, self._what = path, parse, fault, what

    def standing(self) -> list[tuple[int, Said]]:
        """(line number, what was said) of what is not undone, in the order it was said."""
        return self._read()[0]

    def sentences(self) -> list[str]:
        """What was passed over in the file, if anything."""
        broken = self._read()[1]
        if not broken:
            return []
        listed = ", ".join(str(number + 1) for number in broken[:5]) + (", ..." if len(broken) > 5 else "")
        what = self._what
        lines, are = ("Line", f"was cut short or is no {what} and is")
        if len(broken) > 1:
            lines, are = ("Lines", f"were cut short or are no {what}s and are")
        return [f"{lines} {listed} of {self.path} {are} passed over; all others count."]

    def append(self, lines: list[dict[str, Any]]) -> None:
        """One write for all lines, then to the disk: a kill leaves all of it, or a last line cut short.

        Raises:
            M3Error: the file cannot be written.
        """
        if not lines:
            return
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+", buffering=0) as stream:
                if stream.tell():
                    stream.seek(-1, os.SEEK_END)
                    if stream.read(1) != b"\n":  # a line cut short keeps its place, the new one begins behind it
                        text = b"\n" + text
                stream.write(text)
                os.fsync(stream.fileno())
        except OSError as fault:
            raise self._fault(
                f"{self.path} cannot be written ({fault.strerror}): the {self._what} is not kept."
            ) from None

    def _read(self) -> tuple[list[tuple[int, Said]], list[int]]:
        """What is not undone, and the numbers of lines that are neither an entry nor an undo."""
        found: dict[int, Said] = {}
        broken = []
        try:
            lines = self.path.read_bytes().splitlines() if self.path.is_file() else []
        except OSError as fault:
            raise self._fault(f"{self.path} cannot be read ({fault.strerror}): check its permissions.") from None
        for number, line in enumerate(lines):
            if not line.strip():
                continue
            try:
                content = json.loads(line)
                if not isinstance(content, dict):
                    raise TypeError("no object")
                if "undo" in content:
                    found.pop(int(content["undo"]), None)
                else:
                    found[number] = self._parse(content)
            except (ValueError, TypeError, RecursionError):
                broken.append(number)
        return list(found.items()), broken
