"""Sentences that belong to a figure: how it was made, and what is not on it."""

import numpy as np

from m3core.embeddings import embeddings_folder
from m3core.errors import RunError
from m3core.files import read_json
from m3core.manifold import MEAN, Maps
from m3core.run import Run
from m3core.survey import Survey

__all__ = ["map_caption"]


def map_caption(run: Run, survey: Survey, maps: Maps, name: str) -> str:
    """How the map of a modality (or 'mean') was made, how many sources are on it and why others are not."""
    shown = np.asarray(np.isfinite(maps.map_xy[name]).all(axis=1))
    settings = maps.about["settings"]
    checkpoint = read_json(embeddings_folder(run, survey) / "embeddings.json", RunError)["checkpoint"]
    parts = [
        f"{maps.about['how'][name]} (n_neighbors {settings['n_neighbors']}, min_dist {settings['min_dist']:g}, "
        f"metric {settings['metric']}, seed {settings['seed']}).",
        f"{int(shown.sum()):,} of {len(survey):,} sources shown{_why_not(survey, name, shown)}.",
        f"Run {run.name}, checkpoint {checkpoint[:12]}. The axes have no unit and no direction.",
    ]
    text = " ".join(parts)
    return text[0].upper() + text[1:]


def _why_not(survey: Survey, name: str, shown: np.ndarray) -> str:
    n_missing = int((~shown).sum())
    if not n_missing:
        return ""
    if name == MEAN:
        return f"; {n_missing:,} have none of the run's modalities"
    if name not in survey.modalities:
        return f"; the survey has no {name}"
    n_absent = int((~survey.present(name)).sum())
    return f"; {n_absent:,} have no {name}" + (
        f", {n_missing - n_absent:,} no embedding in it" if n_missing > n_absent else ""
    )
