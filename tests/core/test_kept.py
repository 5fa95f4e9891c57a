"""What was measured of a survey is kept beside it, whole, and read instead of measured again."""

import pandas as pd
import pytest

from m3core.embeddings.kept import Embeddings
from m3core.label_issues import table as label_table
from m3core.outliers import store
from m3core.survey import kept_folder, kept_table
from tests.app.conftest import make_run
from tests.conftest import make_survey

TABLE = pd.DataFrame({"x": [1.0, float("nan")]}, index=pd.Index(["a", "b"], name="source_id"))


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return make_survey(tmp_path_factory.mktemp("kept") / "survey", n=60)


def never(*_, **__):
    raise AssertionError("measured again")


def test_a_table_is_made_once(survey):
    pd.testing.assert_frame_equal(kept_table(survey, "numbers", 1, lambda: TABLE), TABLE)
    pd.testing.assert_frame_equal(kept_table(survey, "numbers", 1, never), TABLE)
    other = kept_table(survey, "numbers", 2, lambda: TABLE + 1)
    pd.testing.assert_frame_equal(other, TABLE + 1)


def test_a_broken_file_is_made_anew_and_a_place_without_permission_is_no_fault(survey, monkeypatch):
    kept_table(survey, "broken", 1, lambda: TABLE)
    place = kept_folder(survey) / "broken-1.parquet"
    place.write_bytes(place.read_bytes()[:40])
    pd.testing.assert_frame_equal(kept_table(survey, "broken", 1, lambda: TABLE), TABLE)
    pd.testing.assert_frame_equal(kept_table(survey, "broken", 1, never), TABLE)

    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("m3core.survey.kept.replaced_file", refused)
    pd.testing.assert_frame_equal(kept_table(survey, "refused", 1, lambda: TABLE), TABLE)


def test_another_run_measures_nothing_again(survey, tmp_path, monkeypatch):
    """Outliers and suspects of a second run: its embeddings are asked, the light curves are not."""
    first, second = make_run(tmp_path / "first", survey), make_run(tmp_path / "second", survey, seed=7)
    found, _ = store.have_outliers(first, survey, Embeddings.open(first, survey))
    listed = label_table.suspects(first, survey, Embeddings.open(first, survey))
    monkeypatch.setattr(store, "find_evidence", never)
    monkeypatch.setattr("m3core.light_curve.features.feature_table", never)
    monkeypatch.setattr(label_table, "check_sources", never)
    again, is_new = store.have_outliers(second, survey, Embeddings.open(second, survey))
    assert is_new
    assert again.sentences == found.sentences
    pd.testing.assert_series_equal(again.scores["score"], found.scores["score"])
    assert not again.scores["cosine_disagreement"].equals(found.scores["cosine_disagreement"])
    others = label_table.suspects(second, survey, Embeddings.open(second, survey)).table
    columns = ["source_id", "period", "period_best", "share_best"]
    pd.testing.assert_frame_equal(
        others[columns].sort_values("source_id", ignore_index=True),
        listed.table[columns].sort_values("source_id", ignore_index=True),
    )
