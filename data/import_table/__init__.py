"""import-table: a catalogue and a long table of photometry become a survey."""

from data.import_table.importer import Options, Plan, plan, write

__all__ = ["Options", "Plan", "plan", "write"]
