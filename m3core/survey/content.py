"""The content hash of a survey: one number for its data, wherever the folder lies."""

import json
from pathlib import Path

from m3core.files import sha256_file, sha256_text
from m3core.manifest import Manifest

__all__ = ["content_hash"]


def content_hash(folder: Path, manifest: Manifest) -> str:
    """SHA-256 over the table's and arrays' bytes and what the manifest declares (its provenance left out)."""
    names = ["sources.parquet", *(f"{spec.name}.arrow" for spec in manifest.modalities if spec.fields)]
    declared = manifest.model_dump(mode="json", exclude={"content_hash", "provenance"})
    return sha256_text(json.dumps(declared, sort_keys=True), *(sha256_file(folder / name) for name in names))
