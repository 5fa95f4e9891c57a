"""What stays for good is no garbage: the collector need not look at it after every click."""

import gc
import sys

__all__ = ["settle"]

_seen = 0


def settle() -> None:
    """Take what lives now out of the collector's sight where modules have come since the last call.

    Streamlit collects garbage after every run of a script, while the browser waits for the last figure. Most of what
    the collector went through were modules: 387,000 objects, 0.18 s of the 0.35 s of processor time and more that a
    click on the map took. What else lives at that moment can still be freed, but not as a part of a cycle: modules are
    seldom new.
    """
    global _seen
    if len(sys.modules) != _seen:
        gc.collect()
        gc.freeze()
        _seen = len(sys.modules)
