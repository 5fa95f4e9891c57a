"""The light curves of one source with the ephemeris that folds them, and what a page may ask of them."""

from dataclasses import dataclass
from typing import Literal

from m3core.figures.light_curve_traces import Phases
from m3core.periods.ephemeris import coarse_times, known_periods
from m3core.periods.fourier_fit import Convention
from m3core.periods.phase_zero import Ephemeris, Zero, ephemeris
from m3core.star.curves import CurveGroup, curve_groups
from m3core.survey import Source, Survey

__all__ = ["PANELS", "LightCurveSettings", "Star", "star_of"]

PANELS = (
    "light_curve", "folded", "ephemeris", "fourier", "periodogram", "box", "dispersion", "prewhitening", "river", "o_c",
)  # fmt: skip
"""In the order of a page; from the fifth on they are searches that take seconds."""


@dataclass(frozen=True)
class LightCurveSettings:
    """What a page asks of the light curves; the defaults are what a specialist expects to see first.

    Attributes:
        value: 'survey' draws what the survey has; 'mag' or 'flux' converts.
        errors, apart, one_zero_point: error bars; a row a band; bands shifted to one median.
        limits, flagged: draw upper limits; draw observations with a quality flag (they are counted either way).
        colour: by band or by season.
        offset: days taken off the times; None: 2,450,000 off full Julian dates.
        period: days; None: the survey's choice.
        zero, epoch: phase zero ('typed' takes the epoch, days in the survey's time system).
        phases: what the folded figure spans.
        n_bins: of the binned curve, 0 for none.
        fitted, n_harmonics, convention: draw a Fourier fit; its harmonics, 0: chosen by BIC; of its phases.
        shortest_period: of the searches, days; None: 0.1, or 0.02 where the period is under 0.2.
        panels: those wanted, of `PANELS`; only they are computed.
        height: of a light curve, pixels; narrow: for a place narrower than half a page.
    """

    value: Literal["survey", "mag", "flux"] = "survey"
    errors: bool = True
    apart: bool = False
    one_zero_point: bool = False
    limits: bool = True
    flagged: bool = False
    colour: Literal["band", "season"] = "band"
    offset: float | None = None
    period: float | None = None
    zero: Zero = "auto"
    epoch: float | None = None
    phases: Phases = "0 to 2"
    n_bins: int = 0
    fitted: bool = False
    n_harmonics: int = 0
    convention: Convention = "cosine"
    shortest_period: float | None = None
    panels: tuple[str, ...] = PANELS
    height: int = 320
    narrow: bool = False


@dataclass(frozen=True)
class Star:
    """The light curves of one source with the ephemeris that folds them: what every panel starts from.

    Attributes:
        groups: curves of the same axes; the panels of searches take the first, which has the most points.
        ephemeris: None without a period or without a point.
        coarse: sentences on times too coarse for the period.
    """

    source_id: str
    groups: tuple[CurveGroup, ...]
    ephemeris: Ephemeris | None
    coarse: tuple[str, ...]


def star_of(survey: Survey, source: Source, settings: LightCurveSettings) -> Star:
    """Prepare the light curves of a source."""
    groups = curve_groups(
        survey, source, value=settings.value, one_zero_point=settings.one_zero_point,
        by_season=settings.colour == "season",
    )  # fmt: skip
    groups.sort(key=lambda group: -sum(len(one.time) for one in group.curves))
    period = settings.period
    if period is None:
        known = known_periods(survey, source)
        period = known[0].days if known else None
    if period is None or not groups or not any(len(one.time) for one in groups[0].curves):
        return Star(source.source_id, tuple(groups), None, ())
    found = ephemeris(
        groups[0].bands, period, value=groups[0].value, label=source.label, zero=settings.zero, epoch=settings.epoch
    )
    return Star(source.source_id, tuple(groups), found, tuple(coarse_times(survey, source, period)))
