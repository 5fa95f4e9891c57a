"""Spectra: flux and inverse variance over wavelength."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from m3core import preprocess
from m3core.kinds.base import Encoder, Family, Inputs, Kind, Series, Statistics, View
from m3core.light_curve.fold import median, robust_scale
from m3core.manifest import ModalitySpec
from m3core.statistics import LINEAR_LIMIT, flagged, mean_and_std

if TYPE_CHECKING:
    from m3core.survey.reader import Observation, Source


class Settings(BaseModel):
    """What a survey says of a spectrum.

    Attributes:
        medium: of the wavelengths, 'vacuum' or 'air' where a header says so.
        flux_label: what the flux is; LAMOST's is relative.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    medium: Literal["vacuum", "air", "unknown"] = "unknown"
    flux_label: str = "Flux (relative)"


def settings_of(spec: ModalitySpec) -> Settings:
    """The validated settings of a spectra modality."""
    return Settings.model_validate(spec.settings)


def _dtypes(spec: ModalitySpec) -> dict[str, str]:
    """Wavelength in Angstrom; ivar 0 marks a masked pixel."""
    return {"wavelength": "float64", "flux": "float32", "ivar": "float32"}


# The published architecture: GalSpecNet on 3850, 3852, ... 8998 Angstrom.


class PaperOptions(BaseModel):
    """GalSpecNet of the published model; the defaults are those of its released configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    channels: tuple[Annotated[int, Field(ge=1, le=65_536)], ...] = Field((3, 64, 64, 32, 32), min_length=2)
    kernel_size: int = Field(3, ge=1, le=10_000)
    pool: int = Field(4, ge=1, le=10_000)
    dropout: float = Field(0.3393, ge=0, lt=1)


def _no_statistics(spec: ModalitySpec, options: PaperOptions, observations: Iterable[Observation]) -> Statistics:
    return {}


def _paper_prepare(
    spec: ModalitySpec,
    options: PaperOptions,
    statistics: Statistics,
    observation: Observation,
    rng: np.random.Generator | None,
) -> Inputs:
    rows = np.column_stack([observation["wavelength"], observation["flux"], observation["ivar"]])
    return {"": preprocess.spectrum(rows)}


def _paper_views(spec: ModalitySpec, options: PaperOptions, inputs: Inputs) -> list[View]:
    flux, third, scale = inputs[""]
    every = np.ones(len(flux), bool)
    x_label, note = _grid_label(spec), f"log10 of the MAD of the flux, a channel of its own: {scale[0]:.3f}."
    return [
        View(
            title="Resampled flux", x=preprocess.WAVELENGTH, y=flux, is_observed=every, x_label=x_label,
            y_label="(Flux − mean) / MAD", note=note,
        ),
        View(
            title="Third column", x=preprocess.WAVELENGTH, y=third, is_observed=every, x_label=x_label,
            y_label="Inverse variance / MAD",
        ),
    ]  # fmt: skip


def _grid_label(spec: ModalitySpec) -> str:
    return f"Wavelength ({settings_of(spec).medium}) [{spec.units.get('wavelength', 'Angstrom')}]"


def _paper_build(spec: ModalitySpec, options: PaperOptions) -> Encoder:
    from m3core.nn.convolution import GalSpecNet

    return GalSpecNet(n_pixels=len(preprocess.WAVELENGTH), **options.model_dump())


# Ours: masked pixels are told apart, the level and slope of the continuum are context.


class FastOptions(BaseModel):
    """Strided convolutions over the spectrum on an even grid, masked pixels marked."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    first: float = Field(3850.0, description="first wavelength of the grid, Angstrom")
    last: float = Field(9000.0, description="last wavelength of the grid, Angstrom")
    n_pixels: int = Field(2560, ge=256, multiple_of=256, description="pixels of the grid")
    width: int = Field(64, ge=8, multiple_of=8, description="channels of a convolution")
    out_features: int = Field(256, ge=8)
    dropout: float = Field(0.2, ge=0, lt=1)


CLIP = 10.0
"""Fluxes further than this many robust scales from the median count as that far: a cosmic ray says no more."""

N_CONTEXT = 3


def _resampled(options: FastOptions, observation: Observation) -> tuple[NDArray, NDArray]:
    """Flux and coverage on the grid, (n_pixels,) each; coverage 0 where no observed pixel is near."""
    grid = np.linspace(options.first, options.last, options.n_pixels)
    observed = (observation["ivar"] > 0) & np.isfinite(observation["flux"])
    wavelength, flux = observation["wavelength"], observation["flux"]
    if observed.sum() < 2:
        return np.zeros(options.n_pixels), np.zeros(options.n_pixels)
    coverage = np.interp(grid, wavelength, observed.astype(np.float64), left=0.0, right=0.0)
    return np.interp(grid, wavelength[observed], flux[observed].astype(np.float64)), coverage


def _level_and_scale(flux: NDArray, coverage: NDArray) -> tuple[float, float]:
    """Median and robust scale of what was seen; NaN where that is less than two pixels."""
    seen = flux[coverage > 0.5]
    return (median(seen), robust_scale(seen)) if len(seen) > 1 else (np.nan, np.nan)


def _context(flux: NDArray, level: float, scale: float) -> NDArray[np.float64]:
    """log10 of the scale, of scale over level, and red minus blue over level; NaN where undefined."""
    if not np.isfinite(level):
        return np.full(N_CONTEXT, np.nan)
    if not level:
        return np.array([np.log10(scale), np.nan, np.nan])
    blue, red = np.array_split(flux, 2)
    slope = (median(red) - median(blue)) / abs(level)
    return np.array([np.log10(scale), np.log10(scale / abs(level)), np.clip(slope, -5, 5)])


def _fast_statistics(spec: ModalitySpec, options: FastOptions, observations: Iterable[Observation]) -> Statistics:
    def measured(observation: Observation) -> NDArray[np.float64]:
        flux, coverage = _resampled(options, observation)
        return _context(flux, *_level_and_scale(flux, coverage))

    return mean_and_std((measured(observation) for observation in observations), width=N_CONTEXT)


def _fast_prepare(
    spec: ModalitySpec,
    options: FastOptions,
    statistics: Statistics,
    observation: Observation,
    rng: np.random.Generator | None,
) -> Inputs:
    flux, coverage = _resampled(options, observation)
    level, scale = _level_and_scale(flux, coverage)
    measured = _context(flux, level, scale)
    if not np.isfinite(level):
        level, scale = 0.0, 1.0
    scaled = np.clip((flux - level) / scale, -CLIP, CLIP) * coverage
    if rng is not None:  # the noise of another exposure
        scaled = scaled + rng.uniform(0.0, 0.1) * rng.standard_normal(len(scaled)) * coverage
    return {"": np.stack([scaled, coverage]).astype(np.float32), "context": flagged(measured, statistics)}


def _fast_views(spec: ModalitySpec, options: FastOptions, inputs: Inputs) -> list[View]:
    scaled, coverage = inputs[""]
    grid = np.linspace(options.first, options.last, options.n_pixels)
    context = inputs["context"]
    return [
        View(
            title="Resampled flux", x=grid, y=scaled, is_observed=coverage > 0.5, x_label=_grid_label(spec),
            y_label="(Flux − median) / robust scale", note="Pixels that were not observed are 0, and marked so; "
            f"flux beyond {CLIP:g} robust scales of the median counts as {CLIP:g}.",
        ),
        View(
            title="Measured", x=np.array(["log_scale", "log_relative_scale", "red_minus_blue"], object),
            y=context[:N_CONTEXT], is_observed=context[N_CONTEXT:] < 0.5, x_label="Property",
            y_label="Standard deviations", style="table", note=f"Cut at {LINEAR_LIMIT:g} standard deviations.",
        ),
    ]  # fmt: skip


def _fast_build(spec: ModalitySpec, options: FastOptions) -> Encoder:
    from m3core.nn.convolution import StridedSpectrum

    return StridedSpectrum(
        n_context=2 * N_CONTEXT,
        width=options.width,
        out_features=options.out_features,
        dropout=options.dropout,
    )


def _series(spec: ModalitySpec, source: Source) -> list[Series]:
    observation = source.observations.get(spec.name)
    if observation is None:
        return []
    settings = settings_of(spec)
    ivar = observation["ivar"].astype(np.float64)
    observed = ivar > 0
    n_masked = int((~observed).sum())
    error = np.full(len(ivar), np.nan)
    error[observed] = 1.0 / np.sqrt(ivar[observed])
    return [
        Series(
            name=spec.name,
            x=observation["wavelength"],
            y=np.where(observed, observation["flux"].astype(np.float64), np.nan),
            error=error,
            x_label=_grid_label(spec),
            y_label=settings.flux_label,
            style="line",
            notes=(f"{n_masked} of {len(ivar)} pixels are masked (inverse variance 0)",) if n_masked else (),
        )
    ]


def _measures(spec: ModalitySpec, observation: Observation) -> dict[str, float]:
    """Median signal to noise of a pixel that is not masked."""
    known = observation["ivar"] > 0
    if not known.any():
        return {"signal to noise": float("nan")}
    return {"signal to noise": median(observation["flux"][known] * np.sqrt(observation["ivar"][known]))}


KIND = Kind(
    name="spectra",
    settings=Settings,
    dtypes=_dtypes,
    families={
        "paper": Family(
            options=PaperOptions,
            statistics=_no_statistics,
            prepare=_paper_prepare,
            build=_paper_build,
            views=_paper_views,
        ),
        "fast": Family(
            options=FastOptions,
            statistics=_fast_statistics,
            prepare=_fast_prepare,
            build=_fast_build,
            views=_fast_views,
        ),
    },
    series=_series,
    measures=_measures,
)
