"""First start: the demo's survey and run in a workspace that has none."""

import os
import shutil
from collections.abc import Callable

import numpy as np
import yaml

from data import simulate
from demo import NAME, OPTIONS, SHIPPED
from m3core.embeddings.kept import Embeddings, embeddings_folder
from m3core.errors import RunError
from m3core.files import new_folder, read_json, replaced_file, write_json
from m3core.progress import part
from m3core.survey import Survey
from m3core.workers import processes_allowed
from m3core.workspace.folder import Workspace
from m3core.workspace.run import Run, State

__all__ = ["install", "is_wanted"]

Progress = Callable[[float, str], None]

ROUNDING = 1e-4
"""Largest difference of an embedding's components that moves no point of a map by what an eye sees."""


def is_wanted(workspace: Workspace) -> bool:
    """Whether the workspace is empty, so that there is nothing else to open."""
    return not workspace.survey_folders() and not workspace.run_folders()


def install(workspace: Workspace, progress: Progress) -> bool:
    """Draw the survey and lay the shipped run beside it.

    Another type of CPU may round a last digit of some star otherwise. The survey is another one by its hash then, and
    is embedded here.

    Returns:
        Whether the run has a map of this survey: not where its embeddings are others than the shipped ones.

    Raises:
        M3Error: the workspace has a survey or a run called demo already.
    """
    out = workspace.root / "surveys" / NAME
    survey = simulate.write(simulate.plan(OPTIONS), out, part(progress, 0.0, 0.6), workers=processes_allowed())
    with new_folder(workspace.root / "runs" / NAME) as folder:
        shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
        config = yaml.safe_load((SHIPPED / "config.yaml").read_text(encoding="utf-8"))
        with replaced_file(folder / "config.yaml") as place:
            place.write_text(yaml.safe_dump({**config, "survey": str(out)}, sort_keys=False), encoding="utf-8")
    return fits(survey) or _embedded_here(workspace.run(NAME), survey, part(progress, 0.6, 1.0))


def _embedded_here(run: Run, survey: Survey, progress: Progress) -> bool:
    """Embed the survey; the shipped map stays where these are the embeddings it was fitted to, but for rounding."""
    from training.readout import embed_and_map  # torch: seconds

    def report(state: State, done: float, what: str) -> None:
        progress(done, "Embedding the demo: this processor rounds otherwise than the one that it was made on.")

    progress(0.0, "Loading the model.")
    embed_and_map(run, survey, None, report)
    shipped, here = run.path / "embeddings" / run.config()["survey_hash"][:16], Embeddings.open(run, survey)
    arrays = {name: np.load(shipped / f"{name}.npy", allow_pickle=False) for name in here.embeddings}
    is_same = all(
        np.allclose(arrays[name], vectors, rtol=0, atol=ROUNDING, equal_nan=True)
        for name, vectors in here.embeddings.items()
    )
    if is_same:
        about = read_json(shipped / "map" / "map.json", RunError)
        note = f", fitted to embeddings that equal these to {ROUNDING:g}"
        how = {name: said + note for name, said in about["how"].items()}
        write_json(shipped / "map" / "map.json", {**about, "how": how, "embeddings": here.hash})
        os.replace(shipped / "map", embeddings_folder(run, survey) / "map")
    shutil.rmtree(shipped)
    return is_same


def fits(survey: Survey) -> bool:
    """Whether the shipped run was trained on exactly this survey."""
    return Run.open(SHIPPED).config()["survey_hash"] == survey.hash
