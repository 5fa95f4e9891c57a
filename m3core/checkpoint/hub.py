"""Published weights and data sets by their name on the Hugging Face Hub, such as 'AstroMLCore/AstroM3-CLIP'.

Files go through the Hub's own cache (HF_HOME or HF_HUB_CACHE say where): fetched once, read without a network.
"""

import io
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any, Literal

from m3core.errors import M3Error

__all__ = ["HubKind", "Progress", "fetch", "is_hub_name"]

HubKind = Literal["model", "dataset"]

Progress = Callable[[float, str], None]
"""Told the fraction done and a sentence; raising from it cancels."""

NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def is_hub_name(text: str) -> bool:
    """Whether `text` names something on the Hub ('owner/name') and not a folder here.

    A path whose parent folder exists is a folder, absent or not: a mistyped 'runs/frist' is not looked up.
    """
    path = Path(text)
    return bool(NAME.fullmatch(text)) and not path.exists() and not path.parent.exists()


def fetch(
    name: str,
    patterns: Sequence[str],
    kind: HubKind = "model",
    revision: str | None = None,
    progress: Progress | None = None,
    *,
    n_bytes: int = 0,
    cache_only: bool = False,
) -> Path:
    """Files of a model or a data set on the Hub, through its cache.

    What was fetched stays in the cache, also after a fault: the next call goes on with the files that are missing.

    Args:
        name: 'owner/name'.
        patterns: names of the files wanted, wildcards allowed ('full_42/*.parquet'); nothing else is fetched.
        revision: branch, tag or commit; the newest if None.
        progress: told how far the download is, in this thread; None: a bar in the terminal, where there is one.
        n_bytes: how much there is to fetch, for `progress`; 0: what the Hub has told so far of the files begun.
        cache_only: do not ask the Hub.

    Returns:
        The folder that has them, read only.

    Raises:
        M3Error: no such name or revision, no file of a pattern, not in the cache and the Hub out of reach, or the
            connection broke.
    """
    from huggingface_hub import constants, snapshot_download  # late: most of the program never needs it
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    what = f"{kind} {name!r}"
    files = ", ".join(patterns) if len(patterns) < 4 else f"{patterns[0]} and {len(patterns) - 1} files more"
    by_hand = f"or put {files} into a folder by hand and name that folder"
    page = f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{name}"
    download = partial(
        snapshot_download,
        name,
        repo_type=kind,
        revision=revision,
        allow_patterns=list(patterns),
        local_files_only=cache_only,
    )
    result = _followed(download, name, n_bytes, progress).result if progress else download
    try:
        folder = Path(result())
    except HFValidationError:
        raise M3Error(f"{name!r} is not a name on the Hub: write it as owner/name, or name a folder.") from None
    except GatedRepoError:
        raise M3Error(f"the {what} is granted on request only: ask for it on {page}.") from None
    except RepositoryNotFoundError:
        raise M3Error(
            f"{constants.ENDPOINT} has no {what} (or it is private): check the spelling, {by_hand}."
        ) from None
    except RevisionNotFoundError:
        raise M3Error(f"the {what} has no revision {revision!r}: choose one of {page}.") from None
    except LocalEntryNotFoundError:
        why = "HF_HUB_OFFLINE forbids to ask for it" if constants.HF_HUB_OFFLINE else "it cannot be reached from here"
        raise M3Error(
            f"the {what} is not whole in the cache {constants.HF_HUB_CACHE}, and of {constants.ENDPOINT} "
            f"{why}: connect once and try again, {by_hand}."
        ) from None
    except Exception as fault:  # a connection that breaks, a full disk: errors of three libraries
        why = " ".join(str(fault).split())[:120] or type(fault).__name__
        raise M3Error(
            f"fetching the {what} failed ({why}): when that is mended run the same command again, it goes on with the "
            f"files that are missing, {by_hand}."
        ) from None
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    for pattern in patterns:
        if not any(fnmatch(file, pattern) for file in found):
            raise M3Error(f"the {what} has no file {pattern!r}: it is something else than it is taken for.")
    return folder


def _followed(download: Callable[..., str], name: str, n_bytes: int, progress: Progress) -> "Future[str]":
    """Download in a thread and tell of it from this one: a page's progress may be drawn by its own thread only."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped]

    stop = threading.Event()
    bars: list[Any] = []

    class Bar(tqdm):
        """Counts bytes and draws nothing."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "disable": False})
            if kwargs.get("unit") == "B":  # another bar counts files
                bars.append(self)

        def update(self, n: float | None = 1) -> bool | None:
            if stop.is_set():
                raise InterruptedError("stopped")
            return super().update(n)

    def tell(*, whole: bool = False) -> None:
        fetched = max((int(bar.n) for bar in bars), default=0)
        total = n_bytes or max((int(bar.total or 0) for bar in bars), default=0)
        if fetched and total:
            done = total if whole else min(fetched, total)
            progress(done / total, f"fetching {name}, {done / 1e6:.0f} of {total / 1e6:.0f} MB")

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(download, tqdm_class=Bar)
        try:
            while not wait([job], timeout=0.2).done:
                tell()
        except BaseException:
            stop.set()
            raise
    if job.exception() is None:
        tell(whole=True)
    return job
