"""The published table, to stand beside ours on the published set, and how that set is recognised.

Accuracy on the test split, percent, mean and standard deviation of five seeds (Rizhko & Bloom, AJ 2025,
doi 10.3847/1538-3881/adcbad); p: paired t-test of the two.
"""

from m3core.experiment.folder import ALL
from m3core.manifest import Manifest

__all__ = ["CLASS_COUNTS", "is_published", "published_score"]

CLASS_COUNTS = {
    "EW": 6168, "SR": 4590, "EA": 2916, "RRAB": 2351, "EB": 1976, "ROT": 1839, "RRC": 796, "HADS": 281, "M": 268,
    "DSCT": 255,
}  # fmt: skip
"""Sources of each class, 21,440 in all."""

Scores = tuple[float, float, float, float, float]
"""Mean and standard deviation from scratch, from CLIP, and p."""

ACCURACY: dict[str, dict[float, Scores]] = {
    "photometry": {
        1.0: (90.72, 1.46, 91.10, 0.59, 0.61),
        0.5: (85.20, 6.21, 89.57, 0.65, 0.24),
        0.25: (78.38, 2.36, 88.58, 0.95, 0.0015),
        0.1: (84.53, 2.66, 91.26, 0.97, 0.008),
    },
    "spectra": {
        1.0: (76.28, 0.93, 77.06, 1.03, 0.17),
        0.5: (68.07, 1.76, 71.38, 1.47, 0.006),
        0.25: (63.73, 1.64, 66.68, 2.55, 0.13),
        0.1: (46.68, 3.49, 60.96, 2.58, 0.002),
    },
    "metadata": {
        1.0: (85.67, 0.86, 85.86, 0.74, 0.43),
        0.5: (82.63, 1.05, 83.08, 1.37, 0.17),
        0.25: (78.93, 2.42, 81.67, 1.33, 0.04),
        0.1: (74.89, 1.86, 77.16, 1.48, 0.01),
    },
    ALL: {
        1.0: (94.13, 0.24, 93.50, 0.74, 0.10),
        0.5: (91.98, 0.27, 92.17, 0.72, 0.66),
        0.25: (90.81, 1.03, 91.24, 1.25, 0.19),
        0.1: (88.26, 1.25, 89.90, 2.00, 0.12),
    },
}
"""Kind of modality, or all -> share of the labels -> scores."""

FROZEN = {
    "centre": {"photometry": 81.9, "spectra": 67.4, "metadata": 74.1, ALL: 80.0},
    "neighbour": {"photometry": 87.0, "spectra": 72.6, "metadata": 81.5, ALL: 88.8},
}
"""Frozen embeddings, all labels; all: the mean embedding."""


def is_published(manifest: Manifest) -> bool:
    """Whether a survey is the published set: its ten classes, with its counts or imported as one of its whole."""
    if set(manifest.classes) != set(CLASS_COUNTS):
        return False
    is_imported = str(manifest.provenance.get("configuration", "")).startswith("full_")
    return is_imported or manifest.counts.get("by_label") == CLASS_COUNTS


def published_score(kind: str, labels: float, method: str) -> tuple[float, float, float]:
    """Accuracy, its standard deviation over five seeds, and p of CLIP against scratch; NaN where nothing is published.

    Args:
        kind: of the modality, or ALL. method: of METHODS; p stands with 'scratch', as gains do.
    """
    unknown = float("nan")
    scratch, scratch_std, clip, clip_std, p = ACCURACY.get(kind, {}).get(labels, (unknown,) * 5)
    if method == "scratch":
        return scratch / 100, scratch_std / 100, p
    if method == "clip":
        return clip / 100, clip_std / 100, unknown
    if method in FROZEN and labels == 1.0:
        return FROZEN[method].get(kind, unknown) / 100, unknown, unknown
    return unknown, unknown, unknown
