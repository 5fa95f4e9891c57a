"""Thousands of files read side by side, each once: what was read is kept under the hash of the file's content.

A build that was killed finds in its cache every file that it had read, and goes on from there. Results come in the
order of the files, whatever the number of processes.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from data.archives.files import ArchiveFile, read_content
from m3core.errors import SurveyError
from m3core.files import replaced_file
from m3core.progress import Progress
from m3core.workers import in_processes

__all__ = ["Cache", "Parse", "Parsed", "parse_files"]

CACHE_VERSION = 2
"""Raised whenever a reader gives other results for the same file: caches of older builds are then read anew."""

FILES_A_TASK = 32
SERIAL_BELOW = 256
"""So few files are read sooner in this process than others take to start."""

Arrays = Mapping[str, NDArray[Any]]
Parse = Callable[[str, bytes, Any], tuple[Arrays, dict[str, Any]]]
"""(name, content, options) -> arrays, and what is known of them (JSON); SurveyError where the file is unusable."""


@dataclass(frozen=True)
class Parsed:
    """What became of a file.

    Attributes:
        name: to show.
        key: of its arrays in the cache; '' where it is unusable.
        sha256: of its content; '' where it could not be read.
        info: what `Parse` said of it.
        fault: why it is unusable, a sentence; '' where it is not.
    """

    name: str
    key: str
    sha256: str
    info: dict[str, Any]
    fault: str = ""


@dataclass(frozen=True)
class Cache:
    """A folder of parsed files."""

    folder: Path

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"

    def info(self, key: str) -> dict[str, Any] | None:
        """What is known of a parsed file; None where it is not in the cache, or damaged there."""
        try:
            with np.load(self._path(key)) as content:
                return json.loads(content["info"].tobytes())
        except (FileNotFoundError, BadZipFile, EOFError, KeyError, ValueError):
            return None

    def arrays(self, key: str, names: Sequence[str]) -> list[NDArray[Any]]:
        """Arrays of a parsed file."""
        with np.load(self._path(key)) as content:
            return [content[name] for name in names]

    def store(self, key: str, arrays: Arrays, info: Mapping[str, Any]) -> None:
        """Keep a parsed file, whole or not at all.

        Raises:
            OSError: a full disk, or no permission; names the cache's folder.
        """
        buffer = io.BytesIO()
        np.savez(buffer, info=np.frombuffer(json.dumps(info).encode(), np.uint8), **dict(arrays))
        try:
            with replaced_file(self._path(key)) as part:
                part.write_bytes(buffer.getbuffer())
        except OSError as fault:
            raise OSError(fault.errno, fault.strerror, str(self.folder)) from None


def parse_files(
    files: Sequence[ArchiveFile], parse: Parse, options: Any, cache: Cache, progress: Progress
) -> list[Parsed]:
    """Read files, in as many processes as there are processors (four at most).

    Args:
        parse: a function of a module, so that other processes find it.
        options: its third argument; its `repr` tells one way of reading from another.

    Returns:
        one `Parsed` a file, in their order.

    Raises:
        OSError: the cache cannot be written.
        whatever `progress` raises to cancel.
    """
    tasks = [files[start : start + FILES_A_TASK] for start in range(0, len(files), FILES_A_TASK)]
    workers = min(4, os.cpu_count() or 1, len(tasks))
    done: list[Parsed] = []

    work = partial(_parse_task, parse=parse, options=options, cache=cache)
    with in_processes(work, tasks, 1 if len(files) < SERIAL_BELOW else workers) as results:
        for some in results:
            done.extend(some)
            progress(len(done) / len(files), f"{len(done)} of {len(files)} files are read.")
    return done


def _parse_task(files: Sequence[ArchiveFile], parse: Parse, options: Any, cache: Cache) -> list[Parsed]:
    return [_parse_one(file, parse, options, cache) for file in files]


def _parse_one(file: ArchiveFile, parse: Parse, options: Any, cache: Cache) -> Parsed:
    sha256 = ""
    try:
        content = read_content(file)
        sha256 = hashlib.sha256(content).hexdigest()
        # the name belongs to the key: entries of the report carry it
        told = f"{CACHE_VERSION}\0{parse.__name__}\0{options!r}\0{file.name}\0{len(content)}\0{sha256}"
        key = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
        info = cache.info(key)
        if info is None:
            arrays, info = parse(file.name, content, options)
            cache.store(key, arrays, info)
        return Parsed(file.name, key, sha256, json.loads(json.dumps(info)))
    except SurveyError as fault:
        return Parsed(file.name, "", sha256, {}, str(fault))
