"""Who is who: the published files have no ids, and a star may stand in them twice."""

import hashlib
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.astrom3.faults import Faults

__all__ = ["digest", "list_twins", "source_ids"]


def digest(rows: Any) -> bytes:
    """A fingerprint of an array in single precision, as the published files keep it; b'' without one."""
    if not isinstance(rows, np.ndarray) or len(rows) == 0:
        return b""
    return hashlib.sha256(np.ascontiguousarray(rows, "<f4").tobytes()).digest()


def source_ids(
    given: pd.Series, curves: Sequence[bytes], spectra: Sequence[bytes], values: NDArray[np.float64], faults: Faults
) -> list[str]:
    """Text ids: those of the files, else 'astrom3-' and the first twelve digits of the content's sha256.

    An id from content is the same in every configuration and split in which the row stands, and does not depend on
    the order of the rows.

    Args:
        given: (n,) ids of the files, missing where they have none.
        curves, spectra: (n,) fingerprints.
        values: (n, k) catalogue values.
    """
    ids = []
    for row, own in enumerate(given):
        if pd.isna(own):
            content = hashlib.sha256(curves[row] + spectra[row] + values[row].astype("<f8").tobytes())
            ids.append(f"astrom3-{content.hexdigest()[:12]}")
        else:
            ids.append(str(own))
    seen: dict[str, int] = {}
    twice = []
    for row, name in enumerate(ids):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            ids[row] = f"{name}-{seen[name]}"
            twice.append(row)
    faults.add("source_id stands twice", twice)
    return ids


def list_twins(
    given: pd.Series, curves: Sequence[bytes], splits: NDArray[np.object_], places: Sequence[str], faults: Faults
) -> int:
    """List the rows that are a star which stands in an earlier row already: same id, or same light curve.

    Returns:
        How many stars stand in more than one split.
    """
    twins: dict[int, int] = {}
    for keys in (given.astype(object).where(given.notna(), None).tolist(), [curve or None for curve in curves]):
        first: dict[Hashable, int] = {}
        for row, key in enumerate(keys):
            if key is not None and first.setdefault(key, row) != row:
                twins.setdefault(row, first[key])
    leaking = set()
    for row, other in sorted(twins.items()):
        across = splits[row] != splits[other]
        kind = "same star in two splits" if across else "same star twice in a split"
        faults.add(kind, [row], f"also {splits[other]}, {places[other]}")
        leaking |= {other} if across else set()
    return len(leaking)
