"""The classifier page, a file a section."""
