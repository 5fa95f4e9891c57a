"""An experiment by command: its table, killed and stopped to the same bytes, capped, and blind to test labels."""

import json
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from m3core.errors import M3Error
from m3core.experiment.folder import Experiment, Row
from m3core.experiment.latex import escaped
from m3core.experiment.table import cell_table, compare_rows, describe_column, score_table
from m3core.files import write_json
from m3core.workspace.run import Run, State
from tests.conftest import ROOT
from tests.train.rewritten import rewritten
from tests.train.test_runs import command, wait
from training.experiment import bench
from training.experiment.output import latex_table
from training.experiment.plan import Options, asked, seed_split
from training.experiment.run import run_experiment
from training.record import Record

SMALL = [f"--set={one}" for one in ("epochs=2", "embedding_dim=8", "batch_size=32", "photometry.width=8")]
ASKED = ["--seeds", "2", "--labels", "0.5", "--modalities", "metadata,all", *SMALL]

NOT_COMPARED = {"status.json", "timing.json", "log.txt", "metrics.jsonl", "experiment.json"}
"""Clocks are in them; experiment.json has the survey's place."""


@pytest.fixture(scope="module")
def made(stars, tmp_path_factory):
    """An experiment that was never stopped."""
    out = tmp_path_factory.mktemp("experiments") / "whole"
    done = command("experiment", "--survey", stars.path, "--out", out, *ASKED)
    assert done.returncode == 0, done.stderr
    return out, done


def files(path):
    found = {str(one.relative_to(path)): one for one in path.rglob("*") if one.is_file()}
    return {name: one.read_bytes() for name, one in found.items() if one.name not in NOT_COMPARED}


def test_a_finished_experiment_has_everything(made, stars):
    out, done = made
    experiment = Experiment.open(out)
    assert experiment.run.status().state is State.FINISHED
    assert "28 of 28 cells done" in done.stdout
    assert "left)" in done.stderr
    table = pd.read_csv(out / "table.csv")
    assert len(table) == 14
    assert set(table["seeds"]) == {2}
    assert all(describe_column(name) for name in table.columns)
    cells = pd.read_csv(out / "cells.csv")
    assert len(cells) == 28
    # by hand: each pair of accuracies, their mean, spread and t-test
    for row in table.to_dict("records"):
        if row["method"] != "fine-tuned from scratch":
            continue
        mine = cells[cells["modality"] == row["modality"]]
        scratch, clip = (mine[mine["method"] == name]["accuracy"].to_numpy() for name in ("scratch", "clip"))
        assert row["accuracy_mean"] == pytest.approx(scratch.mean(), abs=1e-6)
        assert row["accuracy_std"] == pytest.approx(scratch.std(ddof=1), abs=1e-6)
        assert row["accuracy_gain"] == pytest.approx((clip - scratch).mean(), abs=2e-6)
        assert row["accuracy_low"] <= row["accuracy_mean"] <= row["accuracy_high"]
        if np.ptp(clip - scratch) > 0:
            assert row["accuracy_gain_p"] == pytest.approx(ttest_rel(clip, scratch).pvalue, abs=1e-3)
    for name in ("accuracy.html", "balanced-accuracy.json", "plotly.min.js"):
        assert (out / "figures" / name).is_file()
    assert not list(out.rglob("last"))
    assert not list(out.rglob("*.part"))
    tree = table[(table["method"] == "features, random forest") & (table["modality"] == "metadata")]
    assert tree["accuracy_mean"].item() > 0.9  # the classes differ by period
    again = command("experiment", "--survey", stars.path, "--out", out, *ASKED)
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True)
    assert "nothing to do" in command("resume", out).stdout


def test_every_method_of_a_seed_is_judged_on_the_same_stars(made, stars):
    experiment = Experiment.open(made[0])
    for seed in experiment.plan.seeds:
        test = set(stars.source_ids[seed_split(stars, seed) == "test"])
        for cell in experiment.plan.cells:
            if cell.seed == seed:
                found = experiment.outcome(cell)
                assert set(found.source_ids) == test
                assert list(found.truth) == [stars.source(one).label for one in found.source_ids]
                assert found.n_labels == 60
    first, second = (Row("all", 0.5, method) for method in ("clip", "scratch"))
    compared = compare_rows(experiment, first, second)
    scores = cell_table(experiment)
    gain = [
        scores[(scores["method"] == m) & (scores["modality"] == "all")]["accuracy"].mean() for m in ("clip", "scratch")
    ]
    assert compared.table["difference"][0] == pytest.approx(gain[0] - gain[1])
    assert compared.n_stars == 2 * len(test)


def test_killed_and_stopped_it_ends_in_the_same_bytes(made, stars, tmp_path):
    out = tmp_path / "cut"
    start = [sys.executable, "-m", "training", "experiment", "--survey", stars.path, "--out", out, *ASKED]

    def begin(run, n_steps, end):
        """Start or go on, and end it at a step of a run of the first seed."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        child = subprocess.Popen(list(map(str, start)), cwd=ROOT, **quiet)
        try:
            wait(Run(out), lambda: len(Run(out / "seed-42" / run).metrics("step")) >= n_steps, seconds=600)
            end(child)
            child.wait(timeout=60)
        finally:
            child.kill()

    begin("pretrained", 4, lambda child: child.send_signal(signal.SIGKILL))
    assert Run(out).status().state is State.FAILED
    begin("scratch-all-0.5", 1, lambda child: command("stop", out))
    assert Run(out).status().state is State.STOPPED
    assert 10 <= len(list(out.glob("seed-*/cells/*.json"))) < 28
    resumed = command("resume", out)
    assert resumed.returncode == 0, resumed.stderr
    whole, cut = files(made[0]), files(out)
    for name in cut:
        if name.endswith("config.yaml"):  # they say where the folder lies
            cut[name] = cut[name].replace(str(out).encode(), str(made[0]).encode())
    assert whole.keys() == cut.keys()
    assert [name for name in whole if whole[name] != cut[name]] == []


class Unwatched:
    """A supervisor that never stops anything: signals are the command's matter."""

    def watch(self, trainer):
        self.lock = threading.Lock()


def experiment_in(path, survey, modalities=("metadata", "all")):
    settings = {"epochs": 1, "embedding_dim": 8, "batch_size": 32}
    options = Options(seeds=1, labels=(0.5,), modalities=modalities, pretrain=dict(settings), finetune=dict(settings))
    path.mkdir()
    write_json(path / "experiment.json", asked(survey, options))
    run_experiment(path, survey, Record(path), Unwatched())
    return Experiment.open(path)


def test_no_label_of_a_test_star_is_seen(stars, tmp_path, monkeypatch):
    """Every test star gets the other label: no weight and no prediction changes, only what is counted as right."""
    splits = seed_split(stars, 42)
    monkeypatch.setattr(bench, "seed_split", lambda survey, seed: splits)  # the split itself is stratified by label
    other = {"RRAB": "SR", "SR": "RRAB"}

    def swap(table):
        return table.assign(label=np.where(splits == "test", table["label"].map(other), table["label"]))

    swapped = rewritten(stars, tmp_path / "swapped", sources=swap)
    one, two = experiment_in(tmp_path / "one", stars), experiment_in(tmp_path / "two", swapped)
    assert len(one.plan.cells) == 14
    for cell in one.plan.cells:
        first, second = one.outcome(cell), two.outcome(cell)
        assert first.guess == second.guess, cell
        assert [other[name] for name in first.truth] == list(second.truth)
    weights = sorted(path.relative_to(one.path) for path in one.path.rglob("model.safetensors"))
    assert len(weights) == 5
    for name in weights:
        assert (one.path / name).read_bytes() == (two.path / name).read_bytes(), name


def test_a_class_that_no_training_star_of_a_modality_has_is_judged_and_said(stars, tmp_path):
    """All stars without g, and one with it that is in the test split, are a class of their own."""

    def labels(one):
        rare = ~stars.present("g") | (np.arange(len(stars)) == one)
        return np.where(rare, "RARE", stars.sources["label"])

    for one in np.flatnonzero(stars.present("g")):
        survey = rewritten(stars, tmp_path / f"s{one}", sources=lambda table, one=one: table.assign(label=labels(one)))
        if seed_split(survey, 42)[one] == "test":
            break
    experiment = experiment_in(tmp_path / "out", survey, ("g",))
    for cell in experiment.plan.cells:
        found = experiment.outcome(cell)
        place = found.source_ids.index(str(survey.source_ids[one]))
        assert (found.truth[place], "RARE" in found.guess) == ("RARE", False)
    notes = (experiment.path / "notes.txt").read_text()
    assert "g: 1 test stars in 1 of 1 seeds are of a class without a training star that has it (RARE)" in notes
    assert "done: 1 seed, each" in notes


def test_a_limit_of_minutes_and_one_seed_are_said(stars, tmp_path):
    out = tmp_path / "out"
    capped = ["--seeds", "1", "--labels", "0.5", "--modalities", "metadata", "--minutes-per-cell", "0.0001"]
    settings = [one for one in SMALL if "epochs" not in one] + ["--set=epochs=500", "--set=patience=0"]
    done = command("experiment", "--survey", stars.path, "--out", out, *capped, *settings)
    assert done.returncode == 0, done.stderr
    assert "one seed: no standard deviation and no t-test" in done.stdout
    table = pd.read_csv(out / "table.csv")
    cut = dict(zip(table["method"], table["cut"], strict=True))
    assert cut == {name: int("CLIP" in name or "scratch" in name) for name in cut}
    assert f"the limit of 0.0001 minutes cut {sum(cut.values())} of 7 cells" in done.stdout
    assert table["accuracy_std"].isna().all()
    assert table["accuracy_gain_p"].isna().all()
    other = command("experiment", "--survey", stars.path, "--out", out, *capped[:-2], *settings)
    assert other.returncode == 2
    assert "minutes_per_cell = 0.0001, now asked for 0.0" in other.stderr
    more = command("experiment", "--survey", stars.path, "--out", out, *capped[2:], "--seeds", "2", *settings)
    assert more.returncode == 0, more.stderr
    assert "14 of 14 cells done" in more.stdout
    assert "[1/" not in more.stderr  # the first seed's are not made again
    assert sorted(pd.read_csv(out / "table.csv")["seeds"].unique()) == [2]
    fewer = command("experiment", "--survey", stars.path, "--out", out, *capped[2:], "--seeds", "1", *settings)
    assert "7 further cells" in fewer.stdout
    assert sorted(pd.read_csv(out / "table.csv")["seeds"].unique()) == [1]


def test_latex_escapes_names(made, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(made[0], copy)
    content = json.loads((copy / "experiment.json").read_text())
    write_json(copy / "experiment.json", content | {"survey_name": r"my_survey & \input{x} 100%"})
    experiment = Experiment.open(copy)
    text = latex_table(experiment, score_table(experiment))
    assert r"my\_survey \& \textbackslash{}input\{x\} 100\%" in text
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.count("&") for line in body}) == 1
    assert text.count("{") == text.count("}")
    assert r"\begin{tabular}{lrlrrrrrr}" in text  # names to the left, numbers to the right
    assert "Cut" not in text, "nothing was capped"
    assert escaped("a~b^c\n<d>") == r"a\textasciitilde{}b\textasciicircum{}c \textless{}d\textgreater{}"


def test_a_malformed_experiment_is_a_sentence(tmp_path):
    (tmp_path / "experiment.json").write_text('{"seeds": 3}')
    with pytest.raises(M3Error, match="is malformed"):
        Experiment.open(tmp_path)
    with pytest.raises(M3Error, match="is not an experiment"):
        Experiment.open(tmp_path / "nowhere")
