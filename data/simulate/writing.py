"""A simulated survey: plan who is what, draw the stars chunk by chunk, write them, and their truth beside."""

import platform
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from data.checks import check_free
from data.simulate.population import ALIASES, CLASSES, ODDITIES, Population, draw_population
from data.simulate.source import SimulatedSource, simulate_source
from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES, PUBLISHED_COLUMNS
from m3core.errors import ConfigError
from m3core.files import replaced_file
from m3core.manifest import SPLITS, ModalitySpec, SplitSpec
from m3core.progress import Progress, silent
from m3core.survey import Survey, survey_writer
from m3core.workers import in_processes

__all__ = ["Options", "Plan", "plan", "truth_path", "write"]

LARGEST = 10_000_000
CHUNK = 512
"""Sources that one worker draws at a time; no source depends on it."""

METHOD = "by source, drawn inside each label from the seed"
LIGHT_NOTE = "light: curves of 60 epochs at most and spectra of 300 pixels, so that many sources fit a disk."
TRUTH = pa.schema(
    [("source_id", pa.string()), ("true_label", pa.string()), ("is_mislabelled", pa.bool_()),
     ("true_period", pa.float64()), ("is_alias", pa.bool_()), ("oddity", pa.string()), ("subtype", pa.string())]
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a simulation is told.

    Attributes:
        missing: share of sources that lack a modality, for each modality.
        light: short curves and coarse spectra, for very many sources.
    """

    sources: int
    seed: int = 42
    missing: float = 0.0
    light: bool = False

    def command(self) -> str:
        """The command line of this simulation, without the output folder."""
        words = [f"python -m data simulate --sources {self.sources} --seed {self.seed}"]
        words += [f"--missing {self.missing:g}"] if self.missing else []
        return " ".join(words + (["--light"] if self.light else []))


@dataclass(frozen=True)
class Plan:
    """Who is what, before any star is drawn."""

    options: Options
    population: Population

    def summary(self) -> list[str]:
        """What will be made, a line each, for a terminal or a page."""
        population, options = self.population, self.options
        labels = np.bincount(population.label, minlength=len(CLASSES))
        shares = np.bincount(population.split, minlength=len(SPLITS))
        seen = population.observed.sum(axis=0)
        wrong = int((population.label != population.kind).sum())
        lines = [
            f"{len(population)} simulated stars, seed {options.seed}",
            "labels: " + ", ".join(f"{name} {count}" for name, count in zip(CLASSES, labels, strict=True)),
            "split: " + ", ".join(f"{name} {count}" for name, count in zip(SPLITS, shares, strict=True)),
            f"modalities: photometry {seen[0]}, spectra {seen[1]}, metadata {seen[2]} stars",
            f"planted: {wrong} wrong labels, {int((population.alias > 0).sum())} alias periods, "
            f"{int((population.oddity > 0).sum())} oddities of {len(ODDITIES)} kinds; "
            "which, only the truth file beside the survey says",
        ]
        return lines + ([f"note: {LIGHT_NOTE}"] if options.light else [])


def plan(options: Options, progress: Progress = silent) -> Plan:
    """Draw the population.

    Raises:
        ConfigError: a number that is impossible.
    """
    if not 1 <= options.sources <= LARGEST:
        raise ConfigError(f"--sources {options.sources}: from 1 to {LARGEST}.")
    if not 0 <= options.seed < 2**63:
        raise ConfigError(f"--seed {options.seed}: a whole number from 0 on.")
    if not 0 <= options.missing <= 0.9:
        raise ConfigError(f"--missing {options.missing:g}: a share from 0 to 0.9.")
    progress(1.0, "The population is drawn.")
    return Plan(options, draw_population(options.sources, options.seed, options.missing))


def truth_path(out: Path) -> Path:
    """Where the truth of a simulated survey lies: beside it, never inside."""
    return out.with_name(f"{out.name}-truth.parquet")


def write(plan: Plan, out: Path, progress: Progress = silent, *, workers: int = 1) -> Survey:
    """Draw the stars and write survey and truth.

    Args:
        workers: processes that draw stars; the bytes do not depend on it.

    Raises:
        SurveyError: the survey or its truth exists.
    """
    out = Path(out)
    check_free(out)
    truth = truth_path(out)
    check_free(truth)
    options, total = plan.options, len(plan.population)
    try:
        with (
            survey_writer(
                out,
                modalities=_modalities(),
                split=SplitSpec(method=METHOD, fractions=(0.8, 0.1, 0.1), seed=options.seed),
                provenance=_provenance(options),
                columns=PUBLISHED_COLUMNS,
                simulated=True,
            ) as survey,
            replaced_file(truth) as part,  # takes its place before the survey does: none stands without it
            pq.ParquetWriter(part, TRUTH, compression="zstd") as known,
        ):
            firsts = range(0, total, CHUNK)
            tasks = ((first, _rows(plan.population, first)) for first in firsts)
            with in_processes(partial(_simulate, options), tasks, min(workers, len(firsts))) as chunks:
                for first, chunk in zip(firsts, chunks, strict=True):
                    survey.append(chunk.sources, {"photometry": chunk.photometry, "spectra": chunk.spectra})
                    known.write_table(pa.Table.from_pandas(chunk.truth, schema=TRUTH, preserve_index=False))
                    done = min(total, first + CHUNK)
                    progress(0.98 * done / total, f"{done} of {total} stars are drawn.")
    except BaseException:
        truth.unlink(missing_ok=True)
        raise
    progress(1.0, f"{total} stars are written.")
    return Survey.open(out)


def _modalities() -> list[ModalitySpec]:
    settings = {"value": "flux", "time_label": "HJD", "period": "period", "auxiliaries": len(PHOTOMETRY_AUXILIARIES)}
    return [
        ModalitySpec(
            name="photometry",
            kind="photometry",
            label="photometry",
            fields=("time", "flux", "error"),
            columns=PHOTOMETRY_AUXILIARIES,
            settings=settings,
            units={"time": "d", "flux": "mJy", "error": "mJy"},
        ),
        ModalitySpec(
            name="spectra",
            kind="spectra",
            label="spectra",
            fields=("wavelength", "flux", "ivar"),
            settings={"medium": "vacuum"},
            units={"wavelength": "Angstrom"},
        ),
        ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=METADATA_COLUMNS),
    ]


def _provenance(options: Options) -> dict[str, Any]:
    notes = ["Simulated stars after ASAS-SN, LAMOST, Gaia EDR3, 2MASS and AllWISE; none of them is real."]
    packages = ("numpy", "scipy", "pandas", "pyarrow", "astropy")
    return {
        "command": options.command(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "seed": options.seed,
        "notes": notes + [LIGHT_NOTE] * options.light,
    }


@dataclass(frozen=True)
class _Chunk:
    sources: pd.DataFrame
    photometry: list[dict[str, NDArray] | None]
    spectra: list[dict[str, NDArray] | None]
    truth: pd.DataFrame


def _rows(population: Population, first: int) -> Population:
    part = slice(first, first + CHUNK)
    return Population(
        population.kind[part],
        population.label[part],
        population.alias[part],
        population.oddity[part],
        population.split[part],
        population.observed[part],
    )


def _simulate(options: Options, task: tuple[int, Population]) -> _Chunk:
    """Draw some stars; each has a generator of its own, made of the survey's seed and its number."""
    first, rows = task
    kinds, odd = list(CLASSES), ["", *ODDITIES]
    drawn = [
        simulate_source(
            np.random.Generator(np.random.Philox(key=[options.seed, first + number])),
            kinds[rows.kind[number]],
            alias=ALIASES[rows.alias[number]],
            oddity=odd[rows.oddity[number]],
            light=options.light,
        )
        for number in range(len(rows))
    ]
    ids = [f"sim_{first + number:07d}" for number in range(len(rows))]
    truth = pd.DataFrame(
        {
            "source_id": ids,
            "true_label": [kinds[number] for number in rows.kind],
            "is_mislabelled": rows.kind != rows.label,
            "true_period": [source.star.period for source in drawn],
            "is_alias": rows.alias > 0,
            "oddity": [odd[number] for number in rows.oddity],
            "subtype": [source.star.subtype for source in drawn],
        }
    )
    curves, spectra = rows.observed[:, 0], rows.observed[:, 1]
    return _Chunk(
        sources=_table(ids, rows, drawn),
        photometry=[source.curve if seen else None for source, seen in zip(drawn, curves, strict=True)],
        spectra=[source.spectrum if seen else None for source, seen in zip(drawn, spectra, strict=True)],
        truth=truth,
    )


def _table(ids: list[str], rows: Population, drawn: list[SimulatedSource]) -> pd.DataFrame:
    """The sources with their columns; those of a modality that a source lacks are empty."""
    galactic = SkyCoord(
        l=[source.place.l for source in drawn] * u.deg, b=[source.place.b for source in drawn] * u.deg, frame="galactic"
    ).icrs
    identity = {
        "source_id": ids,
        "ra": np.round(galactic.ra.deg, 6),
        "dec": np.round(galactic.dec.deg, 6),
        "label": [list(CLASSES)[number] for number in rows.label],
        "split": [SPLITS[number] for number in rows.split],
    }
    columns = {name: [source.columns[name] for source in drawn] for name in METADATA_COLUMNS}
    constants = {name: [source.constants[name] for source in drawn] for name in PHOTOMETRY_AUXILIARIES}
    table = pd.DataFrame({**identity, **columns, **constants})
    table.loc[~rows.observed[:, 2], list(METADATA_COLUMNS)] = np.nan
    table.loc[~rows.observed[:, 0], list(PHOTOMETRY_AUXILIARIES)] = np.nan
    return table
