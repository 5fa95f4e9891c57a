"""The published files from the Hugging Face Hub, or from its cache on this machine where there is no network."""

import io
import re
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.astrom3.features import PREPROCESSED_SENTENCE
from data.astrom3.layout import files_of
from data.progress import Progress
from m3core.errors import SurveyError

__all__ = ["Fetched", "fetch", "is_hub_name"]

REVISIONS_LISTED = 8


@dataclass(frozen=True)
class Fetched:
    """Files of one configuration in the Hub's cache.

    Attributes:
        folder: the snapshot.
        splits: split -> names of its files.
        revision: the commit.
        cached: the Hub was not asked: this is what the cache had.
    """

    folder: Path
    splits: dict[str, list[str]]
    revision: str
    cached: bool


def is_hub_name(source: str) -> bool:
    """Whether `source` may be a name on the Hub: 'owner/name'."""
    return re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", source) is not None


def fetch(source: str, config: str, revision: str | None, progress: Progress) -> Fetched:
    """Fetch one configuration, those files only that are not in the cache yet.

    What was fetched stays in the cache (HF_HOME), also after a fault: the same command goes on with the files that are
    missing. Without a network, or with HF_HUB_OFFLINE=1, the cache is used alone.

    Raises:
        SurveyError: no such data set, revision or configuration; no network and nothing cached; the connection broke.
    """
    # slow, and only needed here
    from huggingface_hub import HfApi, get_cached_repo_tree, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.utils import logging

    # its warnings (a connection that is tried again) would stand amid the progress; what matters is raised
    logging.set_verbosity_error()
    progress(0.0, f"Asking the Hub for {source}.")
    known: dict[str, Any] = {"repo_type": "dataset", "revision": revision}
    cached = False
    try:
        info = HfApi().dataset_info(source, revision=revision, files_metadata=True, timeout=20)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    except GatedRepoError:
        raise SurveyError(
            f"{source} asks for a login on the Hub: run `hf auth login`, or give a folder with its files."
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise SurveyError(f"{source} is neither a folder here nor a data set on the Hub: check the name.") from None
    except RevisionNotFoundError:
        raise SurveyError(f"{source} has no revision {revision}: check it on the data set's page.") from None
    except Exception as fault:  # offline mode, a broken network and a broken Hub raise errors of three libraries
        cached = True
        try:
            sizes = {file.path: file.size for file in get_cached_repo_tree(source, **known)}
        except Exception:
            raise _unreachable(source, fault) from None
    if not cached and _holds_inputs(info.card_data, config):
        raise SurveyError(f"{source}: {PREPROCESSED_SENTENCE}{_revisions(source)}.")
    splits = files_of(config, sizes, source)
    names = [name for files in splits.values() for name in files]
    total = sum(sizes[name] for name in names)
    job = _followed(snapshot_download, source, names, {**known, "local_files_only": cached}, total, progress)
    try:
        folder = Path(job.result())
    except LocalEntryNotFoundError as fault:
        raise _unreachable(source, fault) from None
    except Exception as fault:  # a connection that breaks, a full disk: errors of three libraries again
        reason = " ".join(str(fault).split())[:120] or type(fault).__name__
        raise SurveyError(
            f"fetching {source} broke off ({reason}): when that is mended run the same command again, it goes on with "
            "the files that are missing."
        ) from None
    return Fetched(folder, splits, folder.name, cached)


def _holds_inputs(card: Any, config: str) -> bool:
    """Whether the data set's card says that metadata are a bare list: known before anything is fetched."""
    described = (card.to_dict() if card else {}).get("dataset_info") or []
    for entry in described if isinstance(described, list) else [described]:
        if entry.get("config_name") == config:
            features = {feature.get("name"): feature for feature in entry.get("features") or []}
            return bool({"sequence", "list"} & features.get("metadata", {}).keys())
    return False


def _revisions(source: str) -> str:
    """The last revision of each day on which there was one, to choose from; '' where the Hub does not tell."""
    from huggingface_hub import HfApi

    days: dict[str, str] = {}
    try:
        for commit in HfApi().list_repo_commits(source, repo_type="dataset"):  # newest first
            days.setdefault(f"{commit.created_at:%Y-%m-%d}", commit.commit_id)
    except Exception:  # a courtesy, no more
        return ""
    listed = [f"{name} of {day}" for day, name in list(days.items())[:REVISIONS_LISTED]]
    return f"; its revisions are {', '.join(listed)}" if listed else ""


def _unreachable(source: str, fault: Exception) -> SurveyError:
    return SurveyError(
        f"the Hub cannot be reached ({type(fault).__name__}) and {source} is not whole in the cache of this machine: "
        "run the command again with a network and without HF_HUB_OFFLINE, or give a folder with its parquet files."
    )


def _followed(
    download: Any, source: str, names: list[str], options: dict[str, Any], total: int, progress: Progress
) -> "Future[str]":
    """Download in a thread and show the bytes from this one: a page's progress may be drawn by its own thread only."""
    from tqdm import tqdm

    stop = threading.Event()
    bars: list[Any] = []

    class Bar(tqdm):
        """Counts bytes and draws nothing."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "disable": False})
            if kwargs.get("unit") == "B":
                bars.append(self)

        def update(self, n: float | None = 1) -> bool | None:
            if stop.is_set():
                raise InterruptedError("stopped")
            return super().update(n)

    with ThreadPoolExecutor(1) as pool:
        job: Future[str] = pool.submit(download, source, allow_patterns=names, tqdm_class=Bar, **options)
        try:
            while not wait([job], timeout=0.2).done:
                done = min(total, max((int(bar.n) for bar in bars), default=0))
                progress(
                    done / max(total, 1), f"Fetching {len(names)} files, {done / 1e6:.0f} of {total / 1e6:.0f} MB."
                )
        except BaseException:
            stop.set()
            raise
    return job
