"""Selections of sources with a name, kept on disk: <workspace>/selections/<survey hash>/<hash of the name>.json.

They belong to a survey's content, not to its folder, and not to a run: another run's map shows the same stars.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from m3core.errors import M3Error
from m3core.files import read_json, sha256_text, write_json
from m3core.survey import Survey

__all__ = ["Kept", "Selections"]

LONGEST = 80
"""Characters of a name."""


@dataclass(frozen=True)
class Kept:
    """A kept selection. Attributes: name; source_ids in the survey's order; n_gone: ids that the survey has no more."""

    name: str
    source_ids: tuple[str, ...]
    n_gone: int = 0


class Selections:
    """The kept selections of a survey.

    Args:
        root: the workspace's folder.
    """

    def __init__(self, root: Path, survey: Survey) -> None:
        self._survey = survey
        self._folder = root / "selections" / survey.hash[:16]

    def _place(self, name: str) -> Path:
        return self._folder / f"{sha256_text(name)[:24]}.json"  # a name is text, never a path

    def names(self) -> list[str]:
        """Names of those that can be read, sorted."""
        found = []
        for place in self._folder.glob("*.json"):
            try:
                content = read_json(place)
            except M3Error:
                continue  # told when it is asked for; a damaged one must not close the others
            if isinstance(content, dict) and isinstance(content.get("name"), str):
                found.append(content["name"])
        return sorted(found, key=str.lower)

    def keep(self, name: str, source_ids: Iterable[str]) -> Kept:
        """Keep a selection, in the place of one of this name.

        Raises:
            M3Error: no name, no sources, or one that is not in the survey.
        """
        plain = " ".join(name.split())
        if not plain or len(plain) > LONGEST:
            raise M3Error(f"{name[:80]!r} cannot name a selection: use 1 to {LONGEST} characters.")
        ids = tuple(sorted(set(source_ids), key=self._survey.row))
        if not ids:
            raise M3Error("nothing is selected: select sources first.")
        write_json(self._place(plain), {"name": plain, "survey": self._survey.hash, "source_ids": list(ids)})
        return Kept(plain, ids)

    def open(self, name: str) -> Kept:
        """A kept selection.

        Raises:
            M3Error: none of this name, or damaged.
        """
        place = self._place(name)
        content: Any = read_json(place)
        try:
            ids = [str(one) for one in content["source_ids"]]
        except (TypeError, KeyError):
            raise M3Error(f"{place} holds no selection: restore it from a copy, or delete it.") from None
        there = tuple(one for one in ids if one in self._survey.sources.index)
        return Kept(name, tuple(sorted(there, key=self._survey.row)), len(ids) - len(there))

    def delete(self, name: str) -> None:
        """Forget a selection; one that is gone already is no fault."""
        self._place(name).unlink(missing_ok=True)
