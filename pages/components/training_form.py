"""The form that starts a training, made from the schema of its settings: a new setting shows up by itself."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from m3core.errors import M3Error
from m3core.survey import Survey
from pages.components import jobs, links, state
from pages.components.border import guarded
from pages.components.schema_widgets import field_widget
from pages.components.text import literal
from training.config import MAIN_FIELDS, TrainConfig, validated
from training.presets import PRESETS, preset
from training.process import start_pretrain

__all__ = ["open_training_form", "training_form"]

PANEL, DRAFT = "train_panel", "train_draft"
"""Session keys: how often the panel was made anew; what the form asks for, a Draft, None while it is impossible."""

ESTIMATE_POLL_SECONDS = 1.5


@dataclass(frozen=True)
class Draft:
    """What the form asks for."""

    survey: Survey
    run_name: str
    config: TrainConfig


def _panel_key() -> str:
    return f"{PANEL}_{st.session_state.get(PANEL, 0)}"


def open_training_form() -> None:
    """A button that opens the form, for pages that have nothing to show without a model."""

    def open_panel() -> None:
        st.session_state[_panel_key()] = True

    st.button(
        "Train a model", type="primary", icon=":material/play_circle:", on_click=open_panel, key="open_training_form",
        help="Opens the form in the sidebar.",
    )  # fmt: skip


def training_form(survey: Survey) -> None:
    """The panel in the sidebar: preset, name, settings, what they will take, and Start."""
    panel = st.expander("Train a model", icon=":material/play_circle:", key=_panel_key(), on_change="rerun")
    form, estimate, start = panel.container(), panel.container(), panel.container()
    with form:
        _form(survey)
    if panel.open:
        with estimate:
            st.fragment(_estimate_line, run_every=ESTIMATE_POLL_SECONDS)()
    with start:
        draft = st.session_state.get(DRAFT)
        if st.button(
            "Start training", type="primary", key="train_start", icon=":material/play_arrow:", width="stretch"
        ):
            _start(draft)


@st.fragment
@guarded
def _form(survey: Survey) -> None:
    """A fragment: a changed setting redraws the form alone."""
    st.session_state[DRAFT] = None
    name = st.selectbox(
        "Preset", list(PRESETS), key="train_preset", persist_state="session",
        help="Defaults of every setting below: fast is ours, paper the published architecture.",
    )  # fmt: skip
    run_name = _name_of_run(survey, name)
    config = validated(_settings(survey, name), "settings")
    st.session_state[DRAFT] = Draft(survey, run_name.strip(), config)


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


@guarded
def _estimate_line() -> None:
    """What the training will take, measured in a thread: nobody waits for torch to be imported."""
    draft: Draft | None = st.session_state.get(DRAFT)
    if draft is None:
        return
    survey, config = draft.survey, draft.config
    key = f"estimate {survey.path} {survey.hash} {config.to_yaml()}"
    measuring = jobs.start_once(key, "The estimate", lambda report: _measured(survey, config))
    if measuring.is_alive():
        st.caption("Measuring one step to estimate time and memory …")
    elif measuring.fault:
        st.warning(literal(measuring.fault, 400))
    else:
        st.caption(literal(measuring.result, 400))


def _measured(survey: Survey, config: TrainConfig) -> str:
    from training.estimate import estimate  # imports torch: seconds that other pages do not wait for

    sentence = estimate(survey, config).sentence
    return f"{sentence[0].upper()}{sentence[1:]}."


def _start(draft: Draft | None) -> None:
    if draft is None:
        raise M3Error("a setting of the form is impossible: mend it first.")
    path = state.workspace().new_run(draft.run_name)
    with st.spinner("Starting the run"):
        start_pretrain(draft.survey, path, draft.config)
    state.choose(run=path.name)
    st.session_state[PANEL] = st.session_state.get(PANEL, 0) + 1  # a new panel, closed
    links.follow(links.TRAINING, "Watch the training")
