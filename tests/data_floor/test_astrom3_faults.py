"""import-astrom3 on files that are wrong: a sentence and no folder, or counted in report.csv and the rest imported."""

import os
import subprocess

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.astrom3 import Options, plan, write
from data.report import KINDS
from m3core.columns import METADATA_COLUMNS
from m3core.errors import ConfigError, SurveyError
from tests.data_floor.astrom3_files import schema, star, write_config, write_rows

FIRST = "full_42/train-00000-of-00002.parquet"


def refused(folder, **options) -> str:
    """The one sentence with which the folder is refused."""
    with pytest.raises((SurveyError, ConfigError)) as fault:
        plan(Options(source=str(folder), **options))
    sentence = str(fault.value)
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def published(tmp_path):
    return write_config(tmp_path / "set")


# Files that are missing or damaged


def test_a_truncated_file_is_named(published):
    path = published / FIRST
    path.write_bytes(path.read_bytes()[:-4000])
    assert f"{FIRST} is damaged or was not fetched to its end" in refused(published)


def test_damage_inside_a_file_is_named_and_nothing_stays(published, tmp_path):
    made = plan(Options(source=str(published)))
    content = bytearray((published / FIRST).read_bytes())
    content[len(content) // 3 : len(content) // 2] = b"\xff" * (len(content) // 2 - len(content) // 3)
    (published / FIRST).write_bytes(content)
    assert f"{FIRST} is damaged" in refused(published)
    with pytest.raises(SurveyError, match="is damaged"):  # between plan and write
        write(made, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_text_instead_of_parquet(published):
    (published / FIRST).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert f"{FIRST} is damaged" in refused(published)


def test_a_missing_split_and_a_missing_file_of_one(published):
    (published / FIRST).unlink()
    assert "train has 1 of 2 files, number 00000 is missing" in refused(published)
    (published / "full_42" / "validation-00000-of-00001.parquet").unlink()
    assert "has no file of the split validation of full_42" in refused(published)


def test_two_exports_of_a_split_are_not_joined(published):
    write_rows(published / "full_42" / "test-00000-of-00003.parquet", [star(99)])
    assert "two exports of test" in refused(published)
    (published / "full_42" / "test-00000-of-00003.parquet").unlink()
    write_rows(published / "copy" / "full_42" / "test-00000-of-00001.parquet", [star(99)])
    assert "files of test in copy/full_42 and in full_42, as if copied twice" in refused(published)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("sub10_42", "has no configuration sub10_42; it has full_42"),
        ("full_43", "the published configurations are full, sub50, sub25, sub10, each with a seed of 42, 0, 66, 12"),
        ("../full_42", "the published configurations are"),
        ("full_42_norm", "take --config full_42"),
    ],
)
def test_a_configuration_that_is_not_there(published, config, says):
    assert says in refused(published, config=config)


def test_a_folder_that_holds_nothing_and_one_that_is_none(tmp_path):
    assert "has no parquet file of a split" in refused(tmp_path)
    assert "is no folder" in refused(tmp_path / "nowhere")


def test_an_existing_output_is_refused_before_any_reading(published, tmp_path, run):
    (tmp_path / "out").mkdir()
    status, out, err = run("import-astrom3", "--source", published, "--out", tmp_path / "out")
    assert (status, out) == (2, "")
    assert "exists already" in err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_dry_run_writes_nothing(published, tmp_path, run):
    status, out, _ = run("import-astrom3", "--source", published, "--out", tmp_path / "out", "--dry-run")
    assert status == 0
    assert "27 stars in 4 files" in out
    assert "dry run: nothing is written." in out
    assert not (tmp_path / "out").exists()


def test_a_stop_leaves_nothing(published, tmp_path):
    def stop(fraction, sentence):
        if fraction > 0.5:
            raise KeyboardInterrupt

    made = plan(Options(source=str(published)))
    with pytest.raises(KeyboardInterrupt):
        write(made, tmp_path / "out", stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system, and not everywhere")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(published, tiny_disk, run):
    status, _, err = run("import-astrom3", "--source", published, "--out", tiny_disk / "out")
    assert status == 2
    assert "No space left" in err.splitlines()[-1]
    assert list(tiny_disk.iterdir()) == []


# Contents that are not those of the published set


def test_standardised_values_are_recognised_by_their_content(tmp_path):
    def edit(splits):
        rows = [row["metadata"]["meta_cols"] for rows in splits.values() for row in rows]
        for name in METADATA_COLUMNS:
            values = np.array([row[name] for row in rows]) + np.random.default_rng(1).normal(size=len(rows))
            for row, value in zip(rows, (values - values.mean()) / values.std(), strict=True):
                row[name] = float(value)

    assert "these are standardised values" in refused(write_config(tmp_path, edit=edit))


def test_inputs_of_the_published_network_are_recognised(tmp_path):
    def nine(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["photometry"] = [[*point, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6] for point in row["photometry"]]

    assert "the inputs of the published network" in refused(write_config(tmp_path / "nine", edit=nine))
    kind = pa.schema([*list(schema())[:2], pa.field("metadata", pa.list_(pa.float32())), list(schema())[3]])
    for split in ("train", "validation", "test"):
        write_rows(tmp_path / "flat" / "full_42" / f"{split}.parquet", [{**star(1), "metadata": [0.0] * 34}], kind)
    assert "the inputs of the published network" in refused(tmp_path / "flat")


def test_a_column_that_one_file_lacks(published):
    rows = [{name: value for name, value in star(90).items() if name != "spectra"}]
    write_rows(published / "full_42" / "test-00000-of-00001.parquet", rows, schema().remove(1))
    assert "test-00000-of-00001.parquet has the columns photometry, metadata, label, other than" in refused(published)


def test_columns_that_all_files_lack_are_said(tmp_path):
    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            del row["metadata"]["photo_cols"]["rfr_score"], row["metadata"]["meta_cols"]["w4_mag"]

    flat = schema()
    meta, photo = (flat.field("metadata").type.field(name).type for name in ("meta_cols", "photo_cols"))
    metadata = pa.struct(
        [
            ("meta_cols", pa.struct([part for part in meta if part.name != "w4_mag"])),
            ("photo_cols", pa.struct([part for part in photo if part.name != "rfr_score"])),
        ]
    )
    kind = pa.schema([flat.field(0), flat.field(1), pa.field("metadata", metadata), flat.field(3)])
    made = plan(Options(source=str(write_config(tmp_path / "set", edit=edit, kind=kind))))
    survey = write(made, tmp_path / "out")
    assert any("the files lack w4_mag, rfr_score" in note for note in made.notes)
    assert len(survey.modalities["metadata"].columns) == 33
    assert survey.modalities["photometry"].settings["auxiliaries"] == 3


def test_no_spectra_at_all_is_a_survey_of_two(tmp_path):
    for number, split in enumerate(("train", "validation", "test")):
        rows = [{name: value for name, value in star(number).items() if name != "spectra"}]
        write_rows(tmp_path / "set" / "full_42" / f"{split}.parquet", rows, schema().remove(1))
    made = plan(Options(source=str(tmp_path / "set")))
    assert "the files have no column spectra: the survey lacks it." in made.notes
    assert list(write(made, tmp_path / "out").modalities) == ["photometry", "metadata"]


def test_a_file_without_any_light_curve(published):
    kind = schema(photometry=pa.null())
    rows = [{**star(number), "photometry": None} for number in (90, 91)]
    write_rows(published / "full_42" / "test-00000-of-00001.parquet", rows, kind)
    made = plan(Options(source=str(published)))
    assert list(made.lengths["photometry"][-2:]) == [0, 0]
    assert made.report.counts == {"star without photometry": 2}


def test_another_table_altogether(tmp_path):
    for split in ("train", "validation", "test"):
        (tmp_path / "full_42").mkdir(exist_ok=True)
        pq.write_table(pa.table({"text": ["a"], "stars": [5]}), tmp_path / "full_42" / f"{split}.parquet")
    assert "has neither photometry nor spectra but text, stars" in refused(tmp_path)


def test_text_in_a_list_is_named_with_its_row(tmp_path):
    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["photometry"] = [[str(value) for value in point] for point in row["photometry"]]
        splits["train"][5]["photometry"][3][1] = "bad<b>"

    kind = schema(photometry=pa.list_(pa.list_(pa.string())))
    sentence = refused(write_config(tmp_path, edit=edit, kind=kind))
    assert sentence.startswith(f"{FIRST}, row 6: photometry holds 'bad<b>' where a number belongs")


# Rows and stars


def _broken(splits):
    """One fault of every kind in the training rows, each at a row of its own."""
    rows = splits["train"]
    rows[0]["photometry"] = []
    rows[1]["photometry"] = rows[1]["photometry"][:1]
    rows[2]["photometry"] = [[time, 5.0, error] for time, _, error in rows[2]["photometry"]]
    points = rows[3]["photometry"]
    points[0][0], points[1][1], points[2][2], points[3][2] = float("nan"), float("inf"), float("nan"), 0.0
    points.append(list(points[10]))
    rows[4]["photometry"] = rows[4]["photometry"][::-1]
    rows[5]["photometry"] = None
    rows[6]["photometry"][2] = [1.0]
    rows[7]["spectra"] = None
    rows[8]["spectra"] = [[wavelength, flux, 0.0] for wavelength, flux, _ in rows[8]["spectra"]]
    rows[9]["spectra"][4][1] = float("nan")
    rows[9]["spectra"][5][2] = None
    rows[10]["spectra"] = rows[10]["spectra"][::-1]
    rows[11]["spectra"] = [[wavelength / 10, flux, ivar] for wavelength, flux, ivar in rows[11]["spectra"]]
    rows[12]["spectra"][0][0] = float("nan")
    rows[13]["metadata"]["meta_cols"]["w1_mag"] = float("inf")
    rows[13]["metadata"]["photo_cols"]["period"] = -1.0
    rows[13]["metadata"]["meta_cols"]["l"] = 400.0
    rows[13]["label"] = " "
    splits["test"][0] = {**splits["test"][0], "photometry": rows[14]["photometry"]}
    splits["validation"][0] = dict(rows[15])
    rows[12]["photometry"] = rows[14]["photometry"]


EXPECTED = {
    "time not finite": [(3, "observation 1")],
    "brightness not finite": [(3, "observation 2")],
    "error not finite": [(3, "observation 3")],
    "error not positive": [(3, "observation 4")],
    "duplicate row": [(3, "")],
    "curve without a usable row": [(0, "")],
    "curve of one epoch": [(1, "")],
    "constant brightness": [(2, "")],
    "star without photometry": [(5, "")],
    "times not in order": [(4, "")],
    "array of another shape": [(6, "photometry")],
    "star without spectrum": [(7, "")],
    "pixels without a wavelength": [(12, "1 of 300")],
    "wavelengths not in Angstrom": [(11, "370 to 909.9")],
    "wavelengths not in order": [(10, "")],
    "pixels not finite": [(9, "2 of 300")],
    "spectrum without usable pixels": [(8, "every inverse variance is 0")],
    "coordinates missing or out of range": [(13, "")],
    "catalogue value infinite": [(13, "column w1_mag")],
    "catalogue period not positive": [(13, "")],
    "label missing": [(13, "")],
    "source_id stands twice": [(16, "")],
    "same star twice in a split": [(14, "also train")],
    "same star in two splits": [(16, "also train"), (21, "also train")],
}
"""Kind -> row over all files, from 0, and what the detail begins with."""


def test_every_fault_is_listed_and_all_stars_stay(tmp_path):
    made = plan(Options(source=str(write_config(tmp_path / "set", edit=_broken))))
    table = made.report.table
    assert set(table["fault"]) == set(EXPECTED) <= set(KINDS)
    places = list(zip(made.catalogue.files, made.catalogue.rows, strict=True))
    for kind, expected in EXPECTED.items():
        listed = table[table["fault"] == kind]
        rows = [places.index(place) for place in zip(listed["file"], listed["row"], strict=True)]
        assert rows == [row for row, _ in expected], kind
        assert list(listed["source_id"]) == [made.ids[row] for row in rows]
        for (_, beginning), detail in zip(expected, listed["detail"], strict=True):
            assert detail.startswith(beginning), kind
    survey = write(made, tmp_path / "out")
    assert len(survey) == 27
    gone = {"photometry": [0, 1, 2, 5, 6], "spectra": [7, 8, 11]}
    for name, rows in gone.items():
        assert list(np.flatnonzero(~survey.present(name))) == rows
        assert np.array_equal(survey.lengths(name), made.lengths[name])
    assert pd.read_csv(tmp_path / "out" / "report.csv").shape == table.shape
    assert survey.manifest.provenance["faults"] == made.report.counts
    assert any("2 stars stand in more than one split" in note for note in made.notes)


def test_what_is_left_of_a_curve_and_of_a_spectrum(tmp_path):
    survey = write(plan(Options(source=str(write_config(tmp_path / "set", edit=_broken)))), tmp_path / "out")
    curve = survey.observation("photometry", 3)
    assert len(curve["time"]) == len(star(3)["photometry"]) - 3
    assert np.isnan(curve["error"]).sum() == 1
    assert (np.diff(survey.observation("photometry", 4)["time"]) >= 0).all()
    spectrum = survey.observation("spectra", 9)
    assert list(spectrum["ivar"][[4, 5]]) == [0, 0]
    assert np.isfinite(spectrum["flux"]).all()
    assert (np.diff(survey.observation("spectra", 10)["wavelength"]) > 0).all()
    assert len(survey.observation("spectra", 12)["wavelength"]) == 299
    star_13 = survey.source(survey.source_ids[13])
    assert (star_13.label, star_13.catalogue["w1_mag"], star_13.catalogue["period"]) == (None, None, -1.0)
    assert np.isnan(star_13.ra)
    twice = survey.source_ids[16]
    assert twice == f"{survey.source_ids[15]}-2"
    assert survey.source(twice).split == "validation"


def test_strict_refuses(published, tmp_path):
    plan(Options(source=str(published), strict=True))
    sentence = refused(write_config(tmp_path / "broken", edit=_broken), strict=True)
    assert "--strict refuses" in sentence


def test_text_in_a_catalogue_column(tmp_path):
    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["metadata"]["meta_cols"]["w1_mag"] = "12.5"
        splits["train"][2]["metadata"]["meta_cols"]["w1_mag"] = "faint"

    flat = schema()
    meta = [(name, pa.string() if name == "w1_mag" else pa.float64()) for name in METADATA_COLUMNS]
    photo = flat.field("metadata").type.field("photo_cols")
    metadata = pa.struct([pa.field("meta_cols", pa.struct(meta)), photo])
    kind = pa.schema([flat.field(0), flat.field(1), pa.field("metadata", metadata), flat.field(3)])
    sentence = refused(write_config(tmp_path, edit=edit, kind=kind))
    assert sentence.startswith(f"{FIRST}, row 3: w1_mag holds 'faint' where a number belongs")


def test_what_may_not_be_read_is_a_sentence(published, run_as_nobody):
    (published / FIRST).chmod(0)
    assert f"{FIRST} may not be read by this user" in run_as_nobody(published)
    (published / "full_42").chmod(0)
    try:
        assert "full_42 cannot be read (Permission denied)" in run_as_nobody(published)
    finally:
        (published / "full_42").chmod(0o755)


@pytest.fixture
def run_as_nobody(tmp_path):
    """What the import of a folder says to a user without rights (as root nothing is forbidden)."""
    if os.geteuid() == 0:

        def call(folder):
            parents = [tmp_path, *tmp_path.parents][:3]
            modes = [parent.stat().st_mode for parent in parents]
            for parent in parents:
                parent.chmod(0o755)
            os.seteuid(65534)
            try:
                return refused(folder)
            finally:
                os.seteuid(0)
                for parent, mode in zip(parents, modes, strict=True):
                    parent.chmod(mode)

        return call
    return refused
