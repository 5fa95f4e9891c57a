"""The workspace: runs and surveys by name, and what people said about sources: verdicts, selections."""
