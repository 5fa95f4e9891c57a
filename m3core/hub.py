"""Published weights and data sets by their name on the Hugging Face Hub, such as 'AstroMLCore/AstroM3-CLIP'.

Files go through the Hub's own cache (HF_HOME or HF_HUB_CACHE say where): fetched once, read without a network.
"""

import io
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
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
) -> Path:
    """Files of a model or a data set on the Hub, through its cache.

    Args:
        name: 'owner/name'.
        patterns: names of the files wanted, wildcards allowed ('full_42/*.parquet'); nothing else is fetched.
        revision: branch, tag or commit; the newest if None.
        progress: told how far the download is; None: a bar in the terminal, where there is one.

    Returns:
        The folder that has them, read only.

    Raises:
        M3Error: no such name or revision, no file of a pattern, or not in the cache and the Hub out of reach.
    """
    from huggingface_hub import constants, snapshot_download  # late: most of the program never needs it
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        HTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    what = f"{kind} {name!r}"
    by_hand = f"or put {', '.join(patterns)} into a folder by hand and name that folder"
    page = f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{name}"
    try:
        found = snapshot_download(
            name,
            repo_type=kind,
            revision=revision,
            allow_patterns=list(patterns),
            tqdm_class=_bar(progress, name) if progress else None,
        )
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
            f"the {what} is not complete in the cache {constants.HF_HUB_CACHE}, and of {constants.ENDPOINT} "
            f"{why}: connect once and try again, {by_hand}."
        ) from None
    except (HTTPError, OSError) as fault:
        why = " ".join(str(fault).split())
        raise M3Error(f"fetching the {what} failed ({why}): try again later, {by_hand}.") from None
    folder = Path(found)
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    for pattern in patterns:
        if not any(fnmatch(file, pattern) for file in files):
            raise M3Error(f"the {what} has no file {pattern!r}: it is something else than it is taken for.")
    return folder


def _bar(progress: Progress, name: str) -> Any:
    """A class of progress bars that draw nothing and tell `progress`, for snapshot_download."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped]

    class Told(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "file": io.StringIO()})

        def update(self, n: float | None = 1) -> bool | None:
            shown = super().update(n)
            if self.unit == "B" and self.total:  # the other bar counts files
                megabytes = f"{self.n / 1e6:.0f} of {self.total / 1e6:.0f} MB"
                progress(min(self.n / self.total, 1.0), f"fetching {name}, {megabytes}")
            return shown

    return Told
