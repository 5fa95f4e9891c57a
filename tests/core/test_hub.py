"""Names on the Hub, against a Hub of our own, with the real cache; each fetch in a process of its own, as the
addresses are read when huggingface_hub is imported."""

import os
import subprocess
import sys

import pytest

from m3core.checkpoint.hub import is_hub_name
from tests import published_oracle as oracle
from tests.conftest import ROOT
from tests.hub_server import COMMIT, Hub, serving

FETCH = """
import sys
from m3core.errors import M3Error
from m3core.checkpoint.hub import fetch
told = []
try:
    print(fetch(sys.argv[1], sys.argv[4:], sys.argv[2], sys.argv[3] or None, lambda *said: told.append(said)))
except M3Error as error:
    print("refused:", error)
for done, sentence in told[-1:]:
    print(done, sentence)
"""

FILES = {"config.json": b"{}", "model.safetensors": bytes(3_000_000), "README.md": b"not asked for"}
PARTS = {"full_42/test-0.parquet": b"a", "full_42/train-0.parquet": b"b", "sub10_0/test-0.parquet": b"c"}


@pytest.fixture
def hub(tmp_path):
    hub = Hub({"models/owner/model": FILES, "datasets/owner/stars": PARTS})
    with serving(hub) as address:

        def fetch(name, *patterns, kind="model", revision="", endpoint=address, offline=False):
            environment = {
                **os.environ,
                "HF_ENDPOINT": endpoint,
                "HF_HUB_CACHE": str(tmp_path / "cache"),
                "HF_HUB_OFFLINE": str(int(offline)),
                "no_proxy": "127.0.0.1",
            }
            command = [sys.executable, "-c", FETCH, name, kind, revision, *patterns]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
            return done.stdout.splitlines()

        hub.fetch = fetch
        yield hub


def test_only_what_is_asked_for_is_fetched_and_only_once(hub, tmp_path):
    folder, said = hub.fetch("owner/model", "config.json", "model.safetensors")
    assert said == "1.0 fetching owner/model, 3 of 3 MB"
    assert sorted(os.listdir(folder)) == ["config.json", "model.safetensors"]
    assert sorted(hub.sent) == ["config.json", "model.safetensors"]
    assert (tmp_path / "cache" / "models--owner--model" / "snapshots" / COMMIT).samefile(folder)
    hub.fetch("owner/model", "config.json", "model.safetensors")
    assert len(hub.sent) == 2
    offline = hub.fetch("owner/model", "config.json", "model.safetensors", offline=True)
    unreachable = hub.fetch("owner/model", "config.json", "model.safetensors", endpoint="http://127.0.0.1:9")
    assert offline[0] == unreachable[0] == folder


def test_a_data_set_by_pattern(hub):
    folder = hub.fetch("owner/stars", "full_42/*.parquet", kind="dataset")[0]
    assert os.listdir(folder) == ["full_42"]
    assert sorted(hub.sent) == ["full_42/test-0.parquet", "full_42/train-0.parquet"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"name": "owner/modle"}, "has no model 'owner/modle' (or it is private): check the spelling"),
        ({"name": "owner/stars"}, "has no model 'owner/stars'"),
        ({"name": "owner/model", "revision": "v9"}, "the model 'owner/model' has no revision 'v9': choose one of http"),
        ({"name": "owner/model/more"}, "write it as owner/name"),
        ({"name": "owner/stars", "kind": "dataset"}, "the dataset 'owner/stars' has no file 'config.json'"),
        ({"name": "owner/model", "offline": True}, "HF_HUB_OFFLINE forbids to ask for it: connect once"),
        ({"name": "owner/model", "endpoint": "http://127.0.0.1:9"}, "of http://127.0.0.1:9 it cannot be reached"),
    ],
)
def test_what_is_refused_is_a_sentence(hub, asked, says):
    (sentence,) = hub.fetch(asked.pop("name"), "config.json", **asked)
    assert sentence.startswith("refused: ")
    assert says in sentence
    assert hub.sent == []


def test_a_download_that_breaks_off_is_said_and_is_no_file(hub):
    hub.breaks_off = "model.safetensors"
    sentence = hub.fetch("owner/model", "model.safetensors")[0]
    assert sentence.startswith("refused: fetching the model 'owner/model' failed (")
    hub.breaks_off = ""
    folder = hub.fetch("owner/model", "model.safetensors")[0]
    assert os.path.getsize(f"{folder}/model.safetensors") == 3_000_000


def test_weights_load_by_their_name(tmp_path):
    weights = oracle.write_checkpoint(tmp_path / "weights", oracle.SMALL, "photo")
    files = {path.name: path.read_bytes() for path in (tmp_path / "weights").iterdir()}
    hub = Hub({"models/owner/clip-photo": {**files, "pytorch_model.bin": b"a pickle, never asked for"}})
    code = "import m3core; print(float(m3core.load_checkpoint('owner/clip-photo').head.bias[0]))"
    with serving(hub) as address:
        environment = {**os.environ, "HF_ENDPOINT": address, "HF_HUB_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
    assert float(done.stdout) == float(weights["fc.bias"][0])
    assert sorted(hub.sent) == ["config.json", "model.safetensors"]


def test_a_name_is_told_from_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    assert is_hub_name("AstroMLCore/AstroM3-CLIP-photo-0")
    for folder in ("runs", "runs/frist", "./a/b", "/a/b", "../a", "a", "a/b/c", "a/b c"):
        assert not is_hub_name(folder), folder
