"""Photometry: the light curve of a source in one band."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from m3core import preprocess
from m3core.kinds.base import Encoder, Family, Inputs, Kind, Series, Statistics, View
from m3core.light_curve.fold import median
from m3core.light_curve.views import CLIP, CONTEXT, context, folded_and_unfolded, jitter
from m3core.manifest import ModalitySpec
from m3core.statistics import LINEAR_LIMIT, flagged, mean_and_std, standardise

if TYPE_CHECKING:
    from m3core.survey.reader import Observation, Source


class Settings(BaseModel):
    """What a survey says of a light curve.

    Attributes:
        value: 'mag' (goes up when brighter on every plot) or 'flux'.
        time_label: time system as the input names it (HJD, MJD, ...); never relabelled.
        time_resolution: step of the times in days, 0 where finer than folding needs; folds at periods under
            twenty steps are marked.
        period: catalogue column with the period to fold on, days.
        auxiliaries: how many of the modality's columns, from the first, are the constant channels of the
            published architecture; columns that follow serve the fast family.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: Literal["mag", "flux"] = "mag"
    time_label: str = "Time"
    time_resolution: float = 0.0
    period: str | None = None
    auxiliaries: int = 0


def settings_of(spec: ModalitySpec) -> Settings:
    """The validated settings of a photometry modality."""
    return Settings.model_validate(spec.settings)


def _dtypes(spec: ModalitySpec) -> dict[str, str]:
    return {"time": "float64", settings_of(spec).value: "float64", "error": "float64"}


def _period(spec: ModalitySpec, observation: Observation) -> float:
    """Days; NaN where the source has none."""
    column = settings_of(spec).period
    if column is None or column not in spec.columns:
        return float("nan")
    period = float(observation["columns"][spec.columns.index(column)])
    return period if period > 0 else float("nan")


# The published architecture: the sequence of epochs through the Informer.


class PaperOptions(BaseModel):
    """Informer of the published model; the defaults are those of its released configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    seq_len: int = Field(200, ge=2, le=5000, description="epochs kept of a light curve")
    d_model: int = Field(128, ge=2, le=65_536, multiple_of=2, description="width of a token")
    n_heads: int = Field(4, ge=1)
    d_ff: int = Field(512, ge=1, le=1_000_000)
    e_layers: int = Field(8, ge=1, le=1000)
    factor: int = Field(
        1, ge=1, le=10_000, description="ProbSparse: keys drawn and queries kept are factor * ceil(ln L)"
    )
    dropout: float = Field(0.2451, ge=0, lt=1)
    activation: Literal["gelu", "relu"] = "gelu"
    head_mixing: bool = Field(False, description="interleave heads and positions as the published weights need")

    @model_validator(mode="after")
    def _heads_have_a_width(self) -> PaperOptions:
        if self.n_heads > self.d_model:
            raise ValueError(f"n_heads = {self.n_heads} is more than d_model = {self.d_model}")
        return self


def _paper_statistics(spec: ModalitySpec, options: PaperOptions, observations: Iterable[Observation]) -> Statistics:
    n = settings_of(spec).auxiliaries
    return mean_and_std((preprocess.auxiliaries(spec.columns[:n], o["columns"][:n]) for o in observations), width=n)


def _paper_prepare(
    spec: ModalitySpec,
    options: PaperOptions,
    statistics: Statistics,
    observation: Observation,
    rng: np.random.Generator | None,
) -> Inputs:
    settings = settings_of(spec)
    rows = np.column_stack([observation["time"], observation[settings.value], observation["error"]])
    constants = preprocess.auxiliaries(
        spec.columns[: settings.auxiliaries], observation["columns"][: settings.auxiliaries]
    )
    array, mask = preprocess.light_curve(
        np.nan_to_num(rows, nan=0.0), standardise(constants, statistics), options.seq_len, rng=rng
    )
    return {"": array, "mask": mask}


def _paper_views(spec: ModalitySpec, options: PaperOptions, inputs: Inputs) -> list[View]:
    settings = settings_of(spec)
    array, real = inputs[""], inputs["mask"] > 0.5
    constants = [*spec.columns[: settings.auxiliaries], "log10 MAD", "time span [365 d]"]
    n = int(real.sum())
    return [
        View(
            title="Window", x=np.arange(1, len(array) + 1), y=array[:, 1], is_observed=real,
            x_label="Row of the window", y_label=f"({settings.value} − mean) / MAD", style="points",
            invert_y=settings.value == "mag", note=f"{n} rows are observations, {len(real) - n} are padding (zeros).",
        ),
        View(
            title="Window over time", x=array[real, 0], y=array[real, 1], is_observed=real[real],
            x_label="Time, scaled to 0-1 before the crop", y_label=f"({settings.value} − mean) / MAD", style="points",
            invert_y=settings.value == "mag",
        ),
        View(
            title="Constants of every row", x=np.array(constants, object), y=array[0, 3:],
            is_observed=np.ones(len(constants), bool), x_label="Channel", y_label="As the encoder gets it",
            style="table", note="The catalogue's constants are standardised.",
        ),
    ]  # fmt: skip


def _paper_build(spec: ModalitySpec, options: PaperOptions) -> Encoder:
    from m3core.nn.informer import Informer

    return Informer(n_channels=5 + settings_of(spec).auxiliaries, **options.model_dump())


# Ours: what an astronomer looks at, the folded and the unfolded curve, through strided convolutions.


class FastOptions(BaseModel):
    """Convolutions over the curve folded at P and 2P and over the curve in time, with its measured properties."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    n_bins: int = Field(64, ge=16, multiple_of=16, description="bins of phase and of time")
    width: int = Field(64, ge=8, multiple_of=8, description="channels of a convolution")
    out_features: int = Field(256, ge=8)
    dropout: float = Field(0.2, ge=0, lt=1)
    augment: float = Field(
        1.0, ge=0, le=1, description="share of training curves whose epochs and errors are drawn anew"
    )


def _fast_statistics(spec: ModalitySpec, options: FastOptions, observations: Iterable[Observation]) -> Statistics:
    field = settings_of(spec).value
    rows = (context(o["time"], o[field], o["error"], _period(spec, o), _extra(spec, o)) for o in observations)
    return mean_and_std(rows, width=_n_measured(spec))


def _n_measured(spec: ModalitySpec) -> int:
    return len(CONTEXT) + len(_extra_columns(spec))


def _extra_columns(spec: ModalitySpec) -> list[str]:
    settings = settings_of(spec)
    return [name for name in spec.columns if name != settings.period]


def _extra(spec: ModalitySpec, observation: Observation) -> np.ndarray:
    return observation["columns"][[spec.columns.index(name) for name in _extra_columns(spec)]]


def _fast_prepare(
    spec: ModalitySpec,
    options: FastOptions,
    statistics: Statistics,
    observation: Observation,
    rng: np.random.Generator | None,
) -> Inputs:
    settings = settings_of(spec)
    time, value, error = observation["time"], observation[settings.value], observation["error"]
    period = _period(spec, observation)
    if rng is not None and rng.random() < options.augment:
        time, value, error = jitter(time, value, error, rng)
    measured = context(time, value, error, period, _extra(spec, observation))
    array = folded_and_unfolded(time, value, error, period, options.n_bins, invert=settings.value == "mag", rng=rng)
    return {"": array, "context": flagged(measured, statistics)}


def _fast_views(spec: ModalitySpec, options: FastOptions, inputs: Inputs) -> list[View]:
    array, context, n = inputs[""], inputs["context"], _n_measured(spec)
    middle = (np.arange(options.n_bins) + 0.5) / options.n_bins
    views = [
        View(
            title=title, x=middle, y=array[2 * row], is_observed=array[2 * row + 1] > 0, x_label=x_label,
            y_label="Brightness, (value − median) / robust scale", style="points", note=note,
        )
        for row, (title, x_label, note) in enumerate(
            [
                (
                    "Folded at P",
                    "Phase at P",
                    f"Bins without an observation are 0, and weigh nothing; brightness beyond {CLIP:g} robust scales "
                    f"of the median counts as {CLIP:g}.",
                ),
                ("Folded at 2P", "Phase at 2P", ""),
                ("In time", "Time, scaled to 0-1", ""),
            ]
        )
    ]  # fmt: skip
    names = np.array([*CONTEXT, *_extra_columns(spec)], object)
    measured = View(
        title="Measured", x=names, y=context[:n], is_observed=context[n:] < 0.5, x_label="Property",
        y_label="Standard deviations", style="table", note=f"Cut at {LINEAR_LIMIT:g} standard deviations.",
    )  # fmt: skip
    return [*views, measured]


def _fast_build(spec: ModalitySpec, options: FastOptions) -> Encoder:
    from m3core.nn.convolution import BinnedCurve

    return BinnedCurve(
        n_context=2 * _n_measured(spec),
        width=options.width,
        out_features=options.out_features,
        dropout=options.dropout,
    )


def _series(spec: ModalitySpec, source: Source) -> list[Series]:
    observation = source.observations.get(spec.name)
    if observation is None:
        return []
    settings = settings_of(spec)
    unit = spec.units.get(settings.value, "")
    quantity = "Magnitude" if settings.value == "mag" else "Flux"
    error: Any = observation["error"]
    time_unit = spec.units.get("time", "d")
    return [
        Series(
            name=spec.name,
            x=observation["time"],
            y=observation[settings.value],
            error=error if np.isfinite(error).any() else None,
            x_label=f"{settings.time_label} [{time_unit}]",
            y_label=f"{quantity} [{unit}]" if unit else quantity,
            invert_y=settings.value == "mag",
            foldable=True,
        )
    ]


PER_MAGNITUDE = 2.5 / np.log(10)
"""Magnitudes to a relative error of 1: sigma_m = 1.0857 sigma_F / F for small errors."""


def _measures(spec: ModalitySpec, observation: Observation) -> dict[str, float]:
    """Median signal to noise of an epoch, and the amplitude from the 5th to the 95th percentile."""
    settings = settings_of(spec)
    value, error = observation[settings.value], observation["error"]
    noise = error[error > 0]  # a missing error is no error of zero
    if settings.value == "mag":
        signal_to_noise = PER_MAGNITUDE / median(noise) if len(noise) else float("nan")
    else:
        known = error > 0
        signal_to_noise = median(value[known] / error[known]) if known.any() else float("nan")
    low, high = np.quantile(value, [0.05, 0.95]) if len(value) else (np.nan, np.nan)
    return {"signal to noise": signal_to_noise, "amplitude": float(high - low)}


KIND = Kind(
    name="photometry",
    settings=Settings,
    dtypes=_dtypes,
    families={
        "paper": Family(
            options=PaperOptions,
            statistics=_paper_statistics,
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
