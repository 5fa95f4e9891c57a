"""What the data page computes, against plain numpy and by hand."""

import numpy as np
import pandas as pd
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

from m3core.catalogue.table import column_table, histogram
from m3core.diagrams.columns import amplitude_columns, distance_columns, guess_colour, magnitude_columns, period_columns
from m3core.diagrams.diagram import absolute_magnitude, colour_magnitude, period_diagram
from m3core.sky.projection import centre_longitude, field_of, mollweide, to_frame
from m3core.survey import Column, ModalitySpec, SplitSpec, Survey, write_survey
from m3core.survey.duplicates import duplicate_ids, duplicate_positions
from m3core.survey.measures import measure_survey, measured_name
from m3core.survey.overview import combination_table, presence_codes
from tests.conftest import make_survey


def survey_of(path, columns: dict[str, Column] | None = None, **values) -> Survey:
    """A survey of a metadata modality alone."""
    n = len(next(iter(values.values())))
    table = pd.DataFrame(
        {"source_id": [f"s{i}" for i in range(n)], "ra": 0.0, "dec": 0.0, "label": "A", "split": "train"} | values
    )
    numbers = tuple(name for name in values if name not in ("source_id", "ra", "dec", "label", "split"))
    spec = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=numbers or ("ra",))
    return write_survey(
        path, sources=table, modalities=[spec], arrays={}, split=SplitSpec(method="given"), provenance={},
        columns=columns,
    )  # fmt: skip


def test_combinations_of_modalities(survey):
    codes = presence_codes(survey)
    for number, name in enumerate(survey.modalities):
        np.testing.assert_array_equal(codes >> number & 1, survey.present(name))
    table = combination_table(survey)
    assert table["sources"].sum() == len(survey)
    assert list(table["sources"]) == sorted(table["sources"], reverse=True)
    for row in table.itertuples():
        has = {name: getattr(row, name) for name in survey.modalities}
        same = np.all([survey.present(name) == flag for name, flag in has.items()], axis=0)
        assert row.sources == same.sum() == (codes == row.code).sum()


def test_measures_of_magnitudes_by_hand(survey):
    table = measure_survey(survey)
    assert list(table.index) == list(survey.source_ids)
    for source in ("s001", "s008", "s010"):
        curve = survey.source(source).observations["g"]
        row = table.loc[source]
        assert row[measured_name("signal to noise", "g")] == pytest.approx(1.0857362 / np.median(curve["error"]))
        low, high = np.percentile(curve["mag"], [5, 95])
        assert row[measured_name("amplitude", "g")] == pytest.approx(high - low)
    assert table[measured_name("amplitude", "g")].isna().sum() == (~survey.present("g")).sum()


def test_measures_of_fluxes_spectra_and_of_missing_errors(tmp_path):
    time = np.arange(5.0)
    flux = np.array([10.0, 12.0, 8.0, 10.0, 11.0])
    error = np.array([1.0, np.nan, 2.0, 1.0, 1.0])
    curves = [{"time": time, "flux": flux, "error": error}, {"time": time, "flux": flux, "error": error * np.nan}]
    ivar = np.array([0.0, 4.0, 4.0], np.float32)
    spectra = [{"wavelength": np.arange(3.0), "flux": np.array([9, 2, 4], np.float32), "ivar": ivar}]
    spectra += [{**spectra[0], "ivar": 0 * ivar}]
    specs = [
        ModalitySpec(name="tess", kind="photometry", label="TESS", fields=("time", "flux", "error"),
                     settings={"value": "flux"}),
        ModalitySpec(name="spectra", kind="spectra", label="spectra", fields=("wavelength", "flux", "ivar")),
    ]  # fmt: skip
    table = pd.DataFrame({"source_id": ["a", "b"], "ra": 0.0, "dec": 0.0, "label": None, "split": "train"})
    survey = write_survey(
        tmp_path / "s", sources=table, modalities=specs, arrays={"tess": curves, "spectra": spectra},
        split=SplitSpec(method="given"), provenance={},
    )  # fmt: skip
    found = measure_survey(survey)
    assert found["signal to noise (tess)"].tolist() == pytest.approx([10.0, np.nan], nan_ok=True)
    assert found["signal to noise (spectra)"].tolist() == pytest.approx([6.0, np.nan], nan_ok=True)


def test_measuring_can_be_stopped(survey):
    class StopHere(Exception):
        pass

    def stop(fraction: float, sentence: str) -> None:
        raise StopHere

    with pytest.raises(StopHere):
        measure_survey(survey, stop)


def test_mollweide_by_its_formula():
    rng = np.random.default_rng(3)
    longitude, latitude = rng.uniform(0, 360, 200), np.degrees(np.arcsin(rng.uniform(-1, 1, 200)))
    theta = np.radians(latitude)
    for _ in range(200):  # Newton's iteration of 2 theta + sin 2 theta = pi sin(latitude)
        theta -= (2 * theta + np.sin(2 * theta) - np.pi * np.sin(np.radians(latitude))) / (2 + 2 * np.cos(2 * theta))
    turned = (longitude - 40 + 180) % 360 - 180
    x, y = mollweide(longitude, latitude, 40.0)
    scale = 2 * np.sqrt(2) / np.pi
    np.testing.assert_allclose(x, -scale * turned * np.cos(theta), atol=1e-6)
    np.testing.assert_allclose(y, np.degrees(np.sqrt(2) * np.sin(theta)), atol=1e-6)


def test_longitude_increases_to_the_left_and_the_seam_is_where_few_are():
    x, _ = mollweide(np.array([350.0, 0.0, 10.0]), np.zeros(3), 0.0)
    assert x[0] > x[1] > x[2]
    assert centre_longitude(np.array([350.0, 5.0]), "equatorial") == 0.0
    assert centre_longitude(np.array([150.0, 200.0]), "equatorial") == 180.0
    assert centre_longitude(np.array([150.0, 200.0]), "galactic") == 0.0


def test_galactic_coordinates_and_the_field():
    longitude, latitude = to_frame(np.array([266.405]), np.array([-28.936]), "galactic")
    assert min(longitude[0], 360 - longitude[0]) < 0.01
    assert abs(latitude[0]) < 0.01
    field = field_of(np.array([359.0, 1.0]), np.array([10.0, 10.0]))
    assert min(field.longitude, 360 - field.longitude) < 1e-6
    assert field.radius == pytest.approx(SkyCoord(359, 10, unit="deg").separation(
        SkyCoord(field.longitude, field.latitude, unit="deg")).to_value(units.deg))  # fmt: skip
    assert field_of(np.array([0.0, 180.0]), np.zeros(2)).radius == 180.0


@pytest.mark.parametrize(
    ("columns", "colour"),
    [
        (["phot_g_mean_mag", "bp_rp", "phot_bp_mean_mag"], ("bp_rp", "")),
        (["magnitude_b", "magnitude_r"], ("magnitude_b", "magnitude_r")),
        (["u_mag", "g_mag", "r_mag", "e_g_mag"], ("g_mag", "r_mag")),
        (["mean_vmag", "e_phot_g_mean_mag"], None),
        (["sigma_flux_b"], None),
    ],
)
def test_a_colour_is_guessed_by_name(columns, colour):
    assert guess_colour(pd.DataFrame({name: [1.0] for name in columns})) == colour


def test_bands_periods_and_amplitudes_are_found_by_name(survey):
    names = ["mean_vmag", "phot_bp_mean_mag", "k_mag", "psfmag_r", "e_k_mag", "amplitude", "amplitude_g", "sample"]
    sources = pd.DataFrame({name: [1.0] for name in names})
    assert magnitude_columns(sources) == {"mean_vmag": "v", "phot_bp_mean_mag": "bp", "k_mag": "k", "psfmag_r": "r"}
    assert amplitude_columns(sources) == ["amplitude", "amplitude_g"]
    assert period_columns(survey) == ["m3_period_fold", "period"]


def test_absolute_magnitudes_only_where_the_parallax_is_good(tmp_path):
    survey = survey_of(
        tmp_path / "s",
        bp_rp=[0.5, 1.0, 1.5, np.nan, 2.0, 0.1],
        phot_g_mean_mag=[10.0, 12.0, 14.0, 15.0, 16.0, np.nan],
        parallax=[10.0, 1.0, -2.0, 5.0, 4.0, 9.0],
        parallax_error=[1.0, 0.5, 0.1, 0.5, 0.4, 0.1],
    )
    points = colour_magnitude(survey, ("bp_rp", ""), "phot_g_mean_mag", "parallax")
    assert points.rows.tolist() == [0, 4]
    assert points.y.tolist() == pytest.approx([10 + 5 * np.log10(10.0 / 1000) + 5, 16 + 5 * np.log10(4.0 / 1000) + 5])
    assert points.notes == [
        "2 of 6 sources shown.", "2 without a parallax above 5 times its error.", "1 without a colour.",
    ]  # fmt: skip
    apparent = colour_magnitude(survey, ("phot_g_mean_mag", "bp_rp"), "phot_g_mean_mag")
    assert apparent.x.tolist() == [9.5, 11.0, 12.5, 14.0]
    assert "Apparent" in apparent.y_title
    assert np.isnan(absolute_magnitude(np.array([10.0]), np.array([0.0]))).all()


def test_distances_are_in_parsecs_or_kiloparsecs(tmp_path):
    survey = survey_of(
        tmp_path / "s", columns={"d": Column(unit="pc")}, r_mag=[20.0, 20.0], distance_kpc=[10.0, 0.0], d=[100.0, 10.0],
        period=[0.5, -1.0],
    )  # fmt: skip
    assert distance_columns(survey) == ["distance_kpc", "d"]
    assert period_diagram(survey, "period", "r_mag", distance="distance_kpc").y.tolist() == pytest.approx([5.0])
    points = period_diagram(survey, "period", "r_mag", distance="d")
    assert points.y.tolist() == pytest.approx([15.0])
    assert points.notes[-1] == "1 without a positive period."


def test_duplicates_by_position_and_leakage(tmp_path):
    ra = np.array([10.0, 10.0 + 1.5 / 3600, 10.0, 200.0, 359.99999, 0.00001, np.nan])
    dec = np.array([0.0, 0.0, 3.0 / 3600, 60.0, 0.0, 0.0, np.nan])
    split = ["train", "test", "train", "train", "train", "train", "test"]
    survey = survey_of(tmp_path / "s", ra=ra, dec=dec, split=split)
    found = duplicate_positions(survey, 2.0)
    assert list(zip(found.pairs["first"], found.pairs["second"], strict=True)) == [("s4", "s5"), ("s0", "s1")]
    assert found.pairs["separation"].tolist() == pytest.approx([0.072, 1.5], rel=1e-6)
    assert found.pairs["leaks"].tolist() == [False, True]
    assert found.n_leaks == 1
    assert found.source_ids(leaks=True) == ["s0", "s1"]
    assert found.note == "1 of 7 have no position."
    assert len(duplicate_positions(survey, 3.5).pairs) == 4
    assert duplicate_positions(survey_of(tmp_path / "none", ra=[np.nan] * 2, dec=[np.nan] * 2)).pairs.empty


def test_ids_that_differ_in_their_writing_only(tmp_path):
    ids = ["ASASSN-V J0102-03", "asassnv_j0102-03", "ASASSN-V J0102+03", "x1", "X 1", "x-1"]
    survey = survey_of(tmp_path / "s", source_id=ids, split=["train", "test", "train", "train", "train", "validation"])
    found = duplicate_ids(survey)
    pairs = set(zip(found.pairs["first"], found.pairs["second"], strict=True))
    assert ("ASASSN-V J0102-03", "asassnv_j0102-03") in pairs
    assert ("x1", "X 1") in pairs
    assert "ASASSN-V J0102+03" not in found.source_ids()


def test_columns_are_described(survey, tmp_path):
    table = column_table(survey).set_index("column")
    period = survey.sources["period"].to_numpy()
    assert table.loc["period", "median"] == pytest.approx(np.median(period))
    assert (table.loc["period", "smallest"], table.loc["period", "largest"]) == (period.min(), period.max())
    assert sum(table.loc["period", "histogram"]) == len(survey)
    assert table.loc["period", "input_of"] == "metadata"
    assert table.loc["m3_period_fold", "input_of"] == "g, r"
    assert "train (36)" in table.loc["split", "values"]
    empty = survey_of(tmp_path / "s", gone=[np.nan] * 3, flag=[True, False, True])
    row = column_table(empty).set_index("column").loc["gone"]
    assert (row["missing"], row["missing_share"], row["histogram"]) == (3, 1.0, [])
    assert column_table(empty).set_index("column").loc["flag", "values"] == "True (2), False (1)"


@pytest.mark.parametrize("log", [False, True])
def test_a_histogram_counts_every_value(log):
    rng = np.random.default_rng(1)
    values = np.concatenate([10 ** rng.normal(size=5000), [1e9, np.nan, -5.0, 0.0]])
    counts, edges = histogram(values, log=log)
    known = values[np.isfinite(values) & ((values > 0) | (not log))]
    assert counts.sum() == len(known)
    assert (edges[0], edges[-1]) == (known.min(), known.max())
    np.testing.assert_array_equal(counts, np.histogram(known, edges)[0])
    assert edges[-2] < 1e4, "one extreme value must not leave all others in one bar"


def test_histograms_of_few_values():
    assert histogram(np.array([np.nan]))[0].tolist() == []
    assert histogram(np.array([2.0, 2.0]))[0].tolist() == [2]
    counts, edges = histogram(np.array([0, 1, 1, 3]))
    assert counts.tolist() == [1, 2, 0, 1]
    assert edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5]


def test_few_sources_are_no_fault(tmp_path):
    survey = make_survey(tmp_path / "few", n=3)
    assert combination_table(survey)["sources"].sum() == 3
    assert len(column_table(survey)) == 9
    assert duplicate_positions(survey).pairs.empty
    assert len(measure_survey(survey)) == 3
