"""Workspaces for the pages: none, a survey alone, and a survey with a run as `python -m training` leaves it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from m3core.checkpoint.loading import checkpoint_hash, save_checkpoint
from m3core.embeddings.kept import Embeddings, embed_survey, embeddings_folder
from m3core.embeddings.manifold import MEAN, Maps, MapSettings
from m3core.files import sha256_file, write_json
from m3core.survey import Survey
from m3core.workspace.run import Run, State, Status
from pages.components import jobs
from pages.components.border import UNKNOWN_FAULT
from tests.conftest import ROOT, make_survey
from training.config import TrainConfig
from training.run_config import RunConfig
from training.setup import build_model

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

_skips = [
    pytest.mark.skipif(find_spec("playwright") is None, reason="playwright is not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: `make chromium` installs Debian's"),
]
needs_browser = [pytest.mark.browser, *_skips]
"""pytestmark of the tests that drive chromium."""

PAGES = (
    "home",
    "manifold",
    "source",
    "outliers",
    "misclassifications",
    "similarity",
    "training",
    "subtypes",
    "classifier",
    "experiment",
    "runs",
    "import_data",
)


def make_run(path: Path, survey: Survey, *, embedded: bool = True, seed: int = 42) -> Run:
    """A finished run with a real, untrained model; its maps are two of the embedding's dimensions."""
    settings = TrainConfig(epochs=2, batch_size=16, embedding_dim=16, seed=seed)
    run = Run(path)
    path.mkdir(parents=True)
    RunConfig(survey.path, survey.hash, settings).write(path)
    model = build_model(survey, settings, survey.rows("train"))
    save_checkpoint(model, run.checkpoint)
    recall = {f"recall@{k}": 0.1 * k for k in (1, 5, 10)} | {f"chance@{k}": 0.01 * k for k in (1, 5, 10)} | {"n": 12}
    lines = [
        {"kind": "step", "step": step, "epoch": 1, "loss": 9.0 - step, "losses": {}, "learning_rate": 1e-3,
         "sources_per_second": 100.0, "memory_bytes": 10**8}
        for step in (1, 2)
    ] + [
        {"kind": "epoch", "step": 2, "epoch": 1, "train_loss": 7.5, "validation_loss": 7.0, "best": True,
         "recall": {"g__r": recall}, "seconds": 3.0}
    ]  # fmt: skip
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (path / "log.txt").write_text("starting at step 0\n")
    status = Status(state=State.FINISHED, message="accuracy 80 %", epoch=2, epochs=2, step=2, steps=2, progress=1.0)
    write_json(path / "status.json", asdict(status))
    if embedded:
        arrays = embed_survey(model.eval(), survey, np.arange(len(survey)))
        about = {
            "checkpoint": checkpoint_hash(run.checkpoint),
            "weights": sha256_file(run.checkpoint / "model.safetensors"),
            "survey": survey.hash,
        }
        Embeddings(survey.source_ids, arrays, "").write(embeddings_folder(run, survey), about)
        found = Embeddings.open(run, survey)
        vectors = {MEAN: found.mean, **found.embeddings}
        about = {
            "maps": list(vectors),
            "how": {name: f"UMAP of {len(survey)} sources, 22 neighbours" for name in vectors},
            "settings": asdict(MapSettings()),
            "embeddings": found.hash,
        }
        Maps(survey.source_ids, {name: array[:, :2] for name, array in vectors.items()}, about).write(run, survey)
    return run


@pytest.fixture(scope="session")
def made_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """surveys/small and runs/done; read only."""
    root = tmp_path_factory.mktemp("workspace")
    make_run(root / "runs" / "done", make_survey(root / "surveys" / "small"))
    return root


@pytest.fixture
def full(made_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's workspace has a survey and a run with maps."""
    monkeypatch.setenv("M3_WORKSPACE", str(made_workspace))
    return made_workspace


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's workspace does not exist yet, and no demo is put into it."""
    monkeypatch.setenv("M3_DEMO", "off")
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path / "workspace"))
    return tmp_path / "workspace"


def open_page(name: str, **query: str) -> AppTest:
    """Run a page of the app; what a page says on a fault of ours fails the test."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    if name != "home":
        app.switch_page(f"pages/{name}.py").run()
    return checked(app)


def checked(app: AppTest) -> AppTest:
    """The same app, once it is sure that no page failed in a way of its own."""
    assert not app.exception
    assert UNKNOWN_FAULT not in [error.value for error in app.error]
    return app


def settled(app: AppTest) -> AppTest:
    """The same app, once its jobs are done and it shows no progress any more."""
    for _ in range(20):
        alive = [job for job in jobs._jobs().values() if job.is_alive()]
        if not alive and not app.main.get("progress"):
            break
        for job in alive:
            job.join(120)
        app.run()
    return checked(app)


def wait(app: AppTest, key: str, seconds: float = 120) -> None:
    """Let a long step of the app end, and run the page again."""
    deadline = time.monotonic() + seconds
    while (found := jobs.job(key)) is not None and found.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    checked(app.run())


def said(app: AppTest) -> str:
    """Every text of the page and the sidebar, escapes taken away."""
    parts = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.success]
    return "\n".join(part.value for part in parts).replace("\\", "")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server of the app over an empty workspace."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"],
        cwd=ROOT, env={**os.environ, "M3_WORKSPACE": str(tmp_path / "workspace"), "M3_DEMO": "off"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("localhost", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=120)  # a machine at its limit is slow, not wrong


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    """A browser's page on the app."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(180_000)  # a machine at its limit is slow, not wrong
        page.goto(address)
        yield page
        browser.close()
