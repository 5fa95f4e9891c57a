"""Positions on the sky, and where they lie in the plane of a figure."""
