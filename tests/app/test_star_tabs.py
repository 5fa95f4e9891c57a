"""The tabs of a star's page: each draws what it promises, a click leads on, notes are kept, the page becomes a file."""

import json

import pytest

from m3core.star.notes import Notes
from m3core.survey import Survey
from pages.components import jobs
from tests.app.conftest import checked, make_run, open_page, said, settled
from tests.conftest import make_survey


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace of its own: notes are written into it."""
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    make_run(tmp_path / "runs" / "done", make_survey(tmp_path / "surveys" / "small"))
    return tmp_path


def on_tab(name: str, source: str = "s004"):
    """The page of a source with a tab open."""
    app = open_page("source", survey="small", run="done", source=source)
    app.session_state["star_tab"] = name
    return settled(checked(app.run()))


def test_only_the_open_tab_is_drawn(workspace):
    app = on_tab("Catalogue")
    text = said(app)
    assert "Nearest neighbours" in text
    assert "Colour and magnitude" not in text
    assert "nothing is fetched before you click" in text
    table = next(frame.value for frame in app.dataframe if "percentile" in frame.value)
    assert list(table["column"]) == ["period", "colour", "m3_period_fold", "m3_period_power"]


def test_among_its_kind(workspace):
    text = said(on_tab("Among its kind"))
    for title in ("Period and amplitude", "Colour and magnitude", "On the sky"):
        assert title in text
    assert "from the 5th to the 95th percentile" in text


def test_what_the_model_saw_and_says(workspace):
    app = on_tab("What the model saw")
    text = said(app)
    assert "What the model saw: g" in text
    assert "Share of each class among the 20 labelled sources" in text
    frames = [frame.value for frame in app.dataframe if "similarity" in frame.value]
    assert len(frames) == 4  # two bands, metadata, mean
    assert all("s004" not in set(frame["source_id"]) for frame in frames)


def test_no_run_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    make_survey(tmp_path / "surveys" / "small")
    app = open_page("source", survey="small", source="s004")
    app.session_state["star_tab"] = "What the model saw"
    assert "No run is chosen" in said(checked(app.run()))


def test_blends_and_nights(workspace):
    text = said(on_tab("Blends and nights"))
    assert "Possible blends" in text
    assert "No other source of this survey lies within 60 arcsec" in text
    assert "Bad nights: g 0 of" in text


def test_notes_are_kept_and_undone(workspace):
    app = on_tab("Notes")
    app.text_area[0].set_value("eclipse at phase 0.3?").run()
    app.button(key="note_keep").click().run()
    survey = Survey.open(workspace / "surveys" / "small")
    assert Notes(workspace, survey).of("s004").note == "eclipse at phase 0.3?"
    assert "eclipse at phase" in str(app.text_area[0].value)
    app.button(key="note_undo").click().run()
    assert Notes(workspace, survey).of("s004").note == ""
    checked(app)


def test_a_tag_selects_its_sources(workspace):
    survey = Survey.open(workspace / "surveys" / "small")
    for source in ("s003", "s010"):
        Notes(workspace, survey).keep(source, "", ["*odd* <b>"])
    app = on_tab("Notes")
    app.button(key="tag_*odd* <b>").click().run()
    assert app.session_state["selection"] == ("s003", "s010")


def test_the_page_and_a_booklet_become_files(workspace):
    app = on_tab("Save the page")
    app.session_state["selection"] = ("s002", "s004")
    settled(app.run())
    for kind, booklet in (("html", False), ("json", True)):
        app.segmented_control(key="page_format").set_value(kind).run()
        app.toggle(key="page_booklet").set_value(booklet).run()
        app.button(key="page_make").click().run()
        settled(app)
        made = [job.result for key, job in jobs._jobs().items() if key.startswith("star page ")][-1]
        if kind == "html":
            assert b"s004" in made
            assert b"<script src" not in made
        else:
            assert {name.split("/")[0] for name in json.loads(made)} == {"s002", "s004"}
