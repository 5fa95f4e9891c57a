"""PNG and SVG of every figure of a star's page, each saved by its click in a browser."""

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.app.conftest import needs_browser
from tests.app.simulated_star import star_with_everything

pytestmark = needs_browser

FIGURES = """() => [...document.querySelectorAll('[data-testid="stMain"] .js-plotly-plot')]
    .filter(chart => chart.offsetParent !== null && chart.querySelector('.modebar-btn'))
    .map(chart => [...chart.closest('[class*="st-key-"]').classList])
    .map(names => names.find(name => name.startsWith('st-key-')).slice(7))"""
"""Keys of the figures that are seen."""

PLACES = {
    "": {"light_curve", "folded", "spectrum-spectra"},
    "Periodogram": {"periodogram"},
    "Boxes": {"box"},
    "Dispersion": {"dispersion"},
    "Prewhitening": {"prewhitening"},
    "Cycles": {"river", "o_c"},
    "Among its kind": {
        "colour_magnitude", "period_luminosity", "period_wesenheit", "period_amplitude", "colour_colour", "sky",
    },
    "What the model saw": {"seen_photometry", "seen_spectra", "seen_metadata", "embedding_says"},
    "Blends and nights": {"nights"},
}  # fmt: skip
"""What to open, and what the keys of its figures begin with."""


@pytest.fixture
def star(tmp_path, address):
    """The address of the page."""
    _, _, source_id = star_with_everything(tmp_path / "workspace")
    return f"{address}/source?survey=sky&run=done&source={source_id}"


def saved(page, row, name: str) -> bytes:
    with page.expect_download() as download:
        row.get_by_role("button", name=name, exact=True).click()
    assert download.value.suggested_filename.endswith(f".{name.lower()}")
    return Path(download.value.path()).read_bytes()


def test_every_figure_is_saved_as_png_and_svg(star, page):
    page.goto(star)
    seen: set[str] = set()
    for place, expected in PLACES.items():
        if place:
            page.locator('[role="tab"], [data-testid="stMain"] button').get_by_text(place, exact=True).first.click()
        page.wait_for_function(
            f"names => {{ const now = ({FIGURES})();"
            " return names.every(name => now.some(key => key.startsWith(name))); }", arg=sorted(expected),
        )  # fmt: skip
        for key in sorted(set(page.evaluate(FIGURES)) - seen):
            seen.add(key)
            row = page.locator(f".st-key-files_{key}")
            png = saved(page, row, "PNG")
            assert png.startswith(b"\x89PNG"), key
            assert min(struct.unpack(">II", png[16:24])) > 300, key
            assert len(png) > 10_000, f"{key} is blank"
            svg = ElementTree.fromstring(saved(page, row, "SVG"))
            assert svg.tag.endswith("svg"), key
            assert len(list(svg.iter())) > 60, f"{key} is blank"
    left = {name for names in PLACES.values() for name in names if not any(key.startswith(name) for key in seen)}
    assert not left
