"""import-astrom3 from the Hub: a server on this machine that answers as the Hub does, and its own cache."""

import os
import subprocess
import sys

import pytest

from m3core import Survey
from tests.conftest import ROOT
from tests.data_floor.astrom3_files import write_config
from tests.hub_server import COMMIT, Hub, serving

NAME = "AstroMLCore/AstroM3Processed"


@pytest.fixture
def hub(tmp_path):
    """Two configurations and a card, served."""
    folder = write_config(tmp_path / "served")
    write_config(folder, "sub10_0", sizes=(4, 2, 2))
    (folder / "README.md").write_text("a card")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    hub = Hub({f"datasets/{NAME}": files})
    with serving(hub) as hub.address:
        yield hub


@pytest.fixture
def run_import(tmp_path):
    """`python -m data import-astrom3` as a process: the client reads the Hub's address when it is imported."""

    def call(endpoint, *words, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        own = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", **variables}
        return subprocess.run(
            [sys.executable, "-m", "data", "import-astrom3", *map(str, words)],
            cwd=ROOT,
            env={**kept, **own},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_only_the_configuration_is_fetched_and_then_kept(hub, run_import, tmp_path):
    first = run_import(hub.address, "--source", NAME, "--out", tmp_path / "first")
    assert first.returncode == 0, first.stderr
    assert f"revision {COMMIT[:12]}: 27 stars in 4 files" in first.stdout
    assert sorted(hub.sent) == [
        "full_42/test-00000-of-00001.parquet",
        "full_42/train-00000-of-00002.parquet",
        "full_42/train-00001-of-00002.parquet",
        "full_42/validation-00000-of-00001.parquet",
    ]
    again = run_import(hub.address, "--source", NAME, "--out", tmp_path / "again")
    assert again.returncode == 0, again.stderr
    assert len(hub.sent) == 4  # from the cache
    asked = len(hub.asked)
    offline = run_import(hub.address, "--source", NAME, "--out", tmp_path / "offline", HF_HUB_OFFLINE="1")
    assert offline.returncode == 0, offline.stderr
    assert "the Hub was not asked" in offline.stdout
    assert len(hub.asked) == asked
    surveys = [Survey.open(tmp_path / name) for name in ("first", "again", "offline")]
    assert len({(survey.path / "survey.json").read_bytes() for survey in surveys}) == 1
    assert surveys[0].manifest.provenance["revision"] == COMMIT
    assert str(tmp_path) not in (surveys[0].path / "survey.json").read_text()


def test_without_a_network_the_cache_serves_and_nothing_cached_is_a_sentence(hub, run_import, tmp_path):
    nowhere = "http://127.0.0.1:9"
    empty = run_import(nowhere, "--source", NAME, "--out", tmp_path / "empty")
    assert empty.returncode == 2
    assert "the Hub cannot be reached" in empty.stderr.splitlines()[-1]
    assert "give a folder" in empty.stderr.splitlines()[-1]
    assert run_import(hub.address, "--source", NAME, "--dry-run", "--out", tmp_path / "dry").returncode == 0
    cached = run_import(nowhere, "--source", NAME, "--out", tmp_path / "cached")
    assert cached.returncode == 0, cached.stderr
    assert len(Survey.open(tmp_path / "cached")) == 27
    other = run_import(nowhere, "--source", NAME, "--config", "sub10_0", "--out", tmp_path / "other")
    assert other.returncode == 2
    assert "not whole in the cache" in other.stderr
    assert not (tmp_path / "other").exists()


def test_a_fetch_that_broke_off_goes_on_with_what_is_missing(hub, run_import, tmp_path):
    hub.breaks_off = "full_42/train-00001-of-00002.parquet"
    broken = run_import(hub.address, "--source", NAME, "--out", tmp_path / "out")
    assert broken.returncode == 2
    assert "run the same command again" in broken.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()
    done = set(hub.sent) - {hub.breaks_off}
    hub.breaks_off, hub.asked = "", []
    assert run_import(hub.address, "--source", NAME, "--out", tmp_path / "out").returncode == 0
    assert "full_42/train-00001-of-00002.parquet" in hub.sent
    assert not done & set(hub.sent)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--source", "Nobody/Nothing"], "neither a folder here nor a data set on the Hub"),
        (["--source", NAME, "--revision", "v9"], "has no revision v9"),
        (["--source", NAME, "--config", "sub50_66"], "has no configuration sub50_66; it has full_42, sub10_0"),
    ],
)
def test_what_the_hub_lacks_is_a_sentence(hub, run_import, tmp_path, words, says):
    done = run_import(hub.address, *words, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert says in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert hub.sent == []


@pytest.mark.parametrize(
    ("metadata", "status"),
    [({"sequence": "float32"}, 2), ({"list": "float32"}, 2), ({"struct": [{"name": "meta_cols"}]}, 0)],
)
def test_inputs_of_the_network_are_refused_before_anything_is_fetched(hub, run_import, tmp_path, metadata, status):
    features = [{"name": "photometry", "sequence": {"sequence": "float32"}}, {"name": "metadata", **metadata}]
    hub.card = {"dataset_info": [{"config_name": "full_42", "features": features}]}
    done = run_import(hub.address, "--source", NAME, "--out", tmp_path / "out")
    assert done.returncode == status
    if status:
        assert "the inputs of the published network" in done.stderr.splitlines()[-1]
        assert f"its revisions are {COMMIT} of 2025-02-11" in done.stderr.splitlines()[-1]
        assert hub.sent == []
