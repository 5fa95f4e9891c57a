"""Sentences that belong to a figure: how it was made, and what is not on it."""

import numpy as np

from m3core.embeddings.kept import embeddings_folder
from m3core.embeddings.manifold import MEAN, Maps
from m3core.errors import RunError
from m3core.files import read_json
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["map_caption", "shown_caption"]


def map_caption(run: Run, survey: Survey, maps: Maps, name: str) -> str:
    """How the map of a modality (or 'mean') was made, by which checkpoint."""
    settings = maps.about["settings"]
    how = maps.about["how"][name]
    checkpoint = read_json(embeddings_folder(run, survey) / "embeddings.json", RunError)["checkpoint"]
    return (
        f"{how[0].upper()}{how[1:]} (n_neighbors {settings['n_neighbors']}, min_dist {settings['min_dist']:g}, "
        f"metric {settings['metric']}, seed {settings['seed']}), run {run.name}, checkpoint {checkpoint[:12]}. "
        "The axes have no unit and no direction."
    )


def shown_caption(survey: Survey, maps: Maps, name: str) -> str:
    """How many sources are on a map, and why others are not."""
    shown = np.isfinite(maps.map_xy[name]).all(axis=1)
    text = f"{int(shown.sum()):,} of {len(survey):,} sources shown"
    n_missing = int((~shown).sum())
    if not n_missing:
        return f"{text}."
    if name == MEAN:
        return f"{text}; {n_missing:,} have none of the run's modalities."
    if name not in survey.modalities:
        return f"{text}; the survey has no {name}."
    n_absent = int((~survey.present(name)).sum())
    more = f", {n_missing - n_absent:,} no embedding in it" if n_missing > n_absent else ""
    return f"{text}; {n_absent:,} have no {name}{more}."
