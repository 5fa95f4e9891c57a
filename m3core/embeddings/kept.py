"""Embeddings of a survey by a run: written once, with the hashes of what made them, read without torch."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from m3core.errors import RunError
from m3core.files import read_json, replaced_folder, sha256_file, sha256_text, write_json
from m3core.survey import Survey
from m3core.workspace.run import Run

if TYPE_CHECKING:
    from m3core.model.clip import Model

__all__ = ["Embeddings", "embed_survey", "embeddings_folder", "mean_embedding"]

BATCH_SIZE = 256

Progress = Callable[[float], None]
"""Told the fraction done; raising from it cancels."""


def embeddings_folder(run: Run, survey: Survey) -> Path:
    """Where the embeddings of a survey by a run stand."""
    return run.path / "embeddings" / survey.hash[:16]


def mean_embedding(embeddings: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """(N, D): the mean of the present modalities' embeddings, L2-normalised again; NaN where none is present."""
    stack = np.stack(list(embeddings.values()))
    known = np.isfinite(stack).all(axis=-1, keepdims=True)
    total = np.where(known, stack, 0.0).sum(axis=0)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(known.any(axis=0) & (length > 0), total / np.maximum(length, 1e-12), np.nan).astype(np.float32)


class Embeddings:
    """The embeddings of one survey by one run.

    Attributes:
        source_ids: (N,) text, in the survey's order.
        embeddings: modality -> (N, D) float32, L2-normalised, NaN rows where a source lacks it. Memory-mapped.
        mean: (N, D) float32, of the present modalities.
        hash: identity: of the checkpoint and the survey that made them.
    """

    def __init__(self, source_ids: NDArray[Any], embeddings: dict[str, NDArray[np.float32]], made_by: str) -> None:
        self.source_ids = source_ids
        self.embeddings = embeddings
        self.hash = made_by

    @cached_property
    def mean(self) -> NDArray[np.float32]:
        """(N, D) mean of the present modalities' embeddings, L2-normalised again."""
        return mean_embedding(self.embeddings)

    @classmethod
    def open(cls, run: "Run | str | Path", survey: "Survey | str | Path") -> "Embeddings":
        """Open what `python -m training embed` wrote.

        Raises:
            RunError: not embedded yet, or by a checkpoint that has changed since.
        """
        run = run if isinstance(run, Run) else Run.open(run)
        survey = survey if isinstance(survey, Survey) else Survey.open(survey)
        folder = embeddings_folder(run, survey)
        command = f"python -m training embed --run {run.path} --survey {survey.path}"
        if not (folder / "embeddings.json").is_file():
            raise RunError(
                f"run {run.name} has no embeddings of survey {survey.path.name}: make them with `{command}`."
            )
        about = read_json(folder / "embeddings.json", RunError)
        # those that came from elsewhere have no model, and no hash of its weights (m3core.embeddings.given)
        if about.get("weights") != (sha256_file(run.checkpoint / "model.safetensors") if run.has_checkpoint else None):
            raise RunError(f"the embeddings in {folder} are of an older checkpoint: make them again with `{command}`.")
        source_ids = pq.read_table(folder / "source_ids.parquet")["source_id"].to_numpy().astype(object)
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in about["modalities"]}
        return cls(source_ids, arrays, sha256_text(about["checkpoint"], about["survey"]))

    def write(self, folder: Path, about: dict[str, Any]) -> None:
        """Write source_ids.parquet, <modality>.npy and embeddings.json into `folder`, replacing what it held."""
        with replaced_folder(folder) as part:
            pq.write_table(pa.table({"source_id": pa.array(self.source_ids, pa.string())}), part / "source_ids.parquet")
            for name, array in self.embeddings.items():
                np.save(part / f"{name}.npy", np.asarray(array, np.float32), allow_pickle=False)
            write_json(part / "embeddings.json", {**about, "modalities": list(self.embeddings)})


def embed_survey(
    model: "Model", survey: Survey, rows: NDArray[np.int64], progress: Progress = lambda done: None
) -> dict[str, NDArray[np.float32]]:
    """Embed sources with a model in evaluation, in batches of a fixed size: the same bytes every time on a CPU.

    Returns:
        modality -> (len(rows), D), NaN rows where a source lacks it; every modality of the model.
    """
    import torch

    from m3core.model.batch import make_batch

    device = next(model.parameters()).device
    result = {name: np.full((len(rows), model.config.embedding_dim), np.nan, np.float32) for name in model.config.names}
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH_SIZE):
            batch = make_batch(survey, rows[start : start + BATCH_SIZE], model.config.modalities).to(device)
            for name, vectors in model.embed(batch.inputs).items():
                present = batch.present[name].cpu().numpy()
                result[name][start + np.flatnonzero(present)] = vectors.cpu().numpy()[present]
            progress(min((start + BATCH_SIZE) / len(rows), 1.0))
    return result
