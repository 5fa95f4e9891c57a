"""An encoder per modality, from a configuration alone."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from m3core.kinds import family_of
from m3core.model.config import ModelConfig
from m3core.names import INPUT_FIELDS

__all__ = ["ModalityEncoders", "module_key", "named_modules"]


class ModalityEncoders(nn.Module):
    """The encoders of a configuration's modalities.

    The weights come from torch's generator: seed it before the call.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        encoders: dict[str, Any] = {
            modality.spec.name: family_of(modality.spec, modality.family).build(modality.spec, modality.parsed_options)
            for modality in config.modalities
        }
        self.encoders = named_modules(encoders)
        self.widths = {name: int(encoder.out_features) for name, encoder in encoders.items()}

    def features(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Encoder outputs, modality -> (B, out_features), of the modalities that `inputs` has."""
        return {
            name: self.encoders[module_key(name)](_fields_of(name, inputs))
            for name in self.config.names
            if name in inputs
        }


def module_key(name: str) -> str:
    """Module key of a modality: ended, since a ModuleDict has methods named 'keys', 'type', 'half'."""
    return f"{name}_"


def named_modules(modules: Mapping[str, nn.Module]) -> nn.ModuleDict:
    """Modules by modality."""
    return nn.ModuleDict({module_key(name): module for name, module in modules.items()})


def _fields_of(name: str, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """{'photometry': a, 'photometry_mask': m, ...} -> {'': a, 'mask': m} for the modality 'photometry'."""
    fields = {"": inputs[name]}
    for field in INPUT_FIELDS:
        if f"{name}_{field}" in inputs:
            fields[field] = inputs[f"{name}_{field}"]
    return fields
