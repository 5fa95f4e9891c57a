"""The form that starts a training, made from the schema of its settings: a new setting shows up by itself."""

from typing import Any, Literal, get_args, get_origin

import streamlit as st
import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from m3core.errors import M3Error
from m3core.survey import Survey
from pages.components import links, state
from pages.components.border import guarded
from pages.components.text import literal
from training.config import MAIN_FIELDS, TrainConfig, validated
from training.presets import PRESETS, preset

__all__ = ["training_form"]


def training_form(survey: Survey) -> None:
    """Preset, name, settings, what it will take, and Start."""
    with st.expander("Train a model", icon=":material/play_circle:", expanded=state.chosen().run is None):
        _form(survey)


@st.fragment
@guarded
def _form(survey: Survey) -> None:
    """A fragment: a changed setting redraws the form alone."""
    name = st.selectbox("Preset", list(PRESETS), key="train_preset", help="Defaults of every setting below.")
    defaults = preset(name, len(survey.rows("train")))
    key = f"train_{survey.hash[:8]}_{name}"
    wish = state.workspace().free_run_name(f"{survey.path.name}-{name}")
    run_name = st.text_input("Name of the run", value=wish, key=f"{key}_{wish}")
    content: dict[str, Any] = {"preset": name}
    fields = {field: info for field, info in TrainConfig.model_fields.items() if field != "preset"}
    for field in MAIN_FIELDS:
        content[field] = _widget(field, fields[field], getattr(defaults, field), f"{key}_{field}", survey)
    with st.expander("Advanced"):
        for field in fields.keys() - set(MAIN_FIELDS) and [field for field in fields if field not in MAIN_FIELDS]:
            content[field] = _widget(field, fields[field], getattr(defaults, field), f"{key}_{field}", survey)
    try:
        config = validated(content, "settings")
    except M3Error as fault:
        st.error(literal(str(fault), 400))
        return
    _estimate(survey, config)
    if st.button("Start", type="primary", key="train_start", icon=":material/play_arrow:", width="stretch"):
        _start(survey, run_name, config)
