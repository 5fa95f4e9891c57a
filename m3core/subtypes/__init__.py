"""Clusters within a class, and what tells them apart."""
