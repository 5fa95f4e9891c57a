"""The objective of a classifier: cross-entropy of the class logits."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from m3core.classifier.scores import summary
from m3core.model.batch import Batch
from m3core.model.clip import Classifier
from m3core.survey import Survey
from training.batches import epoch_batches, n_steps
from training.modality_dropout import withhold
from training.objectives import Judgement

__all__ = ["Classification", "class_weights"]


def class_weights(targets: NDArray[np.float32], balance: float) -> NDArray[np.float32]:
    """(C,) weight of a source of each class in the loss, its class's size to the power -balance, mean 1 over sources.

    Args:
        targets: (n, C) class probabilities of the training sources.
    """
    counts = targets.sum(axis=0, dtype=np.float64)
    weights = np.maximum(counts, 1.0) ** -balance
    return (weights * len(targets) / (weights @ counts)).astype(np.float32)


class Classification:
    """Weighted, smoothed cross-entropy in training; in judging the plain one, with the scores of m3core.classifier."""

    fewest_judged = 20
    trusts_training_loss = False

    def __init__(
        self,
        targets: NDArray[np.float32],
        weights: NDArray[np.float32],
        *,
        label_smoothing: float = 0.0,
        modality_dropout: float = 0.0,
    ) -> None:
        """Args: targets: (N, C) class probabilities of every source of the survey, by row, 0 unknown; weights: (C,)."""
        self.targets, self.weights = torch.from_numpy(targets), torch.from_numpy(weights)
        self.label_smoothing, self.modality_dropout = label_smoothing, modality_dropout

    def _targets(self, batch: Batch, device: torch.device) -> Tensor:
        return self.targets[torch.from_numpy(batch.rows)].to(device)

    def backward(
        self, model: Classifier, batch: Batch, *, micro_batch: int, seed: int
    ) -> tuple[float, dict[str, float]]:
        """Gradients of a batch's loss, in the memory of `micro_batch` sources: the parts' gradients add up."""
        batch = withhold(batch, self.modality_dropout, keep=1, seed=seed)
        total = 0.0
        for number, part in enumerate(batch.parts(micro_batch)):
            torch.manual_seed(seed + number)
            logits = model.classify(part.inputs, part.present)
            target, weights = self._targets(part, logits.device), self.weights.to(logits.device)
            losses = F.cross_entropy(logits, target, label_smoothing=self.label_smoothing, reduction="none")
            # each source by its class's weight; F.cross_entropy's own would weigh the smoothed classes too
            loss = (losses * (target @ weights)).sum() / len(batch.rows)
            loss.backward()
            total += float(loss.detach())
        return total, {}

    def judge(
        self, model: Classifier, survey: Survey, rows: NDArray[np.int64], batch_size: int, device: torch.device
    ) -> Judgement:
        """Cross-entropy and scores on a split, with every modality that is there; the model is left as it was found."""
        was_training = model.training
        model.eval()
        losses, guesses = [], []
        with torch.no_grad():
            for batch in epoch_batches(
                survey,
                model.config.modalities,
                np.array_split(rows, n_steps(len(rows), batch_size)),
                seed=None,
                epoch=0,
            ):
                batch = batch.to(device)
                logits = model.classify(batch.inputs, batch.present)
                losses.append(F.cross_entropy(logits, self._targets(batch, device), reduction="none").cpu())
                guesses.append(logits.argmax(dim=1).cpu())
        model.train(was_training)
        truth = self.targets[torch.from_numpy(rows)].argmax(dim=1).numpy()
        scores = summary(truth, torch.cat(guesses).numpy(), len(model.config.classes))
        return Judgement(float(torch.cat(losses).mean()), scores=scores)
