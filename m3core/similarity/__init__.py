"""Sources like a query: exact cosine neighbours, how well they are retrieved, and how two runs differ."""
