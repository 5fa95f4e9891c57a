"""python -m benchmarks.findings --out DIR: the tables of docs/findings.md, on surveys spoilt and trained on anew."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import label_issues, outliers


def main(
    out: Annotated[Path, typer.Option("--out", help="Folder for outliers.csv, label-issues.csv, surveys and runs.")],
    real: Annotated[Path, typer.Option("--real", help="Folder of the observed sets.")] = Path("../shared/realdata"),
    seed: Annotated[int, typer.Option("--seed", help="Of what is planted.")] = 8811,
) -> None:
    """Plant, train, rank, and say what each detector found. What OUT has already is used again."""
    out.mkdir(parents=True, exist_ok=True)
    seeds = str(seed)
    outliers.main(
        out / "outliers.csv", out / "outliers", seeds, 5000, seeds, real / "eros_lmc", "type2,type3", 29, None
    )  # fmt: skip
    label_issues.main(out / "label-issues.csv", out / "label-issues", seeds, seeds, seeds, seeds, real)


if __name__ == "__main__":
    typer.run(main)
