"""Odd sources: scores, what carries them, and a list that learns from answers."""
