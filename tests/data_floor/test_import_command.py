"""The command line: structural faults end with one sentence, status 2 and no folder."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def import_(importer, run, tmp_path):
    """Import two tables with more words; checks that a refusal leaves nothing and is one line."""

    def call(catalogue, photometry, *words, out=tmp_path / "out" / "survey"):
        paths = importer.files(catalogue, photometry)
        before = out.exists()
        status, output, error = run(
            "import-table",
            "--catalogue",
            paths[0],
            "--photometry",
            paths[1],
            "--out",
            out,
            "--no-period-search",
            *words,
        )
        if status:
            assert status == 2
            assert out.exists() == before
            assert not list(tmp_path.rglob("*.part"))
            assert len([line for line in error.splitlines() if line.startswith("error: ")]) == 1
            assert error.rstrip().endswith(".")
        return status, output, error

    return call


def test_a_survey_is_written_and_described(import_, run, catalogue, photometry, tmp_path):
    status, output, _ = import_(catalogue, photometry, "--exclude", "epochs")
    assert status == 0
    assert "modality g: 12 stars, median 30 epochs" in output
    assert "label missing: 2" in output
    status, output, _ = run("describe", tmp_path / "out" / "survey")
    assert status == 0
    for words in (
        "12 stars",
        "verified",
        "metadata: 12 stars; columns period, colour",
        "--exclude epochs",
        "(no label)",
    ):
        assert words in output


def test_describe_refuses_a_damaged_survey(import_, run, catalogue, photometry, tmp_path):
    import_(catalogue, photometry)
    path = tmp_path / "out" / "survey" / "g.arrow"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    status, _, error = run("describe", tmp_path / "out" / "survey")
    assert (status, error.count("\n")) == (2, 1)
    assert "changed since it was written" in error
    assert run("describe", tmp_path)[0] == 2


def test_dry_run_writes_nothing(import_, catalogue, photometry, tmp_path):
    status, output, _ = import_(catalogue, photometry, "--dry-run")
    assert status == 0
    assert "nothing is written" in output
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_exists(import_, catalogue, photometry, tmp_path):
    out = tmp_path / "taken"
    out.mkdir()
    (out / "mine.txt").write_text("precious")
    # told before any long work: the catalogue is not even looked for
    status, _, error = import_(tmp_path / "absent.csv", photometry, out=out)
    assert status == 2
    assert "exists already" in error
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def _without_id(catalogue, photometry):
    return catalogue.rename(columns={"source_id": "number"}), photometry


def _duplicate_id(catalogue, photometry):
    return catalogue.assign(source_id=[*catalogue["source_id"][:-1], "00003"]), photometry


def _empty_id(catalogue, photometry):
    return catalogue.assign(source_id=[*catalogue["source_id"][:-1], None]), photometry


def _text_in(column):
    def spoil(catalogue, photometry):
        table = catalogue if column in catalogue else photometry
        table[column] = table[column].astype(object)
        table.loc[4, column] = "bright"
        return catalogue, photometry

    return spoil


def _foreign(catalogue, photometry):
    return catalogue, photometry.assign(source_id="other_" + photometry["source_id"])


def _no_curve(catalogue, photometry):
    return catalogue, photometry.assign(mag=15.0)


@pytest.mark.parametrize(
    ("spoil", "words", "expected"),
    [
        (_without_id, (), ["catalogue.csv has no column for source_id", "--map source_id=COLUMN"]),
        (_duplicate_id, (), ["catalogue.csv, row 12: source_id '00003' stands in row 4 already"]),
        (_empty_id, (), ["catalogue.csv, row 12: 'source_id' is empty"]),
        (_text_in("mag"), (), ["photometry.csv, row 5 (source_id 00000): column 'mag' has the text 'bright'"]),
        (_text_in("mjd"), (), ["photometry.csv, row 5 (source_id 00000): column 'mjd' has the text 'bright'"]),
        (_text_in("mag_err"), (), ["photometry.csv, row 5 (source_id 00000): column 'mag_err' has the text 'bright'"]),
        (_text_in("ra"), (), ["catalogue.csv, row 5 (source_id 00004): column 'ra' has the text 'bright'"]),
        (_text_in("period"), (), ["catalogue.csv, row 5 (source_id 00004): column 'period' has the text 'bright'"]),
        (_foreign, (), ["photometry.csv has no row of any star of the catalogue"]),
        (_no_curve, (), ["photometry.csv has no usable light curve"]),
        (lambda c, p: (c, p.drop(columns="band")), (), ["no column for band", "--map band=none"]),
        (lambda c, p: (c, p.drop(columns="mjd")), (), ["no column for time", "--map time=COLUMN"]),
        (lambda c, p: (c, p.drop(columns="mag")), (), ["no column for mag or flux"]),
        (lambda c, p: (c, p.assign(flux=1.0)), (), ["--value mag or --value flux"]),
        (lambda c, p: (c, p.assign(hjd=1.0)), (), ["several columns that may be time (mjd, hjd)", "--map time=mjd"]),
        (lambda c, p: (c, p), ("--value", "flux"), ["no column for flux"]),
        (lambda c, p: (c, p), ("--value", "colour"), ["write mag or flux"]),
        (lambda c, p: (c, p), ("--exclude", "quality"), ["--exclude quality: catalogue.csv has no such column"]),
        (lambda c, p: (c, p), ("--map", "period=P"), ["--map period=P: neither file has a column 'P'"]),
        (lambda c, p: (c, p), ("--map", "colour=P"), ["write ROLE=COLUMN with a role of source_id"]),
        (lambda c, p: (c, p), ("--split", "0.8,0.1"), ["write three numbers"]),
        (lambda c, p: (c, p), ("--split", "0.8,0.1,0.2"), ["is impossible"]),
        (lambda c, p: (c, p), ("--strict",), ["label missing: 2", "--strict refuses 2 faults"]),
    ],
)
def test_structural_faults(import_, catalogue, photometry, spoil, words, expected):
    status, _, error = import_(*spoil(catalogue, photometry), *words)
    assert status == 2
    for part in expected:
        assert part in error


def test_columns_are_named_on_the_command_line(import_, catalogue, photometry, tmp_path):
    from m3core.survey import Survey

    catalogue = catalogue.rename(columns={"source_id": "KEY", "period": "P0"}).assign(period=1.0, split="mine")
    photometry = photometry.rename(columns={"source_id": "KEY", "mag": "y"}).drop(columns="band")
    status, _, _ = import_(catalogue, photometry, "--map", "source_id=KEY,period=P0,mag=y,band=none")
    assert status == 0
    survey = Survey.open(tmp_path / "out" / "survey")
    assert list(survey.modalities) == ["photometry", "metadata"]
    assert survey.source("00003").catalogue["period"] == pytest.approx(0.53)
    assert survey.source("00003").catalogue["period_catalogue"] == 1.0
    assert survey.source("00003").catalogue["split_catalogue"] == "mine"
    assert survey.modalities["photometry"].settings["time_label"] == "MJD"


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [(OSError(28, "No space left on device"), 2, "No space left on device"), (KeyboardInterrupt(), 130, "stopped")],
)
def test_a_full_disk_and_ctrl_c_leave_nothing(
    importer, run, catalogue, photometry, tmp_path, monkeypatch, fault, status, words
):
    import m3core.survey.writer as writer

    def fail(*args, **options):
        raise fault

    monkeypatch.setattr(writer, "write_json", fail)
    paths = importer.files(catalogue, photometry)
    ended, _, error = run(
        "import-table",
        "--catalogue",
        paths[0],
        "--photometry",
        paths[1],
        "--out",
        tmp_path / "o" / "s",
        "--no-period-search",
    )
    assert ended == status
    assert words in error
    assert not list((tmp_path / "o").iterdir())


def test_cancelling_through_the_progress_leaves_nothing(importer, catalogue, photometry, tmp_path):
    from data.import_table import write

    class Stopped(Exception):
        pass

    def stop(fraction, sentence):
        raise Stopped

    with pytest.raises(Stopped):
        write(importer.plan(catalogue, photometry, period_search=True), tmp_path / "out", stop)
    assert not (tmp_path / "out").exists()


def test_the_same_bytes_in_any_folder_and_of_any_number_of_threads(importer, catalogue, photometry, tmp_path):
    from data.import_table import Options, plan, write

    contents = []
    for name, threads in (("one", 1), ("two/deeper", 4)):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        catalogue.to_csv(folder / "c.csv", index=False)
        photometry.to_csv(folder / "p.csv", index=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "cpu_count", lambda threads=threads: threads)
            write(plan(Options(catalogue=folder / "c.csv", photometry=folder / "p.csv")), folder / "survey")
        contents.append({path.name: path.read_bytes() for path in (folder / "survey").iterdir()})
        assert str(tmp_path) not in (folder / "survey" / "survey.json").read_text()
    assert contents[0] == contents[1]
    assert set(contents[0]) == {"survey.json", "sources.parquet", "report.csv", "g.arrow", "r.arrow"}


def test_help_does_not_wait_for_numpy():
    code = "import sys, data.__main__; sys.exit(bool({'numpy', 'pandas', 'torch', 'astropy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    shown = subprocess.run(
        [sys.executable, "-m", "data", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "import-table" in shown.stdout
    assert "describe" in shown.stdout


def test_numbers_as_ids_match_text_and_zeros_count(importer, catalogue, photometry, tmp_path):
    numbered = catalogue.assign(source_id=np.arange(12))
    numbered.to_parquet(tmp_path / "c.parquet")
    photometry = photometry.assign(source_id=" " + photometry["source_id"].astype(int).astype(str) + " ")
    survey = importer.survey(tmp_path / "c.parquet", photometry)
    assert list(survey.source_ids[:3]) == ["0", "1", "2"]
    assert survey.present("g").all()
    both = pd.concat([catalogue, catalogue.iloc[[1]].assign(source_id="1")])
    assert importer.plan(both, photometry).report.counts["star without photometry"] == 12


def test_a_reader_that_has_seen_enough_is_no_fault(import_, catalogue, photometry, tmp_path):
    import_(catalogue, photometry)
    words = [sys.executable, "-m", "data", "describe", str(tmp_path / "out" / "survey")]
    described = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    described.stdout.close()  # before the first line is written
    assert described.stderr.read() == ""
    assert described.wait() == 0
