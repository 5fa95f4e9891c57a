"""First start: the demo's survey and run in a workspace that has none."""

import shutil
from collections.abc import Callable

import yaml

from data import simulate
from demo import NAME, OPTIONS, SHIPPED
from m3core.files import new_folder, replaced_file
from m3core.survey import Survey
from m3core.workspace.folder import Workspace
from m3core.workspace.run import Run

__all__ = ["install", "is_wanted"]

Progress = Callable[[float, str], None]


def is_wanted(workspace: Workspace) -> bool:
    """Whether the workspace is empty, so that there is nothing else to open."""
    return not workspace.survey_folders() and not workspace.run_folders()


def install(workspace: Workspace, progress: Progress) -> bool:
    """Draw the survey and lay the shipped run beside it.

    Returns:
        Whether the shipped embeddings are those of this survey. Another type of CPU may round a last digit otherwise:
        then the survey is another one by its hash, and has to be embedded anew.

    Raises:
        M3Error: the workspace has a survey or a run called demo already.
    """
    out = workspace.root / "surveys" / NAME
    survey = simulate.write(simulate.plan(OPTIONS), out, progress)
    with new_folder(workspace.root / "runs" / NAME) as folder:
        shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
        config = yaml.safe_load((SHIPPED / "config.yaml").read_text(encoding="utf-8"))
        with replaced_file(folder / "config.yaml") as part:
            part.write_text(yaml.safe_dump({**config, "survey": str(out)}, sort_keys=False), encoding="utf-8")
    return fits(survey)


def fits(survey: Survey) -> bool:
    """Whether the shipped run was trained on exactly this survey."""
    return Run.open(SHIPPED).config()["survey_hash"] == survey.hash
