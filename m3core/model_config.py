"""config.json of a checkpoint: everything but the weights that makes a model what it is."""

from functools import cached_property
from itertools import combinations
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from m3core.errors import CheckpointError
from m3core.kinds import family_of
from m3core.manifest import ModalitySpec
from m3core.statistics import Statistics
from m3core.survey import Survey

__all__ = ["FORMAT_VERSION", "ModalityConfig", "ModelConfig", "pair_key"]

FORMAT_VERSION = 1


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

    @cached_property
    def parsed_options(self) -> BaseModel:
        """The family's options with their defaults, validated."""
        return family_of(self.spec, self.family).options.model_validate(self.options)


class ModelConfig(_Config):
    """A multimodal CLIP model."""

    format: Literal["m3-checkpoint"] = "m3-checkpoint"
    format_version: int = FORMAT_VERSION
    modalities: tuple[ModalityConfig, ...]
    embedding_dim: int = Field(512, ge=2)
    initial_logit_scale: float = Field(100.0, ge=1, le=100)
    classes: tuple[str, ...] = ()
    survey_hash: str = ""
    split_hash: str = ""
    """Of the survey's split that it was trained on: fine-tuning on another split would leak."""
    versions: dict[str, str] = Field(default_factory=dict)

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
            raise CheckpointError(f"{place} is not the configuration of an M3 Explorer checkpoint (field 'format').")
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
            CheckpointError: another kind, other columns, other settings or units; or no modality in common.
        """
        common = [modality for modality in self.modalities if modality.spec.name in survey.modalities]
        if not common:
            raise CheckpointError(
                f"the model reads {', '.join(self.names)}, survey {survey.path.name} has "
                f"{', '.join(survey.modalities)}: they have no modality in common."
            )
        for modality in common:
            ours, theirs = modality.spec, survey.modalities[modality.spec.name]
            for what in ("kind", "fields", "columns", "units"):
                if getattr(ours, what) != getattr(theirs, what):
                    raise CheckpointError(
                        f"modality {ours.name!r} of survey {survey.path.name} has {what} {getattr(theirs, what)}, the "
                        f"model was trained on {getattr(ours, what)}: import it with the same columns and units."
                    )
