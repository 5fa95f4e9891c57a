"""python docs/class_picture.py OUT.png [FOLDER]: simulated stars of each class, beside LAMOST's spectra in FOLDER.

Run from the repository's root, with the development tools installed (it draws with chromium).
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from astropy.io import fits
from playwright.sync_api import sync_playwright
from plotly.subplots import make_subplots

from data.simulate.population import CLASSES
from data.simulate.source import simulate_source
from m3core.figures.palette import OKABE_ITO

SHOWN = [(name, "") for name in CLASSES if name not in ("M", "ROT")]
SHOWN += [("M", "O-rich"), ("M", "C-rich"), ("ROT", "giant"), ("ROT", "dwarf")]

SIMULATED, REAL = OKABE_ITO[:2]


def star(kind: str, subtype: str):
    """A well observed star of a class and subtype."""
    for seed in range(1000):
        found = simulate_source(np.random.default_rng(seed), kind)
        if found.star.subtype == subtype and len(found.curve["time"]) > 200 and found.place.mags["V"] < 14:
            return found
    raise AssertionError(kind)


def draw(folder: Path | None) -> go.Figure:
    """Three stars a row, curve and spectrum of each, real spectra last."""
    real = sorted(folder.glob("*.fits*")) if folder else []
    cells = len(SHOWN) + (len(real) + 1) // 2
    rows = -(-cells // 3)
    figure = make_subplots(rows=rows, cols=6, horizontal_spacing=0.037, vertical_spacing=0.085)
    for number, (kind, subtype) in enumerate(SHOWN):
        source, row, column = star(kind, subtype), number // 3 + 1, 2 * (number % 3) + 1
        curve, period = source.curve, source.constants["period"]
        magnitude = -2.5 * np.log10(curve["flux"] / 3.636e6)
        folded = period < 100
        x = np.mod(curve["time"] / period, 1.0) if folded else curve["time"] - 2_456_000
        x, y = (np.concatenate([x, x + 1]), np.tile(magnitude, 2)) if folded else (x, magnitude)
        figure.add_scatter(x=x, y=y, mode="markers", marker={"size": 2.5, "color": SIMULATED}, row=row, col=column)
        title = f"{kind} {subtype}".strip() + f", P = {period:.4g} d"
        figure.update_xaxes(title_text="Phase" if folded else "HJD - 2456000 [d]", row=row, col=column)
        figure.update_yaxes(title_text="V [mag]", autorange="reversed", row=row, col=column)
        spectrum = source.spectrum
        good = spectrum["ivar"] > 0
        _spectrum(figure, spectrum["wavelength"][good], spectrum["flux"][good], row, column + 1, SIMULATED)
        figure.add_annotation(
            text=title, row=row, col=column, x=0.5, y=1.1, xref="x domain", yref="y domain", showarrow=False
        )
    for number, path in enumerate(real):
        cell = 2 * len(SHOWN) + number
        wave, flux = _lamost(path)
        _spectrum(figure, wave, flux, cell // 6 + 1, cell % 6 + 1, REAL)
        text = f"real: LAMOST {path.name.split('_')[1]}"
        figure.add_annotation(
            text=text,
            row=cell // 6 + 1,
            col=cell % 6 + 1,
            x=0.5,
            y=1.1,
            xref="x domain",
            yref="y domain",
            showarrow=False,
        )
    figure.update_layout(width=1900, height=280 * rows, showlegend=False, template="plotly_white", font_size=11)
    figure.update_layout(margin={"l": 50, "r": 15, "t": 40, "b": 50})
    return figure


def _spectrum(figure: go.Figure, wave: np.ndarray, flux: np.ndarray, row: int, column: int, colour: str) -> None:
    figure.add_scatter(x=wave, y=flux, mode="lines", line={"width": 0.7, "color": colour}, row=row, col=column)
    figure.update_xaxes(title_text="Wavelength (vacuum) [Å]", row=row, col=column)
    top = float(np.percentile(flux, 99.7))
    figure.update_yaxes(title_text="Flux (relative)", range=[0, 1.15 * top], row=row, col=column)


def _lamost(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with fits.open(path) as file:
        if len(file) > 1:
            wave, flux, ivar = (np.asarray(file[1].data[name][0], float) for name in ("WAVELENGTH", "FLUX", "IVAR"))
        else:
            flux, ivar = np.asarray(file[0].data[:2], float)
            wave = 10 ** (file[0].header["COEFF0"] + file[0].header["COEFF1"] * np.arange(len(flux)))
    good = (ivar > 0) & (wave > 3850)
    return wave[good], flux[good]


def main() -> None:
    """Draw the figure and photograph it."""
    figure = draw(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        page_file = Path(folder) / "figure.html"
        figure.write_html(page_file, include_plotlyjs=True)
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1920, "height": figure.layout.height + 20})
        page.goto(page_file.as_uri())
        page.wait_for_timeout(1500)
        page.screenshot(path=sys.argv[1])
        browser.close()


if __name__ == "__main__":
    main()
