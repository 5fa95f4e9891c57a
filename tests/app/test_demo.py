"""First start: an empty workspace is given the demo, whole, and its map opens."""

import shutil
import time

import numpy as np
import pandas as pd
import pytest

from data import simulate
from demo import NAME, OPTIONS, SHIPPED
from demo.install import install, is_wanted
from demo.make import STATISTICS, column_means
from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import Maps
from m3core.errors import RunError
from m3core.files import read_json
from m3core.workspace.folder import Workspace
from m3core.workspace.run import Run, State
from pages.components import jobs, resources
from pages.components.demo import JOB
from tests.app.conftest import checked, open_page, said


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("first") / "workspace")
    assert is_wanted(workspace)
    assert install(workspace, lambda fraction, sentence: None)
    return workspace


def shipped_folder(of=SHIPPED):
    return of / "embeddings" / Run.open(of).config()["survey_hash"][:16]


def test_what_is_shipped_is_small_and_without_clocks_and_paths():
    files = [path for path in SHIPPED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 8e6
    assert not list(SHIPPED.rglob("*optimizer*"))
    status = Run.open(SHIPPED).status()
    assert status.state is State.FINISHED
    assert (status.pid, status.started, status.host) == (0, 0.0, "")
    assert Run.open(SHIPPED).config()["survey"] == NAME


def test_survey_and_run_belong_together(installed):
    workspace = installed
    survey, run = workspace.survey(NAME), workspace.run(NAME)
    assert len(survey) == OPTIONS.sources
    assert survey.manifest.simulated
    assert (workspace.root / "surveys" / "demo-truth.parquet").is_file()
    assert run.config()["survey"] == str(survey.path)
    vectors = Embeddings.open(run, survey)
    assert list(vectors.source_ids) == list(survey.source_ids)
    assert np.isfinite(vectors.mean).all()
    assert set(Maps.open(run, survey).map_xy) == {"mean", *survey.modalities}


def test_shipped_run_is_of_the_simulation_as_it_is(installed):
    """Whatever the CPU: a change of the simulation asks for `make demo`."""
    workspace = installed
    expected = read_json(STATISTICS)
    assert column_means(workspace.survey(NAME)) == pytest.approx(expected, rel=1e-4), "run `make demo`"


def test_shipped_embeddings_are_those_of_the_shipped_model(installed):
    """Embedded here again they are the same: what is shipped was not edited."""
    from m3core.checkpoint.loading import load_checkpoint
    from m3core.embeddings.kept import embed_survey

    workspace = installed
    survey, run = workspace.survey(NAME), workspace.run(NAME)
    rows = np.arange(0, len(survey), 50)
    again = embed_survey(load_checkpoint(run.checkpoint), survey, rows)
    for name, array in again.items():
        assert np.load(shipped_folder() / f"{name}.npy")[rows] == pytest.approx(array, abs=2e-5)


@pytest.mark.parametrize(("moved", "keeps"), [(3e-6, True), (0.01, False)])
def test_where_the_processor_rounds_otherwise_the_map_stays_if_the_embeddings_are_the_same(
    installed, tmp_path, monkeypatch, moved, keeps
):
    """The survey has another hash there, and is embedded anew."""
    shipped = tmp_path / "shipped"
    shutil.copytree(SHIPPED, shipped)
    shipped_folder(shipped).rename(shipped / "embeddings" / ("f" * 16))
    place = shipped / "config.yaml"
    place.write_text(place.read_text().replace(Run.open(SHIPPED).config()["survey_hash"], "f" * 64))
    for name in installed.survey(NAME).modalities:
        vectors = np.load(shipped_folder(shipped) / f"{name}.npy")
        vectors[7, 3] += moved
        np.save(shipped_folder(shipped) / f"{name}.npy", vectors)
    monkeypatch.setattr("demo.install.SHIPPED", shipped)
    monkeypatch.setattr(simulate, "write", lambda plan, out, progress, workers: installed.survey(NAME))
    workspace = Workspace(tmp_path / "workspace")
    assert install(workspace, lambda fraction, sentence: None) is keeps
    run, survey = workspace.run(NAME), installed.survey(NAME)
    assert np.isfinite(Embeddings.open(run, survey).mean).all()
    assert [path.name for path in (run.path / "embeddings").iterdir()] == [survey.hash[:16]]
    if keeps:
        maps = Maps.open(run, survey)
        assert "equal these" in maps.about["how"]["mean"]
        assert (maps.map_xy["mean"] == Maps.open(installed.run(NAME), survey).map_xy["mean"]).all()
    else:
        with pytest.raises(RunError, match="no map"):
            Maps.open(run, survey)


def test_a_workspace_with_something_in_it_is_left_alone(installed):
    workspace = installed
    assert not is_wanted(workspace)


def test_the_truth_lies_beside(installed):
    workspace = installed
    truth = pd.read_parquet(workspace.root / "surveys" / "demo-truth.parquet")
    assert list(truth.source_id) == list(workspace.survey(NAME).source_ids)
    assert (truth.oddity != "").sum() == truth.is_mislabelled.sum() == truth.is_alias.sum() == 50


def test_empty_workspace_opens_with_the_demo(empty, monkeypatch):
    monkeypatch.delenv("M3_DEMO", raising=False)
    app = open_page("home")
    assert "simulated" in said(app)
    job = jobs.job(JOB)
    assert job is not None
    job.join(300)
    assert not job.fault
    checked(app.run())  # follows the link to the map
    assert jobs.job(JOB) is None
    manifold = open_page("manifold", survey=NAME, run=NAME)
    assert "Simulated" in "".join(block.value for block in manifold.markdown) + said(manifold)
    assert not manifold.error


def test_a_page_that_was_opened_meanwhile_shows_the_demo_when_it_is_there(empty, monkeypatch):
    monkeypatch.delenv("M3_DEMO", raising=False)
    app = open_page("outliers")
    while not (empty / "surveys" / NAME).exists():  # the survey is whole before its run is
        time.sleep(0.02)
    for _ in range(2):
        checked(app.run())
        assert "There is no survey yet" not in said(app)
        assert "No model has been trained" not in said(app)
        if jobs.job(JOB) is not None:
            jobs.job(JOB).join(300)
    assert (app.session_state["chosen_survey"], app.session_state["chosen_run"]) == (NAME, NAME)
    checked(open_page("home"))  # a later visit stays where it is
    jobs.forget(JOB)


def test_a_run_that_has_a_map_of_the_survey_is_chosen_whatever_it_was_trained_on(installed, monkeypatch):
    """As the demo's is where the processor rounds otherwise."""
    workspace = installed
    monkeypatch.setenv("M3_WORKSPACE", str(workspace.root))
    monkeypatch.setattr(resources, "has_maps", lambda name, survey_name: (name, survey_name) == (NAME, NAME))
    monkeypatch.setattr(resources, "runs_of_survey", lambda survey_name, names: [])
    app = open_page("home")
    assert (app.session_state["chosen_survey"], app.session_state["chosen_run"]) == (NAME, NAME)


def test_a_stopped_demo_stays_stopped(empty, monkeypatch):
    monkeypatch.delenv("M3_DEMO", raising=False)
    app = open_page("home")
    jobs.job(JOB).stop()
    jobs.job(JOB).join(60)
    app = checked(app.run())
    assert "was stopped" in said(app)
    assert not (empty / "surveys" / NAME).exists()
    checked(app.run())
    assert not jobs.job(JOB).is_alive()
    jobs.forget(JOB)
