"""Notes and tags of one's own on stars: <workspace>/notes/<survey hash>.jsonl (m3core.workspace.journal).

A line holds what is said of a star now: source_id, note, tags, time (UTC), author. The last line on a star that is not
undone counts. Notes belong to a survey's content, as kept selections do: another run shows the same stars.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from m3core.errors import M3Error
from m3core.survey import Survey
from m3core.workspace.journal import Journal

__all__ = ["Note", "Notes", "NotesError"]

LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 2000, 40, 20


class NotesError(M3Error):
    """Notes that cannot be read, written or taken in."""


@dataclass(frozen=True)
class Note:
    """What is said of one star: free text, tags in alphabetical order, when (ISO 8601, UTC) and by whom (initials)."""

    source_id: str
    note: str = ""
    tags: tuple[str, ...] = ()
    time: str = ""
    author: str = ""


class Notes:
    """The notes of a survey. Every call reads the file anew: tabs and people share it.

    Args:
        root: the workspace's folder.
    """

    def __init__(self, root: Path, survey: Survey) -> None:
        self._ids = frozenset(survey.source_ids.tolist())
        path = root / "notes" / f"{survey.hash[:16]}.jsonl"
        self._journal = Journal(path, _parsed, NotesError, "note")

    def of(self, source_id: str) -> Note:
        """What is said of a star now; an empty note where nothing is."""
        return self.current().get(source_id, Note(source_id))

    def current(self) -> dict[str, Note]:
        """source_id -> its note, of the stars that have a note or a tag."""
        found: dict[str, Note] = {}
        for _, note in self._journal.standing():
            found.pop(note.source_id, None)
            found[note.source_id] = note
        return {source: note for source, note in found.items() if note.note or note.tags}

    def keep(self, source_id: str, note: str, tags: Iterable[str], author: str = "") -> Note:
        """Say something of a star, in the place of what was said; it is on the disk when this returns.

        Raises:
            NotesError: no such star, too long, a full disk.
        """
        words = tuple(sorted({" ".join(str(tag).split()) for tag in tags} - {""}))
        said = Note(source_id, note.strip(), words, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), author.strip())
        if source_id not in self._ids:
            raise NotesError(f"{source_id[:80]!r} is no source of this survey: check the id.")
        if len(said.note) > LONGEST_NOTE:
            raise NotesError(f"the note has {len(said.note)} characters: shorten it to {LONGEST_NOTE}.")
        if long := [tag for tag in words if len(tag) > LONGEST_TAG]:
            raise NotesError(f"the tag {long[0][:60]!r} is too long: use at most {LONGEST_TAG} characters.")
        if len(words) > MOST_TAGS:
            raise NotesError(f"{len(words)} tags are too many: use at most {MOST_TAGS}.")
        standing = self.of(source_id)
        if (standing.note, standing.tags) == (said.note, said.tags):
            return standing
        self._journal.append([asdict(said)])
        return said

    def undo(self, source_id: str) -> Note | None:
        """Take back what was last said of a star; what was said before counts again. None where nothing was."""
        standing = [(number, note) for number, note in self._journal.standing() if note.source_id == source_id]
        if not standing:
            return None
        number, taken_back = standing[-1]
        self._journal.append([{"undo": number, "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}])
        return taken_back

    def tags(self) -> dict[str, int]:
        """Every tag with the number of stars that bear it, the commonest first."""
        counts = Counter(tag for note in self.current().values() for tag in note.tags)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def tagged(self, tag: str) -> list[str]:
        """Ids of the stars that bear a tag."""
        return [source for source, note in self.current().items() if tag in note.tags]

    def sentences(self) -> list[str]:
        """What was passed over in the file, if anything."""
        return self._journal.sentences()

    def table(self) -> pd.DataFrame:
        """A row a star: source_id, note, tags (comma-separated), time, author."""
        rows = [{**asdict(note), "tags": ", ".join(note.tags)} for note in self.current().values()]
        return pd.DataFrame(rows, columns=["source_id", "note", "tags", "time", "author"])


def _parsed(content: dict[str, Any]) -> Note:
    tags = content.get("tags", [])
    if not isinstance(tags, list) or not isinstance(content.get("source_id"), str):
        raise ValueError("no note")
    texts = {name: str(content.get(name, "")) for name in ("source_id", "note", "time", "author")}
    return Note(**texts, tags=tuple(str(tag) for tag in tags))
