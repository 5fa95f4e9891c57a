"""What was measured of a survey, kept beside it for the next model: <parent of the survey>/.measured/<survey hash>/.

Nothing there depends on a run, and all of it can be deleted: it is measured anew. The survey's own folder is never
changed.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd

from m3core.files import replaced_file
from m3core.survey.reader import Survey

__all__ = ["kept_folder", "kept_table"]


def kept_folder(survey: Survey) -> Path:
    """Where it stands; by content, so that a copy of the survey beside it shares it."""
    return survey.path.parent / ".measured" / survey.hash[:16]


def kept_table(survey: Survey, name: str, version: int, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A table as it was kept, else made and kept; where nothing can be written only made.

    Args:
        version: of the way to make it: another one is another file.
    """
    place = kept_folder(survey) / f"{name}-{version}.parquet"
    with suppress(OSError, ValueError):  # pyarrow's faults are one of these: there is none, or a broken one
        return pd.read_parquet(place)
    table = make()
    with suppress(OSError), replaced_file(place) as part:
        table.to_parquet(part)
    return table
