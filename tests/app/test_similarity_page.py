"""The similarity page: search in every way, what is drawn and selected, uploads, quality, and two runs."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from m3core.embeddings.given import adopt_embeddings, read_embeddings
from m3core.embeddings.kept import Embeddings
from m3core.outliers.score import outlier_table
from m3core.outliers.store import read_outliers
from m3core.similarity.retrieval import own_retrieval
from m3core.similarity.search import Filters, find_similar, query_of_rows
from m3core.survey import Survey
from m3core.workspace.run import Run
from tests.app.conftest import checked, make_run, open_page, said, settled
from tests.app.test_classifier_page import charts
from tests.conftest import make_survey
from tests.core.test_given_embeddings import npy


@pytest.fixture
def opened(full):
    return Survey.open(full / "surveys" / "small"), Run.open(full / "runs" / "done")


def table_of(app, column):
    return next(one.value for one in app.dataframe if column in one.value.columns)


def search(app, **choices):
    for label, value in choices.items():
        next(box for box in app.main.selectbox if box.label == label.replace("_", " ")).set_value(value)
    return checked(app.run())


def test_one_source_in_every_way(opened):
    survey, run = opened
    vectors = Embeddings.open(run, survey)
    app = open_page("similarity", source="s005")
    text = said(app)
    assert not app.error
    for words in ("What is like **s005**", "The query itself is left out", "−1 to 1, higher is more alike", "0 to 2"):
        assert words in text
    for by, among in (("mean", "the same"), ("g", "the same"), ("g", "r"), ("r", "mean")):
        app = search(app, Look_by=by, Among=among)
        found = find_similar(
            query_of_rows(vectors, [5]), vectors, survey, by=by, among=None if among == "the same" else among
        )
        table = table_of(app, "similarity")
        assert table["source_id"].tolist() == survey.source_ids[found.rows].tolist()
        np.testing.assert_allclose(table["similarity"], found.similarity)
        np.testing.assert_allclose(table["distance"], 1 - found.similarity, atol=1e-6)
    drawn = charts(app)
    map_of = drawn["The 11 nearest on the map of the mean embeddings, all others grey"]
    marked = {
        trace["customdata"][point] for trace in map_of["data"] if "customdata" in trace
        for point in trace.get("selectedpoints", [])
    }  # fmt: skip
    assert marked == {"s005", *survey.source_ids[found.rows[:11]]}
    cells = drawn["Light curves and spectra of the query and of its 11 nearest"]
    ids = list(dict.fromkeys(trace["customdata"][0] for trace in cells["data"]))
    assert ids == ["s005", *survey.source_ids[found.rows[:11]]]
    axes = [value for name, value in cells["layout"].items() if name.startswith("yaxis")]
    assert {axis["autorange"] for axis in axes} == {"reversed"}, "magnitudes go up when brighter"
    assert cells["layout"]["xaxis"]["range"] == [0, 2]


def test_weights_and_filters(opened):
    survey, run = opened
    app = open_page("similarity", source="s005")
    app.toggle(key="similarity_weighted").set_value(True).run()
    key = survey.hash[:8]
    app.slider(key=f"similarity_weight_{key}_r").set_value(0.0)
    app.slider(key=f"similarity_weight_{key}_metadata").set_value(0.5)
    app.multiselect(key=f"similarity_classes_{key}").set_value(["SR"])
    app = checked(app.run())
    vectors = Embeddings.open(run, survey)
    weights = {"g": 1.0, "r": 0.0, "metadata": 0.5}
    found = find_similar(query_of_rows(vectors, [5]), vectors, survey, weights=weights, filters=Filters(labels=("SR",)))
    assert table_of(app, "similarity")["source_id"].tolist() == survey.source_ids[found.rows].tolist()
    assert "do not pass the filters" in said(app)
    for name in ("g", "metadata"):
        app.slider(key=f"similarity_weight_{key}_{name}").set_value(0.0)
    app = checked(app.run())
    assert "all weights are 0" in said(app).lower()


def test_a_missing_modality_is_a_sentence(opened):
    app = search(open_page("similarity", source="s007"), Look_by="g")
    assert "Source s007 has no g embedding: look by one that it has" in said(app)


def test_several_sources_taken_from_the_selection_and_the_nearest_selected(opened):
    survey, run = opened
    app = open_page("similarity")
    assert "No source is open" in said(app)
    app.session_state["selection"] = ("s003", "s009")
    app.segmented_control(key="similarity_query").set_value("Several").run()
    app.button(key="similarity_take").click().run()
    vectors = Embeddings.open(run, survey)
    found = find_similar(query_of_rows(vectors, [3, 9]), vectors, survey)
    assert table_of(app, "similarity")["source_id"].tolist() == survey.source_ids[found.rows].tolist()
    assert "The 2 of the query are left out" in said(app)
    app.button(key="similarity_select").click()
    app.run()
    top = sorted(found.rows[:11])
    assert app.session_state["selection"] == tuple(survey.source_ids[row] for row in top)
    app = checked(app.switch_page("pages/manifold.py").run())
    assert "11 of 60 selected" in said(app)
    app = app.switch_page("pages/similarity.py").run()
    area = app.text_area[0].set_value("s003\nnobody")
    app = checked(area.run())
    assert "'nobody' is not in the survey" in said(app)


def test_an_uploaded_star_finds_itself(opened):
    survey, _ = opened
    app = open_page("similarity")
    app.segmented_control(key="similarity_query").set_value("Upload").run()
    assert "Give a light curve" in said(app)
    seen = survey.source("s011").observations
    bands = [pd.DataFrame({"band": band, "time": seen[band]["time"], "mag": seen[band]["mag"],
                           "error": seen[band]["error"]}) for band in ("g", "r")]  # fmt: skip
    content = pd.concat(bands).to_csv(index=False).encode()
    app.file_uploader(key="similarity_curves").set_value([("mine.csv", content, "text/csv")])
    row = survey.sources.loc[["s011"]].reset_index().to_csv(index=False).encode()
    app.file_uploader(key="similarity_row").set_value(("row.csv", row, "text/csv"))
    app = settled(app.run())
    assert not app.error, said(app)
    assert "What is like this star, by its **g, r, metadata**?" in said(app)
    table = table_of(app, "similarity")
    assert len(table) == 60
    assert table["source_id"].iloc[0] == "s011"
    app.file_uploader(key="similarity_curves").set_value([("mine.csv", b"time,flux\n1,2\n2,3\n", "text/csv")])
    app = settled(app.run())
    assert "ine.csv has flux, the survey's light curves are mag" in said(app)


def test_quality_shows_what_is_measured(opened):
    survey, run = opened
    app = open_page("similarity")
    app.segmented_control(key="similarity_part").set_value("How good is it?")
    app = settled(app.run())
    table = table_of(app, "median_rank")
    expected = own_retrieval(Embeddings.open(run, survey), survey.rows("test"))
    for column in ("median_rank", "chance_rank", "n"):
        np.testing.assert_allclose(table[column], expected[column])
    for column in ("recall@1", "recall@10", "chance@10"):
        np.testing.assert_allclose(table[column], 100 * expected[column], err_msg="in percent")
    by_class = table_of(app, "chance")
    assert by_class["class"].tolist() == list(survey.classes)
    assert {"mean", "g", "r", "metadata", "g → r", "metadata → g"} <= set(by_class.columns)
    assert "Precision of the ten nearest by class" in charts(app)
    assert "higher is better" in said(app)


def test_two_runs_and_embeddings_from_elsewhere_on_every_page(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = make_survey(tmp_path / "surveys" / "small", n=40)
    make_run(tmp_path / "runs" / "done", survey)
    app = open_page("similarity", run="done")
    app.segmented_control(key="similarity_part").set_value("Two runs")
    assert "No other run has embedded this survey" in said(checked(app.run()))
    points = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)
    in_plane = "m3core.embeddings.manifold.fit_map"
    monkeypatch.setattr(in_plane, lambda vectors, settings: (vectors[:, :2], "two dimensions"))
    adopt_embeddings(survey, [read_embeddings("clip.npy", npy(points))], tmp_path / "runs" / "given")
    app = settled(app.run())
    assert "Mean share kept" in said(app)
    changed = table_of(app, "lost and gained")
    assert len(changed) == 40
    assert (changed["kept"] + changed["lost and gained"] == 10).all()
    app.query_params["source"] = "s003"
    app = settled(app.run())
    assert set(table_of(app, "change")["change"]) <= {"kept", "lost", "gained"}
    app.segmented_control(key="similarity_list").set_value("Suspects")
    app.button(key="similarity_ranks_go").click()  # at once: the page still shows the other list's button
    app = settled(app.run())
    assert "correlation of the ranks" in said(app)
    app = settled(app.segmented_control(key="similarity_list").set_value("Outliers").run())
    assert "correlation of the ranks" not in said(app)
    app.button(key="similarity_ranks_go").click()
    app = settled(app.run())
    ranks = [one.value for one in app.dataframe if "rank_first" in one.value][-1].set_index("source_id")
    assert len(ranks) == 40
    lists = [outlier_table(read_outliers(Run.open(tmp_path / "runs" / name), survey)) for name in ("done", "given")]
    for source_id, line in ranks.iterrows():
        before, after = (int(one.loc[one["source_id"] == source_id, "rank"].iloc[0]) for one in lists)
        assert (line["rank_first"], line["rank_second"], line["change"]) == (before, after, before - after)
    assert "correlation of the ranks" in said(app)
    shutil.rmtree(tmp_path / "runs" / "done")
    for page in (
        "home",
        "manifold",
        "source",
        "training",
        "similarity",
        "subtypes",
        "classifier",
        "experiment",
        "runs",
    ):
        app = settled(open_page(page, run="given", source="s003"))
        assert not app.error, (page, said(app))
    app = open_page("similarity", run="given", source="s003")
    assert len(table_of(app, "similarity")) == 39
    app.segmented_control(key="similarity_query").set_value("Upload").run()
    assert "no model that could embed a new star" in said(app)
    app = open_page("manifold", run="given")
    assert json.loads(app.get("plotly_chart")[0].proto.spec)["data"]


def pressed(app, key, page="similarity"):
    """The page after a button of a fragment; AppTest runs the fragments, and then forgets which page it was on."""
    app.button(key=key).click()
    app.run()
    return checked(app.switch_page(f"pages/{page}.py").run())


def test_a_selection_is_kept_taken_up_deleted_and_put_back(full, tmp_path, monkeypatch):
    root = tmp_path / "workspace"
    shutil.copytree(full, root)
    monkeypatch.setenv("M3_WORKSPACE", str(root))
    app = pressed(open_page("similarity", source="s005"), "similarity_select")
    selected = app.session_state["selection"]
    assert len(selected) == 11
    app.text_input(key="line_kept_name").set_value("like <b>s005</b>")
    app = pressed(pressed(app, "line_kept_keep"), "data_clear")
    assert app.session_state["selection"] == ()
    again = pressed(open_page("similarity", source="s005"), "line_kept_take", "manifold")
    assert again.session_state["selection"] == selected
    assert "11 of 60 selected" in said(again)
    again = pressed(again, "panel_kept_delete", "manifold")
    assert not list((root / "selections").rglob("*.json"))
    again = pressed(again, "panel_kept_back", "manifold")
    assert len(list((root / "selections").rglob("*.json"))) == 1
