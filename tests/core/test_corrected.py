"""A corrected survey: labels and periods as decided, everything else the same bytes, the old one untouched."""

import pandas as pd
import pytest

from m3core.errors import M3Error, SurveyError
from m3core.files import sha256_file
from m3core.survey import Correction, Survey, corrections_table, write_corrected
from tests.conftest import make_survey


def test_what_is_decided_changes_and_nothing_else(tmp_path):
    survey = make_survey(tmp_path / "survey")
    before = {path.name: sha256_file(path) for path in survey.path.iterdir()}
    decided = [
        Correction("s000", "label", "Mira"), Correction("s001", "label", "SR"), Correction("s003", "label", "RRAB"),
        Correction("s001", "period", "0.4321"), Correction("s001", "m3_period_fold", "0.4321"),
    ]  # fmt: skip
    made = write_corrected(survey, tmp_path / "new", decided)
    made.verify()
    old, new = survey.sources, made.sources
    assert list(new.loc[["s000", "s001", "s003"], "label"]) == ["Mira", "SR", "RRAB"]
    assert (new.loc["s001", "period"], new.loc["s001", "m3_period_fold"]) == (0.4321, 0.4321)
    differ = (old != new) & ~(old.isna() & new.isna())
    assert differ.to_numpy().sum() == 4, "s003 bore its label already"
    assert made.classes == ("Mira", "RRAB", "SR")
    assert made.manifest.counts["by_label"] == {"Mira": 1, "RRAB": 29, "SR": 30}
    assert made.manifest.split == survey.manifest.split
    assert made.hash != survey.hash
    assert made.manifest.provenance["corrected_from"] == survey.hash
    assert made.manifest.provenance["corrected"] == {"label": 2, "m3_period_fold": 1, "period": 1}
    listed = pd.read_csv(made.path / "corrections.csv", dtype=str)
    assert list(listed.iloc[0]) == ["s000", "label", "SR", "Mira"]
    assert len(listed) == 4
    for name in ("g.arrow", "r.arrow"):
        assert sha256_file(made.path / name) == before[name]
    assert {path.name: sha256_file(path) for path in survey.path.iterdir()} == before
    again = write_corrected(survey, tmp_path / "again", decided)
    assert sha256_file(again.path / "survey.json") == sha256_file(made.path / "survey.json")
    assert Survey.open(made.path).source("s001").observations["g"]["columns"][0] == 0.4321


def test_what_cannot_be_corrected(tmp_path):
    survey = make_survey(tmp_path / "survey", n=20)
    with pytest.raises(SurveyError, match="nothing to correct"):
        write_corrected(survey, tmp_path / "new", [Correction("s001", "label", "RRAB")])
    with pytest.raises(SurveyError, match=r"source s001: the period 'soon' is not a positive number"):
        corrections_table(survey, [Correction("s001", "period", "soon")])
    with pytest.raises(SurveyError):
        corrections_table(survey, [Correction("nobody", "label", "SR")])
    assert not (tmp_path / "new").exists()
    (tmp_path / "taken").mkdir()
    with pytest.raises(M3Error, match="exists already"):
        write_corrected(survey, tmp_path / "taken", [Correction("s001", "label", "SR")])
