"""Runs as processes: started, stopped, killed, resumed to the same bytes, and never half-written."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from safetensors.torch import load_file

from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import Maps
from m3core.label_issues.table import kept_suspects
from m3core.outliers.store import is_current
from m3core.survey import Survey
from m3core.workspace.run import Run, State
from tests.conftest import ROOT, make_survey
from training import process
from training.config import TrainConfig
from training.presets import preset
from training.readout import make_lists
from training.record import Record
from training.supervisor import STOP_FILE, Supervisor

SETTINGS = ["--set", "epochs=6", "--set", "batch_size=8", "--set", "embedding_dim=8", "--set", "patience=0"]


def command(*arguments, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "training", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, **kwargs
    )


def wait(run: Run, condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, run.log()
        time.sleep(0.02)


@pytest.fixture(scope="module")
def survey_path(tmp_path_factory):
    return make_survey(tmp_path_factory.mktemp("surveys") / "small").path


@pytest.fixture(scope="module")
def whole(survey_path, tmp_path_factory):
    """A run that was never stopped."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = command("pretrain", "--survey", survey_path, "--out", out, *SETTINGS)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_a_finished_run_has_everything(whole, survey_path):
    out, printed = whole
    run = Run.open(out)
    status = run.status()
    assert status.state is State.FINISHED
    assert "nearest neighbour, mean: accuracy" in printed
    assert "balanced" in printed
    assert {line["epoch"] for line in run.metrics("epoch")} == set(range(1, 7))
    steps = run.metrics("step")
    assert [line["step"] for line in steps] == list(range(1, 6 * 5 + 1))
    for key in ("loss", "losses", "learning_rate", "sources_per_second", "memory_bytes"):
        assert key in steps[0]
    assert set(steps[0]["losses"]) == {"g__r", "g__metadata", "r__metadata"}
    recall = run.metrics("epoch")[0]["recall"]["g__r"]
    assert set(recall) == {"n", "recall@1", "recall@5", "recall@10", "chance@1", "chance@5", "chance@10"}
    embeddings = Embeddings.open(out, survey_path)
    assert embeddings.mean.shape == (60, 8)
    survey = Survey.open(survey_path)
    maps = Maps.open(run, survey)
    assert set(maps.map_xy) == {"mean", "g", "r", "metadata"}
    assert is_current(run, survey, embeddings)
    assert kept_suspects(run, survey, embeddings).is_current
    assert not list(out.glob(".*part"))


def test_a_list_that_cannot_be_made_is_a_line_in_the_log(whole, survey_path, caplog, monkeypatch):
    run, states = Run.open(whole[0]), []

    def broken(*_):
        raise ValueError("a fault of ours")

    monkeypatch.setattr("m3core.outliers.store.have_outliers", broken)
    make_lists(run, Survey.open(survey_path), lambda state, done, what: states.append((state, done, what)))
    assert "no list of outliers; its page tries again" in caplog.text
    assert states == [(State.LISTING, 0.0, "outliers"), (State.LISTING, 0.5, "suspects")]  # those are kept


def test_the_same_again_says_so_and_another_is_refused(whole, survey_path):
    out, _ = whole
    again = command("pretrain", "--survey", survey_path, "--out", out, *SETTINGS)
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    other = command("pretrain", "--survey", survey_path, "--out", out, "--set", "epochs=7")
    assert other.returncode == 2
    assert "exists already" in other.stderr
    assert other.stderr.count("\n") == 1
    assert "nothing to do" in command("resume", out).stdout
    embedded = command("embed", "--run", out, "--survey", survey_path)
    assert embedded.returncode == 0
    assert "nothing to do" in embedded.stdout


@pytest.mark.parametrize("how", ["stop", "kill", "interrupt"])
def test_a_resumed_run_ends_in_the_same_bytes(whole, survey_path, tmp_path, how):
    run_path = tmp_path / "run"
    arguments = [sys.executable, "-m", "training", "pretrain", "--survey", survey_path, "--out", run_path, *SETTINGS]
    # compiling UMAP in every process would take most of the test's time
    arguments += ["--set", "maps=false", "--set", "lists=false"]
    child = subprocess.Popen(list(map(str, arguments)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run = Run(run_path)
    after = 10 if how == "kill" else 7  # a killed run needs an epoch behind it
    wait(run, lambda: len(run.metrics("step")) >= after)
    started = time.monotonic()
    if how == "stop":
        stopped = command("stop", run_path)
        assert stopped.returncode == 0
        assert "stopped at step" in stopped.stdout
    else:
        child.send_signal(signal.SIGKILL if how == "kill" else signal.SIGINT)
    status = child.wait(timeout=10)
    assert status == {"stop": 0, "kill": -signal.SIGKILL, "interrupt": 130}[how]
    assert time.monotonic() - started < 10  # the command itself has to start; the stop is a fraction of it
    assert run.status().state is (State.FAILED if how == "kill" else State.STOPPED)
    step = json.loads((run_path / "last" / "position.json").read_text())["step"]
    assert step >= 5
    resumed = command("resume", run_path)
    assert resumed.returncode == 0, resumed.stderr
    assert f"resuming at step {step}" in resumed.stdout
    expected, got = (
        load_file(whole[0] / "last" / "model.safetensors"),
        load_file(run_path / "last" / "model.safetensors"),
    )
    for name, tensor in expected.items():
        assert tensor.numpy().tobytes() == got[name].numpy().tobytes(), name
    weights = "checkpoint/model.safetensors"
    assert (whole[0] / weights).read_bytes() == (run_path / weights).read_bytes()
    losses = [[line["loss"] for line in Run(path).metrics("step")] for path in (whole[0], run_path)]
    assert losses[0] == losses[1]


def test_an_interrupt_before_anything_is_settled_leaves_nothing(survey_path, tmp_path):
    """While torch is imported: there would be a folder that can neither be resumed nor be used again."""
    out = tmp_path / "run"
    arguments = [sys.executable, "-m", "training", "pretrain", "--survey", survey_path, "--out", out, *SETTINGS]
    child = subprocess.Popen(list(map(str, arguments)), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not (out / "status.json").is_file():
        time.sleep(0.01)
    time.sleep(0.3)  # the supervisor watches
    assert not (out / "config.yaml").exists()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 130
    assert said.count("\n") == 1
    assert "nothing half-written stays" in said
    assert not list(tmp_path.iterdir())


REFUSED_OFTEN = """
import sys, time
from pathlib import Path
from m3core.errors import ConfigError
from training import supervisor
from training.command import _new_run
supervisor.HEARTBEAT_SECONDS, supervisor.POLL_SECONDS = 0.0, 0.001
for number in range(30):
    try:
        with _new_run(Path(sys.argv[1]) / str(number)):
            time.sleep(0.02)
            raise ConfigError("no")
    except ConfigError:
        pass
"""


def test_a_refused_run_goes_whole_although_its_heartbeat_writes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", REFUSED_OFTEN, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "epochs=0"], "epochs = 0"),
        (["--set", "epoch=1"], "unknown setting 'epoch'"),
        (["--preset", "slow"], "there is no preset 'slow'"),
        (["--config", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["--set", "device=cuda"], "torch sees no GPU"),
    ],
)
def test_bad_settings_end_with_a_sentence_and_no_folder(survey_path, tmp_path, arguments, says):
    if "device=cuda" in arguments and __import__("torch").cuda.is_available():
        pytest.skip("this machine has a GPU")
    out = tmp_path / "run"
    done = command("pretrain", "--survey", survey_path, "--out", out, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def test_no_survey_no_run(tmp_path):
    for arguments in (
        ["pretrain", "--survey", tmp_path, "--out", tmp_path / "x"],
        ["resume", tmp_path],
        ["stop", tmp_path],
        ["embed", "--run", tmp_path, "--survey", tmp_path],
    ):
        done = command(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_app_starts_stops_resumes_and_deletes(survey_path, tmp_path):
    from m3core import Survey

    survey = Survey.open(survey_path)
    config = preset("fast", 36).model_copy(update={"epochs": 2000, "batch_size": 8, "embedding_dim": 8})
    run = process.start_pretrain(survey, tmp_path / "run", config)
    assert run.status().state.is_active
    with pytest.raises(ValueError, match="at work"):
        process.delete(run)
    wait(run, lambda: run.status().step > 2)
    started = time.monotonic()
    process.stop(run)
    assert time.monotonic() - started < 3
    status = run.status()
    assert status.state is State.STOPPED
    process.resume(run)
    wait(run, lambda: run.status().step > status.step)
    process.stop(run)
    process.delete(run)
    assert not run.path.exists()


def test_a_run_that_says_it_has_stopped_touches_its_folder_no_more(tmp_path, monkeypatch):
    """Whoever reads that may delete the folder at once."""
    for name in ("signal", "set_wakeup_fd"):  # those of the tests stay
        monkeypatch.setattr(signal, name, lambda *_: None)
    record, left, seen = Record(tmp_path), [], []
    supervisor = Supervisor(record, leave=left.append)
    (tmp_path / STOP_FILE).touch()
    write = record.update

    def update(**fields):
        seen.append((fields.get("state"), (tmp_path / STOP_FILE).exists()))
        write(**fields)

    monkeypatch.setattr(record, "update", update)
    supervisor.run()
    assert seen == [(State.STOPPED, False)]
    assert left == [0]


def test_a_bad_start_from_the_app_is_a_sentence(survey_path, tmp_path):
    from m3core import Survey

    (tmp_path / "taken").mkdir()
    with pytest.raises(ValueError, match="exists already and is not a run"):
        process.start_pretrain(Survey.open(survey_path), tmp_path / "taken", TrainConfig())


def test_a_run_whose_process_is_gone_is_not_at_work(whole, tmp_path):
    content = json.loads((whole[0] / "status.json").read_text())
    run = tmp_path / "ghost"
    run.mkdir()
    (run / "status.json").write_text(json.dumps({**content, "state": "training", "pid": os.getpid(), "started": 1.0}))
    status = Run.open(run).status()
    assert status.state is State.FAILED
    assert "resume it" in status.message


def test_the_app_embeds_with_progress_and_a_sentence(whole, survey_path, tmp_path):
    from m3core import Survey

    other = make_survey(tmp_path / "other", n=9, seed=3)  # too few for UMAP: seconds less
    told = []
    run = Run.open(whole[0])
    process.embed(run, other, lambda done, what: told.append((done, what)), lists=False)
    assert (1.0, "Embedding") in told
    embeddings = Embeddings.open(run, other)
    assert embeddings.mean.shape == (9, 8)
    assert kept_suspects(run, other, embeddings) is None
    process.embed(run, other, lambda done, what: told.append((done, what)), lists=True)
    assert told[-1][1].startswith("Listing suspects")
    assert is_current(run, other, embeddings)
    assert kept_suspects(run, other, embeddings).is_current
    (whole[0] / "checkpoint").rename(tmp_path / "aside")
    try:
        with pytest.raises(ValueError, match="has no checkpoint yet"):
            process.embed(Run.open(whole[0]), Survey.open(survey_path), lambda done, what: None, lists=False)
    finally:
        (tmp_path / "aside").rename(whole[0] / "checkpoint")
