"""Tables of text as archives write them: comments, a header, then rows, some of which may be broken."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.archives.lightcurves.base import RowFault
from m3core.errors import SurveyError

__all__ = ["TextTable", "has_header", "rows_of", "text_table"]

MISSING = frozenset({"", "nan", "null", "none", "--", "na", "n/a"})
SEPARATORS = ",\t;|"
MOST_HEADER_LINES = 60
"""Lines before the header: Sky Patrol writes a dozen comments, an ECSV one for each column."""

IsHeader = Callable[[set[str]], bool]


@dataclass
class TextTable:
    """Rows of text under column names in lower case; rows that turn out to be broken are taken off.

    Attributes:
        name: the file's name, for sentences.
        fields: column -> (n,) texts.
        row: (n,) 1-based data rows.
        faults: what was wrong with rows.
    """

    name: str
    fields: dict[str, list[str]]
    row: NDArray[np.int64]
    faults: list[RowFault] = field(default_factory=list)

    def __contains__(self, column: str) -> bool:
        return column in self.fields

    def text(self, column: str) -> NDArray[np.object_]:
        """(n,) texts without blanks at their ends; '' where the column is absent."""
        found = self.fields.get(column)
        return np.array([""] * len(self.row) if found is None else [word.strip() for word in found], object)

    def numbers(self, column: str, words: NDArray[np.object_] | None = None) -> NDArray[np.float64]:
        """(n,) float64, NaN where missing; a text that is no number is a fault of its row.

        Args:
            column: its name.
            words: the texts to take instead of the column's own (an upper limit without its '<').
        """
        texts = self.text(column) if words is None else words
        try:
            return np.array(texts, np.float64)
        except ValueError:
            pass
        values = np.full(len(texts), np.nan)
        for place, word in enumerate(texts):
            if word.lower() in MISSING:
                continue
            try:
                values[place] = float(word)
            except ValueError:
                detail = f"column {column} has {word[:40]!r}"
                self.faults.append(RowFault("text where a number belongs", int(self.row[place]), detail))
        return values

    def readable(self) -> NDArray[np.bool_]:
        """(n,) rows without a fault."""
        return ~np.isin(self.row, [fault.row for fault in self.faults])


def _names(line: str, separator: str) -> list[str]:
    try:
        fields = next(csv.reader([line.lstrip("# ")], delimiter=separator), [])
    except csv.Error:
        return []
    return [name.strip().lower() for name in fields]


def _find(lines: list[str], is_header: IsHeader) -> tuple[int, str, list[str]] | None:
    for number, line in enumerate(lines[:MOST_HEADER_LINES]):
        for separator in SEPARATORS:
            names = _names(line, separator)
            if len(names) > 1 and is_header(set(names)):
                return number, separator, names
    return None


def has_header(content: bytes, is_header: IsHeader) -> bool:
    """Whether one of the first lines is a header as wanted."""
    if b"\0" in content[:1024]:
        return False
    return _find(content[:65536].decode("utf-8-sig", "replace").splitlines(), is_header) is not None


def text_table(name: str, content: bytes, is_header: IsHeader) -> TextTable:
    """Read a separated table; its header is the first line whose names satisfy `is_header`.

    Raises:
        SurveyError: no such header, no rows, or every row has another number of fields than the header.
    """
    lines = content.decode("utf-8-sig", "replace").splitlines()
    found = _find(lines, is_header)
    if found is None:
        raise SurveyError(f"{name} has no header of the expected columns: check that it is the right file.")
    number, separator, names = found
    try:
        records = list(csv.reader(lines[number + 1 :], delimiter=separator))
    except csv.Error as fault:
        raise SurveyError(f"{name} is no text table ({fault}): fetch it again.") from None
    return rows_of(name, names, records)


def rows_of(name: str, names: list[str], records: list[list[str]]) -> TextTable:
    """Records under their names; blank lines and comments do not count, rows of another length are faults.

    Raises:
        SurveyError: no rows, or all of another length.
    """
    records = [record for record in records if any(record) and not record[0].startswith("#")]
    if not records:
        raise SurveyError(f"{name} has no rows: check that it was written to its end.")
    whole = [place for place, record in enumerate(records) if len(record) == len(names)]
    if not whole:
        raise SurveyError(
            f"{name}, row 1: {len(records[0])} fields where the header has {len(names)}, as in every row: mend it."
        )
    faults = [
        RowFault("row of another length", place + 1, f"{len(record)} fields where the header has {len(names)}")
        for place, record in enumerate(records)
        if len(record) != len(names)
    ]
    columns = zip(*(records[place] for place in whole), strict=True)
    fields = {column: list(values) for column, values in zip(names, columns, strict=True)}
    return TextTable(name, fields, np.array(whole, np.int64) + 1, faults)
