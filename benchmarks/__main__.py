"""python -m benchmarks --out FILE.json [NAME ...]: run benchmarks and keep their figures."""

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import opening, pair_losses, periods, training_speed
from m3core.command import one_line_errors
from m3core.errors import ConfigError
from m3core.files import write_json

BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "opening": opening.measure,
    "pair_losses": pair_losses.measure,
    "periods": periods.measure,
    "training_speed": training_speed.measure,
}


def main(
    out: Annotated[Path, typer.Option("--out", help="JSON file for the figures.")],
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Which of {', '.join(BENCHMARKS)}; all by default.")
    ] = None,
) -> None:
    """Measure speed. Every figure that is compared with another is taken in the same run."""
    with one_line_errors():
        unknown = [name for name in names or [] if name not in BENCHMARKS]
        if unknown:
            raise ConfigError(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}.")
        figures: dict[str, Any] = {"machine": {"processor": platform.processor() or platform.machine()}}
        for name in names or BENCHMARKS:
            figures[name] = BENCHMARKS[name]()
            typer.echo(f"{name}: {figures[name]}")
        write_json(out, figures)


if __name__ == "__main__":
    typer.run(main)
