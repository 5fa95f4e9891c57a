"""The whole job in a browser, nothing mocked: import, train from the sidebar, open the map, click, read the id.

On the 2,912 stars of ../shared/realdata/eros_lmc; where they are absent, on a small table written here.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from m3core.workspace.run import State
from tests.app.conftest import make_run, needs_browser
from tests.conftest import SHARED, light_curve, make_survey
from training.record import Record

pytestmark = needs_browser

POINT = """([trace, point]) => {
    const chart = document.querySelector('.js-plotly-plot'), data = chart._fullData[trace];
    const {xaxis, yaxis} = chart._fullLayout, box = chart.getBoundingClientRect();
    return {x: box.x + xaxis._offset + xaxis.l2p(data.x[point]), y: box.y + yaxis._offset + yaxis.l2p(data.y[point]),
            id: data.customdata[point]};
}"""
"""Where on the screen a point of the map lies, and whose it is."""


EROS = SHARED / "realdata" / "eros_lmc"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A catalogue and its photometry."""
    if EROS.is_dir():
        return EROS / "catalogue.csv", EROS / "photometry.parquet"
    return written_files(tmp_path)


def written_files(folder: Path, n: int = 120) -> tuple[Path, Path]:
    """A catalogue and photometry in two bands of stars that vary with a period of their class."""
    catalogue, photometry = folder / "catalogue.csv", folder / "photometry.csv"
    rng = np.random.default_rng(5)
    slow = np.arange(n) % 2 == 0
    period = np.where(slow, rng.uniform(5, 30, n), rng.uniform(0.4, 0.8, n))
    table = {
        "source_id": [f"star_{i:03d}" for i in range(n)],
        "ra": rng.uniform(80, 90, n),
        "dec": rng.uniform(-72, -66, n),
        "label": np.where(slow, "CEP", "RRAB"),
        "period": period,
        "colour": slow + rng.normal(0, 0.3, n),
    }
    pd.DataFrame(table).to_csv(catalogue, index=False)
    pd.concat(
        pd.DataFrame({"source_id": f"star_{i:03d}", "band": band, **light_curve(rng, period[i], 40)})
        for i in range(n)
        for band in ("b", "r")
    ).rename(columns={"error": "mag_err"}).to_csv(photometry, index=False)
    return catalogue, photometry


def saved_file(page, kind: str) -> Path:
    """What the button of the map's files gives."""
    with page.expect_download() as download:
        page.locator("[class*='st-key-files_map_']").get_by_role("button", name=kind, exact=True).click()
    return Path(download.value.path())


def test_the_whole_job(files, page):
    page.get_by_text("Welcome to M3 Explorer").wait_for()
    for label, path in zip(("Catalogue file", "Photometry file"), files, strict=True):
        page.get_by_label(label).fill(str(path))
        page.get_by_label(label).press("Tab")
    page.get_by_role("button", name="Read the files").click()
    page.get_by_text("What was recognised").wait_for()
    page.get_by_label("Name of the survey").fill("stars")
    page.get_by_role("button", name="Import", exact=True).click()

    page.get_by_role("button", name="Train a model").click(timeout=240_000)  # the periods of all stars are searched
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("3")
    epochs.press("Tab")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/training?**")
    assert "survey=stars" in page.url

    page.get_by_role("link", name="Open the map").click(timeout=900_000)
    page.locator(".js-plotly-plot .gl-canvas").first.wait_for()
    page.wait_for_timeout(1500)
    on_map = page.evaluate("document.querySelector('.js-plotly-plot')._fullData.flatMap(one => [...one.customdata])")
    table = pd.read_csv(saved_file(page, "CSV"), dtype=str)
    assert sorted(table["source_id"]) == sorted(on_map)
    assert saved_file(page, "PNG").read_bytes().startswith(b"\x89PNG")
    for trace, point in ((0, 3), (1, 8)):
        place, before = page.evaluate(POINT, [trace, point]), page.evaluate("location.search")
        page.mouse.move(place["x"], place["y"])
        page.wait_for_timeout(300)
        page.mouse.click(place["x"], place["y"])
        page.wait_for_function("before => location.search !== before", arg=before)
        # where points lie upon one another the upper one is clicked
        clicked = page.evaluate("new URLSearchParams(location.search).get('source')")
        shown = page.locator(".st-key-viewer_head code", has_text=clicked)
        shown.wait_for()
    # while the figures change the ones before may still stand beside them
    page.locator(".st-key-viewer").get_by_text("Phase (the second cycle repeats the first)").first.wait_for()
    source_id = shown.inner_text().strip()
    assert source_id in set(pd.read_csv(files[0])["source_id"])

    page.reload()
    page.locator(".st-key-viewer_head code", has_text=source_id).wait_for()
    field = page.get_by_role("spinbutton", name="Period [d]", exact=True)
    period = float(field.input_value())
    assert period > 0.01
    page.get_by_role("link", name="Source", exact=True).click()
    page.locator(".st-key-viewer_wide").get_by_text("Nearest neighbours").wait_for()
    assert float(field.input_value()) == period, "what was chosen on the map goes along"
    assert f"source={source_id}" in page.url
    assert page.locator(".st-key-viewer_head code").inner_text().strip() == source_id


def test_a_click_on_the_map_leaves_the_bar_of_a_training_going(tmp_path, address, page):
    workspace = tmp_path / "workspace"
    make_run(workspace / "runs" / "done", make_survey(workspace / "surveys" / "small"))
    (workspace / "runs" / "other").mkdir()
    record = Record(workspace / "runs" / "other")
    record.update(state=State.TRAINING, epoch=1, epochs=9)
    page.goto(f"{address}/manifold?survey=small&run=done")
    page.get_by_text("other: epoch 1 of 9").wait_for()
    page.locator(".js-plotly-plot .gl-canvas").first.wait_for()
    page.wait_for_timeout(1500)
    place = page.evaluate(POINT, [0, 3])
    page.mouse.move(place["x"], place["y"])
    page.wait_for_timeout(300)
    page.mouse.click(place["x"], place["y"])
    page.locator(".st-key-viewer_head code").wait_for()
    for epoch in (2, 3):
        record.update(epoch=epoch)
        page.get_by_text(f"other: epoch {epoch} of 9").wait_for()
