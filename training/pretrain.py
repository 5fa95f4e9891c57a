"""A pre-training from start to end in this process: prepare, train, embed, map, list; or the same from a later step."""

import logging
from pathlib import Path
from typing import Any

import torch

from m3core.embeddings.manifold import MapSettings
from m3core.errors import RunError
from m3core.survey import Survey
from m3core.workspace.run import Run, State
from training.config import Settings, TrainConfig, validated
from training.leaks import write_seen
from training.loop import Trainer
from training.objectives import Contrastive
from training.presets import preset
from training.readout import embed_and_map, make_lists, score_sentences
from training.record import Record
from training.run_config import RunConfig
from training.setup import build_model, build_optimizer, chosen_modalities, device_of, split_rows
from training.supervisor import Supervisor

__all__ = ["configure", "map_settings", "survey_of", "train"]

log = logging.getLogger(__name__)


def configure(survey: Survey, preset_name: str, changes: dict[str, Any]) -> TrainConfig:
    """A preset for a survey with changes.

    Raises:
        ConfigError: an unknown preset or setting, or an impossible value.
    """
    base = preset(preset_name, len(survey.rows("train")))
    config = validated({**base.model_dump(), **changes}, "settings")
    chosen_modalities(survey, config)
    device_of(config)
    return config


def map_settings(config: Settings) -> MapSettings:
    """UMAP parameters of a run; the defaults where it is a classifier's."""
    if not isinstance(config, TrainConfig):
        return MapSettings(seed=config.seed)
    return MapSettings(n_neighbors=config.map_neighbors, min_dist=config.map_min_dist, seed=config.seed)


def survey_of(wanted: RunConfig, elsewhere: Path | None) -> Survey:
    """The survey of a run, where it lay or where it lies now.

    Raises:
        SurveyError: not there. RunError: another survey.
    """
    survey = Survey.open(elsewhere or wanted.survey)
    if survey.hash != wanted.survey_hash:
        raise RunError(f"{survey.path} has other content than the survey of this run: resume with the same survey.")
    return survey


def train(run: Run, survey: Survey, config: TrainConfig, record: Record, supervisor: Supervisor) -> list[str]:
    """Train from where the run stands to its end.

    Returns:
        What to print: the scores of the embeddings, a sentence each.
    """
    torch.use_deterministic_algorithms(True, warn_only=True)
    record.update(state=State.PREPARING, message="measuring the training split")
    write_seen(run.path, survey)
    rows = split_rows(survey, chosen_modalities(survey, config))
    if rows.left_out:
        log.warning("%d sources have fewer than two of the modalities and take no part in training", rows.left_out)
    if len(rows.validation) < 2:
        log.warning("the validation split is empty: the training loss judges epochs instead")
    device = device_of(config)
    model = build_model(survey, config, rows.train).to(device)
    trainer = Trainer(
        survey=survey, config=config, objective=Contrastive(config.modality_dropout),
        model=model, optimizer=build_optimizer(model, config),
        rows=rows, record=record, device=device,
    )  # fmt: skip
    trainer.restore()
    log.info("resuming at step %d" if trainer.position.step else "starting at step %d", trainer.position.step)
    log.info(
        "%d sources to train on, %d to validate, modalities %s, %d parameters, on %s",
        len(rows.train), len(rows.validation), ", ".join(model.config.names),
        sum(parameter.numel() for parameter in model.parameters()), device,
    )  # fmt: skip
    record.update(message="")
    supervisor.watch(trainer)
    trainer.fit()

    def report(state: State, done: float, what: str) -> None:
        record.update(state=state, progress=done, message=what, seconds_left=None)

    embed_and_map(run, survey, map_settings(config) if config.maps else None, report)
    if config.lists:
        make_lists(run, survey, report)
    sentences = score_sentences(run, survey)
    with trainer.lock:  # no stop between the last word and the end
        record.update(state=State.FINISHED, message=sentences[0], progress=1.0, seconds_left=0.0)
    return sentences
