"""import-astrom3: the published AstroM3 data set, from a folder or the Hugging Face Hub, becomes a survey."""

from data.astrom3.importer import Options, Plan, plan
from data.astrom3.writer import write

__all__ = ["Options", "Plan", "plan", "write"]
