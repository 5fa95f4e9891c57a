"""The form that starts a training, made from the schema of its settings: a new setting shows up by itself."""

from typing import Any

import streamlit as st

from m3core.errors import M3Error
from m3core.survey import Survey
from pages.components import links, state
from pages.components.border import guarded
from pages.components.schema_widgets import field_widget
from pages.components.text import literal
from training.config import MAIN_FIELDS, TrainConfig, validated
from training.presets import PRESETS, preset
from training.process import start_pretrain

__all__ = ["open_training_form", "training_form"]

PANEL = "train_panel"
"""Session key of the panel: True opens it."""


def open_training_form() -> None:
    """A button that opens the form, for pages that have nothing to show without a model."""

    def open_panel() -> None:
        st.session_state[PANEL] = True

    st.button(
        "Train a model", type="primary", icon=":material/play_circle:", on_click=open_panel, key="open_training_form",
        help="Opens the form in the sidebar.",
    )  # fmt: skip


@st.fragment
@guarded
def training_form(survey: Survey) -> None:
    """Preset, name, settings, what they will take, and Start. A fragment: a changed setting redraws it alone."""
    panel = st.expander("Train a model", icon=":material/play_circle:", key=PANEL, on_change="rerun")
    with panel:
        name = st.selectbox(
            "Preset", list(PRESETS), key="train_preset", persist_state="session",
            help="Defaults of every setting below: fast is ours, paper the published architecture.",
        )  # fmt: skip
        run_name = _name_of_run(survey, name)
        try:
            config = validated(_settings(survey, name), "settings")
        except M3Error as fault:
            st.error(literal(str(fault), 400))
            return
        if panel.open:
            _show_estimate(survey, config)
        if st.button(
            "Start training", type="primary", key="train_start", icon=":material/play_arrow:", width="stretch"
        ):
            _start(survey, run_name, config)


def _name_of_run(survey: Survey, preset_name: str) -> str:
    wish = state.workspace().free_run_name(f"{survey.path.name}-{preset_name}")
    return st.text_input("Name of the run", value=wish, key=f"train_name_{wish}", max_chars=64)


def _settings(survey: Survey, preset_name: str) -> dict[str, Any]:
    """Every field of the schema, the main ones in sight. Keys hold the preset: another one brings its own defaults."""
    defaults = preset(preset_name, len(survey.rows("train")))
    content: dict[str, Any] = {"preset": preset_name}
    advanced = [field for field in TrainConfig.model_fields if field not in (*MAIN_FIELDS, "preset")]

    def ask(field: str) -> None:
        content[field] = field_widget(
            field,
            TrainConfig.model_fields[field],
            getattr(defaults, field),
            key=f"train_{survey.hash[:8]}_{preset_name}_{field}",
            choices=list(survey.modalities) if field == "modalities" else (),
        )

    for field in MAIN_FIELDS:
        ask(field)
    with st.expander("Advanced", type="compact"):
        for field in advanced:
            ask(field)
    return content


def _show_estimate(survey: Survey, config: TrainConfig) -> None:
    with st.spinner("Measuring one step"):
        sentence = _estimate(str(survey.path), survey.hash, config.to_yaml(), survey, config)
    st.caption(literal(sentence[0].upper() + sentence[1:] + ".", 400))


@st.cache_data(show_spinner=False, max_entries=200)
def _estimate(path: str, content_hash: str, settings: str, _survey: Survey, _config: TrainConfig) -> str:
    from training.estimate import estimate  # imports torch: seconds that other pages do not wait for

    return estimate(_survey, _config).sentence


def _start(survey: Survey, run_name: str, config: TrainConfig) -> None:
    path = state.workspace().new_run(run_name.strip())
    with st.spinner("Starting the run"):
        start_pretrain(survey, path, config)
    state.choose(run=path.name)
    st.switch_page(links.TRAINING, query_params=state.link_parameters())
