"""What every observation of a survey measures: points, signal to noise, amplitude, a row a source."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from m3core.kinds import kind_of
from m3core.survey import Survey

__all__ = ["measure_survey", "measured_name", "measured_unit"]

SOURCES_A_REPORT = 200


def measured_name(what: str, modality: str) -> str:
    """Name of a column of `measure_survey`."""
    return f"{what} ({modality})"


def measured_unit(survey: Survey, column: str) -> str:
    """Unit of a column of `measure_survey`; '' where it has none."""
    for name, spec in survey.modalities.items():
        if column == measured_name("amplitude", name):
            return spec.units.get(spec.fields[1], "")  # a light curve is time, value, error
    return ""


def measure_survey(
    survey: Survey, progress: Callable[[float, str], None] = lambda fraction, sentence: None
) -> pd.DataFrame:
    """Read every array once and measure it (memory: one source at a time).

    Args:
        progress: called with the fraction done and a sentence; what it raises ends the work.

    Returns:
        A row a source in the survey's order, a column a measure and modality ('signal to noise (g)'), NaN where the
        source lacks the modality or it cannot be told.
    """
    columns: dict[str, np.ndarray] = {}
    with_arrays = [name for name, spec in survey.modalities.items() if spec.fields]
    for number, name in enumerate(with_arrays):
        spec = survey.modalities[name]
        measures = kind_of(spec).measures
        for row in range(len(survey)):
            if row % SOURCES_A_REPORT == 0:
                done = (number + row / len(survey)) / len(with_arrays)
                progress(done, f"Measuring {spec.label}: {row:,} of {len(survey):,} sources.")
            observation = survey.observation(name, row)
            if observation is None:
                continue
            for what, value in measures(spec, observation).items():
                column = columns.setdefault(measured_name(what, name), np.full(len(survey), np.nan))
                column[row] = value
    progress(1.0, "Every observation is measured.")
    return pd.DataFrame(columns, index=survey.sources.index)
