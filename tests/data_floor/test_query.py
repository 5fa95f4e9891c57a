"""A star that is in no survey: what is read of its files, and that a survey's own star, uploaded, is itself."""

import gzip

import numpy as np
import pandas as pd
import pytest

from data.query import Curve, is_curve, is_row, is_spectrum, read_curves, read_row, read_spectrum, star_of
from m3core.checkpoint.loading import load_checkpoint
from m3core.embeddings.kept import Embeddings
from m3core.errors import CheckpointError, SurveyError
from m3core.similarity.query import embed_source
from m3core.similarity.search import find_similar, query_of_vectors
from tests.app.conftest import make_run
from tests.astrom3_survey import make_astrom3_survey
from tests.conftest import SHARED, needs_shared
from tests.data_floor.archive_files import curve, lamost_cards, spectrum, write_dat, write_lamost

COLUMNS = ("period", "colour")


def csv(frame):
    return frame.to_csv(index=False).encode()


@pytest.fixture(scope="module")
def observed():
    rng = np.random.default_rng(2)
    return pd.DataFrame({"time": rng.uniform(0, 90, 40), "mag": rng.normal(15, 1, 40), "magerr": 0.1})


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A survey in AstroM3's layout with a run of random weights."""
    root = tmp_path_factory.mktemp("query")
    survey = make_astrom3_survey(root / "survey")
    return survey, make_run(root / "run", survey)


def test_one_band_without_ids(observed):
    found = read_curves("star.csv", gzip.compress(csv(observed)), "mag").content
    assert list(found) == ["photometry"]
    order = np.argsort(observed["time"])
    np.testing.assert_allclose(found["photometry"].time, observed["time"].to_numpy()[order])
    np.testing.assert_allclose(found["photometry"].value, observed["mag"].to_numpy()[order])
    np.testing.assert_allclose(found["photometry"].error, 0.1)


def test_several_bands_and_stars_and_bad_rows(observed):
    many = pd.concat([observed.assign(id=star, filter=band) for star in ("a", "b") for band in ("g", "r")])
    many.iloc[3, many.columns.get_loc("mag")] = np.nan
    with pytest.raises(SurveyError, match=r"holds 2 stars \(a, b\): say which"):
        read_curves("field.csv", csv(many), "mag")
    with pytest.raises(SurveyError, match="no star 'c'"):
        read_curves("field.csv", csv(many), "mag", "c")
    found = read_curves("field.csv", csv(many), "mag", "a")
    assert {band: len(one.time) for band, one in found.content.items()} == {"g": 39, "r": 40}
    assert "1 of 160 rows are not usable" in found.notes[0]
    assert "a was taken" in found.notes[1]


def test_a_file_of_an_archive(tmp_path):
    rows = curve(0.7, 13.0)
    write_dat(tmp_path / "star.dat", rows)
    content = (tmp_path / "star.dat").read_bytes()
    for value in ("flux", "mag"):
        found = read_curves("star.dat", content, value)
        one = next(iter(found.content.values()))
        np.testing.assert_allclose(one.value, rows[value])
        assert "ASAS-SN" in found.notes[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"time,flux\n1,2\n2,3\n3,1\n", "has flux, the survey's light curves are mag"),
        (b"time,mag\n1,x\n2,3\n", "has the text 'x'"),
        (b"a,b\n1,2\n", "no column for time"),
        (b"\x1f\x8b123", "damaged or truncated gzip"),
        (b"time,mag\n1,15\n", "no usable light curve"),
    ],
)
def test_a_bad_light_curve_is_a_sentence(content, words):
    with pytest.raises(SurveyError) as caught:
        read_curves("mine.csv", content, "mag")
    assert words in str(caught.value)
    assert "mine.csv" in str(caught.value)


@pytest.mark.parametrize("layout", ["image", "table"])
def test_a_lamost_spectrum_in_both_layouts(tmp_path, layout, published):
    rows = spectrum(3)
    write_lamost(tmp_path / "s.fits", rows, lamost_cards(10, 20), layout)
    spec = published[0].modalities["spectra"]
    found = read_spectrum("s.fits", (tmp_path / "s.fits").read_bytes(), spec)
    np.testing.assert_allclose(found.content["wavelength"], rows["WAVELENGTH"], rtol=1e-6)
    np.testing.assert_allclose(found.content["flux"], rows["FLUX"])
    assert (found.content["ivar"] == 0).sum() == 15
    assert "15 of 3,908 pixels are masked" in found.notes[0]
    air = spec.model_copy(update={"settings": {"medium": "air"}})
    assert any("in vacuum, the survey's are in air" in note for note in read_spectrum("s.fits", (
        tmp_path / "s.fits").read_bytes(), air).notes)  # fmt: skip
    with pytest.raises(SurveyError, match="no FITS file"):
        read_spectrum("s.fits", b"hello", spec)


@needs_shared
def test_real_lamost_spectra_are_embedded(published):
    survey, run = published
    model = load_checkpoint(run.checkpoint).eval()
    for path in sorted((SHARED / "realdata" / "lamost_fits").glob("*.fits.gz")):
        read = read_spectrum(path.name, path.read_bytes(), survey.modalities["spectra"])
        vectors = embed_source(model, star_of(survey, "mine", {}, {"spectra": read.content}, {}).content)
        assert set(vectors) == {"spectra"}
        assert np.linalg.norm(vectors["spectra"]) == pytest.approx(1, abs=1e-5)


def test_a_catalogue_row():
    table = pd.DataFrame({"name": ["a", "b"], "period": [0.5, 0.7], "colour": [1.0, None], "RA": [1.0, 2.0], "x": "t"})
    with pytest.raises(SurveyError, match="holds 2 stars"):
        read_row("row.csv", csv(table), COLUMNS)
    found = read_row("row.csv", csv(table), COLUMNS, "b")
    assert found.content["period"] == 0.7
    assert np.isnan(found.content["colour"])
    assert found.content["ra"] == 2.0
    assert found.notes == ["row.csv lacks 1 of 2 columns: colour."]
    with pytest.raises(SurveyError, match="none of the columns"):
        read_row("row.csv", csv(table[["name", "x"]][:1]), COLUMNS)
    with pytest.raises(SurveyError, match="2 rows and no ids"):
        read_row("row.csv", csv(table[["period"]]), COLUMNS)


def test_a_modality_is_known_by_its_fields(published, survey):
    three = published[0].modalities
    assert [is_curve(three[name]) for name in three] == [True, False, False]
    assert [is_spectrum(three[name]) for name in three] == [False, True, False]
    assert [is_row(three[name]) for name in three] == [False, False, True]
    assert [is_curve(spec) for spec in survey.modalities.values()] == [True, True, False]


def test_a_survey_s_own_star_uploaded_whole_is_itself(published):
    survey, run = published
    vectors = Embeddings.open(run, survey)
    model = load_checkpoint(run.checkpoint).eval()
    source = survey.source("a007")
    seen = source.observations
    table = pd.DataFrame({"time": seen["photometry"]["time"], "flux": seen["photometry"]["flux"],
                          "err": seen["photometry"]["error"]})  # fmt: skip
    curves = read_curves("c.csv", csv(table), "flux").content
    wanted = tuple(dict.fromkeys(column for spec in survey.modalities.values() for column in spec.columns))
    row = read_row("r.csv", csv(survey.sources.loc[["a007"]].reset_index()), wanted).content
    given = {"spectra": {field: seen["spectra"][field] for field in ("wavelength", "flux", "ivar")}}
    star = star_of(survey, "mine", {"photometry": curves["photometry"]}, given, row)
    found = embed_source(model, star.content)
    for name, vector in found.items():
        np.testing.assert_allclose(vector, vectors.embeddings[name][7], atol=1e-5)
    ranked = find_similar(query_of_vectors(found, "mine"), vectors, survey)
    assert survey.source_ids[ranked.rows[0]] == "a007"
    assert ranked.similarity[0] == pytest.approx(1, abs=1e-5)


def test_any_of_them_alone_and_none(published):
    survey, run = published
    model = load_checkpoint(run.checkpoint).eval()
    star = star_of(survey, "mine", {}, {}, {"mean_vmag": 12.0})
    assert set(embed_source(model, star.content)) == {"metadata"}
    with pytest.raises(CheckpointError, match="nothing that the model reads"):
        embed_source(model, star_of(survey, "mine", {}, {}, {}).content)


def test_the_period_is_found_and_a_given_one_has_a_say(survey):
    rng = np.random.default_rng(5)
    time = np.sort(rng.uniform(0, 300, 150))
    value = 15 + 0.5 * np.sin(2 * np.pi * time / 0.6123) + rng.normal(0, 0.02, 150)
    one = Curve(time, value, np.full(150, 0.02))
    found = star_of(survey, "mine", {"g": one}, {}, {})
    assert found.content.catalogue["m3_period_fold"] == pytest.approx(0.6123, rel=1e-4)
    assert found.content.observations["g"]["columns"][0] == found.content.catalogue["m3_period_fold"]
    assert "found in its light curves" in found.notes[0]
    assert set(found.content.observations) == {"g"}
    given = star_of(survey, "mine", {"g": one}, {}, {"period": 0.6123})
    assert given.content.catalogue["m3_period_fold"] == 0.6123
    assert "given" in given.notes[0]
    auxiliary = star_of(survey, "mine", {"g": one}, {}, {"period": 0.6123, "colour": 1.0})
    assert set(auxiliary.content.observations) == {"g", "metadata"}
