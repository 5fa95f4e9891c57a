"""survey.json: what a survey declares about itself."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from m3core.errors import SurveyError
from m3core.names import is_safe_name

__all__ = ["FORMAT_VERSION", "SPLITS", "Column", "Manifest", "ModalitySpec", "SplitSpec"]

FORMAT_VERSION = 1
SPLITS = ("train", "validation", "test")


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModalitySpec(_Declared):
    """One way the sources were observed."""

    name: str
    kind: str
    label: str
    """The name as the input had it: text to show, never a path or a key."""
    fields: tuple[str, ...] = ()
    """Arrays of a source in <name>.arrow, in this order; empty: the modality is its columns alone."""
    columns: tuple[str, ...] = ()
    """Catalogue columns that feed this modality, in this order."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """What the kind's own settings class validates (m3core.kinds)."""
    units: dict[str, str] = Field(default_factory=dict)
    """Unit of each field, as astropy.units writes it; '' or absent where it has none."""

    @field_validator("name")
    @classmethod
    def _safe(cls, name: str) -> str:
        if not is_safe_name(name):
            raise ValueError(f"{name!r} cannot name a modality: use letters, digits and single underscores")
        return name


class Column(_Declared):
    """What is known of one catalogue column."""

    unit: str = ""
    description: str = ""


class SplitSpec(_Declared):
    """How sources were assigned to train, validation and test."""

    method: str
    fractions: tuple[float, float, float] | None = None
    seed: int | None = None
    hash: str = ""
    """Of every (source_id, split): two surveys with one hash part their sources alike."""


class Manifest(_Declared):
    """The content of survey.json."""

    format: Literal["m3-survey"] = "m3-survey"
    format_version: int = FORMAT_VERSION
    modalities: tuple[ModalitySpec, ...]
    classes: tuple[str, ...] = ()
    counts: dict[str, Any] = Field(default_factory=dict)
    """sources, and by split, label and modality."""
    split: SplitSpec
    columns: dict[str, Column] = Field(default_factory=dict)
    simulated: bool = False
    provenance: dict[str, Any] = Field(default_factory=dict)
    """Command, versions, seed, hashes of inputs, what was left out; no clock and no path."""
    content_hash: str = ""

    @model_validator(mode="after")
    def _distinct(self) -> "Manifest":
        names = [modality.name.lower() for modality in self.modalities]
        if len(set(names)) != len(names):
            raise ValueError(f"modality names must differ, also where case is ignored; got {names}")
        if not names:
            raise ValueError("a survey has at least one modality")
        return self

    @model_validator(mode="after")
    def _fed(self) -> "Manifest":
        for modality in self.modalities:
            if not modality.fields and not modality.columns:
                raise ValueError(f"modality {modality.name!r} has neither fields nor columns")
        return self

    @classmethod
    def parse(cls, content: Any, place: str) -> "Manifest":
        """Validate the content of a survey.json found at `place`.

        Raises:
            SurveyError: not a survey, of a newer format, or with a field that is wrong.
        """
        if not isinstance(content, dict) or content.get("format") != "m3-survey":
            raise SurveyError(f"{place} is not a survey: its field 'format' is not 'm3-survey'.")
        version = content.get("format_version")
        if version != FORMAT_VERSION:
            raise SurveyError(
                f"{place} has format version {version}, this program reads version {FORMAT_VERSION}: "
                "import the survey again, or use the version of M3 Explorer that wrote it."
            )
        try:
            return cls.model_validate(content)
        except ValidationError as fault:
            first = fault.errors()[0]
            field = ".".join(map(str, first["loc"])) or "the whole"
            raise SurveyError(f"{place}: {field}: {first['msg']}; restore it from a copy or import again.") from None
