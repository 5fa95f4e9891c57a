"""Surveys from archives: a catalogue of variable stars, light-curve files and LAMOST spectra, matched on the sky."""

from data.archives.options import Options
from data.archives.plan import Plan, plan
from data.archives.write import cache_folder, clear_finished, write

__all__ = ["Options", "Plan", "cache_folder", "clear_finished", "plan", "write"]
