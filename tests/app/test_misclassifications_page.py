"""The page Misclassifications: the list, votes, periods, verdicts that stay, and the survey that they correct."""

import pytest

from m3core.embeddings.kept import Embeddings
from m3core.label_issues.table import kept_suspects
from m3core.survey import Survey
from m3core.workspace.verdicts import Verdicts
from tests.app.conftest import make_run, open_page, said, settled
from tests.conftest import make_survey
from tests.train.rewritten import rewritten


def spoilt(table):
    """Two labels exchanged, one period doubled."""
    table = table.copy()
    table.loc[table["source_id"] == "s010", "label"] = "RRAB"
    table.loc[table["source_id"] == "s011", "label"] = "SR"
    table.loc[table["source_id"] == "s025", "period"] *= 2
    return table


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """surveys/small, spoilt, and runs/done."""
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    survey = rewritten(make_survey(tmp_path / "made" / "all", n=80), tmp_path / "surveys" / "small", sources=spoilt)
    return survey, make_run(tmp_path / "runs" / "done", survey)


def page(source=None):
    query = {"survey": "small", "run": "done"} | ({"source": source} if source else {})
    return settled(open_page("misclassifications", **query))


def listed(app):
    return next(frame.value for frame in app.dataframe if "rank" in frame.value and "verdict" in frame.value)


def test_suspects_votes_and_a_verdict_that_stays(workspace):
    survey, run = workspace
    app = page()
    assert not app.error
    kept = kept_suspects(run, survey, Embeddings.open(run, survey))
    assert set(kept.table["source_id"][:2]) == {"s010", "s011"}
    text = said(app)
    for words in ("score = t / (t + p)".capitalize(), "0 to 1", "Lower cost is better", "Higher is more suspect"):
        assert words in text
    app.toggle(key="suspects_agreed").set_value(False).run()
    assert set(listed(app)["source_id"]) == set(survey.source_ids)
    first = listed(app)["source_id"].iloc[0]
    assert first in ("s010", "s011")
    votes = next(frame.value for frame in app.dataframe if "neighbours say" in frame.value)
    assert list(votes["modality"]) == ["g", "r", "metadata"]
    app.text_input(key="verdict_author").set_value("A. B.").run()
    app.button(key="verdict_mislabelled").click().run()
    given = Verdicts.open(run, survey, "label-issues").current()[first]
    assert (given.verdict, given.author) == ("mislabelled", "A. B.")
    assert given.value == {"s010": "SR", "s011": "RRAB"}[first]
    again = page()
    assert "1 mislabelled" in said(again), "a reload loses nothing"
    again.button(key="verdict_undo").click().run()
    assert Verdicts.open(run, survey, "label-issues").current() == {}


def test_a_period_is_adopted_and_a_corrected_survey_written(workspace):
    survey, run = workspace
    app = page("s025")
    assert "does not hold" in said(app)
    tried = next(frame.value for frame in app.dataframe if "string length" in frame.value)
    half = tried.set_index("period").loc["P/2"]
    truth = survey.sources.loc["s025", "period"] / 2
    value, error = half["P [d]"].removesuffix(")").split("(")
    assert float(value) == pytest.approx(truth, rel=1e-3)
    assert 3 <= int(error) < 30, "in units of the last digit"
    buttons = [button for button in app.button if button.key.startswith("adopt_")]
    assert [one.label for one in buttons[:2]] == ["Fold on it", "Adopt"]
    buttons[1].click()
    app.run()
    given = Verdicts.open(run, survey, "label-issues").current()["s025"]
    assert given.verdict == "period wrong"
    assert float(given.value) == pytest.approx(truth, rel=1e-3)
    assert app.session_state[f"period_{survey.hash[:8]}_s025"] == pytest.approx(truth, rel=1e-3)
    app.run()
    app.button(key="corrected_write").click().run()
    made = Survey.open(survey.path.parent / "small-corrected")
    assert made.sources.loc["s025", "period"] == pytest.approx(truth, rel=1e-3)
    assert made.manifest.provenance["corrected_from"] == survey.hash


def test_a_selection_and_filters_narrow_the_list(workspace):
    app = page()
    app.selectbox(key="suspects_show").set_value("periods that do not hold").run()
    assert "s025" in set(listed(app)["source_id"])
    assert len(listed(app)) < 10
    app.selectbox(key="suspects_show").set_value("all labelled").run()
    app.session_state["selection"] = ("s001", "s002")
    app.run()
    assert set(listed(app)["source_id"]) == {"s001", "s002"}


def test_without_labels_there_is_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("M3_WORKSPACE", str(tmp_path))
    bare = rewritten(
        make_survey(tmp_path / "all", n=20), tmp_path / "surveys" / "small",
        sources=lambda table: table.assign(label=None),
    )  # fmt: skip
    make_run(tmp_path / "runs" / "done", bare)
    assert "none can be wrong" in said(open_page("misclassifications"))
