"""A star's page as PDF, SVG or PNG: drawn by plotly.js in a browser without a window, which has to be there.

The browser gets one local file, reads nothing else and is not online for it.
"""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from m3core.errors import M3Error
from m3core.star.html import MOST_COLUMNS, html_page, paper, place_of, turned, with_errors
from m3core.star.panel import Panel

__all__ = ["BrowserError", "find_browser", "pdf_bytes", "png_bytes", "svg_page"]

Star = tuple[str, str, Sequence[Panel]]
"""Heading, line below it, panels."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")

WIDTH, GAP, MARGIN = 640, 40, 30
"""Pixels: of a figure, between two, round the page."""

LINE, LETTERS = 15, 104
"""Pixels between lines of a caption, and how many letters of it a figure is wide."""

SECONDS = 300

AT_ONCE = 40
"""Figures that one browser draws: of a booklet's hundreds it would not end in its time, nor in a small memory."""

TALLEST = 16_000
"""Pixels: chromium takes no taller picture."""


PRINT = """
@page { size: A3; margin: 12mm; } body { max-width: none; }
.panels { display: block; columns: 2; column-gap: 24px; } figure { margin-bottom: 16px; }
figure.wide { column-span: all; } figure:has(.table) { break-inside: auto; } h2 { margin-top: 0; break-after: avoid; }
"""
"""Two columns, one filled before the other: rows of two, as on a screen, leave a page half empty by a tall figure."""

COLUMN, COLUMN_WIDTH, HEAD = 1496, 504, 90
"""Pixels of a column on paper, and of it what a star's heading takes of its first page."""

PRINTED_LINE, PRINTED_LETTERS, AROUND = 20, 72, 50
"""Pixels of a line of a caption on paper, letters in it, and pixels of title and gaps of a panel."""


class BrowserError(M3Error):
    """No browser that could draw, or one that did not."""


def find_browser() -> str:
    """The path of a chromium or Chrome: BROWSER_PATH, else what is on the PATH or where plotly puts one.

    Raises:
        BrowserError: there is none.
    """
    asked = os.environ.get("BROWSER_PATH", "")
    found = [asked, *(shutil.which(name) or "" for name in NAMES)]
    found += [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ]
    for place in found:
        if place and Path(place).is_file():
            return place
    raise BrowserError(
        "PDF, SVG and PNG are drawn by chromium or Chrome, and none is installed: install one (Debian: apt install "
        "chromium), name it in BROWSER_PATH, or take HTML, which needs none; the buttons PNG and SVG of the app use "
        "your own browser."
    )


@contextmanager
def _page(content: str) -> Iterator[tuple[Path, list[str]]]:
    """A local page, and the command that opens it; both go."""
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="m3-picture-") as folder:
        place = Path(folder) / "page.html"
        place.write_text(content, encoding="utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
            f"--user-data-dir={folder}/profile", "--virtual-time-budget=60000",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # chromium has no sandbox for root, as in containers
            command.append("--no-sandbox")
        yield place, command


def _run(command: list[str], place: Path) -> str:
    try:
        done = subprocess.run([*command, place.as_uri()], capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise BrowserError(f"{command[0]} did not draw the page ({type(why).__name__}): take HTML instead.") from None
    if done.returncode:
        raise BrowserError(f"{command[0]} did not draw the page (exit status {done.returncode}): take HTML instead.")
    return done.stdout.decode("utf-8", "replace")


def _drawn(figures: Mapping[str, go.Figure]) -> dict[str, str]:
    """SVG markup of each figure, `WIDTH` wide, by plotly.js."""
    every = list(figures.items())
    parts = [dict(every[start : start + AT_ONCE]) for start in range(0, len(every), AT_ONCE)]
    return {place: svg for part in parts for place, svg in _drawn_at_once(part).items()}


def _drawn_at_once(figures: Mapping[str, go.Figure]) -> dict[str, str]:
    listed = {place: json.loads(paper(figure).to_json()) for place, figure in figures.items()}
    for place, figure in figures.items():
        listed[place]["layout"] |= {"width": WIDTH, "height": int(figure.layout.height or 400)}
    # '</' would end the script
    content = json.dumps(listed).replace("</", "<\\/")
    script = (
        f"const all = {content};"
        "(async () => { const done = {};"
        "for (const [place, one] of Object.entries(all)) {"
        "const url = await Plotly.toImage({data: one.data, layout: one.layout},"
        "{format: 'svg', width: one.layout.width, height: one.layout.height});"
        "done[place] = decodeURIComponent(url.slice(url.indexOf(',') + 1)); }"
        "const said = document.body.appendChild(document.createElement('script'));"
        "said.type = 'application/json'; said.textContent = JSON.stringify(done).replaceAll('</', '<\\\\/'); })();"
    )
    page = (
        f"<!DOCTYPE html><meta charset='utf-8'><body><script>{get_plotlyjs()}</script><script>{script}</script></body>"
    )
    with _page(page) as (local, command):
        text = _run([*command, "--dump-dom"], local)
    _, found, said = text.rpartition('<script type="application/json">')
    if not found:
        raise BrowserError("the browser ended before it had drawn all figures: take HTML instead.")
    drawn = json.loads(said.partition("</script>")[0])
    return {name: _own_names(_lean(svg), name) for name, svg in drawn.items()}


def _lean(svg: str) -> str:
    """The picture with points transparent by fill and stroke, not as groups of one: in a PDF each is an object."""
    return re.sub(r'(?<=<path class="point)([^>]* style=")opacity: ([\d.]+); ([^"]*)', _transparent, svg)


def _transparent(found: re.Match[str]) -> str:
    before, opacity, style = found.groups()
    plain = re.sub(r"(?:fill|stroke)-opacity: [^;]*;", "", style)
    return f"{before}{plain} fill-opacity: {opacity}; stroke-opacity: {opacity};"


def _own_names(svg: str, place: str) -> str:
    """The picture with ids of its own: plotly's clip paths would be another figure's on the same page."""
    for name in set(re.findall(r'\bid="([^"]+)"', svg)):
        svg = svg.replace(f'id="{name}"', f'id="{place}-{name}"').replace(f"#{name}'", f"#{place}-{name}'")
        svg = svg.replace(f"#{name})", f"#{place}-{name})").replace(f"#{name}&quot;", f"#{place}-{name}&quot;")
        svg = svg.replace(f'href="#{name}"', f'href="#{place}-{name}"')
    return svg[svg.index("<svg") :]


def _figures(stars: Sequence[Star]) -> dict[str, go.Figure]:
    return {
        place_of(number, panel): panel.figure
        for number, (_, _, panels) in enumerate(stars)
        for panel in panels
        if panel.figure is not None
    }


def svg_page(stars: Sequence[Star]) -> tuple[str, int, int]:
    """Every figure of the stars with its title and caption, two beside one another, in one SVG.

    Tables and sentences are left out: they are in the HTML and the PDF.

    Returns:
        The SVG, its width and its height in pixels.
    """
    drawn = _drawn(_figures(stars))
    parts, top = [], float(MARGIN)
    for number, (heading, lead, panels) in enumerate(stars):
        parts.append(_text(MARGIN, top + 18, [heading], 20, bold=True))
        lines = textwrap.wrap(lead, 2 * LETTERS)
        parts.append(_text(MARGIN, top + 40, lines, 12, grey=True))
        top += 40 + LINE * len(lines) + 12
        shown = [panel for panel in panels if panel.figure is not None]
        for start in range(0, len(shown), 2):
            tallest = 0.0
            for column, panel in enumerate(shown[start : start + 2]):
                left = MARGIN + column * (WIDTH + GAP)
                svg = drawn[place_of(number, panel)]
                height = int(panel.figure.layout.height or 400) if panel.figure is not None else 0
                captions = textwrap.wrap(panel.caption, LETTERS)
                parts.append(_text(left, top + 14, [panel.title], 14, bold=True))
                parts.append(svg.replace("<svg", f"<svg x='{left}' y='{top + 22}'", 1))
                parts.append(_text(left, top + 22 + height + 16, captions, 12, grey=True))
                tallest = max(tallest, 22 + height + 16 + LINE * len(captions) + 24)
            top += tallest
    width, height = 2 * WIDTH + GAP + 2 * MARGIN, round(top)
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='{width}' "
        f"height='{height}' viewBox='0 0 {width} {height}' font-family='Helvetica, Arial, sans-serif'>"
        f"<rect width='{width}' height='{height}' fill='white'/>"
    )
    return head + "".join(parts) + "</svg>\n", width, height


def _text(x: float, y: float, lines: Sequence[str], size: int, *, bold: bool = False, grey: bool = False) -> str:
    spans = "".join(
        f"<tspan x='{x:g}' y='{y + LINE * number:g}'>{html.escape(line)}</tspan>" for number, line in enumerate(lines)
    )
    weight, colour = ("bold" if bold else "normal"), ("#555b66" if grey else "#1c1f24")
    return f"<text font-size='{size}' font-weight='{weight}' fill='{colour}'>{spans}</text>"


def png_bytes(stars: Sequence[Star], scale: float = 2.0) -> bytes:
    """The picture of `svg_page`, `scale` pixels of it a pixel.

    Raises:
        BrowserError: also where it would be too tall for a picture.
    """
    svg, width, height = svg_page(stars)
    scale = min(scale, TALLEST / height)
    if scale < 0.5:
        raise BrowserError(f"{len(stars)} sources are too tall for one PNG: write PDF, SVG or HTML.")
    page = f"<!DOCTYPE html><meta charset='utf-8'><body style='margin:0'>{svg}</body>"
    with _page(page) as (place, command):
        out = place.with_name("page.png")
        size = [f"--window-size={width},{height}", f"--force-device-scale-factor={scale:g}"]
        _run([*command, *size, f"--screenshot={out}"], place)
        return _content(out)


def pdf_bytes(title: str, stars: Sequence[Star]) -> bytes:
    """The whole page with its tables on A3, figures as vectors."""
    ordered = [(head, lead, _packed(panels)) for head, lead, panels in stars]
    page = html_page(title, ordered, _drawn(_figures(ordered)))
    with _page(page.replace("</head>", f"<style>{PRINT}</style></head>", 1)) as (place, command):
        out = place.with_name("page.pdf")
        _run([*command, "--no-pdf-header-footer", f"--print-to-pdf={out}"], place)
        return _content(out)


def _packed(panels: Sequence[Panel]) -> list[Panel]:
    """Figures in their order and then tables, but that what still fits fills a column on paper."""
    waiting = sorted(panels, key=lambda panel: panel.figure is None)
    packed: list[Panel] = []
    room = COLUMN - HEAD
    while waiting:
        place = next((place for place, panel in enumerate(waiting) if _printed(panel) <= room), None)
        if place is None and room < COLUMN:
            room = COLUMN
            continue
        packed.append(waiting.pop(place or 0))
        room -= _printed(packed[-1])
    return packed


def _printed(panel: Panel) -> int:
    """About how tall a panel with its caption is on paper, pixels."""
    lines = sum(len(textwrap.wrap(text, PRINTED_LETTERS)) for text in (panel.sentence, panel.caption))
    if panel.figure is not None:
        return AROUND + int(panel.figure.layout.height or 400) * COLUMN_WIDTH // WIDTH + PRINTED_LINE * lines
    if not panel.sentence:
        table = turned(with_errors(panel.data), MOST_COLUMNS)
        lines += 1 + sum(len(textwrap.wrap(" ".join(map(str, row)), PRINTED_LETTERS)) for row in table.to_numpy(object))
    return AROUND + PRINTED_LINE * lines


def _content(place: Path) -> bytes:
    if not place.is_file():
        raise BrowserError("the browser wrote nothing: take HTML instead.")
    return place.read_bytes()
