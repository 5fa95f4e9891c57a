"""Which columns of a catalogue are magnitudes, colours, periods, amplitudes and distances.

They are guessed by their names (the published AstroM3 names and their like); every guess can be overruled.
"""

import re

import pandas as pd

from m3core.survey import Survey
from m3core.survey.reader import IDENTITY

__all__ = [
    "COLOURS", "amplitude_columns", "distance_columns", "guess_colour", "magnitude_columns", "numeric_columns",
    "parsecs_of", "period_columns",
]  # fmt: skip

COLOURS = ("bp_rp", "g_r", "b_v", "v_i", "j_k", "colour", "color")
PAIRS = (("bp", "rp"), ("g", "r"), ("b", "v"), ("v", "i"), ("b", "r"), ("g", "i"), ("r", "i"), ("j", "k"))
"""Colours from two magnitudes, the first that the catalogue has."""
PARSECS = {"kpc": 1000.0, "pc": 1.0}
NOT_A_BAND = {"mag", "magnitude", "mean", "phot", "psf", "median"}
NO_MAGNITUDE = {"e", "err", "error", "sigma", "amplitude", "flux", "n", "num"}


def numeric_columns(sources: pd.DataFrame) -> list[str]:
    """Catalogue columns that are numbers, in the catalogue's order; positions are none."""
    return [
        str(name)
        for name in sources.columns.difference(list(IDENTITY), sort=False)
        if pd.api.types.is_numeric_dtype(sources[name]) and not pd.api.types.is_bool_dtype(sources[name])
    ]


def magnitude_columns(sources: pd.DataFrame) -> dict[str, str]:
    """Column -> band ('phot_g_mean_mag' -> 'g', 'magnitude_b' -> 'b', 'mean_vmag' -> 'v') of every magnitude."""
    found = {}
    for name in numeric_columns(sources):
        words = re.split(r"[^a-z0-9]+", re.sub(r"mag(nitude)?(?=$|[^a-z])", " mag ", name.lower()))
        words = [word for word in words if word]
        if "mag" in words and not NO_MAGNITUDE & set(words):
            found[name] = "_".join(word for word in words if word not in NOT_A_BAND)
    return found


def guess_colour(sources: pd.DataFrame) -> tuple[str, str] | None:
    """The columns of a colour: (blue, red), or (colour, '') where the catalogue has one; None without."""
    numbers = set(numeric_columns(sources))
    for name in COLOURS:
        if name in numbers:
            return name, ""
    column_of = {band: name for name, band in reversed(magnitude_columns(sources).items())}
    for blue, red in PAIRS:
        if blue in column_of and red in column_of:
            return column_of[blue], column_of[red]
    return None


def distance_columns(survey: Survey) -> list[str]:
    """'parallax', and columns of a distance in pc or kpc (by their unit, or by the end of their name)."""
    numbers = numeric_columns(survey.sources)
    found = ["parallax"] if "parallax" in numbers else []
    return found + [name for name in numbers if parsecs_of(survey, name)]


def parsecs_of(survey: Survey, column: str) -> float | None:
    """Parsecs in the unit of a distance column, by the manifest or the end of its name; None: it is no distance."""
    described = survey.manifest.columns.get(column)
    return PARSECS.get(described.unit if described and described.unit else column.lower().rpartition("_")[2])


def period_columns(survey: Survey) -> list[str]:
    """Columns of a period, the one that folds use first."""
    folds = [str(spec.settings["period"]) for spec in survey.modalities.values() if spec.settings.get("period")]
    named = [
        name for name in numeric_columns(survey.sources) if re.search(r"(^|_)period($|_(search|fold|days?)$)", name)
    ]
    return list(dict.fromkeys([*folds, *sorted(named, key=lambda name: name != "period")]))


def amplitude_columns(sources: pd.DataFrame) -> list[str]:
    """Columns of an amplitude."""
    return [name for name in numeric_columns(sources) if re.search(r"(^|_)amp(l|litude)?($|_)", name.lower())]
