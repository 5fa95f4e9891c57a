"""A classifier in a browser, nothing mocked: from the form to a cell of its confusion matrix to a star of that cell.

Every step waits for a state of the page, none for a time.
"""

import pytest

from m3core.classifier.evaluation import evaluate
from m3core.survey import Survey
from m3core.workspace.run import Run
from tests.app.conftest import make_run, needs_browser
from tests.conftest import make_survey

pytestmark = needs_browser

FULLEST = """() => {
    const chart = document.querySelector('.js-plotly-plot'), points = chart?._fullData?.[1];
    if (!points?.customdata) return null;
    const counts = chart._fullData[0].text.flat().map(text => text ? parseInt(text.split('<br>')[1]) : 0);
    const most = counts.indexOf(Math.max(...counts)), {xaxis, yaxis} = chart._fullLayout;
    const box = chart.getBoundingClientRect();
    return {x: box.x + xaxis._offset + xaxis.d2p(points.x[most]), y: box.y + yaxis._offset + yaxis.d2p(points.y[most]),
            width: xaxis.d2p(points.x[1]) - xaxis.d2p(points.x[0]), cell: points.customdata[most], count: counts[most]};
}"""
"""The cell of the confusion matrix with most sources: where its middle is on the screen, its width, its classes."""


@pytest.fixture
def survey(tmp_path):
    """A workspace with a survey and a pre-trained run of it."""
    survey = make_survey(tmp_path / "workspace" / "surveys" / "small", n=120)
    make_run(tmp_path / "workspace" / "runs" / "done", survey)
    return survey


def point_at_fullest_cell(page):
    """Move the mouse into a corner of the cell, again until the chart says so: it may be drawn anew meanwhile."""
    from playwright.sync_api import TimeoutError as NotYet

    page.wait_for_function(FULLEST)
    for _ in range(60):
        found = page.evaluate(FULLEST)
        if found is not None:
            true, predicted = found["cell"]
            page.mouse.move(1, 1)
            page.mouse.move(found["x"] - 0.4 * found["width"], found["y"])
            try:
                says = f"true {true}, predicted {predicted}"
                page.locator(".hoverlayer", has_text=says).first.wait_for(timeout=1000)
            except NotYet:
                continue
            return found
    raise AssertionError("the chart never answered the mouse")


def test_from_the_form_to_a_star_of_a_cell(survey: Survey, address, page, tmp_path):
    page.goto(f"{address}/classifier?survey=small&run=done")
    page.get_by_role("button", name="Fine-tune a classifier").click()
    page.get_by_role("combobox", name="Start from").wait_for()
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("2")
    epochs.press("Tab")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/training?**run=small-classifier**")
    page.get_by_role("link", name="Open the classifier").click()
    page.wait_for_url("**/classifier?**")

    found = point_at_fullest_cell(page)
    page.mouse.down()
    page.mouse.up()
    page.get_by_text(f"{found['count']} of 120 selected").wait_for()
    true, predicted = found["cell"]
    evaluation = evaluate(Run.open(tmp_path / "workspace" / "runs" / "small-classifier"), survey)
    ids = [str(one) for one in survey.source_ids[evaluation.cell(true, predicted)]]
    assert len(ids) == found["count"]

    page.get_by_role("link", name="first of them").click()
    page.wait_for_url("**/source?**")
    page.locator(".st-key-viewer_head code", has_text=ids[0]).wait_for()
    page.get_by_text(f"1 of {len(ids)} selected").wait_for()
