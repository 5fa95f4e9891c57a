"""What the training form asks for: a pre-training or a classifier, each from the schema of its settings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from m3core.classifier.logits import is_classifier
from m3core.survey import Survey
from m3core.workspace.run import Run
from pages.components import resources, state
from pages.components.schema_widgets import field_widget
from training.config import FROM_RUN, MAIN_FIELDS, READ_OUT, SCRATCH, FinetuneConfig, Settings, TrainConfig, validated
from training.presets import PRESETS, classifier_preset, preset
from training.process import start_finetune, start_pretrain

__all__ = ["Draft", "finetune_draft", "pretrain_draft"]

LABELS = (1.0, 0.5, 0.25, 0.1)


@dataclass(frozen=True)
class Draft:
    """A training to start.

    Attributes:
        origin: of a classifier: the pre-trained run; None: from scratch.
    """

    survey: Survey
    run_name: str
    config: Settings
    origin: Run | None = None

    @property
    def key(self) -> str:
        """The same for the same training, whatever its name."""
        start = SCRATCH if self.origin is None else f"{self.origin.path} {resources.weights_stamp(self.origin)}"
        return f"{self.survey.path} {self.survey.hash} {type(self.config).__name__} {start} {self.config.to_yaml()}"

    def estimate(self) -> str:
        """What it will take, or M3Error for what it would be refused for; imports torch, seconds."""
        if isinstance(self.config, TrainConfig):
            from training.estimate import estimate

            found = estimate(self.survey, self.config)
        else:
            from training.estimate import estimate_classifier
            from training.finetune import configure

            changes = self.config.model_dump(exclude=set(FROM_RUN) if self.origin else set())
            config = configure(self.survey, self.config.preset, changes, self.origin)
            found = estimate_classifier(self.survey, config, self.origin)
        return f"{found.sentence[0].upper()}{found.sentence[1:]}."

    def start(self) -> str:
        """Start it; the run's name.

        Raises:
            M3Error: the name is taken or impossible, or the run ended at once.
        """
        path = state.workspace().new_run(self.run_name)
        if isinstance(self.config, TrainConfig):
            start_pretrain(self.survey, path, self.config)
        elif isinstance(self.config, FinetuneConfig):
            start_finetune(self.survey, path, self.config, self.origin)
        return path.name


def pretrain_draft(survey: Survey) -> Draft:
    """Ask for a pre-training.

    Raises:
        ConfigError: a setting is impossible.
    """
    name = _preset()
    run_name = _name_of_run(f"{survey.path.name}-{name}")
    defaults = preset(name, len(survey.rows("train")))
    fields = [field for field in TrainConfig.model_fields if field != "preset"]
    choices = {"modalities": list(survey.modalities)}
    content = _asked(TrainConfig, fields, defaults, key=f"{survey.hash[:8]}_{name}", choices=choices)
    return Draft(survey, run_name, validated({"preset": name, **content}, "settings"))


def finetune_draft(survey: Survey, survey_name: str) -> Draft:
    """Ask for a classifier.

    Raises:
        ConfigError: a setting is impossible.
    """
    own, others = _pretrained(survey_name)
    starts = [SCRATCH, *own, *others]
    offered = state.chosen().run
    if offered not in starts:
        offered = own[0] if own else SCRATCH
    start = st.selectbox(
        "Start from", starts, index=starts.index(offered), key=f"tune_from_{survey.hash[:8]}_{offered}",
        format_func=lambda one: (
            "scratch, no pre-training" if one == SCRATCH else f"{one}, of another survey" if one in others else one
        ),
        help="A pre-trained run, or new weights. One of another survey must have its modalities and share no source "
        "with it, unless both have the same split.",
    )  # fmt: skip
    origin = None if start == SCRATCH else resources.run(start)
    name = _preset()
    known = tuple(survey.modalities) if origin is None else resources.model_config(start).names
    modality = st.selectbox(
        "Modality", ["all", *(one for one in known if one in survey.modalities)],
        key=f"tune_modality_{survey.hash[:8]}_{start}", help="What the classifier reads.",
    )  # fmt: skip
    chosen: dict[str, Any] = {"preset": name, "modality": modality}
    if modality == "all":
        chosen["fusion"] = field_widget(
            "fusion", FinetuneConfig.model_fields["fusion"], FinetuneConfig().fusion, key="tune_fusion"
        )
    labels = st.selectbox(
        "Labels", LABELS, format_func=lambda share: f"{share:.0%}", key="tune_labels",
        help="Share of the training split's labels that it may see, of each class alike.",
    )  # fmt: skip
    chosen["labels"] = labels
    if labels < 1:
        chosen["cap"] = field_widget("cap", FinetuneConfig.model_fields["cap"], False, key="tune_cap")
    run_name = _name_of_run(f"{survey.path.name}-classifier" + ("" if modality == "all" else f"-{modality}"))
    n_labels = round(labels * int(np.sum(survey.labels[survey.rows("train")] >= 0)))
    n_others = len(survey.rows("train")) - n_labels
    defaults = classifier_preset(name, n_labels, n_others, is_pretrained=origin is not None)
    settled = {
        "preset",
        "modality",
        "fusion",
        "labels",
        "cap",
        *(FROM_RUN if origin is not None else READ_OUT),
    }
    fields = [field for field in FinetuneConfig.model_fields if field not in settled]
    content = _asked(FinetuneConfig, fields, defaults, key=f"{survey.hash[:8]}_{name}_{start}_{labels}", choices={})
    return Draft(survey, run_name, validated({**chosen, **content}, "settings", FinetuneConfig), origin)


def _preset() -> str:
    return st.selectbox(
        "Preset", list(PRESETS), key="train_preset", persist_state="session",
        help="Defaults of every setting below: fast is ours, paper the published architecture.",
    )  # fmt: skip


def _name_of_run(wish: str) -> str:
    free = state.workspace().free_run_name(wish)
    return st.text_input("Name of the run", value=free, key=f"train_name_{free}", max_chars=64).strip()


def _pretrained(survey_name: str) -> tuple[list[str], list[str]]:
    """Runs that a classifier can start from, the latest first: those of the survey, and the others."""
    names = tuple(state.workspace().run_folders())
    of_survey = set(resources.runs_of_survey(survey_name, names))
    own, others = [], []
    for name in names:
        run = resources.run(name)
        if run.has_checkpoint and not is_classifier(run) and not run.status().state.is_active:
            (own if name in of_survey else others).append(name)
    return own, others


def _asked(
    schema: type[Settings], fields: list[str], defaults: Settings, *, key: str, choices: dict[str, list[str]]
) -> dict[str, Any]:
    """A widget for each field, the main ones in sight.

    Args:
        key: holds whatever decides the defaults: another preset brings its own.
    """
    content: dict[str, Any] = {}

    def ask(field: str) -> None:
        content[field] = field_widget(
            field, schema.model_fields[field], getattr(defaults, field),
            key=f"train_{key}_{field}", choices=choices.get(field, ()),
        )  # fmt: skip

    for field in (one for one in MAIN_FIELDS if one in fields):
        ask(field)
    with st.expander("Advanced", type="compact"):
        for field in (one for one in fields if one not in MAIN_FIELDS):
            ask(field)
    return content
