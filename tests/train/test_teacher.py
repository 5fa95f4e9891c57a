"""Pseudo-labels: what they rest on, what they never see, and where there are none."""

from dataclasses import replace

import numpy as np
import pytest

from m3core import load_checkpoint
from m3core.workspace.run import Run
from tests.train.conftest import SMALL
from tests.train.test_runs import command
from training import teacher
from training.classifier_setup import one_hot, prepare
from training.config import READ_OUT, FinetuneConfig
from training.seen import seen_by


@pytest.fixture(scope="module")
def setup(stars, pretrained):
    config = FinetuneConfig(labels=0.5, pseudo_labels=0.5, embedding_dim=8)
    origin = load_checkpoint(pretrained)
    prepared = prepare(stars, config, origin.config)
    return stars, seen_by(origin, stars, origin.config.names), prepared


def lesson(setup, classes=None, share=0.5):
    survey, seen, prepared = setup
    given = prepared.targets if classes is None else classes
    return teacher.taught(
        seen, survey, given, prepared.rows.train, prepared.unlabelled, n_classes=2, share=share, seed=1
    )


def test_every_source_of_the_training_split_is_taught(setup):
    survey, _, prepared = setup
    found = lesson(setup)
    assert found.rows.tolist() == survey.rows("train").tolist()
    assert np.allclose(found.targets.sum(axis=1), 1, atol=1e-5)
    assert f"{len(prepared.unlabelled)} sources" in found.sentences[0]
    assert all(f"{name} " in found.sentences[-1] for name in (*survey.modalities, "trees")), "whose say weighs what"
    truth = prepared.targets[found.rows]
    unlabelled = np.isin(found.rows, prepared.unlabelled)
    assert (found.targets.argmax(axis=1) == truth)[unlabelled].mean() > 0.9  # the period tells the classes


def test_labels_that_may_not_be_seen_change_nothing(setup):
    _, _, prepared = setup
    other = prepared.targets.copy()
    hidden = np.setdiff1d(np.arange(len(other)), prepared.rows.train)
    other[hidden] = 1 - other[hidden]
    assert (lesson(setup, other).targets == lesson(setup).targets).all()


def test_what_stands_for_an_absent_modality_is_not_read(setup):
    survey, seen, prepared = setup
    junk = {name: np.where(survey.present(name)[:, None], features, 1e3) for name, features in seen.features.items()}
    assert any((~survey.present(name)).any() for name in survey.modalities)
    with_junk = survey, replace(seen, features=junk), prepared
    assert (lesson(with_junk).targets == lesson(setup).targets).all()


def test_a_wrong_label_is_tempered_by_classifiers_that_have_not_seen_it(setup):
    _, _, prepared = setup
    wrong = prepared.targets.copy()
    star = prepared.rows.train[3]
    wrong[star] = 1 - wrong[star]
    found = lesson(setup, wrong)
    target = found.targets[found.rows == star][0]
    assert target[prepared.targets[star]] > 0.4, "nearly half its target is the class that its features say"
    alone = lesson(setup, wrong, share=0.0)
    assert alone.targets[alone.rows == star][0][wrong[star]] == 1


def test_a_class_of_few_labels_keeps_them_and_one_label_a_class_teaches_nothing_else(setup):
    survey, seen, prepared = setup
    truth = prepared.targets
    rare = [row for row in prepared.rows.train if truth[row] == 1][:3]
    common = [row for row in prepared.rows.train if truth[row] == 0]
    asked = {"n_classes": 2, "share": 0.5, "seed": 1}
    found = teacher.taught(seen, survey, truth, np.sort([*rare, *common]), np.array([], int), **asked)
    assert (found.targets[np.isin(found.rows, rare)] == [0, 1]).all()
    two = np.array([rare[0], common[0]])
    found = teacher.taught(seen, survey, truth, two, prepared.unlabelled, **asked)
    assert found.rows.tolist() == two.tolist()
    assert "no pseudo-labels" in found.sentences[0]


def test_more_labels_than_the_classifiers_take_are_said(setup, monkeypatch):
    monkeypatch.setattr(teacher, "MOST_LABELS", 20)
    _, _, prepared = setup
    found = lesson(setup)
    n = len(prepared.rows.train)
    assert any("they rest on 20 of the" in one and f"{n} labels" in one for one in found.sentences), found.sentences
    assert np.allclose(found.targets.sum(axis=1), 1, atol=1e-5)


def test_one_hot_says_nothing_of_a_source_without_a_class(setup):
    _, _, prepared = setup
    assert one_hot(prepared).sum(axis=1).tolist() == (prepared.targets >= 0).astype(float).tolist()


def test_the_preset_uses_them_from_a_run(tuned):
    out, _ = tuned
    assert Run.open(out).config()["settings"]["pseudo_labels"] == 0.5
    assert "by pseudo-labels" in (out / "log.txt").read_text()


@pytest.mark.parametrize(("by", "is_all"), [(None, True), ("own", False)])
def test_one_modality_is_taught_by_all_of_the_run(stars, pretrained, tmp_path, by, is_all):
    out = tmp_path / "g"
    settings = ["--modality", "g", *SMALL, *(["--set", f"taught_by={by}"] if by else [])]
    done = command("finetune", "--survey", stars.path, "--from", pretrained, "--out", out, *settings)
    assert done.returncode == 0, done.stderr
    (weights,) = (line for line in (out / "log.txt").read_text().splitlines() if "weights of the classifiers" in line)
    assert [f"{name} " in weights for name in ("g", "r", "metadata", "trees")] == [True, is_all, is_all, True]
    assert load_checkpoint(out).config.names == ("g",), "it classifies by its own alone"
    assert not (out / "lesson.safetensors").exists(), "needed to resume, no longer"


@pytest.mark.parametrize("name", READ_OUT)
def test_scratch_refuses_what_reads_pre_trained_encoders(stars, tmp_path, name):
    settings = [*SMALL, "--set", f"{name}=0.5"]
    done = command("finetune", "--survey", stars.path, "--from", "scratch", "--out", tmp_path / "no", *settings)
    assert done.returncode == 2
    assert name in done.stderr
    assert "start from a run" in done.stderr
    assert not (tmp_path / "no").exists()
