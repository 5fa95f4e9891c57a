"""The demo that the app opens with: a simulated survey, and a run trained on it that is shipped in `run/`.

The survey is drawn anew on every machine, in seconds, from its seed: it is too large to ship. The run, with its
checkpoint, embeddings and map, was made by `make demo`, which gives the same bytes again on the same type of CPU.
"""

from pathlib import Path

from data.simulate import Options

__all__ = ["NAME", "OPTIONS", "SHIPPED"]

NAME = "demo"
OPTIONS = Options(sources=2500, seed=2411)
SHIPPED = Path(__file__).resolve().parent / "run"
