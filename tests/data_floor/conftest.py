"""Small hand-made input: twelve stars in two bands, written as a user would; a set laid out as the published one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import astrom3
from data.import_table import Options, plan, write
from m3core.errors import ConfigError, SurveyError
from m3core.survey import Survey
from tests.data_floor.astrom3_files import write_config

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "realdata"


@pytest.fixture
def catalogue() -> pd.DataFrame:
    number = np.arange(12)
    return pd.DataFrame(
        {
            "source_id": [f"{n:05d}" for n in number],  # zeros in front: an id is no number
            "ra": 10.0 + number,
            "dec": -5.0 - number,
            "label": ["RR"] * 6 + ["EB"] * 4 + [None] * 2,
            "period": 0.5 + 0.01 * number,
            "colour": 0.1 * number,
            "epochs": number + 30,
            "survey": "x",
        }
    )


@pytest.fixture
def photometry(catalogue: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    parts = []
    for star in catalogue.itertuples():
        for band in ("g", "r"):
            time = np.sort(58000 + 200 * rng.random(30))
            mag = 15 + 0.3 * np.sin(2 * np.pi * time / star.period) + 0.01 * rng.normal(size=30)
            parts.append(
                pd.DataFrame({"source_id": star.source_id, "band": band, "mjd": time, "mag": mag, "mag_err": 0.01})
            )
    return pd.concat(parts, ignore_index=True)


class Importer:
    """Writes two tables as CSV (or takes paths) and imports them without the period search, which is slow."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0

    def files(self, catalogue: pd.DataFrame | Path, photometry: pd.DataFrame | Path) -> tuple[Path, Path]:
        paths = []
        for name, table in (("catalogue.csv", catalogue), ("photometry.csv", photometry)):
            if isinstance(table, pd.DataFrame):
                table.to_csv(self.folder / name, index=False)
                table = self.folder / name
            paths.append(table)
        return paths[0], paths[1]

    def plan(self, catalogue, photometry, **options):
        paths = self.files(catalogue, photometry)
        return plan(Options(catalogue=paths[0], photometry=paths[1], **{"period_search": False, **options}))

    def survey(self, catalogue, photometry, **options) -> Survey:
        self.number += 1
        return write(self.plan(catalogue, photometry, **options), self.folder / f"survey{self.number}")


@pytest.fixture
def importer(tmp_path: Path) -> Importer:
    return Importer(tmp_path)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`python -m data WORD ...` in this process: exit status, standard output and standard error."""
    from data.__main__ import app

    def call(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            app([str(word) for word in words], standalone_mode=True)
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        output = capsys.readouterr()
        return status, output.out, output.err

    return call


@pytest.fixture(params=["eros_lmc", "s82_rrlyrae"])
def real(request: pytest.FixtureRequest) -> Path:
    """The folder of a real data set."""
    folder = REAL / request.param
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: real data lie beside the repository in ../shared/realdata")
    return folder


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with one configuration of the AstroM3 set."""
    return write_config(tmp_path / "set")


def refused(folder: Path, **options: object) -> str:
    """The one sentence with which import-astrom3 refuses a folder."""
    with pytest.raises((SurveyError, ConfigError)) as fault:
        astrom3.plan(astrom3.Options(source=str(folder), **options))
    sentence = str(fault.value)
    assert "\n" not in sentence
    return sentence


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything: be somebody else for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """small_disk("300k") mounts a file system of that size and gives its folder."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(size: str) -> Path:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True)
        if mounted.returncode:
            pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
        return place

    yield mount
    if place.is_mount():
        subprocess.run(["umount", place], check=True)
