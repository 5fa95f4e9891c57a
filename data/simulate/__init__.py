"""Simulated surveys with a hidden truth: stars drawn from what is known of their classes, observed as real ones are.

`population` says who is what; `binaries`, `pulsators` and `long_period` draw a star, `place` puts it in the Galaxy;
`observing`, `spectrum` and `catalogue` observe it; `oddities` are what is planted; `writing` makes the survey.
"""

from data.simulate.writing import Options, Plan, plan, truth_path, write

__all__ = ["Options", "Plan", "plan", "truth_path", "write"]
