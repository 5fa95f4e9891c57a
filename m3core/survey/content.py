"""The content hash of a survey: one number for its data, wherever the folder lies."""

import json
from pathlib import Path

from m3core.files import sha256_file, sha256_text
from m3core.manifest import Manifest

__all__ = ["ASIDE", "array_files", "content_hash"]

ASIDE = ".aside"
"""<modality>.aside.arrow: observations that an import left out of the light curve and kept to be shown."""


def array_files(folder: Path, manifest: Manifest) -> list[str]:
    """Names of the files of arrays: one a modality with fields, and what was set aside of it, where there is any."""
    stems = [f"{spec.name}{part}" for spec in manifest.modalities if spec.fields for part in ("", ASIDE)]
    return [f"{stem}.arrow" for stem in stems if not stem.endswith(ASIDE) or (folder / f"{stem}.arrow").is_file()]


def content_hash(folder: Path, manifest: Manifest) -> str:
    """SHA-256 over the table's and arrays' bytes and what the manifest declares (its provenance left out)."""
    names = ["sources.parquet", *array_files(folder, manifest)]
    declared = manifest.model_dump(mode="json", exclude={"content_hash", "provenance"})
    return sha256_text(json.dumps(declared, sort_keys=True), *(sha256_file(folder / name) for name in names))
