"""What a survey made of two tables looks like: modalities, inputs, names, splits, times."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from data.columns import time_label
from m3core.errors import ConfigError
from m3core.light_curve.fold import time_resolution
from m3core.split import parse_fractions, split_sources


def test_inputs_are_the_numeric_columns_less_identity_and_what_is_excluded(importer, catalogue, photometry):
    catalogue["quality"] = 3
    catalogue["empty"] = np.nan
    catalogue["flag"] = [True] * 5 + [False] * 7
    catalogue["gaps"] = [True, None] * 6
    catalogue["mixed"] = ["1"] * 11 + ["about 2"]
    survey = importer.survey(catalogue, photometry, exclude=("quality", "colour"))
    assert survey.modalities["metadata"].columns == ("period", "epochs", "flag", "gaps")
    shown = survey.source("00001").catalogue
    assert shown["quality"] == 3
    assert (shown["flag"], shown["gaps"], shown["mixed"], shown["survey"]) == (1, None, "1", "x")
    assert any("'empty' has no finite value" in note for note in survey.manifest.provenance["notes"])
    assert list(survey.observation("metadata", 1)["columns"][:3]) == [0.51, 31, 1]


def test_a_catalogue_without_numbers_has_no_metadata_modality(importer, catalogue, photometry):
    survey = importer.survey(catalogue[["source_id", "survey"]], photometry)
    assert list(survey.modalities) == ["g", "r"]
    assert survey.manifest.counts["unlabelled"] == 12
    assert survey.modalities["g"].settings["period"] is None
    assert np.isnan(survey.source("00003").ra)


def test_computed_columns_are_described_and_no_inputs(importer, catalogue, photometry):
    survey = importer.survey(catalogue, photometry, period_search=True)
    for name in ("m3_period_search", "m3_period_power", "m3_period_fold"):
        assert survey.manifest.columns[name].description
        assert name not in survey.modalities["metadata"].columns
    assert survey.modalities["g"].columns == ("m3_period_fold", "m3_period_power")
    assert survey.modalities["g"].settings["period"] == "m3_period_fold"
    np.testing.assert_allclose(survey.sources["m3_period_search"], survey.sources["period"], rtol=2e-4)
    assert (survey.sources["m3_period_fold"] == survey.sources["period"]).all()
    assert survey.manifest.columns["period"].unit == "d"


def test_band_names_become_safe_and_keep_their_label(importer, catalogue, photometry):
    labels = ["g/r", "../x", "ztf.g", "R", "r", "metadata", "1"]
    parts = [photometry[photometry["band"] == "g"].assign(band=label) for label in labels]
    survey = importer.survey(catalogue, pd.concat(parts))
    bands = {spec.label: name for name, spec in survey.modalities.items() if spec.kind == "photometry"}
    assert bands == {
        "g/r": "g_r", "../x": "x", "ztf.g": "ztf_g", "R": "R", "r": "r_2", "metadata": "metadata_2", "1": "band_1",
    }  # fmt: skip
    assert {path.name for path in survey.path.iterdir()} == {
        "survey.json", "sources.parquet", "report.csv", *(f"{name}.arrow" for name in bands.values())
    }  # fmt: skip
    assert list(survey.modalities)[-1] == "metadata"


def test_points_are_sorted_and_stay_double(importer, catalogue, photometry):
    photometry["mjd"] += 1e-9
    shuffled = photometry.sample(frac=1, random_state=3)
    observation = importer.survey(catalogue, shuffled).source("00004").observations["r"]
    expected = photometry[(photometry["source_id"] == "00004") & (photometry["band"] == "r")].sort_values("mjd")
    assert observation["time"].dtype == np.float64
    np.testing.assert_array_equal(observation["time"], expected["mjd"])
    np.testing.assert_array_equal(observation["mag"], expected["mag"])


@pytest.mark.parametrize(
    ("name", "label"),
    [("MJD", "MJD"), ("hjd", "HJD"), ("BJD_TDB", "BJD"), ("jd", "JD"), ("time", "Time"), ("HMJD", "HMJD")],
)
def test_the_time_system_is_what_the_column_says(importer, catalogue, photometry, name, label):
    assert time_label(name) == label
    survey = importer.survey(catalogue, photometry.rename(columns={"mjd": name}))
    assert survey.modalities["g"].settings["time_label"] == label


def test_single_precision_julian_dates_are_warned_of(importer, catalogue, photometry):
    times = photometry["mjd"] + 2400000.5
    plan = importer.plan(catalogue, photometry.assign(mjd=times.astype(np.float32).astype(np.float64)))
    assert plan.resolutions == {"g": 0.25, "r": 0.25}
    assert any("0.25 d only (as single precision leaves them)" in note and "under 5 d" in note for note in plan.notes)
    assert not any("times in" in note for note in importer.plan(catalogue, photometry).notes)
    assert time_resolution(np.round(times.to_numpy(), 2)) == 0.01
    assert time_resolution(times.to_numpy()) == 0.0


def test_fluxes_are_fluxes(importer, catalogue, photometry):
    survey = importer.survey(catalogue, photometry.rename(columns={"mag": "flux", "mag_err": "flux_err"}))
    assert survey.modalities["g"].fields == ("time", "flux", "error")
    assert survey.modalities["g"].settings["value"] == "flux"
    both = photometry.assign(flux=2.0 * photometry["mag"], flux_err=0.5)
    survey = importer.survey(catalogue, both, value="flux")
    assert set(survey.source("00001").observations["g"]["error"]) == {0.5}


def test_provenance_says_what_was_done_without_a_path(importer, catalogue, photometry):
    survey = importer.survey(catalogue, photometry, exclude=("colour",), seed=7)
    provenance = survey.manifest.provenance
    assert provenance["command"] == (
        "python -m data import-table --catalogue catalogue.csv --photometry photometry.csv "
        "--exclude colour --split 0.8,0.1,0.1 --seed 7 --no-period-search"
    )
    content = (importer.folder / "catalogue.csv").read_bytes()
    assert provenance["inputs"]["catalogue"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert str(importer.folder) not in (survey.path / "survey.json").read_text()
    survey.verify()


# Splits.


def _split(n=1000, fractions=(0.8, 0.1, 0.1), seed=42, order=None):
    ids = [f"star{number}" for number in range(n)]
    labels = [("A", "A", "A", "B", None)[number % 5] for number in range(n)]
    order = np.arange(n) if order is None else order
    splits = split_sources([ids[i] for i in order], [labels[i] for i in order], fractions=fractions, seed=seed)
    return {ids[i]: (labels[i], split) for i, split in zip(order, splits, strict=True)}


def test_split_is_stratified_to_the_source():
    counts = pd.Series(list(_split().values())).value_counts()
    for label, size in (("A", 600), ("B", 200), (None, 200)):
        shares = [counts[(label, split)] for split in ("train", "validation", "test")]
        assert shares == [size * 0.8, size * 0.1, size * 0.1]


def test_split_depends_on_the_seed_and_not_on_the_order():
    assert _split() == _split(order=np.random.default_rng(0).permutation(1000))
    assert _split() != _split(seed=43)


def test_the_first_of_a_class_is_the_one_of_smallest_hash():
    smallest = min(("x", "y", "z"), key=lambda name: hashlib.sha256(f"42\0{name}".encode()).digest())
    splits = split_sources(["x", "y", "z"], ["A"] * 3, fractions=(0.34, 0.33, 0.33), seed=42)
    assert dict(zip(["x", "y", "z"], splits, strict=True))[smallest] == "train"
    assert sorted(splits) == ["test", "train", "validation"]


def test_an_empty_test_split_and_tiny_classes():
    assert {split for _, split in _split(fractions=(0.9, 0.1, 0.0)).values()} == {"train", "validation"}
    assert list(split_sources(["a"], ["rare"], fractions=(0.4, 0.3, 0.3), seed=0)) == ["train"]


@pytest.mark.parametrize(
    "text", ["0.8,0.1", "a,b,c", "0.8,0.1,0.2", "-0.1,0.6,0.5", "0,0.5,0.5", "nan,0.5,0.5", "2,-1,0"]
)
def test_impossible_fractions(text):
    with pytest.raises(ConfigError):
        parse_fractions(text)


def test_possible_fractions():
    assert parse_fractions("0.9,0.1,0") == (0.9, 0.1, 0.0)
