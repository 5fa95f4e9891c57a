"""Checkpoints, ours and the published ones: reading, names of parameters, the Hub."""
