"""A query that is in no survey: one star's observations through a run's model."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from m3core.errors import CheckpointError
from m3core.model.batch import prepare_observation
from m3core.survey import Source

if TYPE_CHECKING:
    from m3core.model.clip import Model

__all__ = ["embed_source"]


def embed_source(model: "Model", source: Source) -> dict[str, NDArray[np.float32]]:
    """modality -> (D,) embedding, L2-normalised, of the modalities that both the source and the model have.

    Args:
        model: in evaluation.

    Raises:
        CheckpointError: they have none in common.
    """
    import torch

    inputs = {}
    for modality in model.config.modalities:
        name = modality.spec.name
        if name not in source.observations:
            continue
        for field, array in prepare_observation(modality, source.observations[name]).items():
            inputs[f"{name}_{field}" if field else name] = torch.from_numpy(np.asarray(array)[None])
    if not inputs:
        raise CheckpointError(
            f"{source.source_id} has nothing that the model reads ({', '.join(model.config.names)}): give one of these."
        )
    device = next(model.parameters()).device
    with torch.inference_mode():
        found = model.embed({key: tensor.to(device) for key, tensor in inputs.items()})
    return {name: vectors[0].cpu().numpy() for name, vectors in found.items()}
