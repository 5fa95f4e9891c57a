"""Lists of outliers and suspects that are being made before their pages ask for them."""

import time
from collections.abc import Callable

from m3core.survey import Survey
from m3core.workspace.run import Run, State
from pages.components import jobs
from training import process

__all__ = ["await_list", "lists_under_way", "make_lists"]

PREFIX = "lists "
POLL_SECONDS = 0.5


def _key(run: Run, survey: Survey) -> str:
    return f"{PREFIX}{run.path} {survey.hash[:16]}"


def make_lists(run: Run, survey: Survey) -> None:
    """List in a process of its own what a run has embedded: the map is there, and answers meanwhile."""
    jobs.start(_key(run, survey), "The lists", lambda report: process.embed(run, survey, report, lists=True))


def await_list(run: Run, survey: Survey, is_made: Callable[[], bool], report: jobs.Progress) -> None:
    """While a training is at its lists, or `make_lists` at work, follow it until one is made: doing the same beside it
    would take twice as long.

    Args:
        is_made: whether the list that is waited for is there.
        report: raising from it ends the wait.
    """
    while not is_made():
        found, status = jobs.job(_key(run, survey)), run.status()
        if status.state is State.LISTING:
            report(status.progress, f"The training is at its end and lists {status.message}")
        elif found is not None and found.is_alive():
            report(found.fraction, found.sentence or found.title)
        else:
            return
        time.sleep(POLL_SECONDS)


def lists_under_way() -> None:
    """A bar for what `make_lists` has under way, in the sidebar."""
    for key in jobs.at_work(PREFIX):
        jobs.show_progress(key)
