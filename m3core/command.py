"""What the command lines share: a user's fault is one line on standard error and exit status 2."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from m3core.errors import M3Error, one_sentence
from m3core.workers import allow_processes

__all__ = ["one_line_errors"]


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn faults of the input and of the system into a sentence and exit status 2; Ctrl-C into status 130.

    What runs inside may use all cores.
    """
    allow_processes()
    try:
        yield
    except BrokenPipeError:  # `| head` has read enough: no fault, and nothing more can be said there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except (M3Error, OSError) as error:
        sys.stderr.write(f"error: {one_sentence(error)}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        sys.stderr.write("stopped; nothing half-written stays.\n")
        raise SystemExit(130) from None
