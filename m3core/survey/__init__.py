"""Surveys on disk: the manifest, the reader and the writer."""

from m3core.manifest import Column, Manifest, ModalitySpec, SplitSpec
from m3core.names import safe_names
from m3core.survey.corrected import Correction, corrections_table, write_corrected
from m3core.survey.each import of_each_source
from m3core.survey.kept import kept_folder, kept_table
from m3core.survey.reader import Observation, Source, Survey
from m3core.survey.resplit import write_resplit
from m3core.survey.writer import survey_writer, write_survey

__all__ = [
    "Column",
    "Correction",
    "Manifest",
    "ModalitySpec",
    "Observation",
    "Source",
    "SplitSpec",
    "Survey",
    "corrections_table",
    "kept_folder",
    "kept_table",
    "of_each_source",
    "safe_names",
    "survey_writer",
    "write_corrected",
    "write_resplit",
    "write_survey",
]
