"""Files and folders that are written whole or not at all, and their hashes."""

import glob
import hashlib
import json
import os
import shutil
import socket
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from m3core.errors import M3Error

__all__ = ["new_folder", "read_json", "replaced_file", "replaced_folder", "sha256_file", "sha256_text", "write_json"]


HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"
"""This machine, in the names of unfinished files: a process of another one cannot be asked whether it lives."""


def _beside(path: Path) -> Path:
    """A hidden name in the same folder, so that the final rename never crosses a file system.

    What killed processes have left unfinished of the same file or folder is removed first.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.{HOST}-*-*.part"):
        if not psutil.pid_exists(int(left.name.split("-")[-2])):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{HOST}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path; rename it to `path` if the block succeeds, remove it if it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` if the block succeeds.

    Raises:
        M3Error: `path` exists already.
    """
    if path.exists():
        raise M3Error(f"{path} exists already: choose another folder for the output, or remove this one first.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(path)
    part.mkdir()
    try:
        yield part
        os.rename(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of `path`, old content included, if the block succeeds.

    A folder cannot be renamed onto a full one: the old one steps aside first, under a name that
    `m3core.checkpoint.loading` never reads, and goes when the new one stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part, old = _beside(path), _beside(path)
    part.mkdir()
    try:
        yield part
        if path.exists():
            os.rename(path, old)
        os.rename(part, path)
    finally:
        if not path.exists() and old.exists():
            os.rename(old, path)
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as sorted, indented JSON (the same content gives the same bytes)."""
    with replaced_file(path) as part:
        part.write_text(json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path, error: type[M3Error] = M3Error) -> Any:
    """Read a JSON file; raise `error` with a sentence if it is absent or malformed."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path} does not exist: check the folder's name.") from None
    except OSError as fault:
        raise error(f"{path} cannot be read ({fault.strerror}): restore it from a copy.") from None
    except (ValueError, RecursionError) as fault:  # a number of thousands of digits, lists in lists without end
        raise error(f"{path} is not readable JSON ({fault}): restore it from a copy.") from None


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_text(*texts: str) -> str:
    """SHA-256 of texts, each ended by a NUL so that their borders count, hexadecimal."""
    return hashlib.sha256("".join(f"{text}\0" for text in texts).encode()).hexdigest()
