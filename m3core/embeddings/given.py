"""Embeddings from elsewhere in the place of a run's: every page that reads embeddings takes them.

From parquet: source_id, and each column of lists of numbers is a modality, named after it without 'embedding_' (the
columns that `python -m training embed --hats` writes); numbers in columns of their own make one modality together.
From .npy: (N, D), in the order of the survey's table or of a file with the ids; or a structured array with the field
source_id, in which each field of D numbers is a modality. No pickle is loaded.
"""

import hashlib
import io
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from m3core.embeddings.kept import Embeddings, embeddings_folder
from m3core.embeddings.manifold import MEAN, MapSettings, make_maps
from m3core.errors import ConfigError, SurveyError
from m3core.files import new_folder, sha256_text, write_json
from m3core.names import safe_names
from m3core.survey import Survey
from m3core.workspace.run import GIVEN, Run, State, Status

__all__ = ["Given", "adopt_embeddings", "aligned", "read_embeddings", "read_ids"]

PREFIX = "embedding_"

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Given:
    """What a file holds.

    Attributes:
        name: of the file, for sentences.
        ids: (n,) text, or None: the rows are in the survey's order.
        vectors: modality -> (n, D) float32, as given; NaN where missing.
        notes: sentences on what was passed over.
    """

    name: str
    ids: NDArray[np.object_] | None
    vectors: dict[str, NDArray[np.float32]]
    notes: list[str] = field(default_factory=list)


def read_embeddings(name: str, content: bytes, ids: NDArray[np.object_] | None = None, called: str = "") -> Given:
    """Read a file of embeddings; its content decides how.

    Args:
        name: the file's.
        ids: of the rows of an .npy file without ids; None: they are in the survey's order.
        called: name of the modality, where the file names none; '': the file's name without its ending.

    Raises:
        SurveyError: no such file, no numbers, or ids that are missing.
    """
    called = called or Path(name).stem
    try:
        if content[:6] == b"\x93NUMPY":
            return _npy(name, np.load(io.BytesIO(content), allow_pickle=False), ids, called)
        if content[:4] == b"PAR1":
            return _parquet(name, content, called)
    except SurveyError:
        raise
    except Exception as fault:  # both libraries raise dozens of types on damaged files
        reason = " ".join(str(fault).split())[:120].rstrip(".") or type(fault).__name__
        raise SurveyError(f"{name} cannot be read, it may be truncated ({reason}): write it again.") from None
    raise SurveyError(f"{name} is neither .npy nor parquet: save the embeddings as one of these.")


def _npy(name: str, array: NDArray[Any], ids: NDArray[np.object_] | None, called: str) -> Given:
    if array.dtype.names:
        if "source_id" not in array.dtype.names:
            raise SurveyError(f"{name} has no field source_id but {', '.join(array.dtype.names)}: add it.")
        tables = {one: array[one] for one in array.dtype.names if one != "source_id" and array[one].ndim == 2}
        if not tables:
            raise SurveyError(f"{name} has no field of several numbers beside source_id: write the embeddings so.")
        vectors = {one: _numbers(name, one, table) for one, table in tables.items()}
        return _named(name, _texts(name, array["source_id"]), vectors)
    if array.ndim != 2:
        raise SurveyError(f"{name} has shape {array.shape}: embeddings are (sources, dimensions).")
    if ids is not None and len(ids) != len(array):
        raise SurveyError(f"{name} has {len(array):,} rows and the file of ids {len(ids):,}: they must be as many.")
    return _named(name, ids, {called: _numbers(name, called, array)})


def _parquet(name: str, content: bytes, called: str) -> Given:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    if "source_id" not in table.column_names:
        raise SurveyError(f"{name} has no column source_id but {', '.join(table.column_names[:20])}: add it.")
    ids = _texts(name, table["source_id"].combine_chunks().to_numpy(zero_copy_only=False))
    vectors: dict[str, NDArray[np.float32]] = {}
    plain: list[str] = []
    passed: list[str] = []
    for column in table.column_names:
        kind = table.schema.field(column).type
        if column == "source_id":
            continue
        if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            vectors[column] = _lists(name, column, table[column].combine_chunks())
        elif pa.types.is_floating(kind) or pa.types.is_integer(kind):
            plain.append(column)
        else:
            passed.append(column)
    if plain and not vectors:
        columns = [table[column].to_numpy().astype(np.float32) for column in plain]
        vectors[called] = np.column_stack(columns)
    else:
        passed += plain
    if not vectors:
        raise SurveyError(f"{name} has no column of numbers beside source_id: write the embeddings into it.")
    found = _named(name, ids, vectors)
    if passed:
        found.notes.append(f"{name}: columns {', '.join(passed[:8])} are no embeddings and were passed over.")
    return found


def _lists(name: str, column: str, lists: Any) -> NDArray[np.float32]:
    """(n, D) of an Arrow array of lists, NaN where a list is null."""
    import pyarrow.compute as pc

    there = lists.is_valid().to_numpy(zero_copy_only=False)
    lengths = np.unique(pc.list_value_length(lists.filter(lists.is_valid())).to_numpy(zero_copy_only=False))
    if len(lengths) != 1 or lengths[0] == 0:
        raise SurveyError(f"{name}: the lists of {column!r} have lengths {lengths[:4].tolist()}: they must have one.")
    flat = _numbers(name, column, lists.filter(lists.is_valid()).flatten().to_numpy(zero_copy_only=False))
    table = np.full((len(lists), int(lengths[0])), np.nan, np.float32)
    table[there] = flat.reshape(-1, int(lengths[0]))
    return table


def _named(name: str, ids: NDArray[np.object_] | None, tables: dict[str, NDArray[np.float32]]) -> Given:
    """With safe names, and without a mean beside modalities: it is computed from them, as of every run."""
    plain = {column.removeprefix(PREFIX): table for column, table in tables.items()}
    notes = []
    if MEAN in plain and len(plain) > 1:
        del plain[MEAN]
        notes.append(f"{name}: its mean was passed over, it is computed from the modalities.")
    names = safe_names(plain)
    return Given(name, ids, {names[column]: table for column, table in plain.items()}, notes)


def _texts(name: str, values: NDArray[Any]) -> NDArray[np.object_]:
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values.tolist()]
    missing = [row for row, text in enumerate(texts) if text is None or text == "" or text != text]
    if missing:
        raise SurveyError(f"{name}, row {missing[0] + 1}: source_id is missing: mend the row.")
    return np.array([str(text) for text in texts], object)


def _numbers(name: str, column: str, array: NDArray[Any]) -> NDArray[np.float32]:
    if array.dtype.kind not in "fiu":
        raise SurveyError(f"{name}: {column!r} holds {array.dtype}, no numbers: write it as float32.")
    return array.astype(np.float32)


def read_ids(name: str, content: bytes) -> NDArray[np.object_]:
    """Ids of the rows of an .npy file: an .npy array of them, or text with one a line.

    Raises:
        SurveyError: unreadable, or an id is missing.
    """
    try:
        if content[:6] == b"\x93NUMPY":
            return _texts(name, np.load(io.BytesIO(content), allow_pickle=False).ravel())
        lines = content.decode("utf-8-sig").splitlines()
    except (ValueError, OSError) as fault:
        raise SurveyError(f"{name} cannot be read as ids ({fault}): write one a line.") from None
    if lines and lines[0].strip() == "source_id":
        lines = lines[1:]
    return _texts(name, np.array([line.strip() for line in lines], object))


def aligned(survey: Survey, files: Sequence[Given]) -> tuple[dict[str, NDArray[np.float32]], list[str]]:
    """modality -> (N, D) L2-normalised in the survey's order, NaN rows where absent; and what to say of them.

    Raises:
        SurveyError: an id stands twice, none is in the survey, or the rows are not as many. ConfigError: a modality
            that two files have, or two dimensions.
    """
    vectors: dict[str, NDArray[np.float32]] = {}
    notes: list[str] = []
    for one in files:
        rows = _rows(survey, one, notes)
        notes += one.notes
        for name, given in one.vectors.items():
            if name in vectors:
                raise ConfigError(f"{one.name}: modality {name!r} stands in another file already: name it otherwise.")
            length = np.linalg.norm(given.astype(np.float64), axis=1, keepdims=True)
            usable = np.isfinite(length[:, 0]) & (length[:, 0] > 0)
            table = np.full((len(survey), given.shape[1]), np.nan, np.float32)
            there = (rows >= 0) & usable
            table[rows[there]] = (given[there] / length[there]).astype(np.float32)
            vectors[name] = table
            n_unusable = int(((rows >= 0) & ~usable).sum())
            n_absent = len(survey) - int(there.sum())
            notes.append(
                f"{name}: {int(there.sum()):,} of {len(survey):,} sources, {given.shape[1]} dimensions, L2-normalised"
                + (f"; {n_unusable:,} are zero or not finite and count as absent" if n_unusable else "")
                + (f"; {n_absent:,} sources have none." if n_absent else ".")
            )
    widths = {name: table.shape[1] for name, table in vectors.items()}
    if len(set(widths.values())) > 1:
        listed = ", ".join(f"{name} {width}" for name, width in widths.items())
        raise ConfigError(
            f"embeddings of one space have one dimension, these have {listed}: adopt them as several runs."
        )
    return vectors, notes


def _rows(survey: Survey, one: Given, notes: list[str]) -> NDArray[np.int64]:
    """(n,) row in the survey of every row of a file, -1 where the survey lacks it."""
    n = len(next(iter(one.vectors.values())))
    if one.ids is None:
        if n != len(survey):
            raise SurveyError(
                f"{one.name} has {n:,} rows and no ids, the survey {len(survey):,} sources: give the ids, or as many "
                "rows in the survey's order."
            )
        notes.append(f"{one.name} has no ids: its rows are taken in the survey's order.")
        return np.arange(n)
    order = np.argsort(one.ids.astype(str), kind="stable")
    ids = one.ids[order]
    twice = np.flatnonzero(ids[1:] == ids[:-1])
    if len(twice):
        raise SurveyError(f"{one.name}: source_id {ids[twice[0]]!r} stands twice: remove one of its rows.")
    rows = np.asarray(survey.sources.index.get_indexer(pd.Index(one.ids)), np.int64)
    if not (rows >= 0).any():
        raise SurveyError(
            f"{one.name} has no source of {survey.path.name}: its ids begin with {', '.join(one.ids[:3])}, the "
            f"survey's with {', '.join(survey.source_ids[:3])}."
        )
    if n_strange := int((rows < 0).sum()):
        notes.append(f"{one.name}: {n_strange:,} of its {n:,} sources are not in the survey and were passed over.")
    return rows


def adopt_embeddings(
    survey: Survey, files: Sequence[Given], out: Path, progress: Progress = lambda done, what: None
) -> list[str]:
    """Make a run of embeddings from elsewhere: a folder as a training leaves it, without a model, with the maps.

    Args:
        files: read files, one or more.
        out: run folder to make.
        progress: told the fraction done and what is under way; raising from it cancels, and nothing stays.

    Returns:
        What was taken, a sentence each.

    Raises:
        M3Error: as `aligned`; or `out` exists.
    """
    vectors, notes = aligned(survey, files)
    hashes = [f"{name} {hashlib.sha256(table.tobytes()).hexdigest()}" for name, table in sorted(vectors.items())]
    with new_folder(out) as part:
        run = Run(part)
        settings: Mapping[str, Any] = {
            "command": GIVEN, "files": [one.name for one in files], "survey": str(survey.path.resolve()),
            "survey_hash": survey.hash, "settings": {},
        }  # fmt: skip
        (part / "config.yaml").write_text(yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True), "utf-8")
        (part / "log.txt").write_text("".join(f"{note}\n" for note in notes), "utf-8")
        status = Status(State.FINISHED, "embeddings from elsewhere", host=socket.gethostname(), progress=1.0)
        write_json(part / "status.json", asdict(status))
        about = {"checkpoint": sha256_text(*hashes), "survey": survey.hash, "given": [one.name for one in files]}
        Embeddings(survey.source_ids, vectors, "").write(embeddings_folder(run, survey), about)
        found = Embeddings.open(run, survey)
        make_maps(found, MapSettings(), progress).write(run, survey)
    return notes
