"""The workspace: the folder whose surveys and runs the app lists. A name is only ever looked up, never made a path.

    <workspace>/surveys/<name>/survey.json        <workspace>/runs/<name>/status.json
    <workspace>/experiments/<name>/experiment.json

Folders that lie directly in the workspace are found too: a command line writes wherever it is told to.
"""

import os
import re
from pathlib import Path

from m3core.errors import M3Error
from m3core.experiment.folder import Experiment
from m3core.survey import Survey
from m3core.workspace.run import Run

__all__ = ["Workspace", "check_new_name"]

EXPERIMENT = "experiment.json"

NEW_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_new_name(name: str) -> str:
    """The name, where a folder may be called so on every system.

    Raises:
        M3Error: empty, too long, or with a character that could lead out of the workspace.
    """
    if not NEW_NAME.fullmatch(name):
        raise M3Error(
            f"{name[:80]!r} cannot be a name: use up to 64 letters, digits, dots, hyphens and underscores, "
            "beginning with a letter or a digit."
        )
    return name


class Workspace:
    """The surveys and runs below one folder, which need not exist yet."""

    def __init__(self, root: str | Path | None = None) -> None:
        """Open `root`; without one $M3_WORKSPACE, or else ./workspace."""
        self.root = Path(root or os.environ.get("M3_WORKSPACE") or "workspace").absolute()

    def survey_folders(self) -> dict[str, Path]:
        """Name -> folder of every survey, by name."""
        return self._found("surveys", "survey.json")

    def run_folders(self) -> dict[str, Path]:
        """Name -> folder of every run, the last started first."""
        found = self._found("runs", "status.json")
        # an experiment keeps its status as a run does
        found = {name: folder for name, folder in found.items() if not (folder / EXPERIMENT).is_file()}
        return dict(sorted(found.items(), key=lambda item: _made(item[1]), reverse=True))

    def experiment_folders(self) -> dict[str, Path]:
        """Name -> folder of every experiment, the last started first."""
        found = self._found("experiments", EXPERIMENT)
        return dict(sorted(found.items(), key=lambda item: (item[1] / EXPERIMENT).stat().st_mtime, reverse=True))

    def _found(self, place: str, marker: str) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for parent in (self.root / place, self.root):
            try:
                folders = sorted(folder for folder in parent.iterdir() if not folder.name.startswith("."))
            except (FileNotFoundError, NotADirectoryError):
                continue
            for folder in folders:
                if (folder / marker).is_file():
                    # the same name twice: the one outside its place is shown with where it lies
                    name = folder.name if folder.name not in found else f"./{folder.name}"
                    found[name] = folder
        return found

    def survey(self, name: str) -> Survey:
        """Open a survey of the workspace.

        Raises:
            M3Error: no survey of this name, or one that cannot be read.
        """
        return Survey.open(_look_up(self.survey_folders(), name, "survey"))

    def run(self, name: str) -> Run:
        """Open a run of the workspace.

        Raises:
            M3Error: no run of this name.
        """
        return Run.open(_look_up(self.run_folders(), name, "run"))

    def experiment(self, name: str) -> Experiment:
        """Open an experiment of the workspace.

        Raises:
            M3Error: no experiment of this name, or one that cannot be read.
        """
        return Experiment.open(_look_up(self.experiment_folders(), name, "experiment"))

    def new_survey(self, name: str) -> Path:
        """Where a survey of this name will be written.

        Raises:
            M3Error: the name is taken or impossible.
        """
        return self._new("surveys", name, "survey")

    def new_run(self, name: str) -> Path:
        """Where a run of this name will be written.

        Raises:
            M3Error: the name is taken or impossible.
        """
        return self._new("runs", name, "run")

    def new_experiment(self, name: str) -> Path:
        """Where an experiment of this name will be written.

        Raises:
            M3Error: the name is taken or impossible.
        """
        return self._new("experiments", name, "experiment")

    def free_experiment_name(self, wish: str) -> str:
        """`wish` made safe, with a number behind it where it is taken."""
        return _free(self.root / "experiments", wish)

    def _new(self, place: str, name: str, what: str) -> Path:
        path = self.root / place / check_new_name(name)
        if path.exists():
            raise M3Error(f"there is a {what} called {name!r} already: choose another name.")
        return path

    def free_survey_name(self, wish: str) -> str:
        """`wish` made safe, with a number behind it where it is taken."""
        return _free(self.root / "surveys", wish)

    def free_run_name(self, wish: str) -> str:
        """`wish` made safe, with a number behind it where it is taken."""
        return _free(self.root / "runs", wish)


def _made(folder: Path) -> float:
    """When a run was made, seconds: its configuration is written once, at the start."""
    for name in ("config.yaml", "status.json"):
        if (folder / name).is_file():
            return (folder / name).stat().st_mtime
    return 0.0


def _look_up(found: dict[str, Path], name: str, what: str) -> Path:
    try:
        return found[name]
    except KeyError:
        raise M3Error(f"there is no {what} called {name[:80]!r} in the workspace: choose one of the list.") from None


def _free(folder: Path, wish: str) -> str:
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", wish).strip("-_")[:48] or "new"
    name, number = base, 2
    while (folder / name).exists():
        name, number = f"{base}-{number}", number + 1
    return name
