"""A workspace with one star that every panel of its page has something of."""

from pathlib import Path

from data import simulate
from m3core.survey import Survey
from m3core.workspace.run import Run
from tests.app.conftest import make_run

__all__ = ["star_with_everything"]


def star_with_everything(root: Path) -> tuple[Survey, Run, str]:
    """surveys/sky, simulated; runs/done, embedded; and the id of an eclipsing binary that no modality lacks."""
    survey = simulate.write(simulate.plan(simulate.Options(sources=80, seed=3)), root / "surveys" / "sky")
    run = make_run(root / "runs" / "done", survey)
    binaries = survey.sources.index[survey.sources["label"] == "EA"]
    star = next(one for one in binaries if len(survey.source(one).observations) == len(survey.modalities))
    return survey, run, str(star)
