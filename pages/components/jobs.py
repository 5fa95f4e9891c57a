"""Long steps inside the app: a thread each, known to every tab, with its progress and a way to stop it.

Only what the app itself waits for runs here (reading and importing files, embedding). Trainings are processes of
their own, which the app's end does not touch (training.process).
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

import streamlit as st

from m3core.errors import M3Error, one_sentence
from m3core.progress import Progress
from pages.components.text import literal, sentence

__all__ = [
    "Job", "Progress", "at_work", "awaited", "forget", "job", "keep", "show_fault", "show_progress", "start",
    "start_once",
]  # fmt: skip

log = logging.getLogger("m3.app")

PATIENCE = 0.8
"""Seconds to wait before a bar is shown: most of what is asked for is done by then."""


class Stopped(BaseException):
    """Raised inside the work when the user stops it; no `except Exception` on the way may swallow it."""


class Job(threading.Thread):
    """Work under way, or done.

    Attributes:
        fraction, sentence: how far, 0 to 1, and what is being done.
        result: what the work returned, once it is done.
        fault: why it ended early, a sentence; '' where it did not.
        was_stopped: whether that was the user's wish.
    """

    def __init__(self, title: str, work: Callable[[Progress], Any]) -> None:
        super().__init__(daemon=True, name=title)
        self.title = title
        self.fraction, self.sentence = 0.0, ""
        self.result: Any = None
        self.fault, self.was_stopped = "", False
        self._work = work
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Do the work; Thread.start calls this."""
        try:
            self.result = self._work(self._report)
        except Stopped:
            self.fault, self.was_stopped = f"{self.title} was stopped.", True
        except (M3Error, OSError) as fault:
            self.fault = one_sentence(fault)
        except Exception:
            log.exception("%s failed", self.title)
            self.fault = f"{self.title} met a fault that it has no sentence for: the terminal shows what to report."
        finally:
            del self._work  # with the data that it holds

    def _report(self, fraction: float, sentence: str) -> None:
        if self._stop_asked.is_set():
            raise Stopped
        self.fraction, self.sentence = min(max(fraction, 0.0), 1.0), sentence

    def stop(self) -> None:
        """Ask the work to end at its next report."""
        self._stop_asked.set()

    @property
    def is_stopping(self) -> bool:
        """Asked to stop and not ended yet."""
        return self._stop_asked.is_set() and self.is_alive()


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[str, Job]:
    return {}


def job(key: str) -> Job | None:
    """The job of this key, at work or done."""
    return _jobs().get(key)


def start(key: str, title: str, work: Callable[[Progress], Any]) -> Job:
    """Start work, unless the same is under way already (another tab, a second click)."""
    found = _jobs().get(key)
    if found is not None and found.is_alive():
        return found
    _jobs()[key] = Job(title, work)
    _jobs()[key].start()
    return _jobs()[key]


def start_once(key: str, title: str, work: Callable[[Progress], Any]) -> Job:
    """The job of this key, started if it never was: for work that gives the same result every time."""
    return _jobs().get(key) or start(key, title, work)


def forget(key: str) -> None:
    """Drop a job that has ended and was seen."""
    _jobs().pop(key, None)


def at_work(prefix: str) -> list[str]:
    """Keys of the jobs under way that begin with `prefix`."""
    return [key for key, found in list(_jobs().items()) if key.startswith(prefix) and found.is_alive()]


def keep(prefix: str, most: int) -> None:
    """Drop all but the latest `most` jobs that have ended and whose keys begin with `prefix`."""
    ended = [key for key, found in list(_jobs().items()) if key.startswith(prefix) and not found.is_alive()]
    for key in ended[: max(0, len(ended) - most)]:
        forget(key)


def show_fault(found: Job) -> None:
    """Why a job ended early, if it did."""
    if found.was_stopped:
        st.warning(sentence(found.fault), icon=":material/stop_circle:")
    elif found.fault:
        st.error(sentence(found.fault), icon=":material/error:")


def show_progress(key: str) -> None:
    """The bar and the Stop button of a job at work; the page reruns when it ends."""

    @st.fragment(run_every=0.7)
    def watch() -> None:
        found = job(key)
        if found is None or not found.is_alive():
            st.rerun()
        text = "Stopping" if found.is_stopping else found.sentence or found.title
        st.progress(found.fraction, text=literal(text, 200))
        st.button("Stop", key=f"stop_{key}", on_click=found.stop, disabled=found.is_stopping, icon=":material/stop:")

    watch()


def awaited(key: str, title: str, work: Callable[[Progress], Any], *, note: str, again: str) -> Any:
    """What work returns that gives the same every time; while it is at work or has failed None, with the bar or the
    fault in its place.

    Args:
        note: what to say above the bar.
        again: of the button that starts it anew after a fault or a stop.
    """
    found = start_once(key, title, work)
    found.join(PATIENCE)
    if found.is_alive():
        st.caption(note)
        show_progress(key)
        return None
    show_fault(found)
    if found.result is None:
        st.button(again, key=f"again_{key}", on_click=forget, args=(key,))
    return found.result
