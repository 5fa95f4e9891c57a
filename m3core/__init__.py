"""The library of M3 Explorer: surveys, multimodal CLIP models and what is read out of their embeddings.

Names are imported when they are first asked for: a command that only parses its arguments does not wait for torch.
"""

import importlib
from typing import Any

__all__ = ["Embeddings", "MultimodalCLIP", "Run", "Source", "Survey", "load_checkpoint", "preprocess"]

_HOMES = {
    "Embeddings": "m3core.embeddings.kept",
    "MultimodalCLIP": "m3core.model.clip",
    "Run": "m3core.workspace.run",
    "Source": "m3core.survey",
    "Survey": "m3core.survey",
    "load_checkpoint": "m3core.checkpoint.loading",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name == "preprocess":
        return importlib.import_module("m3core.preprocess")
    raise AttributeError(f"module 'm3core' has no attribute {name!r}")
