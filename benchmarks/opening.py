"""How long it takes to open a survey and to reach one source of it, and how much memory that costs."""

import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.made_up import random_survey
from m3core.survey import Survey

__all__ = ["measure"]


def measure() -> dict[str, Any]:
    """20,000 sources against 2,000: opening must not grow with the survey."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in (2_000, 20_000):
            path = random_survey(Path(folder) / str(n), n=n).path
            before, started = psutil.Process().memory_info().rss, time.perf_counter()
            survey = Survey.open(path)
            opened = time.perf_counter() - started
            survey.source(f"x{n // 2:07d}")
            first = time.perf_counter() - started - opened
            started = time.perf_counter()
            for row in range(0, n, n // 100):
                survey.source(f"x{row:07d}")
            figures[f"n_{n}"] = {
                "open_ms": round(opened * 1e3, 2),
                "first_source_ms": round(first * 1e3, 1),
                "next_source_ms": round((time.perf_counter() - started) * 10, 3),
                "memory_mb": round((psutil.Process().memory_info().rss - before) / 2**20, 1),
            }
    return figures
