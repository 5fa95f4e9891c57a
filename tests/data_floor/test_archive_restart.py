"""A build that is killed goes on and ends in the same bytes; many files are read side by side, in one order."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from data.archives.files import list_files
from data.archives.parsing import FILES_A_TASK, SERIAL_BELOW, Cache, parse_files
from data.archives.write import cache_folder, work_folder
from m3core.errors import SurveyError
from m3core.survey import Survey
from tests.conftest import ROOT
from tests.data_floor.archive_files import made_archive

N = SERIAL_BELOW + FILES_A_TASK  # enough for several processes

SCRIPT = """
import os, signal, sys
from pathlib import Path
from data.archives import Options, cache_folder, plan, write

def kill_at(stage):
    def progress(fraction, sentence):
        if sys.argv[3] == stage and fraction >= float(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
    return progress

if __name__ == "__main__":
    archive, out = Path(sys.argv[1]), Path(sys.argv[2])
    options = Options(catalogue=archive / "catalogue.csv", lightcurves=archive / "lightcurves",
                      spectra=archive / "spectra", spectra_catalogue=archive / "lamost.csv")
    write(plan(options, kill_at("plan"), cache_folder(out)), out, kill_at("write"))
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / "archive"
    made_archive(folder, N)
    return folder


def build(archive: Path, out: Path, stage: str = "", fraction: float = 0.0) -> int:
    script = out.parent / "build.py"
    out.parent.mkdir(exist_ok=True)
    script.write_text(SCRIPT)
    words = [sys.executable, script, archive, out, stage, str(fraction)]
    return subprocess.run(list(map(str, words)), cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False).returncode


@pytest.fixture(scope="module")
def whole(archive, tmp_path_factory):
    """The files of a build that was never stopped."""
    out = tmp_path_factory.mktemp("whole") / "survey"
    assert build(archive, out) == 0
    return contents(out)


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.parametrize(("stage", "fraction"), [("plan", 0.1), ("plan", 0.75), ("write", 0.4)])
def test_killed_and_started_again_it_ends_in_the_same_bytes(archive, whole, tmp_path, stage, fraction):
    out = tmp_path / "out" / "survey"
    assert build(archive, out, stage, fraction) == -signal.SIGKILL
    assert not out.exists()
    assert list(cache_folder(out).rglob("*.npz"))
    assert build(archive, out) == 0
    assert contents(out) == whole
    assert sorted(path.name for path in out.parent.iterdir()) == ["build.py", "survey"]


def test_killed_twice_and_with_leftovers(archive, whole, tmp_path):
    out = tmp_path / "out" / "survey"
    for stage, fraction in (("plan", 0.3), ("write", 0.7)):
        assert build(archive, out, stage, fraction) == -signal.SIGKILL
    assert build(archive, out) == 0
    assert contents(out) == whole


def test_killed_with_the_survey_already_there(archive, tmp_path, run):
    out = tmp_path / "survey"
    words = ["--catalogue", archive / "catalogue.csv", "--lightcurves", archive / "lightcurves", "--out", out]
    assert run("build", *words)[0] == 0
    work_folder(out).mkdir()
    status, output, _ = run("build", *words)
    assert (status, "nothing is left to do" in output) == (0, True)
    assert not work_folder(out).exists()
    Survey.open(out).verify()
    assert run("build", *words)[0] == 2  # an ordinary output that exists


def test_no_process_outlives_a_killed_build(archive, tmp_path):
    out = tmp_path / "out" / "survey"
    out.parent.mkdir()
    (out.parent / "build.py").write_text(SCRIPT)
    words = [sys.executable, out.parent / "build.py", archive, out, "", "0"]
    process = subprocess.Popen(list(map(str, words)), cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    children: list[psutil.Process] = []
    while process.poll() is None and not any(cache_folder(out).rglob("*.npz")):
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert children
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


def test_the_number_of_processes_changes_nothing(archive, tmp_path, monkeypatch):
    files, _ = list_files(archive / "lightcurves")
    several = parse_files(files, count_lines, None, Cache(tmp_path / "several"), lambda fraction, sentence: None)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    one = parse_files(files, count_lines, None, Cache(tmp_path / "one"), lambda fraction, sentence: None)
    assert several == one
    assert [result.name for result in one] == [file.name for file in files]


def count_lines(name: str, content: bytes, options: object):
    if options == "refuse":
        raise SurveyError(f"{name} is refused.")
    return {}, {"lines": content.count(b"\n")}


def test_a_file_is_read_again_only_where_it_or_the_options_changed(tmp_path):
    folder, cache = tmp_path / "files", Cache(tmp_path / "cache")
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text("1\n")
    files, _ = list_files(folder)

    def parsed(options):
        return parse_files(files, count_lines, options, cache, lambda fraction, sentence: None)

    assert [result.info["lines"] for result in parsed(1)] == [1, 1, 1]
    stored = set((tmp_path / "cache").rglob("*.npz"))
    assert len(stored) == 3
    (folder / "b").write_text("1\n2\n")
    assert [result.info["lines"] for result in parsed(1)] == [1, 2, 1]
    assert len(set((tmp_path / "cache").rglob("*.npz")) - stored) == 1
    assert [result.fault for result in parsed("refuse")] == [f"{name} is refused." for name in "abc"]


def test_cancelling_leaves_no_survey_and_no_process(archive, tmp_path):
    from data.archives import Options, plan

    class Cancelled(Exception):
        pass

    def cancel(fraction: float, sentence: str) -> None:
        if fraction > 0.2:
            raise Cancelled

    options = Options(catalogue=archive / "catalogue.csv", lightcurves=archive / "lightcurves")
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(Cancelled):
        plan(options, cancel)
    after = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert not [
        child for child in after if "spawn_main" in " ".join(child.cmdline()) and "tracker" not in child.cmdline()
    ]
