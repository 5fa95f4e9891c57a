"""Training: the golden curve, memory in parts, schedules, and what is refused."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from m3core.errors import ConfigError, SurveyError
from m3core.model.batch import make_batch
from tests.conftest import make_survey
from training.batches import epoch_batches, epoch_rows, step_seed
from training.config import MAIN_FIELDS, TrainConfig, parse_assignments, validated
from training.estimate import estimate
from training.objectives import Contrastive
from training.presets import PRESETS, preset
from training.pretrain import configure
from training.schedule import Judge, learning_rate
from training.setup import build_model, build_optimizer, split_rows

GOLDEN = Path(__file__).parent.parent / "golden" / "loss_curve.json"

SMALL_PAPER = {
    "photometry": {"seq_len": 32, "d_model": 16, "n_heads": 2, "d_ff": 16, "e_layers": 2},
    "metadata": {"width": 16},
}


def ten_losses(survey, config: TrainConfig) -> list[float]:
    rows = split_rows(survey, tuple(survey.modalities))
    model = build_model(survey, config, rows.train)
    optimizer = build_optimizer(model, config)
    losses, epoch = [], 0
    while len(losses) < 10:
        parts = epoch_rows(rows.train, config.batch_size, seed=config.seed, epoch=epoch)
        for batch in epoch_batches(survey, model.config.modalities, parts, seed=config.seed, epoch=epoch):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(config, len(losses), len(parts), 1.0)
            optimizer.zero_grad()
            seed = step_seed(seed=config.seed, step=len(losses))
            losses.append(Contrastive().backward(model, batch, micro_batch=config.micro_batch, seed=seed)[0])
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
            optimizer.step()
        epoch += 1
    return losses[:10]


@pytest.mark.parametrize("family", ["fast", "paper"])
def test_golden_loss_curve(survey, family):
    """A refactor must leave it. A change on purpose: delete the entry, run the test, look at the curve, commit it."""
    config = TrainConfig(
        family=family,
        epochs=4,
        batch_size=12,
        embedding_dim=16,
        warmup_epochs=1,
        options=SMALL_PAPER if family == "paper" else {},
    )
    losses = ten_losses(survey, config)
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.is_file() else {}
    if family not in golden:
        GOLDEN.write_text(json.dumps({**golden, family: losses}, indent=1) + "\n")
        pytest.fail(f"{GOLDEN.name} had no curve for {family!r}: it was written; look at it and commit it")
    np.testing.assert_allclose(losses, golden[family], rtol=2e-3)
    assert losses == ten_losses(survey, config)


@pytest.mark.parametrize("family", ["fast", "paper"])
def test_parts_of_a_batch_give_the_gradient_of_the_whole(survey, family):
    """Without dropout or drawn keys, in double precision, the two ways differ by rounding alone."""
    options = {kind: {**SMALL_PAPER.get(kind, {}), "dropout": 0.0} for kind in ("photometry", "metadata")}
    if family == "fast":
        options = {"photometry": {"dropout": 0.0}, "metadata": {"dropout": 0.0}}
    config = TrainConfig(family=family, embedding_dim=8, options=options)
    model = build_model(survey, config, survey.rows("train")).double().eval()
    batch = make_batch(survey, survey.rows("train")[:20], model.config.modalities)
    batch.inputs.update({key: tensor.double() for key, tensor in batch.inputs.items()})
    gradients, losses = [], []
    for micro_batch in (64, 7):
        model.zero_grad()
        losses.append(Contrastive().backward(model, batch, micro_batch=micro_batch, seed=1)[0])
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-6, atol=1e-9)


def test_every_source_is_met_once_an_epoch_in_an_order_of_its_own():
    rows = np.arange(103)
    first = epoch_rows(rows, 20, seed=1, epoch=0)
    assert sorted(np.concatenate(first)) == list(rows)
    assert {len(part) for part in first} == {17, 18}
    assert not np.array_equal(np.concatenate(first), np.concatenate(epoch_rows(rows, 20, seed=1, epoch=1)))
    again = epoch_rows(rows, 20, seed=1, epoch=0)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_step_seeds_differ_in_the_bits_that_torch_reads():
    seeds = {step_seed(seed=seed, step=step) for seed in (1, 2, 2**31 - 1) for step in range(5000)}
    assert len(seeds) > 14990
    assert max(seeds) < 2**31


def test_schedules_by_hand():
    config = TrainConfig(learning_rate=1.0, warmup_epochs=2, epochs=6)
    assert learning_rate(config, 0, 5, 1.0) == pytest.approx(0.1)
    assert learning_rate(config, 9, 5, 1.0) == pytest.approx(1.0)
    assert learning_rate(config, 20, 5, 1.0) == pytest.approx(0.5)
    assert learning_rate(config, 30, 5, 1.0) == pytest.approx(0.0, abs=1e-12)
    plateau = TrainConfig(learning_rate=1.0, warmup_epochs=0, schedule="plateau")
    assert learning_rate(plateau, 7, 5, 0.25) == 0.25


@pytest.mark.parametrize("patience", [0, 2])
def test_plateau_and_patience_follow_torch(patience):
    values = [5.0, 4.0, 4.0, 4.1, 3.9999, 4.2, 4.3, 3.0, 3.1, 3.2, 3.3, 3.4]
    config = TrainConfig(plateau_factor=0.1125, plateau_patience=2, patience=patience)
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1125, patience=2)
    ours = Judge()
    for value in values:
        theirs.step(value)
        ours.is_better(value, config)
        assert ours.plateau_scale == pytest.approx(optimizer.param_groups[0]["lr"])
    assert ours.best == 3.0
    assert ours.epochs_since_best == 4
    assert ours.should_stop(config) == (patience > 0)


def test_paper_preset_is_the_published_configuration():
    config = preset("paper", 17063)
    assert (config.optimizer, config.learning_rate, config.beta1, config.weight_decay) == (
        "adam",
        3.92e-3,
        0.926,
        4.67e-3,
    )
    assert (config.batch_size, config.gradient_clip, config.warmup_epochs, config.patience) == (512, 45.0, 10, 6)
    assert (config.plateau_factor, config.plateau_patience, config.epochs, config.embedding_dim) == (
        0.1125,
        3,
        100,
        512,
    )


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_the_flat_names_and_survive_yaml(name):
    import yaml

    config = preset(name, 2000)
    assert set(MAIN_FIELDS) <= set(TrainConfig.model_fields)
    assert validated(yaml.safe_load(config.to_yaml()), "here") == config


@pytest.mark.parametrize(
    ("assignments", "says"),
    [
        (["epoch=3"], "unknown setting 'epoch'; known are preset, epochs"),
        (["epochs=0"], "epochs = 0: Input should be greater than or equal to 1"),
        (["epochs=many"], "epochs = 'many'"),
        (["family=huge"], "'fast' or 'paper'"),
        (["epochs"], "write it as key=value"),
        (["modalities=g,x"], "has no modality 'x'; it has g, r, metadata"),
        (["modalities=g"], "two modalities or more"),
        (["photons.width=3"], "no kind 'photons'; there are photometry, spectra, metadata"),
    ],
)
def test_settings_are_refused_with_what_is_allowed(survey, assignments, says):
    with pytest.raises(ConfigError, match=says):
        configure(survey, "fast", parse_assignments(assignments))


def test_unknown_options_and_presets(survey):
    config = configure(survey, "fast", parse_assignments(["photometry.widht=3"]))
    with pytest.raises(ConfigError, match=r"options.photometry: unknown option 'widht'; known are n_bins, width"):
        build_model(survey, config, survey.rows("train"))
    with pytest.raises(ConfigError, match="no preset 'slow'; there are fast, paper"):
        configure(survey, "slow", {})


def test_too_few_sources_are_a_sentence(tmp_path):
    tiny = make_survey(tmp_path / "tiny", n=2)  # one in the test split, one in validation
    with pytest.raises(SurveyError, match="training split has 0 sources"):
        split_rows(tiny, ("g", "r", "metadata"))


def test_the_estimate_grows_with_epochs_and_with_the_architecture(survey):
    one = estimate(survey, TrainConfig(epochs=10, embedding_dim=8))
    assert one.seconds > 0
    assert math.isclose(
        estimate(survey, TrainConfig(epochs=10_000, embedding_dim=8)).memory_bytes, one.memory_bytes, rel_tol=0.01
    )
    paper = estimate(survey, TrainConfig(epochs=10, family="paper", embedding_dim=512))
    assert paper.memory_bytes > one.memory_bytes
