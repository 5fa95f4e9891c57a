"""What was wrong with single rows and stars, and what was done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from m3core.errors import SurveyError

__all__ = ["KINDS", "NO_FAULT", "Report"]

LEFT_OUT, CURVE, ABSENT, KEPT = "row left out", "curve kept as absent", "value kept as absent", "kept"
ASIDE = "kept beside the light curve"
SPECTRUM, ABSENT_ARRAY = "spectrum kept as absent", "array kept as absent"

KINDS = {
    "photometry of a star that is not in the catalogue": "left out",
    "band missing": LEFT_OUT,
    "time not finite": LEFT_OUT,
    "brightness not finite": LEFT_OUT,
    "error not positive": LEFT_OUT,
    "fill value as brightness": LEFT_OUT,
    "fill value as error": "error kept as absent",
    "error not finite": "error kept as absent",
    "duplicate row": LEFT_OUT,
    "upper limit": ASIDE,
    "quality flag": ASIDE,
    "curve without a usable row": CURVE,
    "curve of one epoch": CURVE,
    "constant brightness": CURVE,
    "star without photometry": "star kept with its catalogue entry",
    "times not in order": "sorted",
    "array of another shape": ABSENT_ARRAY,
    "star without spectrum": "star kept with its catalogue entry",
    "pixels without a wavelength": "pixels left out",
    "wavelengths not in Angstrom": SPECTRUM,
    "wavelengths not in order": "sorted",
    "pixels not finite": "pixels masked: flux and inverse variance 0",
    "spectrum without usable pixels": SPECTRUM,
    "coordinates missing or out of range": "coordinates kept as absent",
    "catalogue value infinite": ABSENT,
    "catalogue period not positive": "kept, not used for folding",
    "parallax not positive, 1 mas put there": "replaced, as told",
    "label missing": "star kept unlabelled",
    "source_id stands twice": "a number put behind it",
    "same star twice in a split": KEPT,
    "same star in two splits": "kept as published: figures of those splits are too good",
}
"""Every kind of fault -> what is done about it."""

NO_FAULT = frozenset({"upper limit", "quality flag"})
"""What a table may well have; --strict accepts it."""


@dataclass
class Report:
    """Faults by kind, each with the file, source, band and row where it stands.

    Attributes:
        kinds: every kind -> what is done about it; their order is that of the report.
        allowed: kinds that --strict does not refuse.
    """

    tables: list[pd.DataFrame] = field(default_factory=list)
    kinds: Mapping[str, str] = field(default_factory=lambda: KINDS)
    allowed: frozenset[str] = frozenset()

    def add(
        self,
        kind: str,
        file: Sequence[str] | str,
        source_ids: Sequence[str],
        *,
        bands: Sequence[str] | str = "",
        rows: Sequence[int | None] | None = None,
        detail: Sequence[str] | str = "",
        count: Sequence[int] | int = 1,
    ) -> None:
        """Count faults of one kind, one an entry of `source_ids`.

        Args:
            file: of each, or one for all.
            bands: label of the band of each, or one for all; '' where it is no matter of a band.
            rows: 1-based data rows of the file; None where it is no matter of one row.
            count: how many each entry stands for, where it is more than one.
        """
        if len(source_ids):
            columns = {
                "fault": kind,
                "file": file,
                "source_id": np.asarray(source_ids, object),
                "band": bands,
                "row": pd.array([pd.NA] * len(source_ids) if rows is None else rows, dtype="Int64"),
                "detail": detail,
                "action": self.kinds[kind],
                "count": count,
            }
            self.tables.append(pd.DataFrame(columns))

    @property
    def counts(self) -> dict[str, int]:
        """Kind -> how many, in the order of `kinds`, only those that occur."""
        found: dict[str, int] = {}
        for table in self.tables:
            found[table["fault"].iloc[0]] = found.get(table["fault"].iloc[0], 0) + int(table["count"].sum())
        return {kind: found[kind] for kind in self.kinds if kind in found}

    @property
    def table(self) -> pd.DataFrame:
        """All faults, by kind in the order of `kinds`, inside one in the order of the rows."""
        order = {kind: number for number, kind in enumerate(self.kinds)}
        tables = sorted(self.tables, key=lambda table: order[table["fault"].iloc[0]])
        names = ["fault", "file", "source_id", "band", "row", "detail", "action"]
        return pd.concat(tables, ignore_index=True)[names] if tables else pd.DataFrame(columns=names)

    def csv(self) -> str:
        """The text of report.csv."""
        return self.table.to_csv(index=False, lineterminator="\n")

    def sentences(self) -> list[str]:
        """One line a kind: how many, what was done, and the first of them."""
        lines = []
        table = self.table
        for kind, count in self.counts.items():
            first = table[table["fault"] == kind].iloc[0]
            row = "" if pd.isna(first["row"]) else f", row {first['row']}"
            band = f", band {first['band']}" if first["band"] else ""
            source = f", source {first['source_id']}" if first["source_id"] else ""
            detail = f", {first['detail']}" if first["detail"] else ""
            where = f"{first['file']}{row}{source}{band}{detail}"
            lines.append(f"{kind}: {count} ({self.kinds[kind]}; first: {where})")
        return lines

    def refuse(self) -> None:
        """What --strict does.

        Raises:
            SurveyError: there is a fault; names the first of the first kind and how many there are.
        """
        refused = {kind: count for kind, count in self.counts.items() if kind not in self.allowed}
        if refused:
            first = next(sentence for sentence in self.sentences() if sentence.startswith(f"{next(iter(refused))}: "))
            raise SurveyError(
                f"{first}: --strict refuses {sum(refused.values())} faults in all; mend the files or import without it."
            )
