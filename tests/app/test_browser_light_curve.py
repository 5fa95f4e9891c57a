"""Light curves in a browser: the fold answers while the period is dragged, and a click on a peak folds there."""

import numpy as np
import pandas as pd
import pytest

from m3core.survey import ModalitySpec, SplitSpec, write_survey
from tests.app.conftest import needs_browser

pytestmark = needs_browser

PERIOD = 0.6371


@pytest.fixture
def star(tmp_path):
    """A survey of one pulsator in the workspace of the server; its listed period is a daily alias."""
    rng = np.random.default_rng(1)
    time = np.sort(2_455_000 + rng.choice(90, 150) + 0.4 + 0.1 * rng.uniform(size=150))
    mag = 15 - 0.4 * np.cos(2 * np.pi * time / PERIOD) + 0.02 * rng.standard_normal(150)
    listed = 1 / (1 / PERIOD + 1)
    table = {"source_id": ["a"], "ra": [1.0], "dec": [2.0], "label": ["RRAB"], "split": ["train"], "period": [listed]}
    spec = ModalitySpec(
        name="g", kind="photometry", label="g", fields=("time", "mag", "error"), columns=("period",),
        settings={"value": "mag", "period": "period", "time_label": "HJD"}, units={"time": "d", "mag": "mag"},
    )  # fmt: skip
    write_survey(
        tmp_path / "workspace" / "surveys" / "one", sources=pd.DataFrame(table), modalities=[spec],
        arrays={"g": [{"time": time, "mag": mag, "error": np.full(150, 0.02)}]}, split=SplitSpec(method="given"),
        provenance={},
    )  # fmt: skip
    return listed


FIELD = "document.querySelector('input[aria-label=\"Period [d]\"]')"
PLACE = """() => {
  const chart = document.querySelector('.st-key-periodogram .js-plotly-plot');
  const trace = chart._fullData.find((one) => one.name === 'highest peaks');
  const { xaxis, yaxis } = chart._fullLayout, box = chart.getBoundingClientRect();
  return [box.left + xaxis._offset + xaxis.l2p(trace.x[0]), box.top + yaxis._offset + yaxis.l2p(trace.y[0])];
}"""


def test_a_period_is_dragged_and_clicked(star, address, page):
    page.set_viewport_size({"width": 1280, "height": 1400})
    page.goto(f"{address}/source?survey=one&source=a")
    field = page.get_by_label("Period [d]", exact=True)
    field.wait_for()
    page.locator(".st-key-folded .js-plotly-plot .points path").first.wait_for()
    assert float(field.input_value()) == pytest.approx(star, abs=1e-6)
    slider = page.locator(".m3-period")
    box = slider.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.2 * box["width"], y, steps=4)
    drawn = page.locator("canvas.m3-fold")
    drawn.wait_for()
    painted = "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v)"
    assert drawn.evaluate(painted), "the fold is painted while the button is down"
    assert float(field.input_value()) == pytest.approx(star, abs=1e-6), "and the server has not been asked yet"
    slider.evaluate("(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    drawn.wait_for(state="detached")  # at the period that is drawn the chart's own points are back
    page.mouse.move(x + 0.25 * box["width"], y, steps=4)
    drawn.wait_for()
    page.mouse.up()
    drawn.wait_for(state="detached")
    page.wait_for_function(f"Math.abs({FIELD}.value - {star}) > 1e-5")
    page.get_by_role("radio", name="Periodogram").click()
    page.locator(".st-key-periodogram .js-plotly-plot .points path").first.wait_for()
    page.wait_for_timeout(1000)  # plotly takes no click while it settles
    x, y = page.evaluate(PLACE)
    page.mouse.move(x - 2, y - 2)
    page.wait_for_timeout(300)
    page.mouse.move(x, y)
    page.wait_for_timeout(300)
    page.mouse.click(x, y)
    page.wait_for_function(f"Math.abs({FIELD}.value - {PERIOD}) < 1e-3")


SIZES = """() => ['light_curve', 'folded'].map((key) => {
  const chart = document.querySelector(`.st-key-${key} .js-plotly-plot`);
  return [chart.closest('.stElementContainer').clientHeight, Math.round(chart._fullLayout.height)];
})"""


def test_curves_grow_with_the_window_and_keep_their_pixels_on_a_laptop(star, address, page):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/source?survey=one&source=a")
    page.locator(".st-key-folded .js-plotly-plot .points path").first.wait_for()
    assert page.evaluate(SIZES) == [[320, 320], [320, 320]]
    page.set_viewport_size({"width": 3840, "height": 2160})
    page.wait_for_function(f"({SIZES})().flat().every((height) => height > 800)")
    sizes = page.evaluate(SIZES)
    assert all(abs(outer - inner) <= 1 for outer, inner in sizes), "the chart fills what it was given"
    page.locator(".m3-period").evaluate("(slider) => { slider.value = 900; slider.dispatchEvent(new Event('input')); }")
    painted = page.locator("canvas.m3-fold")
    painted.wait_for()
    assert abs(painted.evaluate("(canvas) => canvas.clientHeight") - sizes[1][1]) <= 1
