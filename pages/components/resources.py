"""The only caches of the app. Everything is keyed by the files it came from and when they were written, so that an
import or a training that ends elsewhere is seen at the next rerun, and nothing else is ever built twice.
"""

from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from m3core.classifier.evaluation import CALIBRATION
from m3core.classifier.logits import predictions_folder
from m3core.diagrams.colouring import Colouring, colouring
from m3core.embeddings.kept import Embeddings, embeddings_folder
from m3core.embeddings.manifold import MEAN, Maps
from m3core.embeddings.neighbors import nearest
from m3core.errors import CheckpointError, M3Error
from m3core.experiment.folder import Experiment
from m3core.figures.captions import map_caption, shown_caption
from m3core.figures.map import map_figure
from m3core.files import read_json
from m3core.model.config import ModelConfig
from m3core.survey import Survey
from m3core.workspace.folder import Workspace
from m3core.workspace.run import Run

__all__ = [
    "colours", "derived", "drawn_map", "embeddings", "experiment", "has_maps", "maps", "model", "model_config",
    "neighbours",
    "of_classifier", "of_experiment", "run", "runs_of_survey", "survey", "weights_stamp",
]  # fmt: skip

Stamp = tuple[int, ...]
"""When files were written, nanoseconds; 0 where there is none."""


def _stamp(*paths: Path) -> Stamp:
    return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in paths)


def survey(name: str) -> Survey:
    """A survey of the workspace, opened once for everybody.

    Raises:
        M3Error: none of this name, or unreadable.
    """
    path = Workspace().survey(name).path  # milliseconds, and says what is wrong
    return _survey(str(path), _stamp(path / "survey.json"))


@st.cache_resource(show_spinner=False, max_entries=8)
def _survey(path: str, stamp: Stamp) -> Survey:
    return Survey.open(path)


def derived(survey_name: str, function: Callable[..., Any], **arguments: Hashable) -> Any:
    """What a plain function makes of a survey and some arguments: a table, a figure. Made once; never change it.

    Args:
        function: (survey, **arguments) -> anything, a function of a module.
    """
    data = survey(survey_name)
    what = f"{function.__module__}.{function.__qualname__}"
    stamp = _stamp(data.path / "survey.json")
    return _derived(str(data.path), stamp, what, tuple(sorted(arguments.items())), data, function)


@st.cache_resource(show_spinner="Counting and drawing", max_entries=64)
def _derived(
    path: str, stamp: Stamp, what: str, arguments: tuple[tuple[str, Hashable], ...], _survey: Survey,
    _function: Callable[..., Any],
) -> Any:  # fmt: skip
    return _function(_survey, **dict(arguments))


def run(name: str) -> Run:
    """A run of the workspace; its status is read anew each time it is asked."""
    return Workspace().run(name)


def weights_stamp(of: Run) -> Stamp:
    """When a run's best checkpoint was written: what was made of another is out of date."""
    return _stamp(of.checkpoint / "model.safetensors")


def model_config(run_name: str) -> ModelConfig:
    """The configuration of a run's best checkpoint; milliseconds, and no torch."""
    place = run(run_name).checkpoint / "config.json"
    return ModelConfig.parse(read_json(place, CheckpointError), str(place))


def model(run_name: str) -> Any:
    """The model of a run's best checkpoint, in evaluation; seconds the first time."""
    of = run(run_name)
    return _model(str(of.checkpoint), weights_stamp(of))


@st.cache_resource(show_spinner=False, max_entries=2)
def _model(checkpoint: str, stamp: Stamp) -> Any:
    from m3core.checkpoint.loading import load_checkpoint

    return load_checkpoint(checkpoint).eval()


def of_classifier(run_name: str, survey_name: str, function: Callable[..., Any], **arguments: Hashable) -> Any:
    """What a plain function makes of a classifier, a survey and some arguments, once the survey is predicted.

    Args:
        function: (run, survey, **arguments) -> anything, a function of a module. Made once; never change it.
    """
    of, data = run(run_name), survey(survey_name)
    stamp = _stamp(
        data.path / "survey.json", of.checkpoint / "model.safetensors", of.path / CALIBRATION,
        predictions_folder(of, data) / "predictions.json",
    )  # fmt: skip
    what = f"{function.__module__}.{function.__qualname__} {of.path}"
    return _derived(str(data.path), stamp, what, tuple(sorted(arguments.items())), data, partial(function, of))


def runs_of_survey(survey_name: str, run_names: tuple[str, ...]) -> list[str]:
    """Those of `run_names` that were trained on this survey's content, in their order."""
    try:
        wanted = survey(survey_name).hash
    except (M3Error, OSError):
        return []
    folders = Workspace().run_folders()
    places = {name: folders[name] / "config.yaml" for name in run_names if name in folders}
    return [name for name, place in places.items() if _trained_on(str(place), _stamp(place)) == wanted]


@st.cache_data(show_spinner=False, max_entries=1000)
def _trained_on(config: str, stamp: Stamp) -> str:
    try:
        return str(Run(Path(config).parent).config().get("survey_hash", ""))
    except (M3Error, OSError):
        return ""


def _embedding_files(of: Run, survey: Survey) -> tuple[Path, Path, Path]:
    folder = embeddings_folder(of, survey)
    return folder / "embeddings.json", folder / "map" / "map.json", of.checkpoint / "model.safetensors"


def experiment(name: str) -> Experiment:
    """An experiment of the workspace; its cells are read anew each time they are asked for.

    Raises:
        M3Error: none of this name, or unreadable.
    """
    return Workspace().experiment(name)


def of_experiment(name: str, function: Callable[..., Any], *arguments: Hashable) -> Any:
    """What a plain function makes of an experiment's finished cells: once, until there are more. Never change it.

    Args:
        function: (experiment, *arguments) -> anything, a function of a module.
    """
    found = experiment(name)
    stamp = (*_stamp(found.path / "experiment.json"), len(list(found.path.glob("seed-*/cells/*.json"))))
    what = f"{function.__module__}.{function.__qualname__}"
    return _of_experiment(str(found.path), stamp, what, arguments, found, function)


@st.cache_resource(show_spinner="Computing intervals", max_entries=64)
def _of_experiment(
    path: str, stamp: Stamp, what: str, arguments: tuple[Hashable, ...], _experiment: Experiment,
    _function: Callable[..., Any],
) -> Any:  # fmt: skip
    return _function(_experiment, *arguments)


def has_maps(run_name: str, survey_name: str) -> bool:
    """Whether there is a map of the survey by the run, up to date or not."""
    try:
        return _embedding_files(run(run_name), survey(survey_name))[1].is_file()
    except (M3Error, OSError):
        return False


def embeddings(run_name: str, survey_name: str) -> Embeddings:
    """The embeddings of a survey by a run.

    Raises:
        M3Error: not embedded, or by an older checkpoint.
    """
    of, data = run(run_name), survey(survey_name)
    return _embeddings(str(of.path), str(data.path), _stamp(*_embedding_files(of, data)))


@st.cache_resource(show_spinner="Reading the embeddings", max_entries=6)
def _embeddings(run_path: str, survey_path: str, stamp: Stamp) -> Embeddings:
    found = Embeddings.open(run_path, survey_path)
    assert found.mean is not None  # computed once, here
    return found


def maps(run_name: str, survey_name: str) -> Maps:
    """The maps of a survey by a run.

    Raises:
        M3Error: none, or of older embeddings.
    """
    of, data = run(run_name), survey(survey_name)
    return _maps(str(of.path), str(data.path), _stamp(*_embedding_files(of, data)))


@st.cache_resource(show_spinner="Reading the maps", max_entries=6)
def _maps(run_path: str, survey_path: str, stamp: Stamp) -> Maps:
    return Maps.open(Run.open(run_path), Survey.open(survey_path))


def colours(survey_name: str, column: str) -> Colouring:
    """What to colour a survey's sources by."""
    data = survey(survey_name)
    return _colours(str(data.path), _stamp(data.path / "survey.json"), column, data)


@st.cache_resource(show_spinner=False, max_entries=64)
def _colours(path: str, stamp: Stamp, column: str, _survey: Survey) -> Colouring:
    return colouring(_survey, column)


def drawn_map(
    run_name: str, survey_name: str, name: str, column: str, *, log: bool, selected: tuple[str, ...], height: int
) -> tuple[go.Figure, str, str]:
    """The figure of a map, a sentence on what it shows, and one on how it was made.

    Args:
        name: of the map: a modality or 'mean'.
        column: to colour by.
        selected: ids drawn as selected from the start.
    """
    of, data = run(run_name), survey(survey_name)
    stamp = _stamp(*_embedding_files(of, data), data.path / "survey.json")
    return _drawn_map((str(of.path), str(data.path), run_name, survey_name), stamp, name, column, log, selected, height)


@st.cache_resource(show_spinner="Drawing the map", max_entries=48)
def _drawn_map(
    places: tuple[str, str, str, str], stamp: Stamp, name: str, column: str, log: bool, selected: tuple[str, ...],
    height: int,
) -> tuple[go.Figure, str, str]:  # fmt: skip
    _, _, run_name, survey_name = places
    of, data, drawn = run(run_name), survey(survey_name), maps(run_name, survey_name)
    if name not in drawn.map_xy:
        raise M3Error(f"run {run_name} has no map called {name!r}; it has {', '.join(drawn.map_xy)}.")
    chosen = np.isin(drawn.source_ids.astype(str), selected) if selected else None
    figure = map_figure(
        drawn.map_xy[name], drawn.source_ids, colours(survey_name, column), log=log, selected=chosen, height=height
    )
    return figure, shown_caption(data, drawn, name), map_caption(of, data, drawn, name)


def neighbours(run_name: str, survey_name: str, source_id: str, by: str, k: int) -> list[tuple[str, float]]:
    """The k sources most like one, itself left out.

    Args:
        by: a modality, or 'mean'.

    Returns:
        ids with cosine similarity in [-1, 1], most alike first; empty where the source has no such embedding.
    """
    table = embeddings(run_name, survey_name)
    vectors = table.mean if by == MEAN else table.embeddings[by]
    row = survey(survey_name).row(source_id)
    rows, similarity = nearest(np.asarray(vectors[row : row + 1]), vectors, k + 1)
    return [
        (str(table.source_ids[found]), float(value))
        for found, value in zip(rows[0], similarity[0], strict=True)
        if found >= 0 and found != row
    ][:k]
