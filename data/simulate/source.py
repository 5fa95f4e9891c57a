"""One simulated source: a star, where it is, and what every instrument makes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.simulate import oddities
from data.simulate.binaries import draw_contact, draw_detached, draw_near_contact
from data.simulate.catalogue import auxiliaries, metadata
from data.simulate.long_period import draw_mira, draw_rotational, draw_semiregular
from data.simulate.observing import LightCurve, draw_epochs, observe
from data.simulate.place import Place, draw_place
from data.simulate.population import CLASSES
from data.simulate.pulsators import draw_delta_scuti, draw_hads, draw_rrab, draw_rrc
from data.simulate.spectrum import observe_spectrum
from data.simulate.star import Star, UnlikelyStar

__all__ = ["DRAW", "SimulatedSource", "simulate_source"]

DRAW: dict[str, Callable[[np.random.Generator], Star]] = {
    "EW": draw_contact,
    "SR": draw_semiregular,
    "EA": draw_detached,
    "RRAB": draw_rrab,
    "EB": draw_near_contact,
    "ROT": draw_rotational,
    "RRC": draw_rrc,
    "HADS": draw_hads,
    "M": draw_mira,
    "DSCT": draw_delta_scuti,
}
"""Class -> how a star of it is drawn."""

ATTEMPTS = 5000
"""Draws until a star that fits is found; a tenth of one in a thousand stars needs more than a hundred."""


@dataclass(frozen=True)
class SimulatedSource:
    """What the survey holds of a source, and the truth about it.

    Attributes:
        curve: time (HJD), flux, error (mJy); spectrum: wavelength, flux, ivar.
        columns: the 34 metadata columns; constants: the 4 photometry auxiliaries.
        place: with galactic coordinates.
    """

    star: Star
    place: Place
    curve: dict[str, NDArray]
    spectrum: dict[str, NDArray]
    columns: dict[str, float]
    constants: dict[str, float]


def simulate_source(
    rng: np.random.Generator, kind: str, *, alias: str = "", oddity: str = "", light: bool = False
) -> SimulatedSource:
    """Draw stars of a class until one would be listed and can carry what is to be planted in it.

    Args:
        rng: of this source alone, so that it does not depend on any other.
        alias, oddity: '' or one of `population.ALIASES`, `population.ODDITIES`.
        light: a short curve and a coarse spectrum.
    """
    for _ in range(ATTEMPTS):
        try:
            return _attempt(rng, kind, alias, oddity, light)
        except UnlikelyStar:
            continue
    raise AssertionError(f"no {kind} can carry {alias or oddity}")


def _attempt(rng: np.random.Generator, kind: str, alias: str, oddity: str, light: bool) -> SimulatedSource:
    star = DRAW[kind](rng)
    if alias and not star.aliasable:
        raise UnlikelyStar
    if oddity == "carbon star":
        star = oddities.turned_to_carbon(star)
    place = draw_place(star, rng)
    time = draw_epochs(rng, light=light)
    seen = star
    if oddity in ("flare", "fading"):
        seen = (oddities.flare if oddity == "flare" else oddities.fading)(star, time, rng)
    curve = observe(seen.signal, place.mags["V"], time, rng)
    period = _listed_period(star.period, curve, alias, rng)
    exposed, columns = _exposed(star, oddity, rng), metadata(place, curve, rng)
    if oddity == "catalogue of another star":
        columns = {**_columns_of_another(star, rng, light), "l": columns["l"], "b": columns["b"]}
    elif oddity == "impossible":
        columns = oddities.impossible(columns, place, rng)
    spectrum = observe_spectrum(exposed, place, rng, light=light)
    arrays = {"time": curve.time, "flux": curve.flux, "error": curve.error}
    return SimulatedSource(star, place, arrays, spectrum, columns, auxiliaries(curve, period))


def _listed_period(period: float, curve: LightCurve, alias: str, rng: np.random.Generator) -> float:
    """The catalogue's: off by what moves the phase by 0.01 at most from end to end; or the alias, if it can be told."""
    listed = period * (1.0 + rng.uniform(-0.01, 0.01) * period / max(float(np.ptp(curve.time)), 10 * period))
    if not alias:
        return listed
    wrong = oddities.alias_of(listed, alias, rng)
    if not oddities.is_told_apart(curve, listed, alias, wrong):
        raise UnlikelyStar
    return wrong


def _exposed(star: Star, oddity: str, rng: np.random.Generator) -> Star:
    """The star that the spectrograph's fibre is on."""
    if oddity == "emission lines":
        return oddities.in_emission(star, rng)
    return _another(star, rng) if oddity == "spectrum of another star" else star


def _another(star: Star, rng: np.random.Generator) -> Star:
    """A star of the survey that is unlike this one; classes come in their proportions."""
    shares = np.array(list(CLASSES.values())) / sum(CLASSES.values())
    while True:
        try:
            other = DRAW[str(rng.choice(list(CLASSES), p=shares))](rng)
        except UnlikelyStar:
            continue
        if oddities.is_another(star, other):
            return replace(other, emission=0.0)


def _columns_of_another(star: Star, rng: np.random.Generator, light: bool) -> dict[str, Any]:
    while True:
        other = _another(star, rng)
        try:
            place = draw_place(other, rng)
        except UnlikelyStar:
            continue
        curve = observe(other.signal, place.mags["V"], draw_epochs(rng, light=light), rng)
        return metadata(place, curve, rng)
