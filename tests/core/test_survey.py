"""Surveys: written, read, refused."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pytest

from m3core.errors import M3Error, SurveyError
from m3core.manifest import FORMAT_VERSION
from m3core.survey import Survey
from tests.conftest import make_survey


def test_a_source_comes_back_as_it_was_written(survey):
    assert len(survey) == 60
    source = survey.source("s008")
    assert source.label == "SR"
    assert source.split == "train"
    assert set(source.observations) == {"g", "metadata"}  # 8 % 7 == 1: no r
    curve = source.observations["g"]
    assert curve["time"].dtype == np.float64
    assert np.all(np.diff(curve["time"]) > 0)
    assert 20 <= len(curve["mag"]) < 60
    np.testing.assert_array_equal(
        source.observations["metadata"]["columns"], [source.catalogue["period"], source.catalogue["colour"]]
    )
    assert survey.present("r").sum() == 60 - 9
    assert survey.lengths("g")[8] == len(curve["time"])
    assert survey.lengths("g")[7] == 0


def test_arrays_are_views_of_the_file(survey):
    mag = survey.observation("g", 8)["mag"]
    assert not mag.flags.owndata
    assert not mag.flags.writeable


def test_opening_reads_the_manifest_alone(tmp_path, monkeypatch):
    path = make_survey(tmp_path / "s").path
    monkeypatch.setattr(pa, "memory_map", lambda *_: pytest.fail("arrays were opened"))
    monkeypatch.setattr("pyarrow.parquet.read_table", lambda *_: pytest.fail("the table was read"))
    assert len(Survey.open(path)) == 60


def test_the_same_input_gives_the_same_bytes_in_any_folder(tmp_path):
    first, second = make_survey(tmp_path / "a"), make_survey(tmp_path / "b" / "c")
    assert first.hash == second.hash
    for name in ("survey.json", "sources.parquet", "g.arrow", "r.arrow"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()
    assert make_survey(tmp_path / "d", seed=2).hash != first.hash


def test_more_sources_than_a_batch_of_the_file(tmp_path):
    big = make_survey(tmp_path / "big", n=2100)
    again = Survey.open(big.path)
    assert big.present("g").sum() == 2100 - 300
    for row in (0, 1023, 1024, 2047, 2048, 2099):
        expected = None if row % 7 == 0 else big.lengths("g")[row]
        observation = again.observation("g", row)
        assert (None if observation is None else len(observation["time"])) == expected


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda p: (p / "g.arrow").unlink(), "g.arrow is missing"),
        (lambda p: (p / "survey.json").unlink(), "no survey.json"),
        (lambda p: (p / "survey.json").write_text("{"), "not readable JSON"),
        (lambda p: (p / "survey.json").write_text('{"format": "other"}'), "is not a survey"),
    ],
)
def test_a_damaged_survey_is_a_sentence(tmp_path, damage, says):
    path = make_survey(tmp_path / "s", n=10).path
    damage(path)
    with pytest.raises(SurveyError, match=says):
        Survey.open(path)


def test_a_file_cut_short_is_a_sentence(tmp_path):
    path = make_survey(tmp_path / "s", n=10).path
    whole = (path / "g.arrow").read_bytes()
    (path / "g.arrow").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SurveyError, match=r"g\.arrow cannot be read"):
        Survey.open(path).source("s001")


def test_changed_bytes_are_noticed(tmp_path):
    survey = make_survey(tmp_path / "s", n=10)
    survey.verify()
    other = make_survey(tmp_path / "t", n=10, seed=5)
    shutil.copy(other.path / "g.arrow", survey.path / "g.arrow")
    with pytest.raises(SurveyError, match="changed since"):
        Survey.open(survey.path).verify()


def test_a_newer_format_is_refused(tmp_path):
    path = make_survey(tmp_path / "s", n=10).path
    content = json.loads((path / "survey.json").read_text())
    content["format_version"] = FORMAT_VERSION + 1
    (path / "survey.json").write_text(json.dumps(content))
    with pytest.raises(SurveyError, match="format version 2"):
        Survey.open(path)


def test_an_existing_folder_is_never_overwritten(tmp_path):
    make_survey(tmp_path / "s", n=10)
    with pytest.raises(M3Error, match="exists already"):
        make_survey(tmp_path / "s", n=10)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)
    with pytest.raises(OSError, match="No space"):
        make_survey(tmp_path / "s", n=10)
    assert list(tmp_path.iterdir()) == []


def test_unknown_sources_are_a_sentence(survey):
    with pytest.raises(SurveyError, match=r"'\.\./s001' is not in the survey"):
        survey.source("../s001")
