"""config.json of a checkpoint: everything but the weights that makes a model what it is."""

from functools import cached_property
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from m3core.errors import CheckpointError
from m3core.kinds import family_of
from m3core.manifest import ModalitySpec
from m3core.statistics import Statistics
from m3core.survey import Survey

__all__ = ["FORMAT_VERSION", "Head", "ModalityConfig", "ModelConfig", "TreesConfig", "pair_key"]

FORMAT_VERSION = 1

Head = Literal["features", "avg", "concat"]
"""What a classifier's last layer reads: the features of its one modality, or the mean ('avg', over those that are
present) or the concatenation (zeros where absent) of its modalities' embeddings."""


def pair_key(first: str, second: str) -> str:
    """Module key of two modalities in canonical order: 'b__r'."""
    return f"{first}__{second}"


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModalityConfig(_Config):
    """One modality of a model: what the survey declared, how it is encoded, and how it was normalised."""

    spec: ModalitySpec
    family: str
    options: dict[str, Any] = Field(default_factory=dict)
    statistics: Statistics = Field(default_factory=dict)

    @classmethod
    def measured(
        cls, survey: Survey, name: str, family: str, options: BaseModel, rows: NDArray[np.int64]
    ) -> "ModalityConfig":
        """A modality of a survey with the statistics of the sources at `rows`, which should be the training split's."""
        spec = survey.modalities[name]
        observations = (found for row in rows if (found := survey.observation(name, int(row))) is not None)
        statistics = family_of(spec, family).statistics(spec, options, observations)
        return cls(spec=spec, family=family, options=options.model_dump(mode="json"), statistics=statistics)

    @cached_property
    def parsed_options(self) -> BaseModel:
        """The family's options with their defaults, validated."""
        return family_of(self.spec, self.family).options.model_validate(self.options)


class TreesConfig(_Config):
    """Boosted trees that vote beside a classifier's network (m3core.model.tree_vote)."""

    numbers: tuple[tuple[str, int], ...]
    """Inputs that they read whole, in this order: key of a batch, and how many numbers."""
    n_components: int = Field(ge=0)
    """Principal components of the frozen features that they read before those."""
    n_trees: int = Field(ge=1)
    n_leaves: int = Field(ge=2)
    share: float = Field(gt=0, le=1)
    """Of their probabilities in the answer; the rest is the network's."""


class ModelConfig(_Config):
    """A multimodal CLIP model, or a classifier over its encoders."""

    format: Literal["m3-checkpoint"] = "m3-checkpoint"
    format_version: int = FORMAT_VERSION
    modalities: tuple[ModalityConfig, ...]
    embedding_dim: int = Field(512, ge=1)
    initial_logit_scale: float = Field(default=100.0, ge=1, le=100)
    head: Head | None = None
    """None: a contrastive model, without a classifier's last layer."""
    classes: tuple[str, ...] = ()
    """In the order of a classifier's logits."""
    trees: TreesConfig | None = None
    """None: a classifier's network answers alone."""
    survey_hash: str = ""
    """Of the survey whose training split the statistics are of; empty: there are none yet (m3core.checkpoint.adopt)."""
    split_hash: str = ""
    """Of the survey's split that it was trained on: fine-tuning on another split would leak."""
    versions: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _head_fits(self) -> "ModelConfig":
        if self.head is not None and not self.classes:
            raise ValueError("a model with a head needs classes")
        if self.head == "features" and len(self.modalities) != 1:
            raise ValueError(f"head 'features' reads one modality; there are {len(self.modalities)}")
        if self.trees is not None and (self.head is None or self.trees.n_trees % len(self.classes)):
            raise ValueError("trees belong to a classifier, equally many for each class")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Modality names in canonical order."""
        return tuple(modality.spec.name for modality in self.modalities)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every unordered pair of modalities, in canonical order."""
        return tuple(combinations(self.names, 2))

    @classmethod
    def parse(cls, content: Any, place: str) -> "ModelConfig":
        """Validate the content of a config.json found at `place`.

        Raises:
            CheckpointError: not a checkpoint of this program, a newer format, or a field that is wrong.
        """
        if not isinstance(content, dict) or content.get("format") != "m3-checkpoint":
            raise CheckpointError(
                f"{place} configures neither an M3 Explorer checkpoint (field 'format') nor a published "
                "AstroM3 one: choose another folder."
            )
        if content.get("format_version") != FORMAT_VERSION:
            raise CheckpointError(
                f"{place} has format version {content.get('format_version')}, this program reads {FORMAT_VERSION}."
            )
        try:
            return cls.model_validate(content)
        except ValidationError as fault:
            first = fault.errors()[0]
            raise CheckpointError(f"{place}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None

    def check_fits(self, survey: Survey) -> None:
        """Make sure that the survey's modalities of these names are what the model was trained on.

        A modality that the survey lacks altogether is no fault: its embeddings are absent.

        Raises:
            CheckpointError: another kind, other columns, other settings or units; or no modality in common; or
                published weights, whose files carry no statistics, were not adopted yet.
        """
        if not self.survey_hash:
            raise CheckpointError(
                "the model carries no means and standard deviations of a training split, as published weights do not: "
                "measure them on their survey with `python -m training adopt`."
            )
        common = [modality for modality in self.modalities if modality.spec.name in survey.modalities]
        if not common:
            raise CheckpointError(
                f"the model reads {', '.join(self.names)}, survey {survey.path.name} has "
                f"{', '.join(survey.modalities)}: they have no modality in common."
            )
        for modality in common:
            ours, theirs = modality.spec, survey.modalities[modality.spec.name]
            for what in ("kind", "fields", "columns", "units"):
                wanted, found = getattr(ours, what), getattr(theirs, what)
                if wanted != found:
                    fault = _columns_misfit(wanted, found) if what == "columns" else f"{found}, the model read {wanted}"
                    raise CheckpointError(
                        f"modality {ours.name!r} of survey {survey.path.name} has {what} {fault}: import it with the "
                        "same columns and units as the survey that the model was trained on."
                    )


def _columns_misfit(wanted: tuple[str, ...], found: tuple[str, ...]) -> str:
    """How columns differ from those that a model read, in few words however many there are."""
    lacking = [name for name in wanted if name not in found]
    surplus = [name for name in found if name not in wanted]
    if not lacking and not surplus:
        place = next(index for index, name in enumerate(wanted) if name != found[index])
        return f"in another order, {found[place]!r} at place {place + 1} where the model read {wanted[place]!r}"
    parts = [
        f"{verb} {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        for verb, names in (("without", lacking), ("with the unknown", surplus))
        if names
    ]
    return " and ".join(parts)
