"""The whole job in a browser, nothing mocked: import, train from the sidebar, open the map, click, read the id."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT, light_curve

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: `make chromium` installs Debian's"),
]

POINT = """([trace, point]) => {
    const chart = document.querySelector('.js-plotly-plot'), data = chart._fullData[trace];
    const {xaxis, yaxis} = chart._fullLayout, box = chart.getBoundingClientRect();
    return {x: box.x + xaxis._offset + xaxis.l2p(data.x[point]), y: box.y + yaxis._offset + yaxis.l2p(data.y[point]),
            id: data.customdata[point]};
}"""
"""Where on the screen a point of the map lies, and whose it is."""


def write_files(folder: Path, n: int = 120) -> None:
    """A catalogue and photometry in two bands of stars that vary with a period of their class."""
    rng = np.random.default_rng(5)
    slow = np.arange(n) % 2 == 0
    period = np.where(slow, rng.uniform(5, 30, n), rng.uniform(0.4, 0.8, n))
    pd.DataFrame(
        {"source_id": [f"star_{i:03d}" for i in range(n)], "ra": rng.uniform(80, 90, n), "dec": rng.uniform(-72, -66, n),
         "label": np.where(slow, "CEP", "RRAB"), "period": period, "colour": slow + rng.normal(0, 0.3, n)}
    ).to_csv(folder / "catalogue.csv", index=False)  # fmt: skip
    pd.concat(
        pd.DataFrame({"source_id": f"star_{i:03d}", "band": band, **light_curve(rng, period[i], 40)})
        for i in range(n)
        for band in ("b", "r")
    ).rename(columns={"error": "mag_err"}).to_csv(folder / "photometry.csv", index=False)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server of the app over an empty workspace."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=ROOT, env={**os.environ, "M3_WORKSPACE": str(tmp_path / "workspace")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("localhost", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def page(address: str) -> Iterator["playwright.Page"]:
    """A browser's page on the app."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(60_000)
        page.goto(address)
        yield page
        browser.close()


def test_the_whole_job(tmp_path, page):
    write_files(tmp_path)
    page.get_by_text("Welcome to M3 Explorer").wait_for()
    for label, name in (("Catalogue file", "catalogue.csv"), ("Photometry file", "photometry.csv")):
        page.get_by_label(label).fill(str(tmp_path / name))
        page.get_by_label(label).press("Tab")
    page.get_by_role("button", name="Read the files").click()
    page.get_by_text("What was recognised").wait_for()
    page.get_by_label("Name of the survey").fill("stars")
    page.get_by_role("button", name="Import", exact=True).click()

    page.get_by_role("button", name="Train a model").click()
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("3")
    epochs.press("Tab")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/training?**")
    assert "survey=stars" in page.url

    page.get_by_role("link", name="Open the map").click(timeout=240_000)
    page.locator(".js-plotly-plot .gl-canvas").first.wait_for()
    page.wait_for_timeout(1500)
    for trace, point in ((0, 3), (1, 8)):
        place = page.evaluate(POINT, [trace, point])
        page.mouse.move(place["x"], place["y"])
        page.wait_for_timeout(300)
        page.mouse.click(place["x"], place["y"])
        shown = page.locator(".st-key-viewer_head code")
        shown.wait_for()
        # where points lie upon one another the upper one is clicked
        page.wait_for_function("id => location.search.includes('source=' + id)", arg=shown.inner_text())
    page.locator(".st-key-viewer").get_by_text("Phase (the second cycle repeats the first)").wait_for()
    source_id = shown.inner_text().strip()
    assert source_id.startswith("star_")

    page.reload()
    page.locator(".st-key-viewer_head code", has_text=source_id).wait_for()
    page.get_by_role("link", name="Source", exact=True).click()
    page.get_by_text("Nearest neighbours").wait_for()
    assert f"source={source_id}" in page.url
    assert page.locator(".st-key-viewer_head code").inner_text().strip() == source_id
