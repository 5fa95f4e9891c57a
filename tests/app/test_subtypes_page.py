"""The subtypes page: a class with two clusters and one without, what is compared, selected and saved."""

import numpy as np
import pandas as pd
import pytest

from m3core.checkpoint.loading import checkpoint_hash
from m3core.embeddings.kept import Embeddings, embeddings_folder
from m3core.embeddings.manifold import MEAN, Maps
from m3core.files import sha256_file
from m3core.subtypes.clusters import find_subtypes
from pages.components import jobs
from tests.app.conftest import checked, make_run, open_page, said
from tests.app.test_classifier_page import charts, settled
from tests.conftest import make_survey
from tests.train.rewritten import rewritten


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """surveys/small and runs/done whose embeddings part the class SR by colour; read only."""
    root = tmp_path_factory.mktemp("subtypes")
    survey = make_survey(root / "surveys" / "small", n=240)
    run = make_run(root / "runs" / "done", survey)
    rng = np.random.default_rng(4)
    kind = survey.sources["colour"].to_numpy() > np.median(survey.sources["colour"][survey.sources["label"] == "SR"])
    is_sr = (survey.sources["label"] == "SR").to_numpy()
    points = 0.05 * rng.standard_normal((240, 16))
    points[:, 0] += np.where(is_sr, 1.0, -1.0)
    points[:, 1] += 0.5 * (kind & is_sr)
    arrays = {}
    for name, old in Embeddings.open(run, survey).embeddings.items():
        vectors = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
        vectors[~np.isfinite(old).all(axis=1)] = np.nan
        arrays[name] = vectors
    maps = Maps.open(run, survey)
    about = {
        "checkpoint": checkpoint_hash(run.checkpoint),
        "weights": sha256_file(run.checkpoint / "model.safetensors"),
        "survey": survey.hash,
    }
    Embeddings(survey.source_ids, arrays, "").write(embeddings_folder(run, survey), about)
    found = Embeddings.open(run, survey)
    xy = {name: array[:, :2] for name, array in {MEAN: found.mean, **found.embeddings}.items()}
    Maps(survey.source_ids, xy, {**maps.about, "embeddings": found.hash}).write(run, survey)
    return survey, run


@pytest.fixture
def workspace(stocked, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(stocked[1].path.parents[1]))
    return stocked


def page_of(label):
    app = settled(open_page("subtypes", survey="small", run="done"))
    box = next(box for box in app.main.selectbox if box.label == "Class")
    return settled(box.set_value(label).run())


def test_two_clusters_are_seen_and_compared(workspace):
    survey, run = workspace
    expected = find_subtypes(Embeddings.open(run, survey), survey, "SR")
    app = page_of("SR")
    text = said(app)
    assert not app.error
    assert f"2 clusters of {expected.sizes[0]} and {expected.sizes[1]} stars" in text
    for words in ("lower is deeper", "higher is further apart", "higher speaks for two", "higher is surer", "−1 to 1"):
        assert words in text
    drawn = charts(app)
    points = {
        trace["name"]: set(trace["customdata"])
        for trace in drawn["Clusters of SR on the map of mean"]["data"] if "customdata" in trace
    }  # fmt: skip
    for one, size in enumerate(expected.sizes):
        assert points[f"cluster {one} ({size})"] == set(expected.source_ids[expected.cluster == one])
    assert {f"Median {name} of each cluster" for name in ("g", "r")} <= set(drawn)
    for name in ("g", "r"):
        axes = drawn[f"Median {name} of each cluster"]["layout"]
        assert axes["yaxis"]["autorange"] == "reversed", "magnitudes go up when brighter"
        assert axes["xaxis"]["range"] == [0, 2]
    table = app.dataframe[0].value.set_index("column")
    assert table.index[0] == "colour"
    assert abs(table.loc["colour", "delta"]) > 0.95
    assert table.loc["colour", "q"] < 1e-6
    assert table.loc["colour", "median_0"] != table.loc["colour", "median_1"]


def test_a_cluster_is_selected_for_every_page(workspace):
    survey, run = workspace
    expected = find_subtypes(Embeddings.open(run, survey), survey, "SR")
    app = page_of("SR")
    app.button(key="subtypes_take_1").click()
    app.run()
    ids = tuple(str(one) for one in expected.source_ids[expected.cluster == 1])
    assert app.session_state["selection"] == ids
    assert f"{len(ids)} of 240 selected" in said(checked(app.switch_page("pages/manifold.py").run()))


def test_a_class_without_subtypes_says_so_and_compares_nothing(workspace):
    app = page_of("RRAB")
    assert "one cluster of 120 stars, no subtypes seen" in said(app)
    assert "nothing to compare" in said(app)
    assert len(app.dataframe) == 0
    assert list(charts(app)) == ["Clusters of RRAB on the map of mean"], "no cut was found, so there is no axis"


def test_the_work_is_done_once(workspace):
    page_of("SR")
    before = {key: job for key, job in jobs._jobs().items() if key.startswith(("subtypes", "profiles"))}
    page_of("SR")
    assert all(jobs._jobs()[key] is job for key, job in before.items())
    assert len(before) >= 2


def test_without_labels_there_is_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "all", n=20)
    bare = rewritten(
        survey, tmp_path / "surveys" / "small", sources=lambda table: table.assign(label=pd.Series(dtype=object))
    )
    make_run(tmp_path / "runs" / "done", bare)
    app = open_page("subtypes")
    assert "no class to look into" in said(app)
