"""A widget for a field of a pydantic schema, from its type, bounds and description alone."""

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import streamlit as st
import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from m3core.errors import ConfigError
from pages.components.text import literal

__all__ = ["field_widget"]


def field_widget(name: str, info: FieldInfo, default: Any, *, key: str, choices: Sequence[str] = ()) -> Any:
    """Ask for one setting.

    Args:
        choices: what a list of texts may hold; empty: anything, typed as YAML.

    Returns:
        A value for the schema to validate.

    Raises:
        ConfigError: typed YAML that is none.
    """
    label = name.replace("_", " ").capitalize()
    texts: dict[str, Any] = {"label": label, "help": literal(info.description or "", 400), "key": key}
    kind = info.annotation
    if get_origin(kind) is Literal:
        options = list(get_args(kind))
        return st.selectbox(options=options, index=options.index(default), **texts)
    if kind is bool:
        return st.toggle(value=default, **texts)
    if kind is int:
        low, high = _bounds(info)
        return st.number_input(min_value=_whole(low), max_value=_whole(high), value=default, step=1, **texts)
    if kind is float:
        low, high = _bounds(info)
        step = 10.0 ** math.floor(math.log10(default)) if default > 0 else 0.01
        return st.number_input(min_value=low, max_value=high, value=float(default), step=step, format="%g", **texts)
    if get_origin(kind) is tuple and choices:
        return tuple(st.multiselect(options=list(choices), default=list(default), placeholder="all", **texts))
    return _yaml_widget(default, texts, name)


def _bounds(info: FieldInfo) -> tuple[float | None, float | None]:
    """Lowest and highest; an excluded bound is the schema's to refuse."""
    low = next(
        (bound.ge if isinstance(bound, Ge) else bound.gt for bound in info.metadata if isinstance(bound, Ge | Gt)), None
    )
    high = next(
        (bound.le if isinstance(bound, Le) else bound.lt for bound in info.metadata if isinstance(bound, Le | Lt)), None
    )
    return (None if low is None else float(low)), (None if high is None else float(high))  # type: ignore[arg-type]


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _yaml_widget(default: Any, texts: dict[str, Any], name: str) -> Any:
    shown = yaml.safe_dump(default, default_flow_style=True).strip() if default else ""
    typed = st.text_area(value=shown, height=68, placeholder="YAML", **texts)
    try:
        return yaml.safe_load(typed) or type(default)()
    except yaml.YAMLError:
        raise ConfigError(f"{name}: what is typed is not YAML; write it like {{photometry: {{width: 64}}}}.") from None
