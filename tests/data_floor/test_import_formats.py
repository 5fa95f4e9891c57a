"""One survey from four formats."""

import gzip
import shutil

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from data.tables import read_table
from m3core.errors import SurveyError


def _write(table, path):
    if path.name.endswith(".parquet"):
        table.to_parquet(path)
    elif path.name.endswith(".csv"):
        table.to_csv(path, index=False)
    else:
        columns = {
            name: np.ma.masked_array(values.fillna("").to_numpy(str), values.isna().to_numpy())
            if values.dtype.kind not in "if"
            else values.to_numpy()
            for name, values in table.items()
        }
        made = Table(columns)
        if "ra" in made.colnames:
            made["ra"].unit = "deg"
            made["colour"].description = "g minus r"
        made.write(path, format="fits" if path.name.endswith(".fits") else "votable")
    return path


@pytest.mark.parametrize("ending", ["parquet", "fits", "vot"])
def test_every_format_gives_the_same_survey_as_csv(importer, catalogue, photometry, tmp_path, ending):
    expected = importer.survey(catalogue, photometry)
    paths = [_write(table, tmp_path / f"{name}.{ending}") for name, table in (("c", catalogue), ("p", photometry))]
    survey = importer.survey(*paths)
    pd.testing.assert_frame_equal(survey.sources, expected.sources, check_dtype=False)
    assert list(survey.modalities) == list(expected.modalities) == ["g", "r", "metadata"]
    assert survey.modalities["metadata"].columns == ("period", "colour", "epochs")
    for source_id in expected.source_ids:
        for name in ("g", "r"):
            ours, theirs = (s.source(source_id).observations[name] for s in (survey, expected))
            for field in ("time", "mag", "error"):
                np.testing.assert_allclose(ours[field], theirs[field], rtol=1e-12)


def test_fits_keeps_units_and_descriptions(importer, catalogue, photometry, tmp_path):
    survey = importer.survey(_write(catalogue, tmp_path / "c.fits"), photometry)
    assert survey.manifest.columns["ra"].unit == "deg"
    survey = importer.survey(_write(catalogue, tmp_path / "c.vot"), photometry)
    assert survey.manifest.columns["colour"].description == "g minus r"


def test_a_unit_that_is_not_ours_is_refused(importer, catalogue, photometry, tmp_path):
    made = Table.from_pandas(photometry)
    for unit, words in (("d", None), ("s", "column 'mjd' is in s: convert it to d")):
        made["mjd"].unit = unit
        made.write(tmp_path / "p.fits", overwrite=True)
        if words is None:
            assert importer.plan(catalogue, tmp_path / "p.fits").curves["g"].lengths.sum() == 360
        else:
            with pytest.raises(SurveyError, match=words):
                importer.plan(catalogue, tmp_path / "p.fits")


@pytest.mark.parametrize("ending", ["csv", "parquet", "fits", "vot"])
def test_gzip_and_any_file_name(catalogue, tmp_path, ending):
    plain = _write(catalogue, tmp_path / f"c.{ending}")
    packed = tmp_path / "packed.dat"
    with plain.open("rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    frame = read_table(packed, lambda names: ["source_id"]).frame
    assert list(frame.columns) == list(catalogue.columns)
    assert [str(value) for value in frame["source_id"]] == list(catalogue["source_id"])


@pytest.mark.parametrize("ending", ["csv", "parquet", "fits", "vot"])
def test_truncated_file_is_one_sentence_with_its_name(photometry, tmp_path, ending):
    path = _write(photometry, tmp_path / f"p.{ending}")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 3 if ending != "csv" else len(whole) - 20])
    with pytest.raises(SurveyError, match=rf"^p\.{ending}.*\.$") as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


def test_truncated_gzip(tmp_path, photometry):
    path = tmp_path / "p.csv.gz"
    photometry.to_csv(path, index=False)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SurveyError, match=r"p\.csv\.gz is a damaged or truncated gzip file"):
        read_table(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"source_id,ra\n", "has no rows"),
        ("a.parquet", b"source_id,ra\n1,2\n", "no CSV, parquet, FITS or VOTable"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0", "no CSV, parquet, FITS or VOTable"),
        ("a.csv", b"source_id,ra,ra\n1,2,3\n", "more than one column called 'ra'"),
        ("a.csv", b"source_id,ra\n1,2\n2,3,4\n3,4\n", "row 2: 3 fields where the header has 2"),
        ("a.csv", b"source_id,ra\n1,2\n2", "1 of 2 fields"),
        ("a.csv", "source_id,ra\nä,2\n".encode("latin-1"), "UTF-8"),
        ("a.xml", b"<?xml version='1.0'?><note>no table</note>", "a.xml"),
    ],
)
def test_files_that_are_no_tables(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SurveyError, match=words):
        read_table(tmp_path / name)


def test_absent_file(tmp_path):
    with pytest.raises(SurveyError, match=r"no_such\.csv does not exist"):
        read_table(tmp_path / "no_such.csv")


def test_other_separators(tmp_path):
    for separator in (";", "\t", "|"):
        (tmp_path / "a.csv").write_text(separator.join(["id", "ra"]) + "\n" + separator.join(["007", "2.5"]) + "\n")
        frame = read_table(tmp_path / "a.csv", lambda names: ["id"]).frame
        assert list(frame.columns) == ["id", "ra"]
        assert frame["id"][0] == "007"
        assert frame["ra"][0] == 2.5
