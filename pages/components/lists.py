"""Lists of findings that the run itself makes when its training ends."""

import time

from m3core.workspace.run import Run, State
from pages.components import jobs

__all__ = ["wait_for_training"]

POLL_SECONDS = 0.5


def wait_for_training(run: Run, report: jobs.Progress) -> None:
    """While a training is at its lists, follow it: doing the same beside it would take twice as long.

    Args:
        report: raising from it ends the wait.
    """
    while (status := run.status()).state is State.LISTING:
        report(status.progress, f"The training is at its end and lists {status.message}")
        time.sleep(POLL_SECONDS)
