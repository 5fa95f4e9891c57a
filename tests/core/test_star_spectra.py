"""The panels of a spectrum: what stands in the figure, what the caption says, and what odd spectra come to."""

import warnings

import numpy as np
import pytest

from m3core.errors import SurveyError
from m3core.spectrum.air import air_to_vacuum
from m3core.spectrum.lines import LIGHT_SPEED, LINES
from m3core.spectrum.spectrum import make_spectrum, spectra_of
from m3core.spectrum.template import class_template, known_velocity, velocity_of
from m3core.star.spectra import SpectrumSettings, plus_minus, spectrum_panel, spectrum_panels
from m3core.survey import Survey
from tests.spectra_survey import H_ALPHA, N_PIXELS, REDSHIFT, WAVELENGTH, made_survey


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Survey:
    return made_survey(tmp_path_factory.mktemp("spectra") / "survey")


def drawn(survey: Survey, source_id: str = "s0", **settings):
    return spectrum_panels(survey, survey.source(source_id), SpectrumSettings(**settings))


def trace(panel, name: str):
    found = [one for one in panel.figure.data if (one.name or "").startswith(name)]
    assert len(found) == 1, [one.name for one in panel.figure.data]
    return found[0]


def line_positions(panel) -> list[float]:
    return sorted(set(trace(panel, "lines").x))


def test_flux_band_and_masked_pixels(survey):
    (panel,) = drawn(survey)
    observation = survey.source("s0").observations["blue_arm"]
    flux = next(one for one in panel.figure.data if one.name == "blue_arm")
    masked = observation["ivar"] == 0
    assert np.isnan(np.array(flux.y)[masked]).all()
    assert np.array(flux.y)[~masked] == pytest.approx(observation["flux"][~masked].astype(float))
    assert trace(panel, "blue_arm, masked").x.tolist() == WAVELENGTH[masked].tolist()
    assert f"{masked.sum()} of {N_PIXELS} pixels are masked" in panel.caption
    band = trace(panel, "blue_arm ± 1σ")
    assert float(np.nanmax(band.y)) > float(np.nanmax(np.array(flux.y)))
    at = 101
    edges = np.array(band.y)[np.array(band.x) == WAVELENGTH[at]]
    sigma = float(observation["ivar"][at]) ** -0.5
    assert sorted(edges) == pytest.approx([observation["flux"][at] - sigma, observation["flux"][at] + sigma])
    assert panel.figure.layout.xaxis.title.text == "Observed wavelength (air) [Å]"
    assert panel.figure.layout.yaxis.title.text == "Flux (relative)"
    assert list(panel.data) == [
        "spectrum", "wavelength [Å]", "Flux (relative)", "Flux (relative), error", "masked",
    ]  # fmt: skip
    (bare,) = drawn(survey, errors=False, masked=False)
    assert [one.name for one in bare.figure.data] == ["blue_arm", "lines", "names of lines"]


def test_all_lines_are_one_trace_that_moves(survey):
    (panel,) = drawn(survey, groups=tuple({line.group: 0 for line in LINES}), velocity=0.0)
    inside = sorted(line.air for line in LINES if WAVELENGTH[0] <= line.air <= WAVELENGTH[-1])
    assert line_positions(panel) == pytest.approx(inside)
    (moved,) = drawn(survey, groups=("Balmer",), velocity=300.0)
    assert max(line_positions(moved)) == pytest.approx(H_ALPHA * (1 + 300 / LIGHT_SPEED), abs=1e-4)
    assert "+300.0 km/s" in moved.caption
    # what the Earth's air absorbs stays
    bands = [(shape.x0, shape.x1) for shape in moved.figure.layout.shapes]
    assert bands == [(shape.x0, shape.x1) for shape in panel.figure.layout.shapes]
    assert (6867.0, 6944.0) in bands
    (none,) = drawn(survey, groups=(), telluric=False)
    assert all(one.name != "lines" for one in none.figure.data)
    assert not none.figure.layout.shapes
    assert none.figure.layout.yaxis.domain == (0, 1)


def test_no_flux_reaches_the_names_of_lines(survey):
    (panel,) = drawn(survey, groups=("Balmer", "C2", "CN", "TiO"))
    names, layout = trace(panel, "names of lines"), panel.figure.layout
    assert list(names.x) == list(trace(panel, "lines").x)
    assert names.yaxis == "y3"
    assert layout.yaxis.domain[1] == layout.yaxis3.domain[0] < 1
    drawn_at = [y for y, text in zip(names.y, names.text, strict=True) if text.strip()]
    low, high = layout.yaxis3.range
    assert min(drawn_at) >= low
    assert max(drawn_at) + 15 <= high, "a name is 15 pixels high"


def test_the_list_is_converted_and_never_the_spectrum(survey):
    (air,), (vacuum,) = drawn(survey, velocity=0.0), drawn(survey, velocity=0.0, medium="vacuum")
    assert np.array_equal(air.figure.data[1].x, vacuum.figure.data[1].x)
    assert line_positions(vacuum) == pytest.approx(air_to_vacuum(line_positions(air)))
    assert vacuum.figure.layout.xaxis.title.text == "Observed wavelength (vacuum) [Å]"
    assert "in air, as declared" in air.caption
    assert "taken to be in vacuum by your choice (air as declared)" in vacuum.caption


def test_an_undeclared_medium_is_said(tmp_path):
    (panel,) = drawn(made_survey(tmp_path / "unknown", medium="unknown"))
    assert "is not said" in panel.caption
    assert panel.figure.layout.xaxis.title.text == "Observed wavelength (vacuum) [Å]"


def test_the_catalogues_redshift_is_the_first_velocity(survey):
    assert known_velocity(survey, survey.source("s1")) == pytest.approx(REDSHIFT * LIGHT_SPEED)
    assert known_velocity(survey, survey.source("s5")) is None
    (panel,) = drawn(survey, "s1")
    assert max(line_positions(panel)) < WAVELENGTH[-1]
    assert f"{REDSHIFT * LIGHT_SPEED:+.1f} km/s" in panel.caption
    (panel,) = drawn(survey, "s5")
    assert "+0.0 km/s" in panel.caption


def test_a_fill_value_is_no_redshift():
    assert velocity_of(0.001) == pytest.approx(299.792458)
    assert [velocity_of(z) for z in (-9999, -1.0, 9999.0, float("nan"), None, "0.1")] == [None] * 6


def test_the_template_is_the_median_of_the_class_at_rest(survey):
    found = class_template(survey, "blue_arm", "B")
    assert (found.n_members, found.n_used, found.n_at_rest) == (5, 5, 4)  # s3 has no spectrum, s5 no redshift
    stack = []
    for number in (1, 5, 7, 9, 11):
        one = survey.source(f"s{number}").observations["blue_arm"]
        known = one["ivar"] > 0
        z = 0.0 if number == 5 else REDSHIFT
        flux = np.where(known, one["flux"] / np.median(one["flux"][known].astype(float)), np.nan)
        stack.append(np.interp(found.wavelength, one["wavelength"] / (1 + z), flux, left=np.nan, right=np.nan))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        median = np.nanmedian(stack, axis=0)
    known = np.isfinite(found.flux)
    assert known.mean() > 0.9
    assert found.flux[known] == pytest.approx(median[known], abs=1e-5)
    deepest = found.wavelength[np.nanargmin(np.where(np.abs(found.wavelength - H_ALPHA) < 80, found.flux, np.nan))]
    assert deepest == pytest.approx(H_ALPHA, abs=12)
    (panel,) = drawn(survey, "s1", template=True)
    assert "median of all 5 spectra of class B" in panel.caption
    assert "4 of them brought to rest" in panel.caption
    shown = trace(panel, "median of B (5)")
    assert shown.x[0] == pytest.approx(found.wavelength[0] * (1 + REDSHIFT))
    assert class_template(survey, "blue_arm", "nothing") is None


def test_a_source_without_a_class_has_no_template_and_says_so(survey):
    (panel,) = drawn(survey, "s4", template=True)
    assert "no class" in panel.caption
    assert not [one for one in panel.figure.data if "median of" in one.name]


def test_sources_are_laid_over_one_another_on_one_level(survey):
    (panel,) = drawn(survey, others=("s1", "s2", "s3"), offset=2.0)
    names = [one.name for one in panel.figure.data]
    assert {"blue_arm", "blue_arm of s1", "blue_arm of s2"} <= set(names)
    assert np.nanmedian(np.array(trace(panel, "blue_arm of s1").y)) == pytest.approx(3.0)
    assert np.nanmedian(np.array(trace(panel, "blue_arm of s2").y)) == pytest.approx(5.0)
    assert "1 of the sources to lay over it have no blue_arm" in panel.caption
    assert panel.figure.layout.yaxis.title.text == "Flux (relative), median 1"
    with pytest.raises(SurveyError, match="nobody"):
        drawn(survey, others=("nobody",))


def test_smoothing_leaves_the_raw_curve_in_grey(survey):
    (panel,) = drawn(survey, smoothing=51)
    raw, smooth = trace(panel, "blue_arm, not smoothed"), trace(panel, "blue_arm, smoothed")
    assert raw.line.color == "rgba(138,143,152,0.5)"
    assert np.nanstd(np.diff(smooth.y)) < 0.3 * np.nanstd(np.diff(raw.y))
    assert "Savitzky-Golay, 51 pixels, degree 3" in panel.caption


def test_continuum_division(survey):
    (panel,) = drawn(survey, continuum=True)
    flux = next(one for one in panel.figure.data if one.name == "blue_arm")
    assert np.nanmedian(np.array(flux.y)) == pytest.approx(1.0, abs=0.02)
    assert panel.figure.layout.yaxis.title.text == "Flux / continuum"
    assert "Legendre polynomial of degree 6" in panel.caption


def test_equivalent_width_panel(survey):
    low, high = 6450.0, 6650.0
    panel, width = drawn(survey, width_range=(low, high))
    row = width.data.iloc[0]
    assert row["W [Å]"] == pytest.approx(0.6 * 15 * np.sqrt(2 * np.pi) * (1 - REDSHIFT), abs=4 * row["error [Å]"])
    assert 0 < row["error [Å]"] < 2
    assert row["W at rest [Å]"] == pytest.approx(row["W [Å]"] / (1 - REDSHIFT))
    assert "positive in absorption" in width.caption
    shaded = panel.figure.layout.shapes[-1]
    assert (shaded.x0, shaded.x1) == (low, high)
    assert trace(panel, "continuum")
    _, refused = drawn(survey, width_range=(100.0, 200.0))
    assert refused.figure is None
    assert "choose another range" in refused.sentence


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [(2.2777, 0.3083, "2.28 ± 0.31"), (17.4238, 4.6632, "17.4 ± 4.7"), (120.4, 31.2, "120 ± 31"),
     (1.5, 0.0, "1.500 ± 0.000"), (2.0, np.nan, "2.000 ± nan")],
)  # fmt: skip
def test_a_width_has_the_digits_that_its_error_allows(value, error, shown):
    assert plus_minus(value, error) == shown


def test_a_kept_view_is_the_range_of_the_axes(survey):
    (panel,) = drawn(survey, view={"x": [6500.0, 6600.0]})
    assert panel.figure.layout.xaxis.range == (6500.0, 6600.0)
    assert panel.figure.layout.yaxis.range[0] < panel.figure.layout.yaxis.range[1]


def test_the_frame_is_made_for_what_can_be_flux(tmp_path):
    """LAMOST's red end falls far below zero with small errors, and would leave the rest a flat line."""
    flux, ivar = np.full(N_PIXELS, 80.0), np.full(N_PIXELS, 0.04)
    flux[-8:-1], flux[300] = -84.0, 140.0
    (panel,) = drawn(made_survey(tmp_path / "tail", flux=flux, ivar=ivar))
    low, high = panel.figure.layout.yaxis.range
    assert 60 < low < 80
    assert 140 < high < 160
    assert "The frame is not made for 7 pixels" in panel.caption
    (panel,) = drawn(made_survey(tmp_path / "constant", flux=np.full(N_PIXELS, 80.0), ivar=ivar))
    low, high = panel.figure.layout.yaxis.range
    assert low < 70
    assert high > 90, "two errors on either side: no noise is blown up, and the band is inside"


def test_what_the_figure_is_of_is_named_first(survey):
    (panel,) = drawn(survey, template=True, others=("s1",))
    ranks = {one.name: one.legendrank or 1000 for one in panel.figure.data}
    assert min(ranks, key=ranks.__getitem__).startswith("blue_arm ±")
    assert ranks["blue_arm"] < min(ranks["blue_arm of s1"], ranks[trace(panel, "median of").name])


ODD = {
    "all masked": {"ivar": np.zeros(N_PIXELS)},
    "all NaN": {"flux": np.full(N_PIXELS, np.nan)},
    "no inverse variance": {"ivar": np.full(N_PIXELS, np.nan)},
    "constant": {"flux": np.full(N_PIXELS, 7.0)},
    "zero": {"flux": np.zeros(N_PIXELS)},
    "negative": {"flux": np.full(N_PIXELS, -3.0)},
    "one pixel": {"wavelength": np.array([5000.0]), "flux": np.array([2.0]), "ivar": np.array([4.0])},
    "two pixels": {"wavelength": np.array([5000.0, 5001.0]), "flux": np.array([2.0, 3.0]), "ivar": np.array([4.0, 4])},
    "no pixel": {"wavelength": np.zeros(0), "flux": np.zeros(0), "ivar": np.zeros(0)},
    "one observed": {"ivar": np.eye(1, N_PIXELS, 300)[0]},
    "wavelengths without sense": {"wavelength": np.r_[0.0, -5.0, np.nan, np.geomspace(3700.0, 9100.0, N_PIXELS - 3)]},
    "one wavelength": {"wavelength": np.full(N_PIXELS, 5000.0)},
    "huge": {"flux": np.full(N_PIXELS, 1e30), "ivar": np.full(N_PIXELS, 1e-38)},
}


@pytest.mark.parametrize("name", ODD)
def test_every_odd_spectrum_has_its_picture_or_its_sentence(name, tmp_path):
    survey = made_survey(tmp_path / "odd", **ODD[name])
    everything = {"smoothing": 51, "continuum": True, "template": True, "others": ("s2",), "width_range": (6400, 6700)}
    for settings in ({}, everything):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            panels = drawn(survey, **settings)
        for panel in panels:
            assert (panel.figure is None) == bool(panel.sentence) or "W [Å]" in panel.data
    panel = drawn(survey)[0]
    if name in ("all masked", "all NaN", "no pixel"):
        assert panel.sentence.endswith("there is nothing to draw.")
        assert (f"All {N_PIXELS} pixels" in panel.sentence) == (name != "no pixel")
    else:
        shown = next(one for one in panel.figure.data if one.name == "blue_arm")
        assert np.isfinite(np.array(shown.y, float)).any()
        assert shown.mode == ("lines+markers" if name in ("one pixel", "one observed") else "lines")
        assert shown.marker.size == (7 if name in ("one pixel", "two pixels", "one observed") else 3)
        low, high = panel.figure.layout.yaxis.range
        assert low < np.nanmin(np.array(shown.y)) <= np.nanmax(np.array(shown.y)) < high
    if name == "no inverse variance":
        assert "No inverse variance is known" in panel.caption
        assert not [one for one in panel.figure.data if "±" in one.name]


def test_a_spectrum_from_elsewhere_has_its_panel_and_names_are_text(survey):
    one = spectra_of(survey, survey.source("s0"))[0]
    evil = make_spectrum("<b>x</b>/../y", one.wavelength, one.flux, one.error**-2.0, medium="air")
    panel = spectrum_panel(evil, SpectrumSettings(), title="A file")
    assert panel.key == "spectrum-_b_x__b_____y"
    assert "&lt;b&gt;x" in panel.figure.data[1].name
    (panel,) = spectrum_panels(survey, survey.source("s1"), SpectrumSettings(), more=[evil])
    assert any("&lt;b&gt;x" in one.name for one in panel.figure.data)


def test_no_two_spectra_look_the_same(survey):
    others = ("s1", "s2", "s4", "s5", "s6", "s7", "s8", "s9")
    (panel,) = drawn(survey, others=others, template=True, groups=())
    curves = [one for one in panel.figure.data if one.mode == "lines" and one.fill is None]
    assert len(curves) == len(others) + 2
    assert len({(one.line.color, one.line.dash) for one in curves}) == len(curves)
