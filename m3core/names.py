"""Names from files made safe: a modality's name is a file name, a module key and a column ending at once."""

import re
from collections.abc import Iterable

__all__ = ["INPUT_FIELDS", "NAME_PATTERN", "is_safe_name", "safe_names"]

NAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
"""Letters and digits in words joined by single underscores: '__' separates the two names of a pair."""

INPUT_FIELDS = ("mask", "context")
"""What a batch may hold beside a modality's array, under its name with '_mask' or '_context' (m3core.model.batch)."""

RESERVED = frozenset({"mean", "all", "scratch", "sources", "survey", "con", "prn", "aux", "nul"})
"""Words that commands, columns or an operating system use for something else."""


def is_safe_name(name: str) -> bool:
    """Whether `name` may name a modality."""
    free = name.lower() not in RESERVED and not name.endswith(tuple(f"_{field}" for field in INPUT_FIELDS))
    return bool(NAME_PATTERN.fullmatch(name)) and len(name) <= 64 and free


def safe_names(labels: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Give each label a safe name of its own, also where case is ignored (R beside r).

    Args:
        labels: names as a file has them ('g/r', '../x', 'ztf.g'); duplicates count once.
        taken: names that are in use already.

    Returns:
        label -> name, in the order of the labels.
    """
    used = {name.lower() for name in taken}
    names: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        words = re.findall(r"[A-Za-z0-9]+", label)
        base = "_".join(words)[:48].rstrip("_") or "band"
        if not base[0].isalpha():
            base = f"band_{base}"
        if not is_safe_name(base):
            base = f"{base}_band"
        name, number = base, 2
        while name.lower() in used:
            name, number = f"{base}_{number}", number + 1
        used.add(name.lower())
        names[label] = name
    return names
