"""Broken input of every sort: one sentence with file and row, the build goes on, nothing half-written stays."""

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from m3core.survey import Survey
from tests.data_floor.archive_files import dat_name, made_archive
from tests.data_floor.conftest import as_nobody


@pytest.fixture
def archive(tmp_path):
    return made_archive(tmp_path / "archive", 12)


@pytest.fixture
def build(run, archive, tmp_path):
    """`python -m data build` on the archive: status, output, error; a refusal is one line and leaves no survey."""
    out = tmp_path / "out" / "survey"

    def call(*words, **paths):
        found = {**archive, **paths}
        shutil.rmtree(out, ignore_errors=True)
        status, output, error = run(
            "build", "--catalogue", found["catalogue.csv"], "--lightcurves", found["lightcurves"],
            "--spectra", found["spectra"], "--spectra-catalogue", found["lamost.csv"], "--out", out, *words,
        )  # fmt: skip
        if status:
            assert status == 2
            assert not out.exists()
            assert len([line for line in error.splitlines() if line.startswith("error: ")]) == 1
            assert error.rstrip().endswith(".")
        assert not list(tmp_path.rglob("*.part"))
        return status, output, error

    call.out = out
    return call


def names(archive) -> list[str]:
    return pd.read_csv(archive["catalogue.csv"])["asassn_name"].to_list()


def dat(archive, number: int):
    return archive["lightcurves"] / dat_name(names(archive)[number])


def report(build, kind: str) -> pd.DataFrame:
    table = pd.read_csv(build.out / "report.csv", keep_default_na=False)
    return table[table["fault"] == kind].reset_index(drop=True)


def test_broken_light_curves_are_left_out_and_named(build, archive):
    ids = names(archive)
    dat(archive, 0).write_text("")
    lines = dat(archive, 1).read_text().splitlines()
    dat(archive, 1).write_text("\n".join(lines[:2] + [line.rsplit(" ", 1)[0] for line in lines[2:]]))
    dat(archive, 2).write_text("\n".join([*lines[:5], lines[5].rsplit(" ", 2)[0] + " bright 0.1", *lines[6:]]))
    dat(archive, 3).write_bytes(b"\x1f\x8b" + bytes(50))
    dat(archive, 4).write_text("\n".join([*lines[:10], "2457000.5 nan inf inf nan", *lines[10:], "2457001.5 12"]))
    dat(archive, 5).write_text("\n".join(lines[:3]))
    (archive["lightcurves"] / "README").write_text("fetched in May\n")
    status, output, _ = build()
    assert status == 0
    unread = report(build, "unreadable light-curve file").set_index("source_id")["detail"]
    assert "is empty" in unread[ids[0]]
    assert "row 1: 4 columns" in unread[ids[1]]
    assert "damaged or truncated gzip" in unread[ids[3]]
    assert "README is of no archive" in unread[""]
    text = report(build, "text where a number belongs").iloc[0]
    assert (text["file"], text["row"], text["source_id"]) == (dat(archive, 2).name, "4", ids[2])
    assert text["detail"] == "column flux has 'bright'"
    assert report(build, "brightness not finite")["row"].to_list() == ["9"]
    assert report(build, "row of another length")["row"].to_list() == [str(len(lines))]
    assert report(build, "curve of one epoch")["source_id"].to_list() == [ids[5]]
    survey = Survey.open(build.out)
    assert survey.present("photometry").sum() == 12 - 4  # 0, 1, 3 and 5
    assert len(survey) == 12
    assert "fault: unreadable light-curve file: 4 (left out; first: " in output


def test_strict_refuses_faults_and_not_what_is_as_it_should_be(build, archive):
    dat(archive, 0).unlink()  # a source without a light curve is no fault
    assert build("--strict", "--classes", "EW,RRAB,SR,ROT")[0] == 0
    dat(archive, 1).write_text("")
    status, _, error = build("--strict")
    assert status == 2
    assert "unreadable light-curve file: 1" in error
    assert "--strict refuses 1 faults" in error


def test_broken_spectra_are_left_out_and_named(build, archive):
    ids = names(archive)
    files = sorted(archive["spectra"].rglob("*.fits.gz"))
    files[0].write_bytes(files[0].read_bytes()[:5000])
    files[1].write_bytes(b"no gzip, whatever the name says")
    files[2].unlink()
    shutil.copy(files[4], files[3])  # another star's spectrum under this name is not told from it here
    assert build()[0] == 0
    unread = report(build, "unreadable spectrum file").set_index("source_id")["detail"]
    assert "damaged or truncated gzip" in unread[ids[0]]
    assert "no FITS file" in unread[ids[1]]
    missing = report(build, "spectrum file missing")
    assert missing["source_id"].to_list() == [ids[2]]
    assert missing["detail"][0] == "spec-55859-F5902_sp01-003.fits is not in spectra"
    assert Survey.open(build.out).present("spectra").sum() == 9


def test_a_broken_catalogue_loses_rows_and_not_the_build(build, archive):
    table = pd.read_csv(archive["catalogue.csv"], dtype=str)
    ids = table["asassn_name"].to_list()
    table.loc[0, "phot_g_mean_mag"] = "bright"
    table.loc[1, "dej2000"] = "95.0"
    table.loc[2, "raj2000"] = ""
    table.loc[3, "parallax"] = "inf"
    table.loc[4, "period"] = "-1"
    pd.concat([table.iloc[:1], table]).to_csv(archive["catalogue.csv"], index=False)  # row 2 repeats row 1
    assert build()[0] == 0
    found = {
        "source_id stands twice": [("2", ids[0])],
        "text in a numeric column": [("1", ids[0])],
        "coordinates missing or out of range": [("3", ids[1]), ("4", ids[2])],
        "catalogue value infinite": [("5", ids[3])],
        "catalogue period not positive": [("6", ids[4])],
    }
    # the first of two equal rows stays: its text is that of row 1
    for kind, expected in found.items():
        rows = report(build, kind)
        assert list(zip(rows["row"], rows["source_id"], strict=True)) == expected, kind
    survey = Survey.open(build.out)
    assert np.isnan(survey.source(ids[0]).catalogue["phot_g_mean_mag"] or np.nan)
    assert survey.source(ids[1]).observations.keys() == {"photometry", "metadata"}


def test_spectra_with_impossible_coordinates_are_listed(build, archive):
    lamost = pd.read_csv(archive["lamost.csv"], sep="|")
    lamost.loc[3, "dec"] = -95
    lamost.to_csv(archive["lamost.csv"], sep="|", index=False)
    assert build()[0] == 0
    rows = report(build, "spectrum with coordinates missing or out of range")
    assert (rows["row"].to_list(), rows["detail"].to_list()) == (["4"], ["obsid 101003"])


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        ("catalogue.csv", "breaks off in its last row"),
        ("no names", "no column for source_id"),
        ("lamost.csv", "has no column lmjd"),
        ("spectra", "holds no LAMOST spectrum"),
        ("lightcurves", "holds no file"),
        ("strangers", "no usable light curve of any source"),
        ("zip", "neither a folder nor a zip"),
        ("absent", "does not exist"),
        ("unreadable", "none of 12 files can be read; the first: "),
    ],
)
def test_structural_faults_are_one_sentence(build, archive, tmp_path, breaks, words):
    paths = {}
    empty = tmp_path / "empty"
    empty.mkdir()
    if breaks == "catalogue.csv":
        archive[breaks].write_text(archive[breaks].read_text()[:-60])
    elif breaks == "no names":
        table = pd.read_csv(archive["catalogue.csv"]).drop(columns=["asassn_name", "edr3_source_id"])
        table.to_csv(archive["catalogue.csv"], index=False)
    elif breaks == "lamost.csv":
        pd.read_csv(archive[breaks], sep="|").drop(columns="lmjd").to_csv(archive[breaks], index=False)
    elif breaks in ("spectra", "lightcurves"):
        paths = {breaks: empty}
    elif breaks == "strangers":
        for number, file in enumerate(archive["lightcurves"].iterdir()):
            file.rename(file.with_name(f"{number}.dat"))
    elif breaks == "zip":
        (tmp_path / "lc.zip").write_bytes(b"PK\x03\x04" + bytes(100))
        paths = {"lightcurves": tmp_path / "lc.zip"}
    elif breaks == "absent":
        paths = {"lightcurves": tmp_path / "nowhere"}
    else:
        for file in archive["lightcurves"].iterdir():
            file.write_text("no light curve\n")
    status, _, error = build(**paths)
    assert status == 2
    assert words in error


def test_names_in_a_zip_are_text_and_never_paths(build, archive, tmp_path):
    packed = tmp_path / "lc.zip"
    good = dat(archive, 0)
    with zipfile.ZipFile(packed, "w") as archived:
        for name in ("../outside.dat", "/etc/absolute.dat", "C:\\windows.dat", "a/../../b.dat", "..\\c.dat"):
            archived.writestr(name, good.read_bytes())
        archived.writestr("nulXX.dat", good.read_bytes())
        archived.writestr("__MACOSX/._x.dat", b"resource fork")
        archived.write(good, good.name)
        archived.writestr(f"new\nline/{dat(archive, 1).name}", dat(archive, 1).read_bytes())
    content = packed.read_bytes().replace(b"nulXX.dat", b"nul\0X.dat")
    packed.write_bytes(content)
    before = {path for path in tmp_path.rglob("*") if "out" not in path.parts}
    status, output, _ = build(lightcurves=packed)
    assert status == 0
    refused = report(build, "unsafe name in the zip")
    assert len(refused) == 6
    assert "../outside.dat" in set(refused["file"])
    assert "unsafe name in the zip: 6" in output
    assert {path for path in tmp_path.rglob("*") if "out" not in path.parts} == before
    assert Survey.open(build.out).present("photometry").sum() == 2


def test_damaged_and_encrypted_entries_of_a_zip_are_left_out(build, archive, tmp_path):
    packed = tmp_path / "lc.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archived:
        for number in range(3):
            archived.write(dat(archive, number), dat(archive, number).name)
    content = bytearray(packed.read_bytes())
    place = content.find(b"2457", 200)
    content[place] ^= 1  # the checksum of the first no longer fits
    # the flag 'encrypted' of the third, in its own header and in the directory
    name = dat(archive, 2).name.encode()
    for magic, offset in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
        start = content.find(magic + content[content.find(name) - offset + 4 :][:0])
        while content[start + offset : start + offset + len(name)] != name:
            start = content.find(magic, start + 1)
        content[start + (6 if offset == 30 else 8)] |= 1
    packed.write_bytes(content)
    assert build(lightcurves=packed)[0] == 0
    details = report(build, "unreadable light-curve file")["detail"].to_list()
    assert any("CRC" in detail for detail in details)
    assert any("encrypted" in detail for detail in details)
    assert Survey.open(build.out).present("photometry").sum() == 1


def test_files_that_may_not_be_read_are_named_and_the_rest_is_built(run):
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are for root alone
        folder = Path(place)
        folder.chmod(0o777)
        archive = made_archive(folder / "archive", 6)
        dat(archive, 0).chmod(0)
        (archive["lightcurves"] / "closed").mkdir(mode=0)
        words = ["--catalogue", archive["catalogue.csv"], "--lightcurves", archive["lightcurves"]]
        with as_nobody():
            assert run("build", *words, "--out", folder / "survey")[0] == 0
            table = pd.read_csv(folder / "survey" / "report.csv").set_index("fault")
            refused = run("build", *words, "--out", archive["lightcurves"] / "survey")
        assert "may not be read by this user" in table["detail"]["unreadable light-curve file"]
        assert table["file"]["unreadable folder"] == "closed"
        assert refused[0] == 2
        assert "Permission denied" in refused[2]
        archive["catalogue.csv"].chmod(0)
        with as_nobody():
            status, _, error = run("build", *words, "--out", folder / "another")
        assert status == 2
        assert "catalogue.csv may not be read" in error


def test_a_full_disk_is_one_sentence_and_what_was_done_is_used_again(run, archive, small_disk, tmp_path):
    disk = small_disk("300k")
    words = ["--catalogue", archive["catalogue.csv"], "--lightcurves", archive["lightcurves"]]
    words += ["--spectra", archive["spectra"], "--spectra-catalogue", archive["lamost.csv"]]
    status, _, error = run("build", *words, "--out", disk / "survey")
    assert status == 2
    assert "No space left on device" in error
    assert not (disk / "survey").exists()
    assert not list(disk.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
    assert run("build", *words, "--out", disk / "survey")[0] == 0
    assert run("build", *words, "--out", tmp_path / "survey")[0] == 0
    assert Survey.open(disk / "survey").hash == Survey.open(tmp_path / "survey").hash
    assert sorted(path.name for path in disk.iterdir()) == ["survey"]
