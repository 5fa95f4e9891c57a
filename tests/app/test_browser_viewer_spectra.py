"""Spectra in a browser: a zoom that outlives settings, a range that is dragged, a file that is dropped onto the page.

Every step waits for a state of the page, none for a time.
"""

import base64
import re

import pytest

from tests.app.conftest import needs_browser
from tests.data_floor.archive_files import lamost_cards, spectrum, write_lamost
from tests.spectra_survey import made_survey

pytestmark = needs_browser

CHART = ".st-key-spectrum-blue_arm .js-plotly-plot"

AXES = """selector => {
    const layout = document.querySelector(selector)?._fullLayout;
    return layout && {x: layout.xaxis.range, title: layout.yaxis.title.text, drag: layout.dragmode};
}"""

IS_WATCHED = "selector => Boolean(document.querySelector(selector)?.m3Say)"

DROP = """([name, content]) => {
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0)), held = new DataTransfer();
    held.items.add(new File([bytes], name));
    for (const kind of ['dragover', 'drop']) {
        const event = new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: held});
        document.querySelector('[data-testid="stMain"]').dispatchEvent(event);
        if (!event.defaultPrevented) return false;
    }
    return true;
}"""
"""A file let go over the middle of the page, not over the box for files."""


LATE = re.compile("BidiComponent|FileUploader|PlotlyChart")
"""Code that a browser loads after the frame of a page."""


@pytest.fixture
def source_page(tmp_path, address, page):
    made_survey(tmp_path / "workspace" / "surveys" / "spectra")
    page.goto(f"{address}/source?survey=spectra&source=s0")
    page.wait_for_function(IS_WATCHED, arg=CHART)
    return page


def drag(page, first: float, last: float) -> None:
    """Along the middle of the figure, from one share of its width to another."""
    chart = page.locator(CHART)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + first * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + (first + last) / 2 * box["width"], y + 1)
    page.mouse.move(box["x"] + last * box["width"], y + 2)
    page.mouse.up()


def settled(page, condition: str) -> dict:
    """The axes, once `condition` (of `now`) holds and the figure is watched."""
    page.wait_for_function(
        f"selector => {{ const now = ({AXES})(selector); return now && {condition} && ({IS_WATCHED})(selector); }}",
        arg=CHART,
    )
    return page.evaluate(AXES, CHART)


def test_a_zoom_outlives_settings_and_a_drag_measures(source_page):
    page = source_page
    whole = page.evaluate(AXES, CHART)["x"]
    drag(page, 0.45, 0.65)
    zoomed = settled(page, f"now.x[0] > {whole[0] + 500} && now.x[1] < {whole[1] - 500}")["x"]

    page.get_by_role("button", name="Flux").click()
    page.get_by_text("Divide by the continuum").click()
    assert settled(page, "now.title.includes('continuum')")["x"] == pytest.approx(zoomed)
    page.keyboard.press("Escape")

    page.get_by_text("Measure a line").click()
    assert settled(page, "now.drag === 'select'")["x"] == pytest.approx(zoomed)
    drag(page, 0.5, 0.6)
    page.get_by_text("as observed in").wait_for()
    low, high = (float(page.get_by_label(label).input_value()) for label in ("From [Å]", "To [Å]"))
    assert zoomed[0] < low < high < zoomed[1]
    assert settled(page, "now.drag === 'select'")["x"] == pytest.approx(zoomed)

    page.get_by_text("Measure a line").click()
    settled(page, "now.drag === 'zoom'")
    page.locator(CHART).locator(".nsewdrag").first.dblclick()
    again = settled(page, f"now.x[0] < {zoomed[0] - 200} && now.x[1] > {zoomed[1] + 200}")["x"]
    assert again == pytest.approx(whole)
    page.get_by_role("button", name="Flux").click()
    page.get_by_text("Divide by the continuum").click()
    assert settled(page, "!now.title.includes('continuum')")["x"] == pytest.approx(whole)


NAMES_MOVED = """selector => [...document.querySelector(selector).querySelectorAll('.xy3 .textpoint text')]
    .every(name => parseFloat((name.getAttribute('transform') ?? '').replace('translate(', '')) > 0)"""

STROKES = """selector => document.querySelector(selector).querySelector('.xy2 .js-line').getAttribute('d')"""


def test_the_lines_follow_the_slider_while_it_is_dragged(source_page):
    page = source_page
    before, drawn = page.evaluate(STROKES, CHART), page.evaluate(AXES, CHART)
    thumb = page.locator('.st-key-spectrum_velocity_row input[type="range"]')
    centre = thumb.evaluate("one => { const b = one.parentElement.parentElement.getBoundingClientRect();"
                            " return [b.x + b.width / 2, b.y + b.height / 2]; }")  # fmt: skip
    x, y = centre
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y)
    page.mouse.move(x + 60, y)
    page.wait_for_function(f"([selector, before]) => ({STROKES})(selector) !== before", arg=[CHART, before])
    assert page.evaluate(NAMES_MOVED, CHART)
    assert page.evaluate(AXES, CHART) == drawn, "the figure itself is not drawn anew"
    page.mouse.up()
    velocity = float(thumb.input_value())
    box = page.get_by_label("km/s", exact=True)
    page.wait_for_function("([box, value]) => Number(box.value) === value", arg=[box.element_handle(), velocity])


def test_a_velocity_of_zero_is_still_zero_after_another_page(source_page):
    page = source_page
    box = page.get_by_label("km/s", exact=True)
    thumb = page.locator('.st-key-spectrum_velocity_row input[type="range"]')
    for velocity in (120, 0):
        box.fill(str(velocity))
        box.press("Enter")
        page.wait_for_function("([one, value]) => Number(one.value) === value", arg=[thumb.element_handle(), velocity])
    page.get_by_role("link", name="Survey", exact=True).click()
    page.get_by_role("link", name="Source", exact=True).click()
    page.wait_for_function(IS_WATCHED, arg=CHART)
    assert (float(box.input_value()), float(thumb.input_value())) == (0, 0)


@pytest.mark.parametrize("layout", ["image", "table"])
def test_a_lamost_file_let_go_anywhere_on_the_page_opens_there(source_page, tmp_path, layout):
    page = source_page
    write_lamost(tmp_path / "mine.fits", spectrum(5), lamost_cards(10, 20, SUBCLASS="K3", Z=-0.001), layout)
    page.evaluate(DROP, ["mine.fits", base64.b64encode((tmp_path / "mine.fits").read_bytes()).decode()])
    page.locator(".st-key-spectrum-mine .js-plotly-plot").wait_for()
    page.get_by_text("subclass K3").wait_for()
    page.get_by_text("redshift -0.001000 (-299.8 km/s)").wait_for()
    assert page.locator(CHART).count() == 1, "the open source stays"
    page.evaluate(DROP, ["cut.fits", base64.b64encode(b"SIMPLE  =").decode()])
    page.get_by_text("fetch it again").wait_for()


WITHOUT_UPLOADER = f"""(file) => {{
    const place = document.querySelector('.st-key-spectrum_files');
    place.classList.remove('st-key-spectrum_files');
    ({DROP})(file);
    place.classList.add('st-key-spectrum_files');
}}"""
"""The browser has not loaded the uploader's code when the file is let go."""


def test_a_file_let_go_before_the_uploader_is_there_opens_too(source_page, tmp_path):
    page = source_page
    write_lamost(tmp_path / "early.fits", spectrum(5), lamost_cards(10, 20), "image")
    page.locator('.st-key-spectrum_files input[type="file"]').wait_for(state="attached")
    content = base64.b64encode((tmp_path / "early.fits").read_bytes()).decode()
    page.evaluate(WITHOUT_UPLOADER, ["early.fits", content])
    page.locator(".st-key-spectrum-early .js-plotly-plot").wait_for()


def test_a_file_let_go_while_the_page_is_on_its_way_is_held_until_it_is_there(tmp_path, address, page):
    made_survey(tmp_path / "workspace" / "surveys" / "spectra")
    write_lamost(tmp_path / "early.fits", spectrum(5), lamost_cards(10, 20), "image")
    waiting = []
    page.route(
        "**/static/js/*", lambda route: waiting.append(route) if LATE.search(route.request.url) else route.continue_()
    )
    page.goto(f"{address}/source?survey=spectra&source=s0")
    page.wait_for_function("window.m3CatchDrop")
    content = base64.b64encode((tmp_path / "early.fits").read_bytes()).decode()
    assert page.evaluate(DROP, ["early.fits", content]), "the browser does not leave the page for it"
    page.wait_for_function("document.querySelector('.st-key-spectrum_files')")
    assert not page.locator('.st-key-spectrum_files input[type="file"]').count()
    for route in waiting:
        route.continue_()
    page.unroute_all()
    page.locator(".st-key-spectrum-early .js-plotly-plot").wait_for()
    page.goto(f"{address}/manifold?survey=spectra")
    page.locator('[data-testid="stMain"]').wait_for()
    assert not page.evaluate(DROP, ["early.fits", content]), "on another page it is the browser's"
