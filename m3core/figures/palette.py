"""Colours and shapes that stay the same for a class on every page, told apart by colour-blind readers."""

import re
from dataclasses import dataclass

__all__ = [
    "BLUES",
    "GREY",
    "MISSING",
    "Mark",
    "band_colours",
    "by_wavelength",
    "inked",
    "mark",
    "tinted_grey",
]

OKABE_ITO = ("#1A80C4", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Okabe & Ito (2008), without black, which a dark page swallows; the palest last. Their blue, #0072B2, is lighter here:
as a thin line or text it was weak on a dark page (contrast 3.5), and now stands out from dark and white alike (4.3)."""

SYMBOLS = ("circle", "diamond", "square", "triangle-up")
"""Past seven classes the colours come again in another shape."""

BLUES = [[0.0, "#B5D4E9"], [0.5, "#4292C6"], [1.0, "#08306B"]]
"""A scale for cells with numbers; one that begins in white glares on a dark page."""

GREY = "#8A8F98"
"""Legible on white and on near-black: what is not selected, error bars."""

PASSBANDS = {
    "u": "#CC79A7",
    "b": "#1A80C4",
    "g": "#009E73",
    "v": "#56B4E9",
    "r": "#D55E00",
    "i": "#E69F00",
    "z": "#94703B",
    "y": "#8C679E",
}
"""In order of wavelength, blue to red as astronomers draw them; any other label takes its turn."""

PASSBAND = re.compile(r"(?:^[a-z]?|[^a-z])([ubgvrizy])$")
"""The last letter of a label, where it stands alone ('ztf_g') or behind one other ('zg'): photometry is no y band."""


@dataclass(frozen=True)
class Mark:
    """How the points of a class are drawn."""

    colour: str
    symbol: str = "circle"


MISSING = Mark("#B4B8BF")
"""Sources without a value or a label."""


def mark(index: int) -> Mark:
    """The mark of class number `index`; -1 is no class."""
    if index < 0:
        return MISSING
    turn, place = divmod(index, len(OKABE_ITO))
    return Mark(OKABE_ITO[place], SYMBOLS[turn % len(SYMBOLS)])


def band_colours(labels: list[str]) -> list[str]:
    """A colour a band, by convention where its label ends in a known passband letter, distinct where possible."""
    letters = [PASSBAND.search(label.strip().lower()) for label in labels]
    conventional = [PASSBANDS[letter[1]] if letter else None for letter in letters]
    free = [colour for colour in OKABE_ITO if colour not in conventional]
    colours: list[str] = []
    for colour in conventional:
        if colour is None or colour in colours:
            colour = free.pop(0) if free else GREY
        colours.append(colour)
    return colours


def by_wavelength(labels: list[str]) -> list[int]:
    """Places of the labels in order of wavelength; as they stand where one of them names no passband."""
    letters = [PASSBAND.search(label.strip().lower()) for label in labels]
    order = list(PASSBANDS)
    known = [order.index(letter[1]) for letter in letters if letter]
    return sorted(range(len(labels)), key=known.__getitem__) if len(known) == len(labels) else list(range(len(labels)))


def tinted_grey(colour: str) -> str:
    """Grey with a hint of a colour: an unselected point stays in its place and still tells its class."""
    parts = [round(0.7 * int(GREY[i : i + 2], 16) + 0.3 * int(colour[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02X}" for part in parts)


def inked(text: str, share: float) -> str:
    """A text for a cell of `BLUES`, black or white: the one that stands out more, by 4.5 at least (WCAG 2, 1.4.3).

    plotly's own choice, white or dark grey by brightness, falls to 2.9 in the middle of the scale.

    Args:
        share: what the cell shows, 0 to 1.
    """
    from plotly.colors import sample_colorscale, unlabel_rgb

    colour = [one / 255 for one in unlabel_rgb(sample_colorscale(BLUES, [share])[0])]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    white = 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05
    return f"<span style='color:{'#FFFFFF' if white else '#000000'}'>{text}</span>"
