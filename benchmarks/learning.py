"""python -m benchmarks.learning --run RUN --survey DIR --truth FILE: does a list of outliers that learns find more?

Someone goes through the list of a simulated survey from its head, 25 sources long, says yes to the oddities that they
are after and no to all else; the truth answers in their place. How many yes are there, with learning and without?
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from m3core.command import one_line_errors
from m3core.embeddings.kept import Embeddings
from m3core.outliers.learning import learned_score
from m3core.outliers.store import have_outliers
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["looked_at"]

LOOKS = 25
WANTED = {"flares and fadings": ("flare", "fading"), "spectra of other stars": ("spectrum of another star",)}


def looked_at(scores: pd.DataFrame, wanted: set[str], *, learn: bool) -> int:
    """How many of the first 25 sources that are looked at are wanted.

    Args:
        scores: of `m3core.outliers.score.Outliers`, indexed by source_id; its column 'score' orders the list.
        wanted: source_ids that are answered with yes.
    """
    verdicts: dict[str, str] = {}
    for _ in range(LOOKS):
        order = learned_score(scores, "score", verdicts) if learn else None
        order = scores["score"].to_numpy() if order is None else order
        ids = scores.index[np.argsort(-order, kind="stable")]
        source_id = next(one for one in ids if one not in verdicts)
        verdicts[source_id] = "yes" if source_id in wanted else "no"
    return sum(verdict == "yes" for verdict in verdicts.values())


def main(
    run: Annotated[Path, typer.Option("--run", help="Run folder, with the survey embedded.")],
    survey: Annotated[Path, typer.Option("--survey", help="Simulated survey.")],
    truth: Annotated[Path, typer.Option("--truth", help="Its truth: <survey>-truth.parquet.")],
) -> None:
    """Answer for someone who wants some oddities, and for someone who wants all."""
    with one_line_errors():
        of, opened = Run.open(run), Survey.open(survey)
        scores = have_outliers(of, opened, Embeddings.open(of, opened))[0].scores
        oddity = pd.read_parquet(truth).set_index("source_id")["oddity"]
        every = tuple(sorted(set(oddity) - {""}))
        for name, kinds in {**WANTED, "every oddity": every}.items():
            wanted = set(oddity.index[oddity.isin(kinds)])
            with_, without = (looked_at(scores, wanted, learn=learn) for learn in (True, False))
            typer.echo(f"{name}: {with_} of {LOOKS} with learning, {without} without ({len(wanted)} planted).")


if __name__ == "__main__":
    typer.run(main)
