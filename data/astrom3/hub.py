"""The published files from the Hugging Face Hub, or from its cache on this machine where there is no network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.astrom3.features import PREPROCESSED_SENTENCE
from data.astrom3.layout import files_of
from m3core.checkpoint import hub
from m3core.errors import SurveyError
from m3core.progress import Progress

__all__ = ["Fetched", "fetch"]

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


def fetch(source: str, config: str, revision: str | None, progress: Progress) -> Fetched:
    """Fetch one configuration, those files only that are not in the cache yet.

    What was fetched stays in the cache (HF_HOME), also after a fault: the same command goes on with the files that are
    missing. Without a network, or with HF_HUB_OFFLINE=1, the cache is used alone.

    Raises:
        SurveyError: no such data set, revision or configuration; no network and nothing cached.
        M3Error: not all is cached, or the connection broke.
    """
    # slow, and only needed here
    from huggingface_hub import HfApi, get_cached_repo_tree
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.utils import logging

    # its warnings (a connection that is tried again) would stand amid the progress; what matters is raised
    logging.set_verbosity_error()
    progress(0.0, f"Asking the Hub for {source}.")
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
            known = get_cached_repo_tree(source, repo_type="dataset", revision=revision)
            sizes = {file.path: file.size for file in known}
        except Exception:
            raise SurveyError(
                f"the Hub cannot be reached ({type(fault).__name__}) and {source} is not whole in the cache of this "
                "machine: run the command again with a network and without HF_HUB_OFFLINE, or give a folder with its "
                "parquet files."
            ) from None
    if not cached and _holds_inputs(info.card_data, config):
        raise SurveyError(f"{source}: {PREPROCESSED_SENTENCE}{_revisions(source)}.")
    splits = files_of(config, sizes, source)
    names = [name for files in splits.values() for name in files]
    n_bytes = sum(sizes[name] for name in names)
    folder = hub.fetch(source, names, "dataset", revision, progress, n_bytes=n_bytes, cache_only=cached)
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
