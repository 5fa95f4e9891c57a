"""Hand-made features: known curves, missing modalities, odd curves; and what frozen embeddings say."""

import numpy as np
import pytest

from m3core.experiment.frozen import class_centres, nearest_centre, nearest_neighbour, regression
from m3core.light_curve.features import feature_columns, feature_table
from m3core.survey import Survey
from tests.conftest import make_survey
from tests.train.rewritten import rewritten


@pytest.fixture(scope="module")
def table(survey):
    return feature_table(survey)


def test_a_sinusoid_has_its_amplitude_and_no_harmonics(survey, table):
    assert len(table) == len(survey)
    known = table["g: A1"].dropna()
    assert known.median() == pytest.approx(0.5, abs=0.02)  # tests.conftest draws half a magnitude
    assert table["g: R21"].median() < 0.06
    assert table["g: share explained"].median() > 0.95
    assert table["g: median"].median() == pytest.approx(17, abs=0.2)


def test_a_source_without_the_modality_has_no_feature_of_it(survey, table):
    lacks = ~survey.present("g")
    assert lacks.any()
    own = [name for name in feature_columns(table, survey, "g") if name.startswith("g: ")]
    assert table.loc[lacks, own].isna().all().all()
    assert table.loc[~lacks, own].notna().all().all()
    assert table["period"].notna().all()


def test_columns_of_a_modality(survey, table):
    assert feature_columns(table, survey, "metadata") == ["period", "colour"]
    assert feature_columns(table, survey, "all") == list(table.columns)
    assert "median g - r" in table
    assert not any(name.startswith("r: ") for name in feature_columns(table, survey, "g"))


def test_no_label_and_no_split_is_read(survey, table, tmp_path):
    other = rewritten(survey, tmp_path / "other", sources=lambda found: found.assign(label="RRAB", split="train"))
    assert feature_table(other).equals(table)


@pytest.mark.parametrize(
    ("time", "mag", "error"),
    [
        ([1.0], [17.0], [0.1]),
        ([1.0, 1.0, 1.0], [17.0, 17.1, 17.2], [0.1, 0.1, 0.1]),
        ([1.0, 2.0, 3.0], [17.0, 17.0, 17.0], [np.nan] * 3),
        (list(range(30)), [17.0] * 30, [0.0] * 30),
    ],
    ids=["one", "one time", "no errors", "constant"],
)
def test_odd_curves_have_numbers_or_none(tmp_path, time, mag, error):
    base = make_survey(tmp_path / "base", n=20, missing=False)
    from m3core.survey import write_survey

    curve = {"time": np.array(time, float), "mag": np.array(mag), "error": np.array(error)}
    specs = [base.modalities["g"], base.modalities["metadata"]]
    odd = write_survey(
        tmp_path / "odd", sources=base.sources.reset_index(), modalities=specs, arrays={"g": [curve] * 20},
        split=base.manifest.split, provenance={},
    )  # fmt: skip
    found = feature_table(Survey.open(odd.path))
    assert len(found) == 20
    assert not np.isinf(found.to_numpy()).any()
    if len(set(time)) > 1:
        assert (found["g: median"] == 17.0).all()


VECTORS = np.array([[1, 0], [0.8, 0.6], [0, 1], [0.6, 0.8], [np.nan, np.nan], [0.96, 0.28]], np.float32)
TRUTH = np.array([0, 0, 1, 1, 0, -1])
TRAIN, NONE = np.array([0, 1, 2, 3, 4]), np.array([], int)


def test_centres_by_hand():
    centres = class_centres(VECTORS[:4], TRUTH[:4], 3)
    np.testing.assert_allclose(centres[0], np.array([0.9, 0.3]) / np.hypot(0.9, 0.3), rtol=1e-6)
    assert np.isnan(centres[2]).all()


@pytest.mark.parametrize("read", [nearest_centre, nearest_neighbour, regression])
def test_readouts_answer_where_there_is_an_embedding(read):
    guess = read(VECTORS, TRUTH, TRAIN, NONE, 2)
    assert guess.tolist() == [0, 0, 1, 1, -1, 0]
    hidden = np.where(np.arange(6) == 5, 1, TRUTH)  # the label of a star that is not trained on says nothing
    assert read(VECTORS, hidden, TRAIN, NONE, 2).tolist() == guess.tolist()
