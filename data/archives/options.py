"""What a build from archives is told."""

import math
from dataclasses import dataclass
from pathlib import Path

from data.archives.classes import UNCERTAIN, Uncertain
from data.archives.lightcurves import Value, find_reader
from m3core.errors import ConfigError
from m3core.split import check_fractions

__all__ = ["GAIA_EPOCH", "Options"]

GAIA_EPOCH = 2016.0
"""Julian year of Gaia EDR3's positions, which ASAS-SN's catalogue carries with their proper motions."""

LARGEST_RADIUS = 60.0
"""Arcsec: beyond a minute of arc every field is full of wrong matches."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a build is told.

    Attributes:
        catalogue: variable stars, a row a source.
        lightcurves: folder or zip of light-curve files.
        spectra: folder or zip of LAMOST's FITS files.
        spectra_catalogue: LAMOST's catalogue; without it the headers of the files serve.
        radius: arcsec, of the match on the sky.
        format: name of a light-curve reader, or 'auto'.
        classes: labels to keep; empty: all.
        uncertain: what becomes of a type that is uncertain ('ROT:') or ambiguous ('EA|EB'): see data.archives.classes.
        value: 'mag' or 'flux'; None: what each archive's reader takes.
        bands: bands to take; empty: all.
        ormask: mask the pixels of ORMASK, too.
        epoch: Julian year of the catalogue's positions.
        published_substitution: put 1 mas in the place of parallaxes that are not positive, as the published weights
            need.
    """

    catalogue: Path
    lightcurves: Path
    spectra: Path | None = None
    spectra_catalogue: Path | None = None
    radius: float = 3.0
    format: str = "auto"
    split: tuple[float, float, float] = (0.8, 0.1, 0.1)
    seed: int = 42
    strict: bool = False
    classes: tuple[str, ...] = ()
    uncertain: Uncertain = "unlabelled"
    value: Value | None = None
    bands: tuple[str, ...] = ()
    ormask: bool = False
    epoch: float = GAIA_EPOCH
    published_substitution: bool = False

    def check(self) -> None:
        """Refuse what is impossible, before anything is read.

        Raises:
            ConfigError: names the option.
        """
        check_fractions(self.split)
        find_reader(self.format)
        if not (math.isfinite(self.radius) and 0 < self.radius <= LARGEST_RADIUS):
            raise ConfigError(
                f"--radius {self.radius:g}: write arcseconds, more than 0 and at most {LARGEST_RADIUS:g}."
            )
        if not 1900 <= self.epoch <= 2100:
            raise ConfigError(f"--epoch {self.epoch:g}: write the year of the catalogue's positions, such as 2016.0.")
        if self.uncertain not in UNCERTAIN:
            raise ConfigError(f"--uncertain {self.uncertain}: write one of {', '.join(UNCERTAIN)}.")
        if self.value not in (None, "mag", "flux"):
            raise ConfigError(f"--value {self.value}: write mag or flux.")
        if self.spectra_catalogue is not None and self.spectra is None:
            raise ConfigError("--spectra-catalogue needs --spectra: name the folder of the FITS files.")

    def command(self) -> str:
        """The command line of this build, with file names and no folders."""
        words = [
            "python -m data build",
            f"--catalogue {self.catalogue.name}",
            f"--lightcurves {self.lightcurves.name}",
        ]
        words += [f"--spectra {self.spectra.name}"] if self.spectra else []
        words += [f"--spectra-catalogue {self.spectra_catalogue.name}"] if self.spectra_catalogue else []
        words += [f"--radius {self.radius:g}"]
        words += [f"--format {self.format}"] if self.format != "auto" else []
        words += [f"--split {','.join(f'{part:g}' for part in self.split)}", f"--seed {self.seed}"]
        words += [f"--classes {','.join(self.classes)}"] if self.classes else []
        words += [f"--uncertain {self.uncertain}"] if self.uncertain != "unlabelled" else []
        words += [f"--value {self.value}"] if self.value else []
        words += [f"--bands {','.join(self.bands)}"] if self.bands else []
        words += ["--ormask"] if self.ormask else []
        words += [f"--epoch {self.epoch:g}"] if self.epoch != GAIA_EPOCH else []
        words += ["--published-substitution"] if self.published_substitution else []
        return " ".join(words + (["--strict"] if self.strict else []))
