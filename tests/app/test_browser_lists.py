"""The lists of findings in a browser, worked through by keyboard: what was said is on the disk and outlives a reload.

Every step waits for a state of the page, none for a time.
"""

import re

import pytest

from m3core.outliers.score import outlier_table
from m3core.outliers.store import read_outliers
from m3core.survey import Survey
from m3core.workspace.run import Run
from m3core.workspace.verdicts import Verdicts
from tests.app.conftest import make_run, needs_browser
from tests.conftest import make_survey

pytestmark = needs_browser


@pytest.fixture
def stocked(tmp_path) -> tuple[Survey, Run]:
    """surveys/small and runs/done in the server's workspace."""
    survey = make_survey(tmp_path / "workspace" / "surveys" / "small", n=120)
    return survey, make_run(tmp_path / "workspace" / "runs" / "done", survey)


def test_outliers_by_key(stocked, address, page):
    survey, run = stocked
    page.goto(f"{address}/outliers?survey=small&run=done")
    page.get_by_text("1 of 120 in the list").wait_for()
    first = str(outlier_table(read_outliers(run, survey))["source_id"].iloc[0])
    page.keyboard.press("y")
    page.get_by_text("verdicts: 1 yes").wait_for()
    verdicts = Verdicts.open(run, survey, "outliers")
    assert {name: one.verdict for name, one in verdicts.current().items()} == {first: "yes"}

    page.locator("strong", has_text=first).wait_for(state="hidden")  # the next source is open
    page.keyboard.press("n")
    page.get_by_text("verdicts: 1 yes, 1 no").wait_for()
    second = next(name for name in verdicts.current() if name != first)
    page.locator("strong", has_text=second).wait_for(state="hidden")

    page.reload()
    page.get_by_text("verdicts: 1 yes, 1 no").wait_for()
    page.get_by_role("button", name="Undo", disabled=False).wait_for()
    page.keyboard.press("z")
    page.get_by_text(re.compile(r"verdicts: 1 yes(?!, 1 no)")).wait_for()
    assert {name: one.verdict for name, one in verdicts.current().items()} == {first: "yes"}
    page.locator("strong", has_text=second).wait_for()
    assert len(verdicts.path.read_text().splitlines()) == 3, "an undo is a line too"


def test_a_suspect_is_judged_by_key(stocked, address, page):
    survey, run = stocked
    page.goto(f"{address}/misclassifications?survey=small&run=done")
    page.get_by_text("verdicts: none yet").wait_for()
    page.get_by_role("button", name="Mislabelled").wait_for()
    page.keyboard.press("m")
    page.get_by_text("verdicts: 1 mislabelled").wait_for()
    (one,) = Verdicts.open(run, survey, "label-issues").current().values()
    assert (one.verdict, one.value in survey.classes) == ("mislabelled", True)
