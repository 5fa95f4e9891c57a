"""How light curves are drawn: what a specialist sets once and keeps from star to star."""

from collections.abc import Sequence

import streamlit as st

from m3core.figures.light_curve import JULIAN_OFFSET
from m3core.kinds import kind_of
from m3core.star.folding import LightCurveSettings
from m3core.survey import Source, Survey
from pages.components.light_curve_period import PeriodButton

__all__ = ["display_settings"]

PHASES = ("0 to 2", "0 to 1", "-0.5 to 0.5", "-0.5 to 1.5")
ZEROS = {
    "auto": "by type", "maximum": "at maximum", "minimum": "at primary minimum", "first": "at the first observation",
    "typed": "at an epoch",
}  # fmt: skip
OFFSETS = {"auto": f"{JULIAN_OFFSET:,} off full Julian dates", "none": "none", "typed": "typed"}


def display_settings(
    survey: Survey, source: Source, *, wide: bool, more: Sequence[PeriodButton]
) -> LightCurveSettings:  # fmt: skip
    """Toggles in the row of the period, and the rest behind 'Display'.

    Args:
        wide: whether the row has room for the toggles.
        more: buttons that it has no room for.
    """
    if wide:
        errors, apart = _toggles()
    with st.popover("Display", icon=":material/tune:", width="content"):
        if more:
            with st.container(horizontal=True, gap="xsmall"):
                for one in more:
                    one.draw()
        left, right = st.columns(2, gap="medium")
    with left:
        if not wide:
            errors, apart = _toggles()
        value = st.segmented_control(
            "Brightness", ["survey", "mag", "flux"], key="curve_value", default="survey", required=True,
            format_func={"survey": "as given", "mag": "mag", "flux": "flux"}.__getitem__,
            persist_state="session", help="As given: what the survey holds.",
        )  # fmt: skip
        one_zero_point = st.toggle(
            "Bands on one zero point", key="curve_zero_point", persist_state="session",
            help="Every band is shifted to the median of the one with the most points; the shifts are printed.",
        )  # fmt: skip
        seasons = st.toggle("Colour by season", key="curve_seasons", persist_state="session")
        limits = st.toggle("Upper limits", value=True, key="curve_limits", persist_state="session")
        flagged = st.toggle(
            "Flagged observations", key="curve_flagged", persist_state="session",
            help="With a quality flag: counted under the figure either way, in no fit and no search.",
        )  # fmt: skip
        offset = _offset()
    with right:
        span = st.selectbox("Phase", PHASES, key="curve_phases", persist_state="session")
        zero = st.selectbox(
            "Phase 0", list(ZEROS), key="curve_zero", format_func=ZEROS.__getitem__, persist_state="session",
            help="By type: at maximum for pulsators, at primary minimum for eclipsing binaries; one for all bands.",
        )  # fmt: skip
        epoch = _epoch(survey, source) if zero == "typed" else None
        n_bins = st.number_input(
            "Bins of the binned curve (0: none)", 0, 200, 0, 5, key="curve_bins", persist_state="session"
        )
        fitted = st.toggle("Fourier fit", key="curve_fitted", persist_state="session")
        n_harmonics = st.number_input(
            "Harmonics (0: by BIC)", 0, 20, 0, key="curve_harmonics", persist_state="session",
            help="Of the Fourier fit, also of its parameters under 'Fourier'. BIC: Bayesian information criterion.",
        )  # fmt: skip
        convention = st.segmented_control(
            "phi of", ["cosine", "sine"], key="curve_convention", default="cosine", required=True,
            persist_state="session",
        )  # fmt: skip
    return LightCurveSettings(
        value=value or "survey", errors=errors, apart=apart, one_zero_point=one_zero_point, limits=limits,
        flagged=flagged, colour="season" if seasons else "band", offset=offset, zero=zero, epoch=epoch,
        phases=span or PHASES[0], n_bins=int(n_bins), fitted=fitted, n_harmonics=int(n_harmonics),
        convention=convention or "cosine",
    )  # fmt: skip


def _toggles() -> tuple[bool, bool]:
    errors = st.toggle("Error bars", value=True, key="error_bars", persist_state="session")
    return errors, st.toggle("Bands apart", key="bands_apart", persist_state="session")


def _epoch(survey: Survey, source: Source) -> float | None:
    """Of this source, in the time system of its survey; it begins at the first observation."""
    key = f"epoch_{survey.hash[:8]}_{source.source_id}"
    first = [
        float(one.x.min())
        for name, spec in survey.modalities.items()
        for one in kind_of(spec).series(spec, source)
        if one.foldable and len(one.x)
    ]
    st.session_state[key] = st.session_state.get(key, min(first, default=0.0))  # as the period is
    return st.number_input(
        "Epoch [d]", key=key, format="%.5f", persist_state="session", help="In the survey's own time system."
    )


def _offset() -> float | None:
    chosen = st.selectbox(
        "Taken off the times", list(OFFSETS), key="curve_offset", format_func=OFFSETS.__getitem__,
        persist_state="session",
    )  # fmt: skip
    if chosen == "typed":
        return float(
            st.number_input("Days", key="curve_offset_days", value=0.0, format="%.1f", persist_state="session")
        )
    return None if chosen == "auto" else 0.0
