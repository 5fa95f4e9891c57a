"""A simulated survey goes through training and embedding like any other, gaps and all."""

import numpy as np

from data.simulate import Options, plan, write
from m3core.embeddings.kept import Embeddings
from tests.train.test_runs import command

SETTINGS = ["--set", "epochs=2", "--set", "embedding_dim=16", "--set", "maps=false", "--set", "lists=false"]
WIDTHS = ["--set", "photometry.width=8", "--set", "spectra.width=8", "--set", "metadata.width=16"]


def test_simulated_survey_trains_and_embeds(tmp_path):
    survey = write(plan(Options(sources=90, seed=4, missing=0.2)), tmp_path / "survey")
    out = tmp_path / "run"
    done = command("pretrain", "--survey", survey.path, "--preset", "fast", "--out", out, *SETTINGS, *WIDTHS)
    assert done.returncode == 0, done.stderr
    vectors = Embeddings.open(out, survey)
    for name in survey.modalities:
        assert np.array_equal(np.isfinite(vectors.embeddings[name]).all(axis=1), survey.present(name))
    assert np.isfinite(vectors.mean).all()
