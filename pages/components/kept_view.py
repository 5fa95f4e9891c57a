"""The zoom of a chart, kept when the chart changes: Streamlit draws a changed chart anew, and would show all of it."""

import json
import math
from pathlib import Path

import streamlit as st

from pages.components.text import component_key

__all__ = ["keep_view", "kept_view"]

_WATCH = st.components.v2.component(
    "m3_kept_view", js=(Path(__file__).parent / "assets" / "kept_view.js").read_text(encoding="utf-8")
)


def kept_view(place: str, meaning: str) -> dict[str, list[float]]:
    """The ranges that the reader zoomed to: 'x' and 'y' -> first and last value, those that are known.

    Args:
        place: what the view is kept for, such as a source and a chart.
        meaning: of the y axis; the range of another one is forgotten.
    """
    view = st.session_state.get(f"view_{place}", {})
    if st.session_state.setdefault(f"view_meaning_{place}", meaning) != meaning:
        st.session_state[f"view_meaning_{place}"] = meaning
        view = {"x": view["x"]} if "x" in view else {}
        st.session_state[f"view_{place}"] = view
    return view


def keep_view(place: str, chart: str, asked: dict[str, list[float]]) -> None:
    """Watch a chart; to be called after it was drawn. A fragment of its own: a zoom draws nothing anew.

    Args:
        place: as in `kept_view`.
        chart: its key.
        asked: the view it was drawn with.
    """

    @st.fragment
    def watch() -> None:
        key = component_key(f"watch_{place}")

        def keep() -> None:
            text = st.session_state[key].get("view")
            st.session_state[f"view_{place}"] = _valid(text) if isinstance(text, str) else {}

        _WATCH(data={"chart": chart, "asked": asked}, key=key, height=1, on_view_change=keep)

    watch()


def _valid(text: str) -> dict[str, list[float]]:
    """What the browser said, if it is ranges."""
    try:
        said = json.loads(text)
        found = {name: [float(end) for end in said[name]] for name in ("x", "y") if name in said}
    except (ValueError, TypeError):
        return {}
    return {name: ends for name, ends in found.items() if len(ends) == 2 and all(map(math.isfinite, ends))}
