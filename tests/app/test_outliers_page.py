"""The outliers page: the list, its reasons, verdicts by button, undo, what is kept and what is taken in again."""

import threading

import pytest

from m3core.outliers.score import outlier_table
from m3core.outliers.store import outliers_folder, read_outliers
from m3core.workspace.run import State
from m3core.workspace.verdicts import Verdicts
from pages.components.lists import await_list, make_lists
from tests.app.conftest import make_run, open_page, said
from tests.app.test_classifier_page import charts, settled
from tests.conftest import make_survey
from training import process
from training.record import Record


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """surveys/small and runs/done."""
    root = tmp_path_factory.mktemp("outliers")
    survey = make_survey(root / "surveys" / "small", n=120)
    return survey, make_run(root / "runs" / "done", survey)


@pytest.fixture
def workspace(stocked, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(stocked[1].path.parents[1]))
    return stocked


def page():
    return settled(open_page("outliers", survey="small", run="done"))


def listed(app):
    return next(frame.value for frame in app.main.dataframe if "rank" in frame.value)


def click(app, label):
    return settled(next(button for button in app.main.button if button.label == label).click().run())


def test_a_list_that_the_training_makes_is_waited_for(workspace):
    survey, run = workspace
    told, place = [], run.path / "status.json"
    finished = place.read_text()
    Record(run.path).update(state=State.LISTING, progress=0.4, message="outliers: Measuring light curves.")

    def report(done, said):
        told.append((done, said))
        place.write_text(finished)

    await_list(run, survey, lambda: False, report)
    assert told == [(0.4, "The training is at its end and lists outliers: Measuring light curves.")]


def test_lists_that_follow_an_embedding_are_waited_for(workspace, monkeypatch):
    survey, run = workspace
    told, go_on = [], threading.Event()

    def embed(_run, _survey, report, *, lists):
        assert lists
        report(0.3, "Listing outliers")
        assert go_on.wait(60)

    def report(done, said):
        told.append((done, said))
        go_on.set()

    monkeypatch.setattr(process, "embed", embed)
    make_lists(run, survey)
    await_list(run, survey, lambda: False, report)
    assert (0.3, "Listing outliers") in told
    await_list(run, survey, lambda: False, pytest.fail)  # nothing is under way


def test_a_list_that_is_made_does_not_wait_for_the_next(workspace):
    survey, run = workspace
    place = run.path / "status.json"
    finished = place.read_text()
    Record(run.path).update(state=State.LISTING, progress=0.6, message="suspects")
    try:
        await_list(run, survey, lambda: True, pytest.fail)
    finally:
        place.write_text(finished)


def test_list_reasons_and_formulas(workspace):
    survey, run = workspace
    app = page()
    assert not app.error
    table = outlier_table(read_outliers(run, survey))
    shown = listed(app)
    assert shown["source_id"].tolist() == table["source_id"].tolist(), "every source, oddest first"
    text = said(app)
    for words in ("Why is it odd?", "lead to expect", "higher is odder", "0 to 1", "84th percentile", "J next"):
        assert words in text
    assert any("shaded by its part" in name for name in charts(app))
    assert {"Rank correlation of each two detectors"} <= set(charts(app))


def test_first_leads_to_the_top_from_wherever_the_source_came(workspace):
    last = listed(page())["source_id"].tolist()[-1]
    app = settled(open_page("outliers", survey="small", run="done", source=last))
    assert app.code[0].value == last
    app = click(app, "First")
    assert app.code[0].value == listed(app)["source_id"].tolist()[0]
    assert next(button for button in app.main.button if button.label == "First").disabled


def test_verdicts_move_on_teach_are_undone_and_outlive_the_page(workspace):
    survey, run = workspace
    app = page()
    first = listed(app)["source_id"].tolist()[0]
    next(field for field in app.main.text_input if field.label == "Initials").set_value("JD").run()
    app = click(app, "Yes, odd")
    kept = Verdicts.open(run, survey, "outliers")
    assert {name: (one.verdict, one.author) for name, one in kept.current().items()} == {first: ("yes", "JD")}
    assert "learned from the answers" in said(app)
    assert listed(app)["source_id"].tolist()[-1] == first, "unanswered first"
    second = listed(app)["source_id"].tolist()[0]
    assert second in app.query_params["source"], "the first of the list that has learned is opened"
    app = click(app, "Unsure")
    assert kept.current()[second].verdict == "unsure"
    again = page()  # a new session: what a reload or a killed server leaves
    assert listed(again)["verdict"].value_counts()["yes"] == 1
    app = click(again, "Undo")
    assert list(kept.current()) == [first]
    assert second in app.query_params["source"], "what was taken back is opened again"
    click(app, "Undo")
    assert kept.current() == {}


def test_out_of_date_is_said_and_mended(workspace):
    survey, run = workspace
    page()
    about = outliers_folder(run, survey) / "outliers.json"
    about.write_text(about.read_text().replace('"made_by": "', '"made_by": "of before '))
    from pages.components import jobs

    jobs._jobs().clear()
    app = page()
    assert not app.error
    assert '"of before ' not in about.read_text()
