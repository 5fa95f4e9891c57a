"""Arrays of a source out of nested parquet columns, in the spellings in which exports write them.

A light curve or a spectrum is a table of three columns. It comes as a list of rows of three (the published layout),
as three lists (transposed), as a list of structs or as a struct of lists; lists may be large or of fixed size.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from m3core.errors import SurveyError

__all__ = ["MISSHAPEN", "PREPROCESSED", "batches", "open_parquet", "tables"]

PREPROCESSED = 9
"""Columns of a light curve that was made into the published network's input."""

MISSHAPEN = "misshapen"
"""Stands for a source whose array has another shape than (n, 3)."""

ROWS = 256
"""Rows read at once: 256 spectra of 3,909 pixels are 12 MB."""

FIELD_SPELLINGS = (
    {"time", "hjd", "jd", "bjd", "mjd", "wavelength", "wave", "lambda"},
    {"flux"},
    {"flux_err", "flux_error", "error", "err", "fluxerr", "e_flux", "ivar"},
)


def open_parquet(path: Path, name: str) -> pq.ParquetFile:
    """Open a file.

    Raises:
        SurveyError: absent, unreadable or damaged; names the file.
    """
    try:
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20, page_checksum_verification=True)
    except PermissionError:
        raise SurveyError(f"{name} may not be read by this user: change its permissions.") from None
    except FileNotFoundError:
        raise SurveyError(f"{name} is not there any more: fetch it again.") from None
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise _damaged(name, fault) from None


def _damaged(name: str, fault: Exception) -> SurveyError:
    reason = " ".join(str(fault).split()).split(". ")[0][:120].rstrip(".")
    return SurveyError(f"{name} is damaged or was not fetched to its end ({reason}): remove it and fetch it again.")


def batches(path: Path, name: str, columns: Sequence[str], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """The rows of some columns, a few at a time.

    Raises:
        SurveyError: the file is damaged.
    """
    file = open_parquet(path, name)
    try:
        yield from file.iter_batches(batch_size=rows, columns=list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as fault:
        raise _damaged(name, fault) from None
    finally:
        file.close()


def tables(path: Path, name: str, column: str) -> Iterator[NDArray[Any] | str | None]:
    """A column's arrays, one a row of the file.

    Yields:
        (n, k) float as the file has it (missing values NaN), None where the row has none, `MISSHAPEN` where its parts
        have unequal lengths.

    Raises:
        SurveyError: the file is damaged, or holds text or anything else that is no number.
    """
    first = 1
    for batch in batches(path, name, [column]):
        values = batch.column(0)
        try:
            found = list(_tables(values, name, column))
        except _NotANumberError:
            raise _named(values, name, column, first) from None
        for table in found:
            # three lists of many, and no three rows of three or of the nine channels of `preprocessed`
            flip = isinstance(table, np.ndarray) and len(table) == 3 and table.shape[1] not in (3, PREPROCESSED)
            yield table.T if flip else table  # type: ignore[union-attr]
        first += len(values)


class _NotANumberError(Exception):
    """A text that is no number; its message is that text."""


def _named(values: pa.Array, name: str, column: str, first: int) -> SurveyError:
    """The fault with the row of the file where it stands."""
    for row in range(len(values)):
        try:
            list(_tables(values.slice(row, 1), name, column))
        except _NotANumberError as fault:
            return SurveyError(
                f"{name}, row {first + row}: {column} holds {fault.args[0]!r} where a number belongs: mend the file."
            )
    raise AssertionError("one of the rows holds the text")


def _tables(values: pa.Array, name: str, column: str) -> Iterator[NDArray[Any] | str | None]:
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_struct(values.type):
        yield from _joined(values, name, column)
        return
    if pa.types.is_null(values.type):  # a file in which every row lacks it
        yield from [None] * len(values)
        return
    if not _is_list(values.type):
        raise SurveyError(f"{name}: {column} is {values.type} and no list of rows: check that it is the right file.")
    lengths = pc.list_value_length(values).to_numpy(zero_copy_only=False)  # NaN where null
    present = ~np.isnan(lengths.astype(np.float64))
    outer = np.where(present, lengths, 0).astype(np.int64)
    inner = values.flatten()
    if isinstance(inner, pa.ExtensionArray):
        inner = inner.storage
    ends = np.cumsum(outer)
    if pa.types.is_struct(inner.type):
        parts = [_numbers(part) for part in _fields(inner, name, column)]
        flat, widths = np.column_stack(parts), np.full(len(inner), len(parts))
    elif _is_list(inner.type):
        widths = pc.fill_null(pc.list_value_length(inner), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        flat = _numbers(inner.flatten())
    else:
        raise SurveyError(f"{name}: {column} is {values.type} and no list of rows: check that it is the right file.")
    points = np.concatenate([[0], np.cumsum(widths)])
    for row, end in enumerate(ends):
        if not present[row]:
            yield None
            continue
        begin = end - outer[row]
        if flat.ndim == 2:
            yield flat[begin:end]
            continue
        width = widths[begin:end]
        if len(width) == 0:
            yield np.empty((0, 3))
        elif (width != width[0]).any():
            yield MISSHAPEN
        else:
            yield flat[points[begin] : points[end]].reshape(len(width), -1)


def _joined(values: pa.StructArray, name: str, column: str) -> Iterator[NDArray[Any] | str | None]:
    """A struct of lists."""
    parts = _fields(values, name, column)
    if not all(_is_list(part.type) for part in parts):
        raise SurveyError(f"{name}: {column} is {values.type} and no struct of lists: check that it is the right file.")
    flat = [_numbers(part.flatten()) for part in parts]
    lengths = [pc.fill_null(pc.list_value_length(part), 0).to_numpy(zero_copy_only=False) for part in parts]
    ends = [np.cumsum(length) for length in lengths]
    present = values.is_valid().to_numpy(zero_copy_only=False)
    for row in range(len(values)):
        own = [part[end[row] - length[row] : end[row]] for part, end, length in zip(flat, ends, lengths, strict=True)]
        if not present[row]:
            yield None
        elif len({len(part) for part in own}) > 1:
            yield MISSHAPEN
        else:
            yield np.column_stack(own)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _fields(values: pa.StructArray, name: str, column: str) -> list[pa.Array]:
    """The three parts of a struct, found by name."""
    names = [values.type.field(number).name for number in range(values.type.num_fields)]
    found = []
    for spellings in FIELD_SPELLINGS:
        fitting = [number for number, own in enumerate(names) if own.lower() in spellings]
        if len(fitting) != 1:
            raise SurveyError(
                f"{name}: {column} has the parts {', '.join(names)}, where one of {', '.join(sorted(spellings))} is "
                "needed: rename them."
            )
        found.append(values.flatten()[fitting[0]])
    return found


def _numbers(values: pa.Array) -> NDArray[Any]:
    """Flat numbers, NaN where missing; text that is a number counts as one."""
    if pa.types.is_floating(values.type):
        return values.to_numpy(zero_copy_only=False)
    try:
        return values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowException:
        words = [str(word) for word in values.to_pylist() if word is not None]
        wrong = next((word for word in words if not _is_number(word)), words[0] if words else str(values.type))
        raise _NotANumberError(wrong[:40]) from None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
