"""Maps of embeddings: UMAP to two dimensions, seeded, kept with the hashes of what made them, never silently redone."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from m3core.embeddings.kept import Embeddings, embeddings_folder
from m3core.errors import RunError
from m3core.files import read_json, replaced_folder, sha256_text, write_json
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["MapSettings", "Maps", "fit_map", "make_maps"]

MEAN = "mean"
"""Name of the map of the mean embedding; no modality may bear it."""


@dataclass(frozen=True)
class MapSettings:
    """Parameters of UMAP (McInnes et al. 2018, arXiv 1802.03426); the paper's per-modality map is 22 / cosine / 42."""

    n_neighbors: int = 22
    min_dist: float = 0.1
    metric: str = "cosine"
    seed: int = 42

    @property
    def hash(self) -> str:
        """Identity of the parameters."""
        return sha256_text(json.dumps(asdict(self), sort_keys=True))


@dataclass(frozen=True)
class Maps:
    """Two-dimensional coordinates of a survey's sources; they have no unit and no direction.

    Attributes:
        source_ids: (N,) text.
        map_xy: modality or 'mean' -> (N, 2) float32, NaN where a source is not on that map.
        about: parameters, hashes and versions that made them, and a sentence a map on how it was fitted.
    """

    source_ids: NDArray[Any]
    map_xy: dict[str, NDArray[np.float32]]
    about: dict[str, Any]

    @classmethod
    def open(cls, run: Run, survey: Survey) -> "Maps":
        """Open the maps of a survey by a run.

        Raises:
            RunError: there are none, or they are of other embeddings.
        """
        folder = embeddings_folder(run, survey) / "map"
        command = f"python -m training embed --run {run.path} --survey {survey.path}"
        if not (folder / "map.json").is_file():
            raise RunError(f"run {run.name} has no map of survey {survey.path.name}: make it with `{command}`.")
        about = read_json(folder / "map.json", RunError)
        if about["embeddings"] != Embeddings.open(run, survey).hash:
            raise RunError(f"the map in {folder} is of older embeddings: make it again with `{command}`.")
        table = pq.read_table(folder / "map.parquet")
        map_xy = {
            name: np.column_stack([table[f"{name}_x"].to_numpy(), table[f"{name}_y"].to_numpy()])
            for name in about["maps"]
        }
        return cls(table["source_id"].to_numpy().astype(object), map_xy, about)

    def write(self, run: Run, survey: Survey) -> None:
        """Write map.parquet and map.json beside the embeddings."""
        with replaced_folder(embeddings_folder(run, survey) / "map") as folder:
            columns = {f"{name}_{axis}": xy[:, i] for name, xy in self.map_xy.items() for i, axis in enumerate("xy")}
            pq.write_table(
                pa.table({"source_id": pa.array(self.source_ids, pa.string()), **columns}), folder / "map.parquet"
            )
            write_json(folder / "map.json", self.about)


def make_maps(
    embeddings: Embeddings,
    settings: MapSettings = MapSettings(),
    progress: Callable[[float, str], None] = lambda done, what: None,
) -> Maps:
    """Fit a map of each modality and of the mean.

    Args:
        progress: told the fraction done and the map under way; raising from it cancels.
    """
    import importlib.metadata

    vectors = {MEAN: embeddings.mean, **embeddings.embeddings}
    map_xy, how = {}, {}
    for number, (name, array) in enumerate(vectors.items()):
        progress(number / len(vectors), name)
        map_xy[name], how[name] = fit_map(np.asarray(array), settings)
    about = {
        "maps": list(vectors),
        "how": how,
        "settings": asdict(settings),
        "embeddings": embeddings.hash,
        "umap": importlib.metadata.version("umap-learn"),
    }
    return Maps(embeddings.source_ids, map_xy, about)


def fit_map(vectors: NDArray[np.float32], settings: MapSettings) -> tuple[NDArray[np.float32], str]:
    """Two coordinates for every row without NaN.

    Args:
        vectors: (N, D), NaN rows absent.

    Returns:
        (N, 2) float32, NaN where absent, and a sentence on how it was made. Fewer than ten sources are too few for
        a neighbour graph: their map is the first two principal components.
    """
    present = np.isfinite(vectors).all(axis=1)
    map_xy = np.full((len(vectors), 2), np.nan, np.float32)
    table = vectors[present]
    if len(table) < 10:
        centred = table - table.mean(axis=0) if len(table) else table
        axes = np.linalg.svd(centred, full_matrices=False)[2][:2] if len(table) > 1 else np.zeros((2, table.shape[1]))
        flat = centred @ axes.T
        map_xy[present] = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
        return map_xy, f"principal components of {len(table)} sources: fewer than ten are too few for UMAP"
    import umap  # 3 s, 20 s where numba's cache is cold

    n_neighbors = min(settings.n_neighbors, len(table) - 1)
    reducer = umap.UMAP(
        n_neighbors=n_neighbors,
        min_dist=settings.min_dist,
        metric=settings.metric,
        random_state=settings.seed,
        n_jobs=1,  # a seed gives the same map only on one core
    )
    map_xy[present] = reducer.fit_transform(table)
    return map_xy, f"UMAP of {len(table):,} sources, {n_neighbors} neighbours"
