"""The page Experiment in parts."""
