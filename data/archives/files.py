"""The files of a folder or a zip, listed in one order and read one by one; nothing is ever unpacked."""

import gzip
import io
import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from data.archives.report import Entry
from m3core.errors import SurveyError

__all__ = ["ArchiveFile", "list_files", "read_content"]

LARGEST = 2**30
"""Bytes: no light curve and no spectrum comes near; what claims more is damaged or a bomb."""


@dataclass(frozen=True, order=True)
class ArchiveFile:
    """A file of a folder or of a zip.

    Attributes:
        name: below the folder or inside the zip; text to show, and never joined to a path that is written to.
        container: the folder or the zip.
        key: what opens it there: the path below the folder, or the number of the zip's entry.
    """

    name: str
    container: Path
    key: str

    @property
    def stem(self) -> str:
        """The last part of the name without the endings of formats ('.dat', '.fits.gz')."""
        last = re.split(r"[/\\]", self.name)[-1]
        return re.sub(r"(\.(dat|csv|tsv|txt|fits?|parquet|vot|votable|xml|ecsv|gz))+$", "", last, flags=re.IGNORECASE)


def list_files(source: Path) -> tuple[list[ArchiveFile], list[Entry]]:
    """Every file of a folder (and those below it) or a zip, by name; hidden ones and links to folders are left alone.

    Returns:
        the files, and what was refused: names that point outside the zip, folders that may not be read.

    Raises:
        SurveyError: no such folder or zip, or a damaged zip.
    """
    if source.is_dir():
        return _list_folder(source)
    if not source.is_file():
        raise SurveyError(f"{source.name} does not exist in {source.parent}: give a folder or a zip.")
    if not zipfile.is_zipfile(source):
        raise SurveyError(f"{source.name} is neither a folder nor a zip, or a damaged zip: fetch or write it again.")
    try:
        return _list_zip(source)
    except (zipfile.BadZipFile, OSError, ValueError) as fault:
        raise SurveyError(f"{source.name} is a damaged zip ({fault}): fetch or write it again.") from None


def _shown(name: str) -> str:
    """A name as text that can be written: bytes that are no UTF-8 and control characters are replaced."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _list_folder(folder: Path) -> tuple[list[ArchiveFile], list[Entry]]:
    files, refused = [], []

    def unreadable(fault: OSError) -> None:
        name = os.path.relpath(fault.filename or folder, folder)
        refused.append(Entry("unreadable folder", _shown(name), detail=fault.strerror or str(fault)))

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                below = path.relative_to(folder).as_posix()
                files.append(ArchiveFile(_shown(below), folder, below))
    return sorted(files), refused


def _list_zip(source: Path) -> tuple[list[ArchiveFile], list[Entry]]:
    files, refused = [], []
    with zipfile.ZipFile(source) as archive:
        for number, info in enumerate(archive.infolist()):
            name = info.orig_filename  # `filename` ends silently at a NUL
            parts = re.split(r"[/\\]", name)
            outside = ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", name)
            if outside or "\0" in name or stat.S_ISLNK(info.external_attr >> 16):
                detail = "the name points outside the zip" if outside else "a NUL in the name, or a link"
                refused.append(Entry("unsafe name in the zip", _shown(name), row=number + 1, detail=detail))
            elif not info.is_dir() and not any(part.startswith(".") or part == "__MACOSX" for part in parts):
                files.append(ArchiveFile(_shown(name), source, str(number)))
    return sorted(files), refused


@lru_cache(maxsize=4)
def _opened(source: Path, size: int, changed: int) -> zipfile.ZipFile:
    """A zip stays open between its entries: its directory takes long to read."""
    return zipfile.ZipFile(source)


def read_content(file: ArchiveFile) -> bytes:
    """A file's bytes, gunzipped where they are gzipped.

    Raises:
        SurveyError: it may not be read, is damaged, encrypted or too large; the sentence names the file.
    """
    try:
        content = _read_zipped(file) if file.container.is_file() else _read_plain(file)
        return _gunzipped(content) if content[:2] == b"\x1f\x8b" else content
    except PermissionError:
        raise SurveyError(f"{file.name} may not be read by this user: change its permissions.") from None
    except FileNotFoundError:
        raise SurveyError(f"{file.name} has gone since the folder was listed: run the command again.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise SurveyError(f"{file.name} is a damaged or truncated gzip file: fetch it again.") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OverflowError, OSError) as fault:
        raise SurveyError(f"{file.name} cannot be read ({fault}): fetch it again.") from None


def _read_plain(file: ArchiveFile) -> bytes:
    path = file.container / file.key
    if path.stat().st_size > LARGEST:
        raise OverflowError("over a gigabyte")
    return path.read_bytes()


def _read_zipped(file: ArchiveFile) -> bytes:
    status = file.container.stat()
    archive = _opened(file.container, status.st_size, status.st_mtime_ns)
    info = archive.infolist()[int(file.key)]
    if info.file_size > LARGEST:
        raise OverflowError("over a gigabyte")
    return archive.read(info)


def _gunzipped(content: bytes) -> bytes:
    with gzip.open(io.BytesIO(content)) as stream:
        plain = stream.read(LARGEST + 1)
    if len(plain) > LARGEST:
        raise OverflowError("over a gigabyte")
    return plain
