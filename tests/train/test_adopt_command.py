"""Published weights as a run, and a run's weights as a published checkpoint, by command."""

import subprocess
import sys

import numpy as np
import pytest

import m3core
from m3core.embeddings.kept import Embeddings
from m3core.survey import Survey
from m3core.workspace.run import Run, State
from tests import published_oracle as oracle
from tests.astrom3_survey import make_astrom3_survey
from tests.conftest import ROOT


def training(*arguments):
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return make_astrom3_survey(tmp_path_factory.mktemp("astrom3") / "survey")


def test_adopt_embed_and_export(survey, tmp_path):
    oracle.write_checkpoint(tmp_path / "clip", oracle.SMALL, "clip")
    run = tmp_path / "run"
    done = training("adopt", "--checkpoint", tmp_path / "clip", "--survey", survey.path, "--out", run)
    assert done.returncode == 0, done.stderr
    assert "published weights, with the statistics of survey" in done.stdout
    assert Run.open(run).status().state is State.FINISHED
    assert Run.open(run).config()["settings"]["options"]["photometry"]["head_mixing"] is True

    again = training("adopt", "--checkpoint", tmp_path / "clip", "--survey", survey.path, "--out", run)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "exists already" in again.stderr
    assert "nothing to do" in training("resume", run).stdout

    embedded = training("embed", "--run", run, "--survey", survey.path, "--neighbors", 5)
    assert embedded.returncode == 0, embedded.stderr
    assert "nearest neighbour, mean" in embedded.stdout
    vectors = Embeddings.open(run, survey)
    assert set(vectors.embeddings) == {"photometry", "spectra", "metadata"}
    assert np.isfinite(vectors.mean).all()

    exported = training("export", "--run", run, "--out", tmp_path / "exported")
    assert exported.returncode == 0, exported.stderr
    before, after = m3core.load_checkpoint(tmp_path / "clip"), m3core.load_checkpoint(tmp_path / "exported")
    assert before.config == after.config
    assert all((tensor == after.state_dict()[name]).all() for name, tensor in before.state_dict().items())


@pytest.mark.parametrize("fault", ["no such checkpoint", "of a survey already", "another survey"])
def test_what_cannot_be_adopted_leaves_nothing(survey, tmp_path, fault):
    checkpoint, of, says = tmp_path / "clip", survey.path, "does not exist"
    if fault != "no such checkpoint":
        oracle.write_checkpoint(checkpoint, oracle.SMALL, "clip")
    if fault == "of a survey already":
        training("adopt", "--checkpoint", checkpoint, "--survey", of, "--out", tmp_path / "first")
        checkpoint, says = tmp_path / "first", "has the statistics of a survey already: use it as it is"
    if fault == "another survey":
        of, says = tmp_path, "is not a survey"
    done = training("adopt", "--checkpoint", checkpoint, "--survey", of, "--out", tmp_path / "run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "configuration", "leaks"),
    [
        ("AstroM3-CLIP", "full_42", False),
        ("AstroM3-CLIP", "full_0", True),
        ("AstroM3-CLIP-all-123", "sub10_123", False),
        ("AstroM3-CLIP-meta-66", "full_42", True),
        ("of-our-own", "full_0", False),
    ],
)
def test_weights_of_one_published_split_are_refused_on_another(survey, tmp_path, name, configuration, leaks):
    from m3core.errors import CheckpointError
    from training.adopt import adopt_run

    oracle.write_checkpoint(tmp_path / name, oracle.SMALL, "clip")
    provenance = survey.manifest.provenance | {"configuration": configuration}
    of_a_split = Survey(survey.path, survey.manifest.model_copy(update={"provenance": provenance}))
    if leaks:
        with pytest.raises(CheckpointError, match=f"imported from {configuration}: stars of its test split would be"):
            adopt_run(str(tmp_path / name), of_a_split, tmp_path / "run")
        assert not (tmp_path / "run").exists()
    else:
        adopt_run(str(tmp_path / name), of_a_split, tmp_path / "run")


def test_a_classifier_of_one_modality_is_a_run_without_embeddings(survey, tmp_path):
    oracle.write_checkpoint(tmp_path / "meta", oracle.SMALL, "meta")
    run = tmp_path / "run"
    assert training("adopt", "--checkpoint", tmp_path / "meta", "--survey", survey.path, "--out", run).returncode == 0
    done = training("embed", "--run", run, "--survey", survey.path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: this classifier reads the features of metadata")
