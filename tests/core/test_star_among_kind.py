"""The star among its kind, against plain numpy and closed forms."""

import json

import numpy as np
import pandas as pd
import pytest

from m3core.catalogue.entry import catalogue_table
from m3core.diagrams.diagram import colour_magnitude
from m3core.diagrams.extinction import RATIOS, band_of, extinction_of
from m3core.diagrams.wesenheit import wesenheit_of
from m3core.star.among_kind import KindSettings, kind_panels
from m3core.survey import ModalitySpec, SplitSpec, Survey, write_survey
from tests.conftest import SHARED, needs_shared

N = 300

DEFAULTS = KindSettings()


def gaia(path, **more) -> Survey:
    """Three hundred stars with Gaia's columns, the first of a poor parallax, the second without one."""
    rng = np.random.default_rng(4)
    parallax = rng.uniform(0.5, 3, N)
    error = np.full(N, 0.05)
    error[0], parallax[1], parallax[2] = 1.0, np.nan, -0.3
    g = rng.uniform(10, 15, N)
    bp_rp = rng.uniform(0.3, 2, N)
    table = pd.DataFrame(
        {"source_id": [f"s<{i}>" for i in range(N)], "ra": rng.uniform(0, 360, N), "dec": rng.uniform(-60, 60, N),
         "label": np.where(np.arange(N) % 3, "RRAB", "EW"), "split": "train", "phot_g_mean_mag": g,
         "phot_bp_mean_mag": g + 0.6 * bp_rp, "phot_rp_mean_mag": g - 0.4 * bp_rp, "bp_rp": bp_rp,
         "parallax": parallax, "parallax_error": error, "period": rng.uniform(0.3, 0.8, N),
         "amplitude": rng.uniform(0.1, 1, N), "e_phot_g_mean_mag": 0.01, "j_k": 0.5 * bp_rp} | more
    )  # fmt: skip
    numbers = tuple(name for name in table.select_dtypes("number") if name not in ("ra", "dec"))
    spec = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=numbers)
    return write_survey(
        path, sources=table, modalities=[spec], arrays={}, split=SplitSpec(method="given"), provenance={}
    )


def by_key(survey, row, settings=DEFAULTS):
    source = survey.source(str(survey.source_ids[row]))
    return {panel.key: panel for panel in kind_panels(survey, source, settings)}


def test_absolute_only_where_the_parallax_is_good_and_the_others_flagged(tmp_path):
    survey = gaia(tmp_path / "s")
    sources = survey.sources
    panel = by_key(survey, 5)["colour_magnitude"]
    data = panel.data.set_index("source_id")
    good = (sources["parallax"] / sources["parallax_error"] > 5) & (sources["parallax"] > 0)
    assert set(data.index[~data["parallax_is_poor"]]) == set(sources.index[good])
    assert list(data.index[data["parallax_is_poor"]]) == ["s<0>"]
    x, y = data.columns[1:3]
    expected = sources["phot_g_mean_mag"] - 10 + 5 * np.log10(sources["parallax"].where(sources["parallax"] > 0))
    np.testing.assert_allclose(data[y], expected[data.index])
    np.testing.assert_allclose(data[x], sources["bp_rp"][data.index])
    assert "2 without a parallax" not in panel.caption
    assert "3 without a parallax" in panel.caption
    star = panel.figure.data[-1]
    error = np.hypot(0.01, 5 / np.log(10) * 0.05 / sources["parallax"].iloc[5])
    assert star.error_y.array[0] == pytest.approx(error)
    assert panel.figure.layout.yaxis.autorange == "reversed"


def test_the_star_itself_is_flagged_or_said_to_be_missing(tmp_path):
    survey = gaia(tmp_path / "s")
    poor = by_key(survey, 0)["colour_magnitude"]
    assert poor.figure.data[-1].marker.symbol == "star-open"
    assert "flagged" in poor.caption
    for row in (1, 2):
        gone = by_key(survey, row)["colour_magnitude"]
        assert "not in the figure" in gone.caption
        assert not [trace for trace in gone.figure.data if (trace.name or "").startswith("this")]
    assert "star" in str(by_key(survey, 1)["period_amplitude"].figure.data[-1].marker.symbol)  # needs no parallax


def test_every_point_leads_to_its_source_and_ids_are_text(tmp_path):
    survey = gaia(tmp_path / "s")
    panels = by_key(survey, 5)
    for panel in panels.values():
        assert panel.figure is not None
        carried = {str(one) for trace in panel.figure.data if trace.customdata is not None for one in trace.customdata}
        expected = set(survey.source_ids) - {"s<5>"}
        if panel.key != "sky":
            expected -= {"s<0>", "s<1>", "s<2>"} if "olute" in panel.data.columns[3] else set()
            assert carried - {"s<0>"} == expected - {"s<0>"}, panel.key
        texts = json.loads(panel.figure.to_json())["data"]
        assert not any("<5>" in str(trace.get("name", "")) for trace in texts)
    alone = by_key(survey, 5, KindSettings(with_others=False))["colour_magnitude"]
    assert "density alone" in alone.caption
    density = alone.figure.data[0]
    assert density.type == "heatmap"
    counts = np.nansum(10 ** np.asarray(density.z, float))
    assert counts == pytest.approx(len(alone.data) - 1, rel=0.05)  # of all that are shown, less the flagged one


def test_wesenheit_of_gaia_and_of_a_law(tmp_path):
    survey = gaia(tmp_path / "s")
    sources = survey.sources
    index = wesenheit_of(survey)
    expected = sources["phot_g_mean_mag"] - 1.90 * (sources["phot_bp_mean_mag"] - sources["phot_rp_mean_mag"])
    np.testing.assert_allclose(index.values, expected)
    assert "Ripepi" in index.source
    panel = by_key(survey, 5)["period_wesenheit"]
    assert index.formula in panel.caption
    row = panel.data.set_index("source_id").loc["s<5>"]
    modulus = 10 - 5 * np.log10(sources["parallax"].iloc[5])
    assert row["Wesenheit index W, absolute [mag]"] == pytest.approx(expected.iloc[5] - modulus)


def test_an_index_is_free_of_extinction(tmp_path):
    rng = np.random.default_rng(0)
    a_v = rng.uniform(0, 2, N)
    colour = {f"{band}_mag": 15 + a_v * RATIOS[f"sdss {band}"] for band in "gri"}
    survey = gaia(tmp_path / "s", **colour, phot_g_mean_mag="", phot_bp_mean_mag="", phot_rp_mean_mag="")
    assert np.std(wesenheit_of(survey).values) < 2e-3  # R is written with three digits


def test_dereddening_takes_off_what_the_catalogue_gives(tmp_path):
    rng = np.random.default_rng(1)
    survey = gaia(tmp_path / "s", ebv=rng.uniform(0, 0.5, N))
    extinction = extinction_of(survey)
    assert extinction.subtracts
    a_v = 3.1 * survey.sources["ebv"].to_numpy()
    np.testing.assert_allclose(extinction.a_v, a_v)
    plain = colour_magnitude(survey, ("bp_rp", ""), "phot_g_mean_mag", "parallax")
    less = colour_magnitude(survey, ("bp_rp", ""), "phot_g_mean_mag", "parallax", extinction)
    np.testing.assert_array_equal(plain.rows, less.rows)
    np.testing.assert_allclose(plain.y - less.y, a_v[plain.rows] * 2.740 / 3.1)
    np.testing.assert_allclose(plain.x - less.x, a_v[plain.rows] * (3.374 - 2.035) / 3.1)
    assert "dereddened" in less.x_title
    assert "Dereddened by ebv" in by_key(survey, 5)["colour_magnitude"].caption
    as_it_is = by_key(survey, 5, KindSettings(extinction="none"))["colour_magnitude"]
    assert "dereddened" not in as_it_is.data.columns[2]


def test_the_error_of_a_star_is_that_of_its_parallax_and_of_every_magnitude_that_enters(tmp_path):
    errors = {"e_phot_bp_mean_mag": 0.03, "e_phot_rp_mean_mag": 0.02, "e_k_mag": 0.04}
    ratio = np.full(N, 40.0)
    survey = gaia(tmp_path / "s", **errors, k_mag=12.0, parallax_over_error=ratio, parallax_error=np.nan)
    panels = by_key(survey, 5)
    of_parallax = 5 / np.log(10) / 40  # the catalogue's ratio, where it has no error
    expected = {
        "colour_magnitude": np.hypot(0.01, of_parallax),
        "period_luminosity": np.hypot(0.04, of_parallax),
        "period_wesenheit": np.sqrt(0.01**2 + (1.90 * 0.03) ** 2 + (1.90 * 0.02) ** 2 + of_parallax**2),
    }
    for key, error in expected.items():
        assert panels[key].figure.data[-1].error_y.array[0] == pytest.approx(error), key
    with_k = gaia(tmp_path / "k", j_mag=12.5, k_mag=12.0, e_j_mag=0.05, e_k_mag=0.04, phot_g_mean_mag="")
    error = np.hypot((1 + 0.69) * 0.04, 0.69 * 0.05)  # K enters twice
    apparent = by_key(with_k, 5, KindSettings(distance=""))["period_wesenheit"]
    assert apparent.figure.data[-1].error_y.array[0] == pytest.approx(error)


def test_periods_and_luminosities_are_dereddened_as_colours_are(tmp_path):
    ebv = np.full(N, 0.2)
    ebv[7] = np.nan
    survey = gaia(tmp_path / "s", ebv=ebv, k_mag=12.0)
    panels = by_key(survey, 5)
    plain = by_key(survey, 5, KindSettings(extinction="none"))
    for key, of_band in (("period_luminosity", 0.302 / 2.742), ("colour_magnitude", 2.740 / 3.1)):
        y = panels[key].data.columns[3]
        assert "dereddened" in y
        less = panels[key].data.set_index("source_id")[y]
        whole = plain[key].data.set_index("source_id").iloc[:, 2]
        assert whole["s<5>"] - less["s<5>"] == pytest.approx(3.1 * 0.2 * of_band)
        assert "s<7>" not in less.index
        assert "1 without a known extinction" in panels[key].caption


def test_parallaxes_that_are_all_poor_leave_apparent_magnitudes(tmp_path):
    below = gaia(tmp_path / "below", parallax=np.linspace(-3, -0.1, N))
    without = gaia(tmp_path / "without", parallax_error="")
    for survey in (below, without):
        for key in ("colour_magnitude", "period_luminosity", "period_wesenheit"):
            panel = by_key(survey, 5)[key]
            assert "pparent" in panel.data.columns[3]
            assert len(panel.data) == N
    assert "300 without a parallax" in by_key(below, 5, KindSettings(distance="parallax"))["colour_magnitude"].sentence


def test_no_label_and_no_other_of_its_class_are_said(tmp_path):
    label = np.array(["RRAB"] * N, object)
    label[5], label[6] = "ACV", None
    survey = gaia(tmp_path / "s", label=label)
    for key, panel in by_key(survey, 5).items():
        assert "the only ACV of the survey" in panel.caption, key
        assert not [trace for trace in panel.figure.data if "ACV" in (trace.name or "")]
    for key, panel in by_key(survey, 6).items():
        assert "it has no label" in panel.caption, key
        assert not [trace for trace in panel.figure.data if "its class" in (trace.name or "")]


def test_on_the_sky_the_star_alone_is_called_this_source(tmp_path):
    position = {"ra": np.r_[np.nan, np.linspace(0, 350, N - 1)], "label": np.where(np.arange(N) % 3, "A & <b>", "EW")}
    survey = gaia(tmp_path / "s", **position)
    gone = by_key(survey, 0)["sky"]
    assert "no position" in gone.caption
    assert [trace.name for trace in gone.figure.data if trace.name] == ["others (200)", "EW (99)"]
    here = {trace.name: trace.marker for trace in by_key(survey, 1)["sky"].figure.data if trace.name}
    assert here["this source"].symbol == "star"
    kin = by_key(survey, 1)["period_amplitude"].figure.data[-2]
    assert kin.name == "A &amp; &lt;b&gt; (199)"
    assert here["A &amp; &lt;b&gt; (199)"].color == kin.marker.color
    assert here["A &amp; &lt;b&gt; (199)"].symbol == kin.marker.symbol


def test_a_column_of_texts_is_no_extinction(tmp_path):
    survey = gaia(tmp_path / "s", ebv="low", a_v=0.1)
    assert extinction_of(survey).column == "a_v"


def test_bands_of_catalogues():
    assert band_of("phot_g_mean_mag", "g", {"g"}) == "gaia g"
    assert band_of("g_mag", "g", {"g", "r"}) == "sdss g"
    assert band_of("magnitude_r", "r", {"b", "r"}) == "johnson r"
    assert band_of("k_mag", "k", {"k"}) == "2mass k"
    assert band_of("w3_mag", "w3", {"w3"}) is None


def test_errors_stand_beside_their_values(tmp_path):
    survey = gaia(tmp_path / "s")
    table = catalogue_table(survey, survey.source("s<5>")).set_index("column")
    assert table.loc["parallax", "error"] == "0.05"
    assert table.loc["phot_g_mean_mag", "error"] == "0.01"
    assert table.loc["period", "error"] == ""


@needs_shared
def test_magnitudes_that_are_corrected_are_not_corrected_again(tmp_path):
    """Stripe 82: the catalogue is dereddened, the light curves are not, and the program finds that out."""
    from data.import_table import Options, plan, write

    place = SHARED / "realdata" / "s82_rrlyrae"
    catalogue, photometry = pd.read_csv(place / "catalogue.csv").iloc[:120], place / "photometry.parquet"
    catalogue.to_csv(tmp_path / "catalogue.csv", index=False)
    seen = pd.read_parquet(photometry)
    seen[seen["source_id"].isin(catalogue["source_id"])].to_parquet(tmp_path / "photometry.parquet")
    options = Options(catalogue=tmp_path / "catalogue.csv", photometry=tmp_path / "photometry.parquet")
    survey = write(plan(options), tmp_path / "s82")
    assert not extinction_of(survey).subtracts
    assert "dereddened already" in extinction_of(survey).sentence
    assert extinction_of(survey, "subtract").subtracts
    panels = by_key(survey, 5)
    assert all(panel.figure is not None for panel in panels.values())
