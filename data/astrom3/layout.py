"""Where the published set keeps its files: configuration, split and shard, read off their names.

`<config>/<split>-00000-of-00004.parquet` is what `datasets` writes; `<config>/<split>/0000.parquet` is the Hub's own
conversion; `<config>/<split>.parquet` and `<config>_<split>.parquet` are what people write.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from m3core.errors import ConfigError, SurveyError
from m3core.manifest import SPLITS

__all__ = ["check_config", "files_of", "parquet_files", "seed_of"]

SIZES = ("full", "sub50", "sub25", "sub10")
SEEDS = ("42", "0", "66", "12", "123")

CONFIG = r"(?:full|sub\d+)_\d+(?:_norm)?"
SPELLINGS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation"}
SPELLINGS |= {"val": "validation", "dev": "validation", "test": "test", "testing": "test"}
SPLIT = "|".join(sorted(SPELLINGS, key=len, reverse=True))
FILE = re.compile(rf"(?:({CONFIG})[-_])?({SPLIT})(?:-(\d+)-of-(\d+))?(?:-[0-9a-f]{{8,}})?\.parquet", re.IGNORECASE)
FOLDER = re.compile(rf"(?:partial-)?({SPLIT})", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class _File:
    config: str
    split: str
    shard: int
    name: str
    of: int = 0


def check_config(config: str) -> str:
    """The name of a configuration, where it is one that was published without `_norm`.

    Raises:
        ConfigError: it holds standardised values, or there never was such a configuration.
    """
    plain = config.removesuffix("_norm")
    if plain != config:
        raise ConfigError(
            f"--config {config} holds standardised values, whose means and standard deviations are not in the files, "
            f"so that they cannot be undone: take --config {plain}."
        )
    if config not in {f"{size}_{seed}" for size in SIZES for seed in SEEDS}:
        raise ConfigError(
            f"--config {config}: the published configurations are {', '.join(SIZES)}, each with a seed of "
            f"{', '.join(SEEDS)}, such as full_42."
        )
    return config


def seed_of(config: str) -> int:
    """The seed of a configuration's split: 42 of 'full_42'."""
    return int(config.split("_")[1])


def parquet_files(folder: Path) -> list[str]:
    """Names of all parquet files below a folder, relative to it, sorted; what is hidden is passed over.

    Raises:
        SurveyError: the folder is absent or a part of it may not be read.
    """

    def refuse(fault: OSError) -> None:
        raise SurveyError(f"{fault.filename} cannot be read ({fault.strerror}): change its permissions.") from None

    if not folder.is_dir():
        raise SurveyError(f"{folder} is no folder: give the folder of the parquet files, or a name on the Hub.")
    found = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(place, name).relative_to(folder).as_posix()
            for name in names
            if name.lower().endswith(".parquet") and not name.startswith(".")
        ]
    return sorted(found)


def files_of(config: str, names: Iterable[str], place: str, *, folder: str = "") -> dict[str, list[str]]:
    """The files of one configuration.

    Args:
        config: 'full_42'.
        names: relative names of all files, with '/'.
        place: the folder or the repository, for sentences.
        folder: the folder's own name, which may be the configuration's.

    Returns:
        split -> its files in the order of their shards, in the order train, validation, test.

    Raises:
        SurveyError: no such configuration there (names those that are), a split or a shard missing.
    """
    own = folder if re.fullmatch(CONFIG, folder) else ""
    parsed = [file for name in names if (file := _parse(name, own))]
    if not parsed:
        raise SurveyError(
            f"{place} has no parquet file of a split (such as {config}/train-00000-of-00004.parquet): check the name."
        )
    configs = sorted({file.config for file in parsed})
    # files without any configuration in their names are taken for the one that was asked for
    wanted = config if config in configs else "" if configs == [""] else None
    if wanted is None:
        there = ", ".join(name or "files without a configuration" for name in configs)
        raise SurveyError(f"{place} has no configuration {config}; it has {there}: name one of them with --config.")
    chosen = [file for file in parsed if file.config == wanted]
    absent = [split for split in SPLITS if split not in {file.split for file in chosen}]
    if absent:
        raise SurveyError(
            f"{place} has no file of the split {' and '.join(absent)} of {config}: fetch it again, the published "
            "split is kept whole or not at all."
        )
    found = {split: sorted(file for file in chosen if file.split == split) for split in SPLITS}
    for split, files in found.items():
        _check_shards(split, files, place)
    return {split: [file.name for file in files] for split, files in found.items()}


def _parse(name: str, own: str) -> _File | None:
    path = PurePosixPath(name)
    if ".." in path.parts or path.is_absolute():  # a listing comes from elsewhere
        return None
    folders = [part for part in path.parts[:-1] if re.fullmatch(CONFIG, part)]
    matched = FILE.fullmatch(path.name)
    parent = FOLDER.fullmatch(path.parent.name)
    if matched:
        config, split, shard, of = matched.groups()
        config = config or (folders[-1] if folders else own)
        return _File(config, SPELLINGS[split.lower()], int(shard or 0), name, int(of or 0))
    if parent and path.suffix.lower() == ".parquet":
        config = folders[-1] if folders else own
        return _File(config, SPELLINGS[parent.group(1).lower()], 0, name)
    return None


def _check_shards(split: str, files: Sequence[_File], place: str) -> None:
    folders = sorted({PurePosixPath(file.name).parent.as_posix() for file in files})
    if len(folders) > 1:
        raise SurveyError(
            f"{place} has files of {split} in {folders[0]} and in {folders[1]}, as if copied twice: give the folder of "
            "one of the two."
        )
    if len({file.of for file in files}) > 1:
        raise SurveyError(
            f"{place}: {files[0].name} and {files[-1].name} are of two exports of {split}: remove one of the two."
        )
    lost = sorted(set(range(files[0].of)) - {file.shard for file in files})
    if lost:
        raise SurveyError(
            f"{place}: {split} has {len(files)} of {files[0].of} files, number {lost[0]:05d} is missing: fetch it."
        )
    if len(files) > max(1, files[0].of) and files[0].of:
        raise SurveyError(f"{place}: {files[0].name} stands there under two names: remove one of the two.")
