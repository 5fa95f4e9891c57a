"""Light curves of a survey to be: files read, stars of the files found among the sources, pieces joined."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.archives.catalogue import Stars, name_key
from data.archives.curves import Points, clean, joined, set_aside, usable
from data.archives.files import ArchiveFile, list_files
from data.archives.lightcurves import READERS, Value, find_reader, read_light_curves
from data.archives.parsing import Cache, Parsed, parse_files
from data.archives.report import Entry
from data.archives.sky import nearest_source
from m3core.errors import SurveyError
from m3core.light_curve.fold import time_resolution
from m3core.progress import Progress

__all__ = ["Band", "LightCurves", "read_photometry"]

RESOLUTION_SAMPLE = 200
"""Light curves from which the step of the times is told."""

UNKNOWN = -2


class How(NamedTuple):
    """How files are read; what it says is part of the cache's keys."""

    format: str
    value: Value | None


class Piece(NamedTuple):
    """A part of a light curve: where it lies in the cache, its points, and the fault that makes it unusable."""

    key: str
    array: str
    n: int
    fault: str


@dataclass(frozen=True)
class Band:
    """One modality to be: the light curves of all sources in one band of one archive.

    Attributes:
        label: band, with the archive where two have a band of that name.
        pieces: source -> its pieces; sources without a usable curve are not there.
        lengths: source -> points after joining.
        resolution: step of the times, days, 0 where fine.
        aside: source -> pieces of what was set aside of it (`data.archives.curves.set_aside`).
    """

    label: str
    reader: str
    value: Value
    unit: str
    time_label: str
    pieces: dict[int, list[Piece]]
    lengths: dict[int, int]
    resolution: float
    cache: Cache
    aside: dict[int, list[Piece]]

    def points(self, source: int) -> Points | None:
        """The light curve of a source."""
        found = self.pieces.get(source)
        return None if found is None else _load(self.cache, found)[0]

    def arrays(self, sources: NDArray[np.int64]) -> Iterator[dict[str, NDArray[np.float64]] | None]:
        """The light curves of `sources` as a survey takes them, read one by one."""
        for source in sources:
            points = self.points(int(source))
            yield None if points is None else dict(zip(("time", self.value, "error"), points, strict=True))

    def arrays_aside(self, sources: NDArray[np.int64]) -> Iterator[dict[str, NDArray[Any]] | None]:
        """What was set aside of `sources`, read one by one."""
        for source in sources:
            found = self.aside.get(int(source))
            if found is None:
                yield None
            else:
                time, value, error, flag = _load(self.cache, found)[0]
                yield {"time": time, self.value: value, "error": error, "flag": flag.astype(np.uint8)}


@dataclass(frozen=True)
class LightCurves:
    """What the files hold.

    Attributes:
        bands: at least one.
        formats: title of an archive -> files of it.
        digests: file -> sha256 of its content.
        n_files: files in the folder or zip.
    """

    bands: list[Band]
    formats: dict[str, int]
    digests: dict[str, str]
    n_files: int
    notes: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def parse_light_curves(name: str, content: bytes, how: How) -> tuple[dict[str, Points], dict[str, Any]]:
    """Read one file (a `data.archives.parsing.Parse`).

    Returns:
        arrays '<star>_<band>' by number, 'aside_<star>_<band>' for what was set aside, and who they belong to.

    Raises:
        SurveyError: unusable as a whole.
    """
    reader, raw = read_light_curves(name, content, find_reader(how.format))
    arrays: dict[str, Points] = {}
    stars = []
    cleaned, beside = clean(name, raw, reader, how.value), set_aside(raw, reader, how.value)
    for number, (curve, (found, entries), left) in enumerate(zip(raw.curves, cleaned, beside, strict=True)):
        bands, aside = [], []
        for place, (band, points) in enumerate(found.items()):
            arrays[f"{number}_{place}"] = points
            bands.append({"band": band, "array": f"{number}_{place}", "n": points.shape[1], "fault": usable(points)})
        for place, (band, points) in enumerate(left.items()):
            arrays[f"aside_{number}_{place}"] = points
            aside.append({"band": band, "array": f"aside_{number}_{place}", "n": points.shape[1]})
        position = [value if np.isfinite(value) else None for value in (curve.ra, curve.dec)]
        stars.append(
            {"names": list(curve.names), "position": position, "bands": bands, "aside": aside, "entries": entries}
        )
    if not stars:
        raise SurveyError(f"{name} has no readable row: {raw.faults[0].detail if raw.faults else 'it is empty'}.")
    value = how.value or reader.value
    return arrays, {
        "reader": reader.name,
        "time_label": raw.time_label,
        "value": value,
        "unit": "mag" if value == "mag" else raw.flux_unit,
        "stars": stars,
        "entries": [Entry(fault.kind, name, row=fault.row, detail=fault.detail) for fault in raw.faults],
    }


def read_photometry(
    stars: Stars,
    source: Path,
    *,
    format: str,
    value: Value | None,
    bands: tuple[str, ...],
    radius: float,
    cache: Cache,
    progress: Progress,
) -> LightCurves:
    """Read every file of a folder or zip and give its light curves to their sources.

    A star of a file is the source of that name; else, where the file has its position, the nearest source within
    `radius` arcsec; else the source that the file is named after.

    Args:
        bands: those to take; empty: all.

    Raises:
        SurveyError: no folder or zip, or no usable light curve of any source.
    """
    files, entries = list_files(source)
    wanted = []
    for file in files:
        if stars.names.get(name_key(file.stem)) == -1:
            entries.append(Entry("light curve of a source that was dropped", file.name))
        else:
            wanted.append(file)
    parsed = parse_files(wanted, parse_light_curves, How(format, value), cache, progress)
    ids = stars.catalogue.sources["source_id"].to_numpy(object)
    pieces: dict[tuple[str, str], dict[int, list[Piece]]] = {}
    infos: dict[tuple[str, str], list[dict[str, Any]]] = {}
    beside: dict[tuple[str, str], dict[int, list[Piece]]] = {}
    for file, result, rows in _owners(stars, wanted, parsed, radius):
        if result.fault:
            named = stars.names.get(name_key(file.stem))
            owner = "" if named is None else ids[named]
            entries.append(Entry("unreadable light-curve file", file.name, owner, detail=result.fault))
            continue
        entries += [Entry(*entry)._replace(source_id=_only(ids, rows)) for entry in result.info["entries"]]
        for star, row in zip(result.info["stars"], rows, strict=True):
            if row < 0:
                kind = "light curve of a source that was dropped"
                if row == UNKNOWN:
                    kind = "light curve of a star that is not in the catalogue"
                entries.append(Entry(kind, file.name, detail=", ".join(star["names"]) or file.stem))
                continue
            entries += [Entry(*entry)._replace(source_id=ids[row]) for entry in star["entries"]]
            for band in star["bands"]:
                if bands and band["band"] not in bands:
                    entries.append(Entry("band not asked for", file.name, ids[row], band["band"]))
                    continue
                key = (result.info["reader"], band["band"])
                piece = Piece(result.key, band["array"], band["n"], band["fault"])
                pieces.setdefault(key, {}).setdefault(row, []).append(piece)
                infos.setdefault(key, []).append(result.info)
            for band in star["aside"]:
                piece = Piece(result.key, band["array"], band["n"], "")
                beside.setdefault((result.info["reader"], band["band"]), {}).setdefault(row, []).append(piece)
    notes: list[str] = []
    found = _bands(pieces, beside, infos, source.name, ids, cache, entries, notes)
    if not found:
        raise SurveyError(_nothing(source, files, parsed, stars))
    formats = Counter(READERS[result.info["reader"]].title for result in parsed if not result.fault)
    digests = {result.name: result.sha256 for result in parsed if result.sha256}
    return LightCurves(found, dict(formats), digests, len(files), notes, entries)


def _only(ids: NDArray[np.object_], rows: list[int]) -> str:
    return ids[rows[0]] if len(rows) == 1 and rows[0] >= 0 else ""


def _owners(
    stars: Stars, files: list[ArchiveFile], parsed: list[Parsed], radius: float
) -> Iterator[tuple[ArchiveFile, Parsed, list[int]]]:
    """For every file the row of the source of each of its stars, -1 where it was dropped, `UNKNOWN` where none is."""
    named, positions = [], []
    for result in parsed:
        for star in result.info.get("stars", []):
            found = [stars.names[key] for name in star["names"] if (key := name_key(name)) in stars.names]
            named.append(found[0] if found else None)
            positions.append([np.nan if value is None else value for value in star["position"]])
    near = nearest_source(stars.catalogue.sources, np.array(positions, np.float64).reshape(-1, 2), radius)
    place = 0
    for file, result in zip(files, parsed, strict=True):
        by_file = stars.names.get(name_key(file.stem))
        rows = []
        for star in result.info.get("stars", []):
            row = named[place]
            if row is None and near[place] >= 0:
                row = int(near[place])
            if row is None and by_file is not None and (None in star["position"] or len(result.info["stars"]) == 1):
                row = by_file
            rows.append(UNKNOWN if row is None else row)
            place += 1
        yield file, result, rows


def _bands(
    pieces: Mapping[tuple[str, str], dict[int, list[Piece]]],
    beside: Mapping[tuple[str, str], dict[int, list[Piece]]],
    infos: Mapping[tuple[str, str], list[dict[str, Any]]],
    place: str,
    ids: NDArray[np.object_],
    cache: Cache,
    entries: list[Entry],
    notes: list[str],
) -> list[Band]:
    order = {name: number for number, name in enumerate(READERS)}
    labels = Counter(band for _, band in pieces)
    found = []
    for reader, band in sorted(pieces, key=lambda key: order[key[0]]):  # stable: bands as they first appear
        label = band if labels[band] == 1 else f"{READERS[reader].title} {band}"
        usable_pieces, lengths = {}, {}
        for row, parts in sorted(pieces[reader, band].items()):
            n, fault = parts[0].n, parts[0].fault
            if len(parts) > 1:
                points, twice = _load(cache, parts)
                n, fault = points.shape[1], usable(points)
                detail = f"{len(parts)} curves, {n} points" + (f", {twice} of them twice" if twice else "")
                entries.append(Entry("several curves of one star and band", place, ids[row], label, detail=detail))
            if fault:
                entries.append(Entry(fault, place, ids[row], label))
            else:
                usable_pieces[row], lengths[row] = parts, n
        if not usable_pieces:
            continue
        known = infos[reader, band]
        times = Counter(info["time_label"] for info in known)
        if len(times) > 1:
            counts = ", ".join(f"{name} {count}" for name, count in times.most_common())
            notes.append(f"times of {label} are of several systems ({counts}): the most frequent is named.")
        made = Band(
            label=label,
            reader=reader,
            value=known[0]["value"],
            unit=known[0]["unit"],
            time_label=times.most_common(1)[0][0],
            pieces=usable_pieces,
            lengths=lengths,
            resolution=_resolution(cache, usable_pieces),
            cache=cache,
            aside=beside.get((reader, band), {}),
        )
        found.append(made)
    return found


def _load(cache: Cache, parts: list[Piece]) -> tuple[Points, int]:
    return joined([cache.arrays(part.key, [part.array])[0] for part in parts])


def _resolution(cache: Cache, pieces: Mapping[int, list[Piece]]) -> float:
    sample = [_load(cache, parts)[0][0] for parts in list(pieces.values())[:RESOLUTION_SAMPLE]]
    return time_resolution(np.concatenate(sample))


def _nothing(source: Path, files: list[ArchiveFile], parsed: list[Parsed], stars: Stars) -> str:
    """Why no source has a light curve."""
    if not files:
        return f"{source.name} holds no file: give the folder or zip of the light curves."
    unread = [result.fault for result in parsed if result.fault]
    if len(unread) == len(parsed) and unread:
        return f"{source.name}: none of {len(parsed)} files can be read; the first: {unread[0]}"
    names = ", ".join(map(str, pd.Series(stars.catalogue.sources["source_id"]).head(3)))
    return (
        f"{source.name} has no usable light curve of any source of the catalogue: its files begin with "
        f"{files[0].name}, the catalogue's names with {names}; see --dry-run with other --format or --radius."
    )
