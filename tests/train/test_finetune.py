"""A classifier by command: from a run and from scratch, resumed to the same bytes, refused where it would leak."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from m3core import load_checkpoint
from m3core.errors import RunError
from m3core.model.clip import Classifier
from m3core.workspace.run import Run, State
from tests.conftest import ROOT, make_survey
from tests.train.conftest import SMALL
from tests.train.rewritten import rewritten
from tests.train.test_runs import command, wait
from training import process
from training.finetune import configure


def test_a_finished_classifier_has_everything(stars, pretrained, tuned):
    out, printed = tuned
    run = Run.open(out)
    assert run.status().state is State.FINISHED
    assert "accuracy" in printed
    assert "of the test split;" in printed
    assert "calibration: " in printed
    model = load_checkpoint(out)
    assert isinstance(model, Classifier)
    assert (model.config.head, model.config.classes) == ("concat", ("RRAB", "SR"))
    assert model.config.split_hash == stars.manifest.split.hash
    assert [one.statistics for one in model.config.modalities] == [
        one.statistics for one in load_checkpoint(pretrained).config.modalities
    ]
    config = run.config()
    assert (config["command"], config["origin"]) == ("finetune", str(pretrained.resolve()))
    assert (config["settings"]["seed"], config["settings"]["labels"]) == (3, 1.0)
    epochs = run.metrics("epoch")
    assert set(epochs[0]["scores"]) == {"accuracy", "balanced_accuracy", "macro_recall"}
    assert epochs[0]["validation_loss"] > 0
    assert not (out / "initial").exists()
    assert not list(out.glob(".*part"))
    assert json.loads((out / "calibration.json").read_text())["n"] == 30


def test_the_weights_come_from_the_run(stars, pretrained, tmp_path):
    """With a rate of zero for the encoders only the last layer is trained."""
    out = tmp_path / "head"
    settings = [*SMALL, "--set", "encoder_rate=0", "--set", "average_decay=0"]
    done = command("finetune", "--survey", stars.path, "--from", pretrained, "--out", out, *settings)
    assert done.returncode == 0, done.stderr
    before, after = load_checkpoint(pretrained).state_dict(), load_checkpoint(out).state_dict()
    assert all((after[f"backbone.{name}"] == tensor).all() for name, tensor in before.items())


@pytest.mark.parametrize(("modality", "fusion", "head"), [("g", None, "features"), ("all", "concat", "concat")])
def test_from_scratch_on_one_modality_and_on_all(stars, tmp_path, modality, fusion, head):
    arguments = ["--modality", modality, "--labels", "0.5", *SMALL, "--set", "embedding_dim=8"]
    arguments += ["--fusion", fusion] if fusion else []
    done = command("finetune", "--survey", stars.path, "--from", "scratch", "--out", tmp_path / "run", *arguments)
    assert done.returncode == 0, done.stderr
    model = load_checkpoint(tmp_path / "run")
    assert model.config.head == head
    assert model.config.names == (("g",) if modality == "g" else ("g", "r", "metadata"))
    assert "46 labels to train on" in done.stderr or modality == "g"


def test_the_same_again_says_so_and_another_is_refused(stars, pretrained, tuned):
    arguments = ["finetune", "--survey", stars.path, "--from", pretrained, "--out", tuned[0], *SMALL]
    again = command(*arguments, "--seed", 3)
    assert again.returncode == 0, again.stderr
    assert "nothing to do" in again.stdout
    other = command(*arguments, "--seed", 4)
    assert (other.returncode, other.stderr.count("\n")) == (2, 1)
    assert "exists already (finished): choose another --out" in other.stderr
    assert "nothing to do" in command("resume", tuned[0]).stdout


def test_a_resumed_classifier_ends_in_the_same_bytes(stars, pretrained, tmp_path):
    """Stopped in its midst, and its origin gone: the run has all it needs."""
    long = ["--set", "epochs=12", "--set", "batch_size=8", "--set", "patience=0", "--set", "augment=true"]
    whole, cut, origin = tmp_path / "whole", tmp_path / "cut", tmp_path / "origin"
    shutil.copytree(pretrained, origin)
    start = ["finetune", "--survey", stars.path, "--from", origin, *long]
    assert command(*start, "--out", whole).returncode == 0
    child = subprocess.Popen(
        list(map(str, [sys.executable, "-m", "training", *start, "--out", cut])),
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait(Run(cut), lambda: len(Run(cut).metrics("step")) >= 15)
    assert "stopped at step" in command("stop", cut).stdout
    child.wait(timeout=20)
    shutil.rmtree(origin)
    resumed = command("resume", cut)
    assert resumed.returncode == 0, resumed.stderr
    for name in ("checkpoint/model.safetensors", "last/averaged.safetensors", "calibration.json"):
        assert (whole / name).read_bytes() == (cut / name).read_bytes(), name
    losses = [[line["loss"] for line in Run(path).metrics("step")] for path in (whole, cut)]
    assert losses[0] == losses[1]


def test_another_split_of_the_same_sources_would_leak(stars, pretrained, tmp_path):
    other = make_survey(tmp_path / "other", n=151)  # the same ids, one more, and so another split hash
    done = command("finetune", "--survey", other.path, "--from", pretrained, "--out", tmp_path / "run", *SMALL)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "was pre-trained on another split of sources of other" in done.stderr
    assert "would leak" in done.stderr
    assert not (tmp_path / "run").exists()


def renamed(survey, path, *, positions):
    """The survey with other ids, and with its positions or others."""

    def change(table):
        table["source_id"] = "x" + table["source_id"]
        return table if positions else table.assign(dec=-table["dec"] / 2)

    return rewritten(survey, path, sources=change)


def test_other_names_at_the_same_positions_leak_and_other_positions_do_not(stars, pretrained, tmp_path):
    same, far = (renamed(stars, tmp_path / name, positions=name == "same") for name in ("same", "far"))
    done = command("finetune", "--survey", same.path, "--from", pretrained, "--out", tmp_path / "a", *SMALL)
    assert done.returncode == 2
    assert "would leak" in done.stderr
    done = command("finetune", "--survey", far.path, "--from", pretrained, "--out", tmp_path / "b", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "the weights come from 120 other sources" in done.stderr


def test_a_run_that_does_not_say_what_it_has_seen(stars, pretrained, tmp_path):
    far = renamed(stars, tmp_path / "far", positions=False)
    bare = tmp_path / "bare"
    shutil.copytree(pretrained, bare)
    (bare / "seen.parquet").unlink()
    arguments = ["finetune", "--survey", far.path, "--from", bare, "--out", tmp_path / "run", *SMALL]
    assert command(*arguments).returncode == 0  # its survey lies where it lay
    config = (bare / "config.yaml").read_text()
    (bare / "config.yaml").write_text(config.replace(str(stars.path.resolve()), str(tmp_path / "gone")))
    done = command(*arguments[:-4], *SMALL, "--out", tmp_path / "again")
    assert done.returncode == 2
    assert "does not say which sources it was pre-trained on" in done.stderr


def test_an_empty_validation_split_means_a_fixed_schedule(survey, tmp_path):
    alone = rewritten(
        survey, tmp_path / "alone", modalities=[survey.modalities["metadata"]],
        sources=lambda table: table.assign(split=table["split"].replace("validation", "train")),
    )  # fmt: skip
    out = tmp_path / "run"
    done = command(
        "finetune", "--survey", alone.path, "--from", "scratch", "--modality", "metadata", "--out", out, *SMALL
    )
    assert done.returncode == 0, done.stderr
    assert "all epochs are trained and the last is kept" in done.stderr
    assert "the probabilities are not calibrated" in done.stdout
    assert [epoch["best"] for epoch in Run(out).metrics("epoch")] == [True] * 4


def test_the_app_starts_a_classifier(stars, pretrained, tmp_path):
    origin = Run(pretrained)
    config = configure(stars, "fast", {"epochs": 2000, "batch_size": 8, "patience": 0}, origin)
    run = process.start_finetune(stars, tmp_path / "run", config, origin)
    wait(run, lambda: run.has_checkpoint)
    process.stop(run)
    assert run.status().state is State.STOPPED
    with pytest.raises(RunError, match="is a classifier itself"):
        process.start_finetune(stars, tmp_path / "other", config, run)
    assert not (tmp_path / "other").exists()


def test_modality_dropout_in_pretraining_leaves_pairs(stars, tmp_path):
    out = tmp_path / "run"
    wanted = ("epochs=2", "embedding_dim=8", "maps=false", "lists=false", "modality_dropout=0.9")
    settings = [f"--set={key}" for key in wanted]
    done = command("pretrain", "--survey", stars.path, "--out", out, *settings)
    assert done.returncode == 0, done.stderr
    assert all(np.isfinite(line["loss"]) for line in Run(out).metrics("step"))
