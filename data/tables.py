"""Tables from files: CSV, parquet, FITS and VOTable, each also gzipped, told apart by their content.

Whatever a reading library raises on a file is a fault of that file, and one sentence that names it.
"""

import csv
import gzip
import io
import re
import warnings
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.errors import SurveyError

__all__ = ["Table", "as_text", "read_table"]

MISSING_TEXTS = ["", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "None", "none", "--", "<NA>"]
"""What stands for a missing value in a CSV; in the text columns only '' does ('NA' may be a star's name)."""

ChooseText = Callable[[list[str]], Iterable[str]]
"""Column names -> those to read as text whatever they look like: an id '00123' keeps its zeros."""


@dataclass(frozen=True)
class Table:
    """A file's table.

    Attributes:
        name: the file's name, for sentences.
        frame: one row a row of the file, in its order.
        units, descriptions: of the columns, where the file has them (FITS, VOTable).
        left_out: columns that hold arrays and not one value a row.
    """

    name: str
    frame: pd.DataFrame
    units: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def read_table(path: Path, text: ChooseText = lambda names: ()) -> Table:
    """Read a table.

    Args:
        path: the file; its content decides how it is read, not its name.
        text: which columns are text.

    Raises:
        SurveyError: absent, empty, cut short, or no table of a known kind; the sentence names the file.
    """
    try:
        if path.is_dir():
            raise SurveyError(f"{path.name} is a folder: give the file of the table.")
        if not path.is_file():
            raise SurveyError(f"{path.name} does not exist in {path.parent}: check the name.")
        with path.open("rb") as stream:
            start = stream.read(512)
            stream.seek(0)
            if start[:2] == b"\x1f\x8b":
                content = gzip.decompress(stream.read())
                start, plain = content[:512], io.BytesIO(content)
            else:
                plain = stream
            table = _reader(path, start)(path.name, plain, text)
    except SurveyError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise SurveyError(f"{path.name} is a damaged or truncated gzip file: fetch or write it again.") from None
    except PermissionError:
        raise SurveyError(f"{path.name} may not be read by this user: change its permissions.") from None
    except Exception as fault:  # the four libraries raise dozens of types on damaged files
        reason = " ".join(str(fault).split()).split(". ")[0][:160].rstrip(".") or type(fault).__name__
        raise SurveyError(f"{path.name} cannot be read, it may be truncated ({reason}): write it again.") from None
    if table.frame.shape[1] == 0 or len(table.frame) == 0:
        raise SurveyError(f"{path.name} has no rows: check that it is the right file.")
    return table


def _reader(path: Path, start: bytes) -> Callable[[str, BinaryIO, ChooseText], Table]:
    if not start.strip():
        raise SurveyError(f"{path.name} is empty: check that it was written to its end.")
    if start[:4] == b"PAR1":
        return _parquet
    if start[:9] == b"SIMPLE  =":
        return _fits
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return _votable
    expected = path.name.lower().removesuffix(".gz").rsplit(".", 1)[-1]
    if b"\0" in start or expected in ("parquet", "fits", "fit", "vot", "votable", "xml"):
        raise SurveyError(f"{path.name} is no CSV, parquet, FITS or VOTable file, or a damaged one: convert it to one.")
    return _csv


def _csv(name: str, stream: BinaryIO, text: ChooseText) -> Table:
    header = stream.readline().decode("utf-8-sig")
    separator = max(",;\t|", key=header.count)
    names = [column.strip() for column in next(csv.reader([header], delimiter=separator))]
    _no_twice(name, names)
    _whole_last_line(name, stream, separator, len(names))
    stream.seek(0)
    as_is = set(text(names))
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                stream,
                sep=separator,
                header=0,
                names=names,
                index_col=False,
                encoding="utf-8-sig",
                dtype=dict.fromkeys(as_is, str),
                keep_default_na=False,
                na_values={column: [""] if column in as_is else MISSING_TEXTS for column in names},
                skipinitialspace=True,
                low_memory=False,
            )
        except pd.errors.ParserWarning:
            raise SurveyError(
                f"{name} has rows with more fields than the {len(names)} of its header: mend it."
            ) from None
        except pd.errors.ParserError as fault:
            found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(fault))
            if not found:
                raise
            expected, line, got = map(int, found.groups())
            raise SurveyError(
                f"{name}, row {line - 1}: {got} fields where the header has {expected}: mend it."
            ) from None
        except UnicodeDecodeError:
            raise SurveyError(f"{name} is not UTF-8 text: save it as CSV in UTF-8.") from None
    return Table(name, frame)


def _whole_last_line(name: str, stream: BinaryIO, separator: str, n_fields: int) -> None:
    """pandas fills a row that breaks off with missing values, without a word."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 65536))
    lines = stream.read().decode("utf-8", "replace").rstrip("\r\n").splitlines()
    # a quoted line break inside the last record: leave it to pandas
    if lines and lines[-1].count('"') % 2 == 0 and size > 0:
        got = len(next(csv.reader([lines[-1]], delimiter=separator), []))
        if got < n_fields:
            raise SurveyError(
                f"{name} breaks off in its last row, which has {got} of {n_fields} fields: it seems truncated, "
                "write it again."
            )


def _no_twice(name: str, names: list[str]) -> None:
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise SurveyError(f"{name} has more than one column called {twice[0]!r}: rename one of them.")


def _parquet(name: str, stream: BinaryIO, text: ChooseText) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(stream)
    names = [column.strip() for column in file.schema_arrow.names]
    _no_twice(name, names)
    nested = [column for column, kind in zip(names, file.schema_arrow.types, strict=True) if pa.types.is_nested(kind)]
    kept = [column for column, own in zip(file.schema_arrow.names, names, strict=True) if own not in nested]
    table = file.read(columns=kept).rename_columns([column.strip() for column in kept])
    for column in set(text(names)) & set(table.column_names):
        index = table.column_names.index(column)
        if pa.types.is_string(table.schema.types[index]) or pa.types.is_large_string(table.schema.types[index]):
            table = table.set_column(index, column, table.column(index).dictionary_encode())
    return Table(name, table.to_pandas(ignore_metadata=True), left_out=tuple(nested))


def _fits(name: str, stream: BinaryIO, text: ChooseText) -> Table:
    from astropy.io import fits
    from astropy.table import Table as AstropyTable
    from astropy.utils.exceptions import AstropyWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        warnings.filterwarnings("error", message=".*truncated.*")
        with fits.open(stream, memmap=False) as hdus:
            found = [hdu for hdu in hdus if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU))]
            if not found:
                raise SurveyError(f"{name} holds images and no table: give the FITS file of the table.")
            return _astropy(name, AstropyTable.read(found[0]))


def _votable(name: str, stream: BinaryIO, text: ChooseText) -> Table:
    from astropy.io import votable

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = votable.parse(stream, verify="ignore")
        if next(parsed.iter_tables(), None) is None:
            raise SurveyError(f"{name} is XML without a VOTable table: give a file with one.")
        return _astropy(name, parsed.get_first_table().to_table(use_names_over_ids=True))


def _astropy(name: str, table: Any) -> Table:
    names = [column.strip() for column in table.colnames]
    _no_twice(name, names)
    frame, units, descriptions, left_out = {}, {}, {}, []
    for own, column in zip(names, table.itercols(), strict=True):
        if column.ndim > 1 or (column.dtype == object and any(isinstance(value, np.ndarray) for value in column)):
            left_out.append(own)
            continue
        frame[own] = _plain(column)
        if column.unit is not None:
            units[own] = column.unit.to_string()
        if column.description:
            descriptions[own] = " ".join(str(column.description).split())
    return Table(name, pd.DataFrame(frame), units, descriptions, tuple(left_out))


def _plain(column: Any) -> NDArray[Any]:
    """A column's values in the machine's byte order; masked numbers become NaN, masked text None."""
    values = np.asarray(column)
    mask = np.broadcast_to(np.asarray(getattr(column, "mask", False)), values.shape)
    if values.dtype.kind in "SUO":
        text = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]
        return np.array([None if hidden else word for word, hidden in zip(text, mask, strict=True)], object)
    values = values.astype(values.dtype.newbyteorder("="))
    return np.where(mask, np.nan, values.astype(np.float64)) if mask.any() else values


def as_text(values: pd.Series) -> pd.Series:
    """A column as text without blanks at its ends, categorical, missing where empty; 123, 123.0 and '123' are one."""
    column = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("category")
    kinds = column.cat.categories
    if pd.api.types.is_float_dtype(kinds.dtype):
        words = [str(int(value)) if float(value).is_integer() else repr(float(value)) for value in kinds]
    else:
        words = [str(value).strip() for value in kinds]
    # after stripping two categories may be one word
    unique = pd.Index(dict.fromkeys(word for word in words if word), dtype=object)
    codes = unique.get_indexer(pd.Index(words, dtype=object)) if len(words) else np.empty(0, np.int64)
    moved = np.append(codes, -1)[column.cat.codes.to_numpy()]
    return pd.Series(pd.Categorical.from_codes(moved, unique), index=values.index)
