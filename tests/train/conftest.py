"""A classifier for the tests to use, and the pre-trained run that it comes from."""

import pytest

from tests.conftest import make_survey
from tests.train.test_runs import command

SMALL = ["--set", "epochs=4", "--set", "batch_size=8"]


@pytest.fixture(scope="session")
def stars(tmp_path_factory):
    """Thirty sources to validate: enough to judge epochs by."""
    return make_survey(tmp_path_factory.mktemp("surveys") / "stars", n=150)


@pytest.fixture(scope="session")
def pretrained(stars, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "clip"
    settings = ["epochs=1", "embedding_dim=8", "maps=false", "lists=false", "batch_size=32"]
    given = [word for setting in settings for word in ("--set", setting)]
    done = command("pretrain", "--survey", stars.path, "--out", out, *given)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def tuned(stars, pretrained, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "tuned"
    done = command("finetune", "--survey", stars.path, "--from", pretrained, "--out", out, "--seed", 3, *SMALL)
    assert done.returncode == 0, done.stderr
    return out, done.stdout
