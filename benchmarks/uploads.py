"""python -m benchmarks.uploads --run RUN --survey DIR [--sources 100] [--seed 1]: does a star, uploaded, find itself?

Each star's light curves are written as a CSV file and read back as an upload, once with the survey's period and once
without any; nothing else of its catalogue is told. Its place among all sources says what the upload loses.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from data.query import is_curve, read_curves, star_of
from m3core.checkpoint.loading import load_checkpoint
from m3core.command import one_line_errors
from m3core.embeddings.kept import Embeddings
from m3core.periods.ephemeris import known_periods
from m3core.similarity.query import embed_source
from m3core.similarity.search import query_of_vectors, similarities
from m3core.survey import Survey
from m3core.workspace.run import Run


def main(
    run: Annotated[Path, typer.Option("--run")],
    survey: Annotated[Path, typer.Option("--survey")],
    sources: Annotated[int, typer.Option("--sources")] = 100,
    seed: Annotated[int, typer.Option("--seed")] = 1,
) -> None:
    """A line a modality: share of stars that find themselves first, and among the first ten; median rank."""
    with one_line_errors():
        opened, of = Survey.open(survey), Run.open(run)
        vectors, model = Embeddings.open(of, opened), load_checkpoint(of.checkpoint).eval()
        rows = np.random.default_rng(seed).choice(len(opened), min(sources, len(opened)), replace=False)
        lines = []
        for row in np.sort(rows):
            source = opened.source(str(opened.source_ids[row]))
            curves = {}
            for spec in filter(is_curve, opened.modalities.values()):
                if (seen := source.observations.get(spec.name)) is not None:
                    content = pd.DataFrame({field: seen[field] for field in spec.fields}).to_csv(index=False).encode()
                    curves[spec.name] = next(iter(read_curves("star.csv", content, spec.fields[1]).content.values()))
            periods = known_periods(opened, source)
            for told, given in (("given", {"period": periods[0].days} if periods else {}), ("searched", {})):
                star = star_of(opened, "star", curves, {}, given).content if curves else None
                for name, vector in (embed_source(model, star) if star is not None else {}).items():
                    if name not in curves:
                        continue
                    cosine = similarities(query_of_vectors({name: vector}, "star"), vectors, name)
                    rank = 1 + int((cosine > cosine[row]).sum())
                    lines.append({"modality": name, "period": told, "rank": rank})
        table = pd.DataFrame(lines)
        for (name, told), ranks in table.groupby(["modality", "period"], sort=False)["rank"]:
            typer.echo(
                f"{name}, period {told}: first {np.mean(ranks == 1):.0%}, among ten {np.mean(ranks <= 10):.0%}, "
                f"median rank {ranks.median():g} of {len(opened)}, {len(ranks)} stars."
            )


if __name__ == "__main__":
    typer.run(main)
