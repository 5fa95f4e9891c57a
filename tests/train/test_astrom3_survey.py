"""A survey of the published layout trains and embeds."""

import json

import numpy as np

from data.astrom3 import Options, plan, write
from m3core.embeddings.kept import Embeddings
from tests.data_floor.astrom3_files import write_config
from tests.train.test_runs import command

WANTED = ("epochs=1", "batch_size=16", "embedding_dim=8", "maps=false", "lists=false")
SETTINGS = [word for one in WANTED for word in ("--set", one)]


def _gaps(splits):
    """Stars without a light curve, without a spectrum, and with catalogue values missing."""
    splits["train"][0]["photometry"] = None
    splits["train"][1]["spectra"] = splits["test"][0]["spectra"] = None
    splits["train"][2]["metadata"]["meta_cols"] = dict.fromkeys(splits["train"][2]["metadata"]["meta_cols"])
    splits["train"][3]["metadata"]["photo_cols"]["period"] = None


def test_pretrain_and_embed(tmp_path):
    folder = write_config(tmp_path / "set", sizes=(44, 8, 8), edit=_gaps)
    survey = write(plan(Options(source=str(folder))), tmp_path / "survey")
    done = command("pretrain", "--survey", survey.path, "--preset", "fast", "--out", tmp_path / "run", *SETTINGS)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    losses = [line["losses"] for line in lines if "losses" in line]
    assert set(losses[0]) == {"photometry__spectra", "photometry__metadata", "spectra__metadata"}
    assert all(np.isfinite(value) for step in losses for value in step.values())
    again = command("embed", "--run", tmp_path / "run", "--survey", survey.path)
    assert again.returncode == 0, again.stderr
    vectors = Embeddings.open(tmp_path / "run", survey)
    assert np.isfinite(vectors.mean).all()
    absent = {name: list(np.flatnonzero(np.isnan(values[:, 0]))) for name, values in vectors.embeddings.items()}
    assert absent == {"photometry": [0], "spectra": [1, 52], "metadata": [2]}
