"""Metadata: the numeric catalogue columns of a source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from m3core import preprocess
from m3core.kinds.base import Encoder, Family, Inputs, Kind, Series, Statistics, View
from m3core.manifest import ModalitySpec
from m3core.statistics import (
    LINEAR_LIMIT,
    encoded_width,
    mean_and_std,
    measure_quantiles,
    quantile_encoded,
    standardise,
)

if TYPE_CHECKING:
    from m3core.survey.reader import Observation, Source


class Settings(BaseModel):
    """A metadata modality has no settings: its columns and their units say it all."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _dtypes(spec: ModalitySpec) -> dict[str, str]:
    return {}


# The published architecture: standardised columns through two layers.


class PaperOptions(BaseModel):
    """Perceptron of the published model. A missing value becomes the training split's mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    width: int = Field(512, ge=1, le=1_000_000)
    dropout: float = Field(0.1595, ge=0, lt=1)


def _paper_statistics(spec: ModalitySpec, options: PaperOptions, observations: Iterable[Observation]) -> Statistics:
    rows = (preprocess.metadata(spec.columns, o["columns"]) for o in observations)
    return mean_and_std(rows, width=len(spec.columns))


def _paper_prepare(
    spec: ModalitySpec,
    options: PaperOptions,
    statistics: Statistics,
    observation: Observation,
    rng: np.random.Generator | None,
) -> Inputs:
    return {"": standardise(preprocess.metadata(spec.columns, observation["columns"]), statistics)}


def _column_view(spec: ModalitySpec, y: NDArray[np.float32], missing: NDArray[np.bool_], note: str) -> list[View]:
    return [
        View(
            title="Columns", x=np.array(spec.columns, object), y=y, is_observed=~missing, x_label="Column",
            y_label="Standard deviations", style="table", note=note,
        )
    ]  # fmt: skip


def _paper_views(spec: ModalitySpec, options: PaperOptions, inputs: Inputs) -> list[View]:
    note = "Magnitudes are absolute where there is a parallax, l is cos l, b is sin b; a missing value is 0, the mean."
    return _column_view(spec, inputs[""], np.zeros(len(spec.columns), bool), note)


def _paper_build(spec: ModalitySpec, options: PaperOptions) -> Encoder:
    from m3core.nn.perceptron import Perceptron

    return Perceptron(n_inputs=len(spec.columns), width=options.width, dropout=options.dropout)


# Ours: each column as its place among the training split's quantiles, and flags for what is missing.


class FastOptions(BaseModel):
    """Columns in quantile encoding through residual layers; a missing value is marked as missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    n_quantiles: int = Field(16, ge=2, description="pieces of each column's encoding")
    width: int = Field(256, ge=8, description="width of a layer")
    depth: int = Field(2, ge=1, description="residual layers")
    dropout: float = Field(0.2, ge=0, lt=1)


def _fast_statistics(spec: ModalitySpec, options: FastOptions, observations: Iterable[Observation]) -> Statistics:
    rows = (preprocess.metadata(spec.columns, o["columns"]) for o in observations)
    return measure_quantiles(rows, width=len(spec.columns), n_quantiles=options.n_quantiles)


def _fast_prepare(
    spec: ModalitySpec,
    options: FastOptions,
    statistics: Statistics,
    observation: Observation,
    rng: np.random.Generator | None,
) -> Inputs:
    return {"": quantile_encoded(preprocess.metadata(spec.columns, observation["columns"]), statistics)}


def _fast_views(spec: ModalitySpec, options: FastOptions, inputs: Inputs) -> list[View]:
    k = len(spec.columns)
    note = (
        f"Cut at {LINEAR_LIMIT:g} standard deviations; the encoder also gets each value's way through "
        f"{options.n_quantiles} quantiles of the training split."
    )
    return _column_view(spec, inputs[""][:k], inputs[""][k : 2 * k] > 0.5, note)


def _fast_build(spec: ModalitySpec, options: FastOptions) -> Encoder:
    from m3core.nn.perceptron import ResidualPerceptron

    n_inputs = encoded_width(len(spec.columns), options.n_quantiles)
    return ResidualPerceptron(n_inputs=n_inputs, width=options.width, depth=options.depth, dropout=options.dropout)


def _series(spec: ModalitySpec, source: Source) -> list[Series]:
    observation = source.observations.get(spec.name)
    if observation is None:
        return []
    units = [spec.units.get(name, "") for name in spec.columns]
    labels = [f"{name} [{unit}]" if unit else name for name, unit in zip(spec.columns, units, strict=True)]
    return [
        Series(
            name=spec.name,
            x=np.array(labels),
            y=observation["columns"],
            x_label="Column",
            y_label="Value",
            style="table",
        )
    ]


KIND = Kind(
    name="metadata",
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
)
