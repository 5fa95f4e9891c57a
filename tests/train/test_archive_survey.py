"""A survey built from archives trains, and its sources are embedded, missing modalities included."""

import subprocess
import sys

import numpy as np
import pandas as pd

from m3core.embeddings.kept import Embeddings
from m3core.survey import Survey
from tests.conftest import ROOT
from tests.data_floor.archive_files import dat_name, made_archive


def command(package: str, *words: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", package, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_files_to_embeddings(tmp_path):
    paths = made_archive(tmp_path / "archive", 60)
    names = pd.read_csv(paths["catalogue.csv"])["asassn_name"]
    for name in names[:5]:
        (paths["lightcurves"] / dat_name(name)).unlink()
    for file in sorted(paths["spectra"].rglob("*.fits.gz"))[10:15]:
        file.unlink()
    survey, run = tmp_path / "survey", tmp_path / "run"
    words = ["--catalogue", paths["catalogue.csv"], "--lightcurves", paths["lightcurves"]]
    words += ["--spectra", paths["spectra"], "--spectra-catalogue", paths["lamost.csv"], "--radius", 2]
    assert "a survey of 60 sources" in command("data", "build", *words, "--out", survey)
    assert "content hash" in command("data", "describe", survey)
    command("training", "pretrain", "--survey", survey, "--preset", "fast", "--set", "epochs=1", "--out", run)
    command("training", "embed", "--run", run, "--survey", survey)
    found = Embeddings.open(run, Survey.open(survey))
    present = {name: np.isfinite(vectors).all(axis=1) for name, vectors in found.embeddings.items()}
    assert {name: int(rows.sum()) for name, rows in present.items()} == {
        "photometry": 55,
        "spectra": 55,
        "metadata": 60,
    }
    np.testing.assert_allclose(np.linalg.norm(found.mean, axis=1), 1, rtol=1e-5)
