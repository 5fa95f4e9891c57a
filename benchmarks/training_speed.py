"""Sources a second in training: the fast family against the published architecture, in turns, in one run."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.made_up import random_survey
from m3core.model.batch import make_batch
from m3core.survey import Survey
from training.config import TrainConfig
from training.objectives import Contrastive
from training.presets import preset
from training.setup import build_model, build_optimizer

__all__ = ["measure"]

N_SOURCES = 64
ROUNDS = 3


def _rate(survey: Survey, config: TrainConfig) -> float:
    """Sources a second of a whole step: preparing, forward, backward, update."""
    rows = survey.rows("train")[:N_SOURCES]
    model = build_model(survey, config, rows)
    optimizer = build_optimizer(model, config)
    seconds = []
    for _ in range(2):  # the first step pays for lazy initialisation
        started = time.perf_counter()
        batch = make_batch(survey, rows, model.config.modalities)
        optimizer.zero_grad()
        Contrastive().backward(model, batch, micro_batch=N_SOURCES, seed=0)
        optimizer.step()
        seconds.append(time.perf_counter() - started)
    return len(rows) / seconds[-1]


def measure() -> dict[str, Any]:
    """Both families on the same sources with two bands and a catalogue, in alternation; medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        survey = random_survey(Path(folder) / "survey", n=200)
        pairs = [(_rate(survey, preset("fast", 200)), _rate(survey, preset("paper", 200))) for _ in range(ROUNDS)]
    return {
        "fast_sources_per_second": round(statistics.median(fast for fast, _ in pairs), 1),
        "paper_sources_per_second": round(statistics.median(paper for _, paper in pairs), 1),
        "ratio": round(statistics.median(fast / paper for fast, paper in pairs), 1),
        "ratio_range": [round(pick(fast / paper for fast, paper in pairs), 1) for pick in (min, max)],
    }
