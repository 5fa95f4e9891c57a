"""<modality>.arrow: variable-length arrays of every source, memory-mapped, any row without reading the rest.

An uncompressed Arrow IPC file with one row a source, in the order of sources.parquet, and one list column a
field; a source without the modality has null lists. Record batches hold `ROWS_PER_BATCH` rows (the last one
fewer), so that row i stands in batch i // ROWS_PER_BATCH.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from m3core.errors import SurveyError

__all__ = ["ArrayFile", "ArrayWriter"]

ROWS_PER_BATCH = 1024


class ArrayWriter:
    """Writes a modality's arrays as they come; holds one batch of sources. Use it as a context.

    Attributes:
        n_rows: sources written so far; n_present: those that have the modality.
    """

    def __init__(self, path: Path, dtypes: Mapping[str, str]) -> None:
        fields = [(field, pa.list_(pa.from_numpy_dtype(np.dtype(dtype)))) for field, dtype in dtypes.items()]
        self._dtypes, self._schema = dict(dtypes), pa.schema(fields)
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._sink, self._schema)
        self._held: list[Mapping[str, NDArray] | None] = []
        self.n_rows = self.n_present = 0

    def __enter__(self) -> "ArrayWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self._held:
                self._write(self._held)
            self._writer.close()
        finally:
            self._sink.close()

    def extend(self, observations: Iterable[Mapping[str, NDArray] | None]) -> None:
        """Append sources: field -> (n,) array, all of one length, or None where a source lacks the modality."""
        for observation in observations:
            self._held.append(observation)
            if len(self._held) == ROWS_PER_BATCH:
                self._write(self._held)
                self._held = []

    def _write(self, rows: list[Mapping[str, NDArray] | None]) -> None:
        columns = [
            _list_array([None if row is None else row[field] for row in rows], dtype)
            for field, dtype in self._dtypes.items()
        ]
        self._writer.write_batch(pa.record_batch(columns, schema=self._schema))
        self.n_rows += len(rows)
        self.n_present += sum(row is not None for row in rows)


def _list_array(rows: list[NDArray | None], dtype: str) -> pa.ListArray:
    lengths = [0 if row is None else len(row) for row in rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    filled = [np.asarray(row, dtype) for row in rows if row is not None]
    values = pa.array(np.concatenate(filled) if filled else np.empty(0, dtype))
    absent = pa.array(np.array([row is None for row in rows]))
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=absent)


class ArrayFile:
    """Random access to one modality's arrays.

    Raises:
        SurveyError: the file is absent, cut short, or has other fields than the manifest declares.
    """

    def __init__(self, path: Path, fields: tuple[str, ...]) -> None:
        try:
            self._reader = pa.ipc.open_file(pa.memory_map(str(path)))
        except (OSError, pa.ArrowInvalid) as fault:
            raise SurveyError(f"{path} cannot be read ({fault}): restore it from a copy or import again.") from None
        if tuple(self._reader.schema.names) != fields:
            raise SurveyError(f"{path} holds {self._reader.schema.names}, survey.json declares {list(fields)}.")
        self._fields = fields
        self._batches: dict[int, pa.RecordBatch] = {}
        self._columns: dict[int, list[tuple[NDArray, NDArray, NDArray]]] = {}

    def _batch(self, number: int) -> pa.RecordBatch:
        if number not in self._batches:
            self._batches[number] = self._reader.get_batch(number)
        return self._batches[number]

    def _column(self, number: int) -> list[tuple[NDArray, NDArray, NDArray]]:
        """Of each field in a batch: which rows have it, where each begins, all values; as arrays, since Arrow's scalars
        take most of the time of a row."""
        if number not in self._columns:
            self._columns[number] = [
                (
                    column.is_valid().to_numpy(zero_copy_only=False),
                    column.offsets.to_numpy(),
                    column.values.to_numpy(zero_copy_only=False),
                )
                for column in self._batch(number).columns
            ]
        return self._columns[number]

    def __getitem__(self, row: int) -> dict[str, NDArray] | None:
        """The arrays of a source, read-only views of the file, or None where it has none."""
        place, arrays = row % ROWS_PER_BATCH, {}
        for field, (is_there, offsets, values) in zip(self._fields, self._column(row // ROWS_PER_BATCH), strict=True):
            if not is_there[place]:
                return None
            arrays[field] = values[offsets[place] : offsets[place + 1]]
        return arrays

    def present(self) -> NDArray[np.bool_]:
        """(n_rows,) bool: which sources have this modality."""
        return np.concatenate([np.empty(0, bool), *(flags for flags, _ in self._flags_and_lengths())])

    def lengths(self) -> NDArray[np.int64]:
        """(n_rows,) int64: how many points each source has, 0 where it lacks the modality."""
        return np.concatenate([np.empty(0, np.int64), *(lengths for _, lengths in self._flags_and_lengths())])

    def _flags_and_lengths(self) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
        for number in range(self._reader.num_record_batches):
            column = self._batch(number).column(0)
            flags = column.is_valid().to_numpy(zero_copy_only=False)
            yield flags, np.diff(column.offsets.to_numpy()).astype(np.int64) * flags
