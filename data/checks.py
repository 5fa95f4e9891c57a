"""What every importer checks and says alike: a free output folder, times that are kept too coarsely."""

import os
from pathlib import Path

import numpy as np

from m3core.errors import SurveyError

__all__ = ["SPOILING_RESOLUTION", "check_free", "coarse_times"]

SPOILING_RESOLUTION = 0.001
"""Days: times kept more coarsely than this are warned of."""


def check_free(out: Path) -> None:
    """Refuse an output folder that exists, before any long work.

    Raises:
        SurveyError: it does.
    """
    if os.path.lexists(out):
        raise SurveyError(f"{out} exists already: choose another folder for --out, or remove this one first.")
    for parent in out.absolute().parents:
        if (parent / "survey.json").is_file():
            raise SurveyError(f"{parent} is a survey: choose a folder outside of it for --out.")
        if parent.exists() and not parent.is_dir():
            raise SurveyError(f"{parent} is a file: choose another folder for --out.")


def coarse_times(step: float, modalities: str) -> str:
    """What to say of times that are kept to `step` days only, without a full stop."""
    single = " (as single precision leaves them)" if np.log2(step).is_integer() and step < 1 else ""
    return (
        f"times in {modalities} are kept to {step:g} d only{single}: folds at periods under {20 * step:g} d are spoilt"
    )
