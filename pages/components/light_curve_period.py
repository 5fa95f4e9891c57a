"""The period of a source in the session, and the slider that folds while it is dragged."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from m3core.figures.light_curve import phases
from m3core.star.folding import LightCurveSettings, Star

__all__ = ["PeriodButton", "fold_slider", "put_period"]

_FOLD = st.components.v2.component(
    "m3_fold", js=(Path(__file__).parent / "assets" / "fold.js").read_text(encoding="utf-8")
)

SLIDER = "fold_slider"


def put_period(key: str, period: float | Callable[[], float]) -> None:
    """Fold on a period, or on what is called for it, from the next rerun on."""
    st.session_state[key] = float(period() if callable(period) else period)


@dataclass(frozen=True)
class PeriodButton:
    """A button that folds on `days`, found on a click where that takes time.

    `where` is the key of the period in the session.
    """

    text: str
    key: str
    where: str
    days: float | Callable[[], float]
    help: str
    disabled: bool

    def draw(self) -> None:
        """Put it on the page."""
        st.button(
            self.text, key=self.key, on_click=put_period, args=(self.where, self.days), disabled=self.disabled,
            help=self.help,
        )  # fmt: skip


def fold_slider(key: str, star: Star, settings: LightCurveSettings) -> None:
    """A slider about the period; the browser folds while it is dragged, the server when it is let go.

    Args:
        key: of the period in the session.
        star: with an ephemeris.
    """
    found = star.ephemeris
    assert found is not None
    start, cycles = phases(settings.phases)
    times = np.concatenate([one.time for one in star.groups[0].curves])
    span = max(float(np.ptp(times)), found.period)

    def let_go() -> None:
        period = getattr(st.session_state.get(SLIDER), "period", None)
        if period:
            put_period(key, period)

    _FOLD(
        data={
            "chart": "folded", "period": found.period, "epoch": found.epoch, "span": span, "start": start,
            "cycles": cycles,
        },
        key=SLIDER, on_period_change=let_go, height="content",
    )  # fmt: skip
