"""The contract of a kind: everything the rest of the program needs to know of one way to observe.

A kind is one file of this folder. It holds, in this order, its settings (what a survey's manifest declares), its
pure preprocessing, its encoder families, its display series and its measures. Nothing else in the project names a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from m3core.manifest import ModalitySpec
from m3core.statistics import Statistics

if TYPE_CHECKING:  # torch takes seconds to import; surveys open in milliseconds
    from torch import Tensor

    from m3core.survey.reader import Observation, Source

__all__ = ["Encoder", "Family", "Inputs", "Kind", "Series", "Statistics", "View"]

Inputs = dict[str, NDArray[np.float32]]
"""What an encoder takes of one source: '' is the array; 'mask' (1: real point) and 'context' where it has them."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of what an encoder takes of one source, to be looked at.

    Attributes:
        title: what it is.
        x: (n,) numbers, or names of columns; y: (n,) the numbers as the encoder gets them.
        is_observed: (n,) False where they stand for nothing: padding, empty bins, masked pixels, missing values.
        x_label, y_label: axis titles.
        style: 'points', 'line', or 'table' for names with a number each.
        invert_y: True where smaller numbers are brighter.
        note: a sentence, '' if nothing is to be said.
    """

    title: str
    x: NDArray[Any]
    y: NDArray[np.floating]
    is_observed: NDArray[np.bool_]
    x_label: str
    y_label: str
    style: Literal["points", "line", "table"] = "line"
    invert_y: bool = False
    note: str = ""


def _plain_view(spec: ModalitySpec, options: Any, inputs: Inputs) -> list[View]:
    """The numbers one after another: of a kind that says no more of them."""
    y = inputs[""].ravel()
    return [
        View(
            title="Input", x=np.arange(len(y)), y=y, is_observed=np.ones(len(y), bool), x_label="Place in the input",
            y_label="As the encoder gets it",
        )
    ]  # fmt: skip


class Encoder(Protocol):
    """A torch module: inputs -> features (B, out_features)."""

    out_features: int

    def __call__(self, inputs: dict[str, Tensor]) -> Tensor:
        """Features of a batch."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One way to encode a kind: preprocessing, its statistics, and the module, which fit one another.

    Attributes:
        options: pydantic class with the defaults of everything that can be chosen.
        statistics: (spec, options, observations of the training split) -> Statistics.
        prepare: (spec, options, statistics, observation, rng) -> Inputs. Pure: the same arguments, the same
            bytes. With an rng it may augment; with None it never draws.
        build: (spec, options) -> Encoder, with fresh weights from torch's generator.
        views: (spec, options, inputs) -> what `prepare` made of a source, to be looked at.
    """

    options: type[BaseModel]
    statistics: Callable[[ModalitySpec, Any, Iterable[Observation]], Statistics]
    prepare: Callable[[ModalitySpec, Any, Statistics, Observation, np.random.Generator | None], Inputs]
    build: Callable[[ModalitySpec, Any], Encoder]
    views: Callable[[ModalitySpec, Any, Inputs], list[View]] = _plain_view


@dataclass(frozen=True, kw_only=True)
class Series:
    """Something to draw, without a plotting library.

    Attributes:
        name: begins with the modality's name.
        x, y: (n,); error: (n,) 1 sigma or None.
        x_label, y_label: axis titles with units in brackets.
        invert_y: True for magnitudes, which go up when brighter.
        style: 'points', 'line' or 'table'.
        foldable: whether x is a time that may be folded on a period.
        notes: what was left out or adapted, in words, to show beside the figure.
    """

    name: str
    x: NDArray[Any]
    y: NDArray[np.float64]
    x_label: str
    y_label: str
    error: NDArray[np.float64] | None = None
    invert_y: bool = False
    style: Literal["points", "line", "table"] = "points"
    foldable: bool = False
    notes: tuple[str, ...] = field(default=())


def _nothing(spec: ModalitySpec, observation: Observation) -> dict[str, float]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One entry of the registry (m3core.kinds.KINDS).

    Attributes:
        settings: pydantic class that validates ModalitySpec.settings.
        dtypes: spec -> {field: numpy dtype name} of the arrays on disk; empty for columns alone.
        families: preset family -> Family; 'paper' is the published architecture, 'fast' ours.
        series: (spec, source) -> what to draw of this modality; empty where the source lacks it.
        measures: (spec, observation) -> what tells good from poor observations, name -> number, NaN where it cannot
            be told: 'signal to noise', 'amplitude'.
    """

    name: str
    settings: type[BaseModel]
    dtypes: Callable[[ModalitySpec], dict[str, str]]
    families: Mapping[str, Family]
    series: Callable[[ModalitySpec, Source], list[Series]]
    measures: Callable[[ModalitySpec, Observation], dict[str, float]] = _nothing
