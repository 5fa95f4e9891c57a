"""Surveys from files: importers and their command line."""
