"""Probabilities that mean what they say: fitted on labelled sources that the classifier was not trained on.

Shapes: n sources, C classes. Temperature scaling: Guo et al. 2017 (arXiv 1706.04599); with a bias for each class:
Alexandari et al. 2020 (arXiv 1901.06852).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m3core.errors import RunError
from m3core.files import read_json, write_json

__all__ = ["FEWEST", "Calibration", "expected_calibration_error", "fit_calibration", "reliability", "softmax"]

FEWEST = 20
"""Labelled sources under which nothing is fitted."""

BINS = 15
FOLDS = 5

METHODS = ("temperature", "temperature and class biases")

FAR = 30.0
"""Mean log loss is cut here: a probability of 1e-13 of the true class is as wrong as one of 0."""


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, C) probabilities; NaN rows stay NaN."""
    shifted = np.asarray(logits, np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def reliability(
    probabilities: NDArray[np.floating], truth: NDArray[np.int64], bins: int = BINS
) -> dict[str, list[float]]:
    """How often guesses of like confidence are right.

    The confidence is the largest probability. Sources are ordered by it and parted into `bins` bins of equal number
    (one source more or less); empty bins are left out.

    Returns:
        confidence, accuracy: mean over each bin; n: its sources.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), bins) if len(part)]
    return {
        "confidence": [float(confidence[part].mean()) for part in parts],
        "accuracy": [float(right[part].mean()) for part in parts],
        "n": [len(part) for part in parts],
    }


def expected_calibration_error(
    probabilities: NDArray[np.floating], truth: NDArray[np.int64], bins: int = BINS
) -> float:
    """ECE = sum over bins of n_b / n * |accuracy_b - confidence_b|, 15 bins of equal number; 0 is best.

    Few sources make it larger than it is: a perfectly calibrated classifier has about 0.03 with 300 sources of which
    95 % are right, and 0.09 where half are.
    """
    found = reliability(probabilities, truth, bins)
    gap = np.abs(np.array(found["accuracy"]) - np.array(found["confidence"]))
    return float(np.sum(gap * found["n"]) / max(len(truth), 1))


@dataclass(frozen=True)
class Calibration:
    """From logits to probabilities: softmax(logits / temperature + biases).

    Attributes:
        classes: in the order of the logits.
        method: how it was fitted, 'none' where it was not.
        reason: a sentence on that.
        temperature, biases: what was fitted.
        shares: (C,) class shares that the probabilities assume (their mean over the sources of the fit); what the
            correction for other shares starts from.
        n: sources of the fit.
        figures: 'before' and 'after' -> 'ece', 'log_loss' and the bins of `reliability`. 'after' is cross-fitted: each
            fifth of the sources with what was fitted on the others.
        confidence, right: (n,) of each source of the fit, cross-fitted: the largest probability, and whether its class
            is the true one; what a threshold costs.
        by_subset: modalities joined by '+' -> 'method', 'temperature', 'biases' with the others withheld: a classifier
            is less sure, or not sure enough, of what it sees only a part of.
        weights: hash of the weights file that it belongs to.
    """

    classes: tuple[str, ...]
    method: str
    reason: str
    temperature: float = 1.0
    biases: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    n: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    confidence: tuple[float, ...] = ()
    right: tuple[bool, ...] = ()
    by_subset: dict[str, Any] = field(default_factory=dict)
    weights: str = ""

    @property
    def is_fitted(self) -> bool:
        """Whether the probabilities are calibrated."""
        return self.method != "none"

    def probabilities(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, C), rows sum to 1; NaN rows stay NaN."""
        return softmax(np.asarray(logits, np.float64) / self.temperature + np.array(self.biases or 0.0))

    def of(self, subset: Sequence[str]) -> "Calibration":
        """The calibration with these modalities alone; this one where none was fitted for them."""
        found = self.by_subset.get("+".join(subset))
        if not found:
            return self
        return replace(self, **{**found, "biases": tuple(found["biases"])})

    def with_subset(self, subset: Sequence[str], fitted: "Calibration") -> "Calibration":
        """The same with another's fit for some of the modalities."""
        kept = {"method": fitted.method, "temperature": fitted.temperature, "biases": list(fitted.biases)}
        return replace(self, by_subset={**self.by_subset, "+".join(subset): kept})

    def write(self, path: Path) -> None:
        """Write calibration.json."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> "Calibration":
        """Read calibration.json.

        Raises:
            RunError: absent or malformed.
        """
        content = read_json(path, RunError)
        try:
            listed = {name: tuple(content[name]) for name in ("classes", "biases", "shares", "confidence", "right")}
            return cls(**{**content, **listed})
        except (KeyError, TypeError) as fault:
            raise RunError(f"{path} is malformed ({fault}): resume the run or train it again.") from None


def fit_calibration(
    logits: NDArray[np.floating], truth: NDArray[np.int64], classes: tuple[str, ...], weights: str = ""
) -> Calibration:
    """Fit a temperature, and class biases where they lower the cross-fitted log loss.

    Both are maxima of the posterior: a standard normal prior on the logarithm of the temperature and on each bias,
    worth about one source, keeps them finite where every guess is right.

    Args:
        logits: (n, C), of sources the classifier was not trained on; rows without NaN.
        truth: (n,) class indices.
    """
    if len(truth) < FEWEST or len(np.unique(truth)) < 2:
        reason = (
            f"the validation split has {len(truth)} labelled sources of {len(np.unique(truth))} classes; "
            f"{FEWEST} of two classes are the least: the probabilities are not calibrated"
        )
        return Calibration(classes, "none", reason, n=len(truth), weights=weights)
    table = np.asarray(logits, np.float64)
    crossed = {method: _cross_fitted(table, truth, method) for method in METHODS}
    loss = {method: _log_loss(found, truth) for method, found in crossed.items()}
    method = min(METHODS, key=loss.__getitem__)
    temperature, biases = _fit(table, truth, method)
    fitted = Calibration(classes, method, "", temperature, tuple(biases.tolist()), weights=weights)
    figures = {
        when: {
            "ece": expected_calibration_error(found, truth),
            "log_loss": _log_loss(found, truth),
            **reliability(found, truth),
        }
        for when, found in (("before", softmax(table)), ("after", crossed[method]))
    }
    return Calibration(
        **{
            **asdict(fitted),
            "reason": f"{method} fitted on {len(truth)} labelled sources of the validation split",
            "shares": tuple(fitted.probabilities(table).mean(axis=0).tolist()),
            "n": len(truth),
            "figures": figures,
            "confidence": tuple(crossed[method].max(axis=1).tolist()),
            "right": tuple((crossed[method].argmax(axis=1) == truth).tolist()),
        }
    )


def _log_loss(probabilities: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    own = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(own, np.exp(-FAR))).mean())


def _cross_fitted(logits: NDArray[np.float64], truth: NDArray[np.int64], method: str) -> NDArray[np.float64]:
    """Probabilities of each fold by a fit on the others; folds deal out each class's sources in turn."""
    order = np.argsort(truth, kind="stable")
    fold = np.empty(len(truth), np.int64)
    fold[order] = np.arange(len(truth)) % FOLDS
    result = np.empty_like(logits)
    for number in range(FOLDS):
        inside = fold == number
        temperature, biases = _fit(logits[~inside], truth[~inside], method)
        result[inside] = softmax(logits[inside] / temperature + biases)
    return result


def _fit(logits: NDArray[np.float64], truth: NDArray[np.int64], method: str) -> tuple[float, NDArray[np.float64]]:
    """Temperature and (C,) biases, zeros where the method has none."""
    from scipy.optimize import minimize

    n, n_classes = logits.shape
    with_biases = method == METHODS[1]
    one_hot = np.eye(n_classes)[truth]

    def loss_and_gradient(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scale = np.exp(parameters[0])
        biases = parameters[1:] if with_biases else np.zeros(n_classes)
        probabilities = softmax(logits * scale + biases)
        excess = (probabilities - one_hot) / n
        gradient = np.concatenate([[scale * (excess * logits).sum()], excess.sum(axis=0) if with_biases else []])
        penalty = (parameters**2).sum() / (2 * n)
        own = np.maximum(probabilities[np.arange(n), truth], np.exp(-FAR))
        return float(-np.log(own).mean() + penalty), gradient + parameters / n

    start = np.zeros(1 + n_classes if with_biases else 1)
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=[(-6, 6)] * len(start)).x
    return float(np.exp(-found[0])), found[1:] if with_biases else np.zeros(n_classes)
