"""Picking on the data page in a browser: a bar, a lasso, and the selection on the other pages."""

import pytest
from astropy.io.votable import parse_single_table

from tests.app.conftest import make_run, needs_browser
from tests.conftest import make_survey

pytestmark = needs_browser

INSIDE = """() => {
    const chart = document.querySelector('.js-plotly-plot'), {xaxis, yaxis} = chart._fullLayout;
    const box = chart.getBoundingClientRect(), left = box.x + xaxis._offset, top = box.y + yaxis._offset;
    return [left + 1, left + xaxis._length - 1, top + 1, top + yaxis._length - 1];
}"""
"""Left, right, upper and lower edge of a figure's frame on the screen, one pixel inside."""


@pytest.fixture
def stocked(tmp_path):
    """A workspace with a survey and its map, before the server starts."""
    survey = make_survey(tmp_path / "workspace" / "surveys" / "small")
    make_run(tmp_path / "workspace" / "runs" / "done", survey)
    return survey


def test_a_bar_and_a_lasso_select_for_every_page(stocked, page):
    chart = page.locator(".js-plotly-plot").first
    chart.locator(".bars .point").nth(1).wait_for()
    page.wait_for_timeout(1000)
    bar = chart.locator(".bars .point").nth(0).bounding_box()
    page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2, steps=4)
    page.wait_for_timeout(300)
    page.mouse.down()
    page.mouse.up()
    page.get_by_text(r"18 of 60 selected").wait_for()

    page.get_by_text("Sky", exact=True).first.click()
    page.locator(".js-plotly-plot .gl-canvas").first.wait_for()
    page.wait_for_timeout(1000)
    page.get_by_text("18 of 60 selected").wait_for()
    chart = page.locator(".js-plotly-plot").first
    chart.locator('[data-title="Lasso Select"]').click()
    left, right, top, low = page.evaluate(INSIDE)
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, low), (left, low), (left, top)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    page.get_by_text("60 of 60 selected").wait_for()

    page.locator(".st-key-selected_export_menu").get_by_role("button").click()
    page.get_by_text("votable", exact=True).click()
    page.get_by_text("VOTable: units, UCDs").wait_for()
    page.wait_for_timeout(500)  # the button's file is made anew with the format
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 60 sources").click()
    assert download.value.suggested_filename == "small-selection.vot"
    table = parse_single_table(download.value.path()).to_table()
    assert list(table["source_id"]) == list(stocked.source_ids)

    page.keyboard.press("Escape")
    page.get_by_role("link", name="Manifold", exact=True).click()
    page.get_by_text("60 of 60 selected").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.js-plotly-plot')].some(plot => (plot.data || [])"
        ".reduce((sum, trace) => sum + (trace.selectedpoints || []).length, 0) === 60)"
    )
