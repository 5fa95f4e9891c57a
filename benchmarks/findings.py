"""python -m benchmarks.findings --out DIR: the tables of docs/findings.md, on surveys spoilt and trained on anew."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import label_issues, outliers


def main(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for outliers.csv, label-issues.csv, and the surveys and runs in work.")
    ],
    real: Annotated[Path, typer.Option("--real", help="Folder of the observed sets.")] = Path("../shared/realdata"),
    seed: Annotated[int, typer.Option("--seed", help="Of what is planted.")] = 8811,
) -> None:
    """Plant, train, rank, and say what each detector found. What OUT has already is used again."""
    work, seeds = out / "work", str(seed)  # one for both: the simulated survey serves both lists
    work.mkdir(parents=True, exist_ok=True)
    outliers.main(out / "outliers.csv", work, seeds, 5000, seeds, real / "eros_lmc", "type2,type3", 29, None)
    label_issues.main(out / "label-issues.csv", work, seeds, seeds, seeds, seeds, real)


if __name__ == "__main__":
    typer.run(main)
