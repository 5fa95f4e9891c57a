"""The registry of kinds. A new kind is one new file in this folder and one name in `KINDS`."""

from m3core.errors import ConfigError
from m3core.kinds import metadata, photometry, spectra
from m3core.kinds.base import Encoder, Family, Inputs, Kind, Series, Statistics, View
from m3core.manifest import ModalitySpec

__all__ = ["KINDS", "Encoder", "Family", "Inputs", "Kind", "Series", "Statistics", "View", "family_of", "kind_of"]

KINDS: dict[str, Kind] = {kind.name: kind for kind in (photometry.KIND, spectra.KIND, metadata.KIND)}


def kind_of(spec: ModalitySpec) -> Kind:
    """The kind of a modality.

    Raises:
        ConfigError: a kind that is not registered.
    """
    try:
        return KINDS[spec.kind]
    except KeyError:
        raise ConfigError(
            f"modality {spec.name!r} is of kind {spec.kind!r}; known kinds are {', '.join(KINDS)}."
        ) from None


def family_of(spec: ModalitySpec, family: str) -> Family:
    """An encoder family of a modality's kind.

    Raises:
        ConfigError: the kind has no such family.
    """
    families = kind_of(spec).families
    if family not in families:
        raise ConfigError(f"kind {spec.kind!r} has no encoder family {family!r}; it has {', '.join(families)}.")
    return families[family]
