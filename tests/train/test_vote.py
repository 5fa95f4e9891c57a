"""Trees beside a classifier's network: whose answer is whose, what they never see, and where there are none."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from m3core import load_checkpoint
from m3core.checkpoint.loading import save_checkpoint
from m3core.classifier.logits import class_logits
from m3core.errors import CheckpointError
from m3core.model.batch import make_batch
from m3core.model.clip import Classifier
from m3core.workspace.run import Run
from training import vote
from training.classifier_setup import build_classifier, one_hot, prepare
from training.config import FinetuneConfig
from training.seen import seen_by
from training.trees import lightgbm


@pytest.fixture(scope="module")
def setup(stars, pretrained):
    """A survey, a classifier without trees, and the labels that it may see."""
    config = FinetuneConfig(labels=0.5, embedding_dim=8)
    origin = load_checkpoint(pretrained)
    prepared = prepare(stars, config, origin.config)
    return stars, build_classifier(stars, config, prepared, origin).eval(), prepared


def voted(setup, targets=None, rows=None):
    survey, model, prepared = setup
    given = one_hot(prepared) if targets is None else targets
    return vote.with_trees(model, model, survey, given, rows or prepared.rows, most=0.3, seed=1)


def answers(model, survey, subset):
    return torch.from_numpy(class_logits(model, survey, np.arange(len(survey)), [subset])[0]).softmax(dim=1).numpy()


def test_the_answer_is_the_mean_of_network_and_trees(setup):
    survey, model, prepared = setup
    found, sentence = voted(setup)
    assert f"{len(prepared.rows.train)} sources have 0.30 of the answer" in sentence, "the network was never trained"
    seen, rows = seen_by(model.backbone, survey, model.config.names), prepared.rows.train
    trees = lightgbm(1).set_params(objective="multiclass", num_class=2)
    said = trees.fit(seen.numbers[rows], prepared.targets[rows]).predict_proba(seen.numbers)
    names = model.config.names
    whole = np.all([survey.present(name) for name in names], axis=0)
    wanted = 0.7 * answers(model, survey, names) + 0.3 * said
    assert answers(found, survey, names)[whole] == pytest.approx(wanted[whole], abs=2e-5)
    assert (answers(found, survey, names)[whole] != answers(model, survey, names)[whole]).any()


def test_trees_are_taught_what_the_network_is(setup):
    """A source that may be of two classes stands for both, weighed by their probabilities."""
    survey, model, prepared = setup
    names, rows = model.config.names, np.sort(np.concatenate([prepared.rows.train, prepared.unlabelled]))
    targets = np.full((len(survey), 2), np.nan, np.float32)
    targets[rows, 0] = np.linspace(0.01, 1, len(rows))
    targets[:, 1] = 1 - targets[:, 0]
    targets[prepared.rows.validation] = one_hot(prepared)[prepared.rows.validation]
    found, _ = voted(setup, targets, rows=replace(prepared.rows, train=rows))
    numbers = seen_by(model.backbone, survey, names).numbers
    twice, classes, weights = np.repeat(rows, 2), np.tile([0, 1], len(rows)), targets[rows].ravel()
    taught = weights > 0.02
    trees = lightgbm(1).set_params(objective="multiclass", num_class=2)
    trees.fit(numbers[twice[taught]], classes[taught], sample_weight=weights[taught])
    assert taught.sum() < len(taught)
    whole = np.all([survey.present(name) for name in names], axis=0)
    share = found.trees.share
    wanted = (1 - share) * answers(model, survey, names) + share * trees.predict_proba(numbers)
    assert answers(found, survey, names)[whole] == pytest.approx(wanted[whole], abs=2e-5)


def test_a_class_that_is_hardly_taught_keeps_its_place(setup):
    """LightGBM counts the classes that it meets: a first class left out would give its name to the second."""
    survey, model, prepared = setup
    targets = one_hot(prepared)
    targets[prepared.rows.train] = 0.01, 0.99
    found, _ = voted(setup, targets)
    assert found.trees is not None, "the validation split finds trees that name the right class of use"
    names, share = model.config.names, found.trees.share
    whole = np.all([survey.present(name) for name in names], axis=0)
    said = (answers(found, survey, names) - (1 - share) * answers(model, survey, names)) / share
    assert (said[whole].argmax(axis=1) == 1).all()


def test_the_network_answers_alone_where_a_modality_is_withheld_or_absent(setup):
    survey, model, _ = setup
    found, _ = voted(setup)
    names = model.config.names
    assert np.array_equal(answers(found, survey, names[:1]), answers(model, survey, names[:1]), equal_nan=True)
    batch = make_batch(survey, np.arange(6), model.config.modalities)
    some = {**batch.present, names[0]: torch.tensor([True, False, True, True, False, True])}
    ours, alone = found.classify(batch.inputs, some), model.classify(batch.inputs, some)
    lacking = ~torch.stack(list(some.values())).all(dim=0)
    assert torch.equal(ours[lacking], alone[lacking])
    assert not torch.equal(ours[~lacking], alone[~lacking])
    without = {key: values for key, values in batch.inputs.items() if not key.startswith(names[0])}
    assert torch.equal(found.classify(without), model.classify(without))


def test_labels_that_may_not_be_seen_change_nothing(setup):
    survey, model, prepared = setup
    other = one_hot(prepared)
    hidden = np.setdiff1d(np.arange(len(other)), np.concatenate([prepared.rows.train, prepared.rows.validation]))
    other[hidden] = 1 - other[hidden]
    names = model.config.names
    first, second = voted(setup)[0], voted(setup, other)[0]
    assert np.array_equal(answers(first, survey, names), answers(second, survey, names), equal_nan=True)


def test_the_share_is_the_one_of_the_least_log_loss():
    rng = np.random.default_rng(3)
    network, trees = rng.uniform(0.05, 1, 300), rng.uniform(0.05, 1, 300)
    found = vote.best_share(network, trees, 0.8)
    loss = {s: -np.log((1 - s) * network + s * trees).mean() for s in np.linspace(0, 0.8, 81)}
    assert found == pytest.approx(min(loss, key=loss.get))
    assert 0.2 < found < 0.8, "two that know as much, and err on different stars"
    assert vote.best_share(network, np.ones(300), 0.5) == 0.5
    assert vote.best_share(np.ones(300), trees, 0.5) == 0.0


def test_trees_that_do_not_help_are_left_away(setup, monkeypatch):
    monkeypatch.setattr(vote, "best_share", lambda network, trees, most: 0.0)
    found, sentence = voted(setup)
    assert found is setup[1]
    assert "have 0.00 of the answer" in sentence


def test_few_validation_labels_leave_the_share_to_the_setting(setup):
    _, _, prepared = setup
    found, sentence = voted(setup, rows=replace(prepared.rows, validation=prepared.rows.validation[:19]))
    assert found.trees.share == 0.3
    assert "by the setting, since fewer than 20" in sentence


def test_more_sources_than_the_trees_take_are_said(setup, monkeypatch):
    monkeypatch.setattr(vote, "MOST_SOURCES", 20)
    assert re.search(f"fitted to 2[0-2] of {len(setup[2].rows.train)} sources", voted(setup)[1])


def test_a_checkpoint_keeps_them_and_a_broken_one_is_told(setup, tmp_path):
    survey, model, _ = setup
    found, _ = voted(setup)
    save_checkpoint(found, tmp_path / "both")
    again = load_checkpoint(tmp_path / "both")
    names = model.config.names
    assert np.array_equal(answers(again, survey, names), answers(found, survey, names), equal_nan=True)
    found.trees.trees.feature[0, 0] = 10_000
    save_checkpoint(found, tmp_path / "broken")
    with pytest.raises(CheckpointError, match=r"model\.safetensors: a tree asks for an input"):
        load_checkpoint(tmp_path / "broken")


def test_the_preset_uses_them_from_a_run(tuned):
    out, _ = tuned
    assert Run.open(out).config()["settings"]["tree_share"] == 0.5
    assert "of the answer, by the log loss of" in (out / "log.txt").read_text()
    model = load_checkpoint(out)
    assert isinstance(model, Classifier)
    assert 0 < model.trees.share <= 0.5
