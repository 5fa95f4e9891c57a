"""make demo: train the run that is shipped."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from data import simulate
from demo import NAME, OPTIONS, SHIPPED
from m3core.files import replaced_folder, write_json
from m3core.progress import ProgressLine
from m3core.survey import Survey
from m3core.workspace.run import Run
from training.leaks import SEEN

__all__ = ["STATISTICS", "column_means", "make"]

STATISTICS = SHIPPED.parent / "survey_means.json"

SETTINGS = {
    "epochs": 45,
    "embedding_dim": 64,
    "photometry.width": 32,
    "spectra.width": 32,
    "metadata.width": 96,
}
"""A small model, since it is shipped; everything else is the preset's."""

VOLATILE = {"sources_per_second", "memory_bytes"}
"""What a machine's speed puts into the metrics."""


def make() -> None:
    """Simulate, train on one core, and keep of the run what opening it needs, without clocks and paths."""
    with tempfile.TemporaryDirectory() as folder:
        survey, run = Path(folder) / NAME, Path(folder) / "run"
        simulate.write(simulate.plan(OPTIONS), survey, ProgressLine(), workers=os.cpu_count() or 1)
        settings = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
        # another number of threads sums in another order
        subprocess.run(
            [
                sys.executable,
                "-m",
                "training",
                "pretrain",
                "--survey",
                survey,
                "--preset",
                "fast",
                "--out",
                run,
                *settings,
            ],
            env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
            check=True,
        )
        pack(Run.open(run))
        write_json(STATISTICS, column_means(Survey.open(survey)))


def column_means(survey: Survey) -> dict[str, float]:
    """Mean of every catalogue column: another type of CPU agrees with it, a simulation that has changed does not."""
    means = survey.sources.mean(numeric_only=True)
    return {str(name): float(f"{value:.6g}") for name, value in means.items()}


def pack(run: Run) -> None:
    """Copy a finished run to `SHIPPED`."""
    with replaced_folder(SHIPPED) as out:
        for name in ("checkpoint", "embeddings"):
            shutil.copytree(run.path / name, out / name)
        config = {**run.config(), "survey": NAME}
        (out / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        status = run.status()
        write_json(
            out / "status.json",
            {
                "state": str(status.state),
                "message": status.message,
                "progress": 1.0,
                **{key: getattr(status, key) for key in ("epoch", "epochs", "step", "steps")},
            },
        )
        lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
        kept = [{key: value for key, value in line.items() if key not in VOLATILE} for line in lines]
        text = "".join(f"{json.dumps(line)}\n" for line in kept)
        (out / "metrics.jsonl").write_text(text, encoding="utf-8")
        shutil.copy(run.path / SEEN, out / SEEN)
        (out / "log.txt").write_text("Made by `make demo`; the log of the training is not shipped.\n", encoding="utf-8")
