"""Embeddings of a survey: kept by hash or given, their neighbours and maps."""
