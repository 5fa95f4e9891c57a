"""What people decided about the sources of a list: a line a decision, appended, never changed.

<run>/verdicts/<survey hash>/<list>.jsonl holds JSON lines. A verdict: source_id, verdict, note, time (UTC), author
(initials), value (what goes with it: a class, a period; '' for nothing). An undo: undo (number of the line that no
longer counts, from 0), time, author. The last verdict on a source that is not undone counts. A line that was cut
short, by a full disk or a killed server, is passed over and counted.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from m3core.errors import M3Error
from m3core.survey import Survey
from m3core.workspace.journal import Journal
from m3core.workspace.run import Run

__all__ = ["COLUMNS", "LISTS", "Verdict", "Verdicts", "VerdictsError"]

LISTS: Mapping[str, tuple[str, ...]] = {
    "outliers": ("yes", "no", "unsure"),
    "label-issues": ("mislabelled", "right", "period wrong", "artefact", "unsure"),
}
"""Name of a list -> what may be said of its sources."""

COLUMNS = ("source_id", "verdict", "note", "time", "author", "value")
"""Of a verdict as a line and of the CSV file."""

LONGEST = 2000
"""Characters of a note; more is a document, not a note."""


class VerdictsError(M3Error):
    """Verdicts that cannot be read, written or taken in."""


@dataclass(frozen=True)
class Verdict:
    """One decision on one source.

    Attributes:
        verdict: one of the list's words.
        note: free text, '' for none.
        time: UTC, ISO 8601 with a Z.
        author: initials, '' where nobody gave any.
        value: what goes with the verdict (a suggested class, an adopted period in days), as text, '' for nothing.
    """

    source_id: str
    verdict: str
    note: str = ""
    time: str = ""
    author: str = ""
    value: str = ""


class Verdicts:
    """The verdicts of one list of one survey by one run. Every call reads the file anew: tabs and people share it.

    Attributes:
        path: of the file; it need not exist.
        words: what may be said.
    """

    def __init__(self, path: Path, words: tuple[str, ...], source_ids: frozenset[str]) -> None:
        self.path, self.words, self._source_ids = path, words, source_ids
        self._journal = Journal(path, _parsed, VerdictsError, "verdict")

    @classmethod
    def open(cls, run: Run, survey: Survey, name: str) -> "Verdicts":
        """The verdicts of list `name`, one of `LISTS`."""
        path = run.path / "verdicts" / survey.hash[:16] / f"{name}.jsonl"
        return cls(path, LISTS[name], frozenset(survey.source_ids.tolist()))

    def add(self, source_id: str, verdict: str, *, note: str = "", author: str = "", value: str = "") -> Verdict:
        """Append a verdict; it is on the disk when this returns.

        Raises:
            VerdictsError: a word the list does not know, a source the survey does not have, a full disk.
        """
        said = Verdict(source_id, verdict, note.strip(), _now(), author.strip(), value)
        if fault := self._fault(said):
            raise VerdictsError(f"{fault}.")
        self._journal.append([asdict(said)])
        return said

    def undo(self, author: str = "") -> Verdict | None:
        """Take back the last verdict that counts; None where there is none. What was said before it counts again."""
        standing = self._journal.standing()
        if not standing:
            return None
        number, taken_back = standing[-1]
        self._journal.append([{"undo": number, "time": _now(), "author": author.strip()}])
        return taken_back

    def history(self) -> list[Verdict]:
        """Every verdict that is not undone, in the order they were given, several of one source among them."""
        return [verdict for _, verdict in self._journal.standing()]

    def current(self) -> dict[str, Verdict]:
        """source_id -> the verdict that counts, in the order of the last word."""
        found: dict[str, Verdict] = {}
        for verdict in self.history():
            found.pop(verdict.source_id, None)
            found[verdict.source_id] = verdict
        return found

    def sentences(self) -> list[str]:
        """What was passed over in the file, if anything."""
        return self._journal.sentences()

    def table(self) -> pd.DataFrame:
        """A row a source, the verdict that counts: `COLUMNS`."""
        return pd.DataFrame([asdict(one) for one in self.current().values()], columns=list(COLUMNS))

    def csv(self) -> str:
        """`table` as text, for a download; `take_in` reads it."""
        return self.table().to_csv(index=False, lineterminator="\n")

    def take_in(self, content: bytes, name: str, author: str = "") -> str:
        """Append the verdicts of a CSV file: all, or none where one cannot be taken.

        Args:
            content: of the file; columns source_id and verdict, and those of note, time, author, value that it has.
            name: of the file, for sentences.
            author: where the file names none.

        Returns:
            A sentence: how many were new, and how many stood already.

        Raises:
            VerdictsError: not such a file; names the row and the mend.
        """
        try:
            table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        except ValueError as why:
            raise VerdictsError(f"{name} is no readable CSV file ({str(why)[:200]}): export it again.") from None
        if missing := [column for column in COLUMNS[:2] if column not in table]:
            raise VerdictsError(f"{name} has no column {' and no column '.join(missing)}: name its columns so.")
        current, said, now = self.current(), [], _now()
        for number, row in enumerate(table.to_dict("records"), start=2):  # line 1 is the header
            given = {column: str(row.get(column, "")).strip() for column in COLUMNS}
            one = Verdict(**{**given, "time": given["time"] or now, "author": given["author"] or author.strip()})
            if fault := self._fault(one):
                raise VerdictsError(f"{name}, line {number}: {fault}; nothing was taken in.")
            if not _is_same(current.get(one.source_id), one):
                said.append(one)
                current[one.source_id] = one
        self._journal.append([asdict(one) for one in said])
        return f"{len(said)} verdicts of {name} were taken in; {len(table) - len(said)} stood already."

    def _fault(self, said: Verdict) -> str:
        if said.source_id not in self._source_ids:
            return f"{said.source_id[:80]!r} is no source of this survey: check the id"
        if said.verdict not in self.words:
            return f"{said.verdict[:80]!r} is no verdict of this list: write {', '.join(self.words)}"
        if len(said.note) > LONGEST:
            return f"the note has {len(said.note)} characters: shorten it to {LONGEST}"
        return ""


def _parsed(content: dict[str, Any]) -> Verdict:
    return Verdict(**{column: str(content.get(column, "")) for column in COLUMNS if column in content})


def _is_same(standing: Verdict | None, said: Verdict) -> bool:
    told = ("verdict", "note", "value")
    return standing is not None and all(getattr(standing, name) == getattr(said, name) for name in told)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
