"""What is counted and listed when a survey is built from archives."""

from collections.abc import Iterable
from typing import NamedTuple

from data import report as base

__all__ = ["KINDS", "NO_FAULT", "Entry", "add_all", "archive_report"]

LEFT_OUT, DROPPED, ABSENT = "left out", "source dropped", base.ABSENT

NO_FAULT = {
    "class not asked for": DROPPED,
    "class uncertain": "source kept unlabelled",
    "class ambiguous": "source kept unlabelled",
    "uncertain class dropped": DROPPED,
    "uncertain class taken as certain": "labelled as if it were certain",
    "source without light curve and spectrum": DROPPED,
    "source without light curve": "source kept, light curve absent",
    "source without spectrum": "source kept, spectrum absent",
    "upper limit": base.ASIDE,
    "flagged by the archive": base.ASIDE,
    "light curve of a source that was dropped": LEFT_OUT,
    "light curve of a star that is not in the catalogue": LEFT_OUT,
    "several curves of one star and band": "joined",
    "band not asked for": LEFT_OUT,
    "another star beside the matched spectrum": "the nearest is used",
    "another observation of the matched star": "that of the highest signal to noise is used",
    "file of another name than LAMOST's": LEFT_OUT,
    "spectrum shared by sources": "kept with each of them, in one split",
    "sources at one position": "kept, in one split",
    "sources of one Gaia id": "kept, in one split",
    "parallax not positive, 1 mas put there": base.KINDS["parallax not positive, 1 mas put there"],
    "wavelengths in nm": "taken times ten",
}
"""What follows from the data and the options as they are; --strict accepts it."""

FAULTS = {
    "source_id stands twice": "later row dropped",
    "text in a numeric column": ABSENT,
    "coordinates missing or out of range": base.KINDS["coordinates missing or out of range"],
    "catalogue value infinite": ABSENT,
    "catalogue period not positive": base.KINDS["catalogue period not positive"],
    "label missing": base.KINDS["label missing"],
    "unsafe name in the zip": LEFT_OUT,
    "unreadable folder": LEFT_OUT,
    "unreadable light-curve file": LEFT_OUT,
    "row of another length": base.LEFT_OUT,
    "text where a number belongs": base.LEFT_OUT,
    "band missing": base.LEFT_OUT,
    "time not finite": base.LEFT_OUT,
    "brightness not finite": base.LEFT_OUT,
    "fill value as brightness": base.LEFT_OUT,
    "error not positive": base.LEFT_OUT,
    "error not finite": base.KINDS["error not finite"],
    "duplicate row": base.LEFT_OUT,
    "curve without a usable row": base.CURVE,
    "curve of one epoch": base.CURVE,
    "constant brightness": base.CURVE,
    "spectrum with coordinates missing or out of range": LEFT_OUT,
    "spectrum file missing": "spectrum kept as absent",
    "unreadable spectrum file": "spectrum kept as absent",
    "wavelengths not sorted": "sorted",
}

KINDS = {**NO_FAULT, **FAULTS}
"""Every kind of entry -> what is done about it."""


class Entry(NamedTuple):
    """One line of report.csv, less its action."""

    kind: str
    file: str
    source_id: str = ""
    band: str = ""
    row: int | None = None
    detail: str = ""
    count: int = 1


def archive_report() -> base.Report:
    """An empty report of these kinds."""
    return base.Report(kinds=KINDS, allowed=frozenset(NO_FAULT))


def add_all(report: base.Report, entries: Iterable[Entry]) -> None:
    """Add entries, kind by kind: one table for each, however many files they come from."""
    by_kind: dict[str, list[Entry]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind, []).append(entry)
    for kind, found in by_kind.items():
        report.add(
            kind,
            [entry.file for entry in found],
            [entry.source_id for entry in found],
            bands=[entry.band for entry in found],
            rows=[entry.row for entry in found],
            detail=[entry.detail for entry in found],
            count=[entry.count for entry in found],
        )
