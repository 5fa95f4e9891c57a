"""The training loop: no modality and no objective is named in it."""

import logging
import math
import threading
import time

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from m3core.checkpoint.loading import save_checkpoint
from m3core.errors import M3Error
from m3core.model.clip import Model
from m3core.survey import Survey
from m3core.workspace.run import State
from training import last
from training.batches import epoch_batches, epoch_rows, n_steps, step_seed
from training.config import Settings
from training.objectives import Judgement, Objective
from training.record import Record
from training.schedule import learning_rate
from training.setup import Rows

__all__ = ["Trainer"]

log = logging.getLogger(__name__)

SAVE_SECONDS = 60.0
"""How much work a killed run may lose."""


class Trainer:
    """Fits a model. `lock` is held while its state changes: whoever holds it may save (training.supervisor)."""

    def __init__(
        self,
        *,
        survey: Survey,
        config: Settings,
        objective: Objective,
        model: Model,
        optimizer: torch.optim.Optimizer,
        rows: Rows,
        record: Record,
        device: torch.device,
    ) -> None:
        self.survey, self.config, self.rows, self.record, self.device = survey, config, rows, record, device
        self.objective, self.model, self.optimizer = objective, model, optimizer
        self.averaged: AveragedModel | None = None
        if config.average_decay:
            self.averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.average_decay))
        self.position = last.Position()
        self.lock = threading.Lock()
        self.steps_per_epoch = n_steps(len(rows.train), config.batch_size)
        self._saved_at = time.monotonic()

    @property
    def _last(self):
        return self.record.path / "last"

    def restore(self) -> None:
        """Go to where last/ stands, if there is one."""
        if (self._last / "position.json").is_file():
            self.position = last.restore(self._last, self.model, self.optimizer, self.averaged)
        self.record.forget_after(self.position.step)

    def save(self) -> None:
        """Write last/; the caller holds `lock`."""
        last.save(self._last, self.model, self.optimizer, self.position, self.averaged)
        self._saved_at = time.monotonic()

    @property
    def best_model(self) -> Model:
        """What is judged and kept: the model, or the running mean of its weights."""
        return self.model if self.averaged is None else self.averaged.module

    def fit(self) -> None:
        """Train until the last epoch or the end of patience."""
        self.record.update(
            state=State.TRAINING, epochs=self.config.epochs, steps=self.config.epochs * self.steps_per_epoch
        )
        self.model.train()
        while not self.position.is_done:
            self._train_epoch()
            started = time.monotonic()
            judgement = self._judge()
            self.position.seconds += time.monotonic() - started
            self._end_epoch(judgement)

    def _train_epoch(self) -> None:
        epoch, config = self.position.epoch, self.config
        parts = epoch_rows(self.rows.train, config.batch_size, seed=config.seed, epoch=epoch)
        parts = parts[self.position.step_in_epoch :]
        drawn_from = config.seed if config.augment else None
        started = time.monotonic()
        for batch in epoch_batches(self.survey, self.model.config.modalities, parts, seed=drawn_from, epoch=epoch):
            step = self.position.step
            rate = learning_rate(config, step, self.steps_per_epoch, self.position.judge.plateau_scale)
            for group in self.optimizer.param_groups:
                group["lr"] = rate * group.get("scale", 1.0)
            self.optimizer.zero_grad(set_to_none=True)
            loss, losses = self.objective.backward(
                self.model,
                batch.to(self.device),
                micro_batch=config.micro_batch,
                seed=step_seed(seed=config.seed, step=step),
            )
            if not math.isfinite(loss):
                raise M3Error(
                    f"the loss is {loss} at step {step}: the training diverged; lower learning_rate "
                    f"(now {config.learning_rate:g}) and start a new run."
                )
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
            seconds = time.monotonic() - started
            with self.lock:
                self.optimizer.step()
                if self.averaged is not None:
                    self.averaged.update_parameters(self.model)
                self._count(len(batch.rows), loss, losses, rate, seconds)
            if self.is_out_of_time:
                return
            started = time.monotonic()

    def _count(self, n: int, loss: float, losses: dict[str, float], rate: float, seconds: float) -> None:
        position = self.position
        position.step += 1
        position.step_in_epoch += 1
        position.n_seen += n
        position.loss_sum += n * loss
        position.seconds += seconds
        for pair, value in losses.items():
            position.pair_sums[pair] = position.pair_sums.get(pair, 0.0) + n * value
        steps = self.config.epochs * self.steps_per_epoch
        self.record.metric(
            "step",
            step=position.step,
            epoch=position.epoch + 1,
            loss=loss,
            losses=losses,
            learning_rate=rate,
            sources_per_second=n / seconds,
            memory_bytes=self.record.memory_bytes(),
        )
        self.record.update(
            epoch=position.epoch + 1,
            step=position.step,
            sources_per_second=n / seconds,
            seconds_left=(steps - position.step) * position.seconds / position.step,
            progress=position.step / steps,
        )
        if time.monotonic() - self._saved_at > SAVE_SECONDS:
            self.save()

    @property
    def has_validation(self) -> bool:
        """Whether the validation split is large enough to judge epochs."""
        return len(self.rows.validation) >= self.objective.fewest_judged

    @property
    def is_out_of_time(self) -> bool:
        """Whether the limit of minutes is used up: the epoch under way is then the last, as far as it has come."""
        return 0 < 60 * self.config.max_minutes <= self.position.seconds

    def _judge(self) -> Judgement:
        """The validation split, or the training loss where there is none."""
        if self.has_validation:
            return self.objective.judge(
                self.best_model, self.survey, self.rows.validation, self.config.batch_size, self.device
            )
        return Judgement(self.position.loss_sum / max(self.position.n_seen, 1))

    def _end_epoch(self, judgement: Judgement) -> None:
        position, config = self.position, self.config
        judges = self.has_validation or self.objective.trusts_training_loss
        with self.lock:
            monitor = judgement.monitor(config.monitor) if self.has_validation else judgement.loss
            is_best = position.judge.is_better(monitor, config) or not judges
            n = max(position.n_seen, 1)
            self.record.metric(
                "epoch",
                step=position.step,
                epoch=position.epoch + 1,
                train_loss=position.loss_sum / n,
                train_losses={pair: total / n for pair, total in position.pair_sums.items()},
                validation_loss=judgement.loss if self.has_validation else None,
                validation_losses=judgement.losses,
                recall=judgement.recall,
                scores=judgement.scores,
                monitor=monitor,
                best=is_best,
                seconds=position.seconds,
                out_of_time=self.is_out_of_time,
            )
            log.info(
                "epoch %d/%d: train loss %.4f%s%s",
                position.epoch + 1, config.epochs, position.loss_sum / n,
                self._said_of(judgement), ", best" if is_best and judges else "",
            )  # fmt: skip
            position.epoch += 1
            position.step_in_epoch, position.n_seen, position.loss_sum, position.pair_sums = 0, 0, 0.0, {}
            position.is_done = (
                position.epoch >= config.epochs
                or (judges and position.judge.should_stop(config))
                or self.is_out_of_time
            )
            if is_best:
                save_checkpoint(self.best_model, self.record.path / "checkpoint")
            self.save()

    def _said_of(self, judgement: Judgement) -> str:
        if not self.has_validation:
            return ""
        scores = "".join(f", {name.replace('_', ' ')} {value:.1%}" for name, value in judgement.scores.items())
        return f", validation loss {judgement.loss:.4f}{scores}"
