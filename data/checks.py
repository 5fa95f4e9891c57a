"""What every importer checks and says alike: a free output folder, times that are kept too coarsely."""

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
    if out.exists():
        raise SurveyError(f"{out} exists already: choose another folder for --out, or remove this one first.")


def coarse_times(step: float, modalities: str) -> str:
    """What to say of times that are kept to `step` days only, without a full stop."""
    single = " (as single precision leaves them)" if np.log2(step).is_integer() and step < 1 else ""
    return (
        f"times in {modalities} are kept to {step:g} d only{single}: folds at periods under {20 * step:g} d are spoilt"
    )
