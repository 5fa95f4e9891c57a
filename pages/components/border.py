"""The border between the program and the reader: a fault comes out as a sentence, never as a traceback."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from m3core.errors import M3Error, one_sentence
from pages.components.garbage import settle
from pages.components.text import sentence

__all__ = ["UNKNOWN_FAULT", "guarded", "sentences"]

log = logging.getLogger("m3.app")

UNKNOWN_FAULT = (
    "This page met a fault that it has no sentence for: reload it; if that does not help, "
    "the terminal that runs the app shows what to report."
)

Parameters = ParamSpec("Parameters")


@contextmanager
def sentences() -> Iterator[None]:
    """Show what goes wrong inside as one sentence. Streamlit's own control flow is no Exception and passes."""
    try:
        yield
    except (M3Error, OSError) as fault:
        st.error(sentence(one_sentence(fault)), icon=":material/error:")
    except Exception:
        log.exception("a page failed")
        st.error(UNKNOWN_FAULT, icon=":material/error:")


def guarded(function: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """The same function with `sentences` around it: a fragment runs outside its page's border."""

    @functools.wraps(function)
    def inside(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        with sentences():
            function(*args, **kwargs)
        settle()

    return inside
