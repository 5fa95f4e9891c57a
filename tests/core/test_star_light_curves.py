"""Panels of the light curves: what is drawn, converted, shifted, counted; and the sources that are hard to draw."""

import re

import numpy as np
import pandas as pd
import pytest
from astropy import units

from m3core.light_curve.fold import phase_fold
from m3core.star.curves import curve_groups, seasons
from m3core.star.folding import PANELS, LightCurveSettings
from m3core.star.light_curves import light_curve_panels
from m3core.survey import ModalitySpec, SplitSpec, write_survey

PERIOD = 0.6371


def pulsator(n=120, span=900.0, seed=1, level=15.0, start=2_455_000.0):
    rng = np.random.default_rng(seed)
    time = np.sort(start + rng.uniform(0, span, n))
    mag = level - 0.4 * np.cos(2 * np.pi * time / PERIOD) - 0.1 * np.cos(4 * np.pi * time / PERIOD)
    return {"time": time, "mag": mag + 0.02 * rng.standard_normal(n), "error": np.full(n, 0.02)}


def written(path, curves, *, value="mag", unit="mag", period=PERIOD, label="RRAB", time_label="HJD"):
    """A survey of one source with the given light curves, band -> arrays."""
    table = {"source_id": ["a"], "ra": [1.0], "dec": [2.0], "label": [label], "split": ["train"], "period": [period]}
    sources = pd.DataFrame(table)
    specs = [
        ModalitySpec(
            name=band, kind="photometry", label=band, fields=("time", value, "error"), columns=("period",),
            settings={"value": value, "period": "period", "time_label": time_label}, units={"time": "d", value: unit},
        )
        for band in curves
    ]  # fmt: skip
    return write_survey(
        path, sources=sources, modalities=specs, arrays={band: [one] for band, one in curves.items()},
        split=SplitSpec(method="given"), provenance={},
    )  # fmt: skip


def panels_of(survey, **settings):
    found = light_curve_panels(survey, survey.source("a"), LightCurveSettings(**settings))
    return {panel.key: panel for panel in found}


def test_raw_and_folded_say_how_they_are_made(tmp_path):
    survey = written(tmp_path / "s", {"g": pulsator(), "r": pulsator(seed=2, level=14.7)})
    found = panels_of(survey, panels=("light_curve", "folded"))
    raw, folded = found["light_curve"], found["folded"]
    assert [trace.name for trace in raw.figure.data] == ["g", "r"]
    assert raw.figure.layout.xaxis.title.text == "HJD − 2450000 [d]"
    assert raw.figure.layout.yaxis.autorange == "reversed"
    assert "g 120, r 120" in raw.caption
    assert "Times are HJD as the survey names them; 2,450,000 d are taken off" in raw.caption
    own = survey.source("a").observations["g"]
    assert raw.data["HJD [d]"][:120].to_numpy() == pytest.approx(own["time"])
    assert raw.data["error [mag]"][:120].to_numpy() == pytest.approx(own["error"])
    assert folded.figure.layout.xaxis.range == (0, 2)
    assert "RRAB is a pulsating type" in folded.caption
    phase = folded.data["phase"][:120].to_numpy()
    assert folded.figure.data[0].x[:120] == pytest.approx(phase)
    assert folded.figure.data[0].x[120:] == pytest.approx(phase + 1)
    brightest = phase[own["mag"] < np.quantile(own["mag"], 0.05)]
    assert np.abs((brightest + 0.5) % 1 - 0.5).max() < 0.1, "maximum at phase 0"
    moved = panels_of(survey, panels=("light_curve",), offset=2_455_000.5)["light_curve"]
    assert moved.figure.layout.xaxis.title.text == "HJD − 2455000.5 [d]"
    assert "2,455,000.5 d are taken off" in moved.caption


@pytest.mark.parametrize(
    ("phases", "start", "cycles"), [("0 to 1", 0, 1), ("-0.5 to 0.5", -0.5, 1), ("-0.5 to 1.5", -0.5, 2)]
)
def test_other_ranges_of_phase(tmp_path, phases, start, cycles):
    survey = written(tmp_path / "s", {"g": pulsator()})
    folded = panels_of(survey, panels=("folded",), phases=phases, zero="typed", epoch=2_455_000.0)["folded"]
    x = folded.figure.data[0].x
    assert (len(x), folded.figure.layout.xaxis.range) == (120 * cycles, (start, start + cycles))
    assert start <= x.min()
    assert x.max() < start + cycles
    time = survey.source("a").observations["g"]["time"]
    assert np.mod(x[:120], 1) == pytest.approx(phase_fold(time, PERIOD, 2_455_000.0), abs=1e-9)


def test_magnitudes_as_fluxes_and_fluxes_as_magnitudes(tmp_path):
    curve = pulsator()
    [group] = curve_groups(written(tmp_path / "m", {"g": curve}), _source(tmp_path / "m"), value="flux")
    centre = np.median(curve["mag"])
    assert group.curves[0].value == pytest.approx(10 ** (-0.4 * (curve["mag"] - centre)))
    assert group.curves[0].error == pytest.approx(0.4 * np.log(10) * 0.02 * group.curves[0].value)
    assert group.value == "flux"
    flux = {
        "time": curve["time"],
        "flux": np.r_[-1.0, 10 ** (-0.4 * (curve["mag"][1:] - 16.4))],
        "error": curve["error"],
    }
    survey = written(tmp_path / "f", {"g": flux}, value="flux", unit="mJy")
    [group] = curve_groups(survey, _source(tmp_path / "f"), value="mag")
    theirs = (flux["flux"][1:] * units.mJy).to_value(units.ABmag)
    assert group.curves[0].value == pytest.approx(theirs)
    assert group.curves[0].value_label == "Magnitude [AB mag]"
    assert "1 fluxes that are not positive" in " ".join(group.notes)
    unknown = written(tmp_path / "u", {"g": flux}, value="flux", unit="")
    [group] = curve_groups(unknown, _source(tmp_path / "u"), value="mag")
    assert np.median(group.curves[0].value) == pytest.approx(0.0, abs=0.02)


def _source(path):
    from m3core.survey import Survey

    return Survey.open(path).source("a")


def test_bands_go_by_wavelength(tmp_path):
    survey = written(tmp_path / "s", {band: pulsator(n=30, seed=seed) for seed, band in enumerate("rgu")})
    for colour in ("band", "season"):
        [group] = curve_groups(survey, survey.source("a"), by_season=colour == "season")
        assert [one.name for one in group.curves] == ["u", "g", "r"]
        for one in group.curves:
            assert one.value == pytest.approx(survey.source("a").observations[one.name]["mag"])


def test_one_zero_point_is_that_of_the_band_with_most_points(tmp_path):
    survey = written(tmp_path / "s", {"g": pulsator(), "r": pulsator(n=90, level=14.2)})
    [group] = curve_groups(survey, survey.source("a"), one_zero_point=True)
    medians = [np.median(one.value) for one in group.curves]
    assert medians[0] == pytest.approx(medians[1])
    shift = medians[0] - np.median(survey.source("a").observations["r"]["mag"])
    assert f"g +0.0000, r {shift:+.4f}" in group.notes[-1]


def test_seasons_are_parted_by_gaps_and_coloured(tmp_path):
    time = np.array([0.0, 10, 120, 121, 300, 50])
    assert seasons(time).tolist() == [0, 0, 1, 1, 2, 0]
    curve = pulsator()
    curve["time"] = 2_455_000 + 365.25 * (np.arange(120) // 40) + np.linspace(0, 100, 120) % 50
    survey = written(tmp_path / "s", {"g": curve})
    figure = panels_of(survey, panels=("folded",), colour="season")["folded"].figure
    assert [trace.name for trace in figure.data] == ["g season 1", "g season 2", "g season 3"]
    assert len({trace.marker.color for trace in figure.data}) == 3


def test_of_several_bands_the_legend_names_each_season_and_each_band_once(tmp_path):
    curve = pulsator() | {"time": 2_455_000 + 365.25 * (np.arange(120) // 40) + np.arange(120) % 40}
    survey = written(tmp_path / "s", {"g": curve, "r": curve})
    figure = panels_of(survey, panels=("light_curve",), colour="season")["light_curve"].figure
    named = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert sorted(named) == ["g", "r", "season 1", "season 2", "season 3"]
    assert sum(trace.customdata is None and trace.x[0] is not None for trace in figure.data) == 6
    assert figure.data[0].hovertemplate.startswith("g season 1")


def test_bins_and_a_fourier_fit_are_drawn_over_paler_points(tmp_path):
    survey = written(tmp_path / "s", {"g": pulsator()})
    found = panels_of(survey, panels=("folded", "fourier", "ephemeris"), n_bins=20, fitted=True)
    points, fit, binned = found["folded"].figure.data
    assert (points.marker.opacity, fit.mode, binned.name) == (0.3, "lines", "g binned")
    assert len(binned.x) == 40
    assert "harmonics, rms 0.0" in found["folded"].caption
    table = found["fourier"].data
    assert table["R21"][0] == pytest.approx(0.25, abs=5 * table["R21 error"][0])
    assert "cosine convention" in found["fourier"].caption
    assert found["ephemeris"].data["value"][0].startswith("Max = HJD 24")


def test_fits_and_bins_of_many_bands_leave_the_legend_to_the_bands(tmp_path):
    """Fifteen entries filled the figure; a click on a band's takes its fit and bins along."""
    survey = written(tmp_path / "s", {band: pulsator(seed=seed) for seed, band in enumerate("ugr")})
    for apart in (False, True):
        asked = {"panels": ("folded",), "n_bins": 10, "fitted": True, "apart": apart}
        figure = panels_of(survey, **asked)["folded"].figure
        assert [trace.name for trace in figure.data if trace.showlegend] == ["u", "g", "r"]
        assert {trace.legendgroup for trace in figure.data} == {"u", "g", "r"}
        assert figure.layout.showlegend is not apart
    seasons = panels_of(survey, **asked, colour="season")["folded"].figure
    entries = [trace.name for trace in seasons.data if trace.showlegend is not False]
    assert [name for name in entries if "Fourier" in name] == ["u Fourier fit", "g Fourier fit", "r Fourier fit"]
    assert not [name for name in entries if "binned" in name]
    one = written(tmp_path / "one", {"g": pulsator()})
    figure = panels_of(one, panels=("folded",), n_bins=10, fitted=True)["folded"].figure
    assert [trace.name for trace in figure.data if trace.showlegend] == ["g", "g Fourier fit", "g binned"]


def test_titles_of_rows_are_short(tmp_path):
    survey = written(tmp_path / "s", {band: pulsator(seed=seed) for seed, band in enumerate("ug")})
    layout = panels_of(survey, panels=("light_curve",), apart=True, value="flux")["light_curve"].figure.layout
    assert (layout.yaxis.title.text, layout.yaxis2.title.text) == ("u: Flux", "g: Flux")


def test_every_panel_has_a_figure_a_caption_and_data(tmp_path):
    found = panels_of(written(tmp_path / "s", {"g": pulsator(), "r": pulsator(seed=3)}), shortest_period=0.4)
    assert list(found) == list(PANELS)
    for key, panel in found.items():
        assert not panel.sentence, key
        assert panel.caption
        assert len(panel.data)
        assert (panel.figure is None) == (key in ("ephemeris", "fourier"))
    peaks = next(trace for trace in found["periodogram"].figure.data if trace.name == "highest peaks")
    assert peaks.customdata[0] == pytest.approx(PERIOD, abs=1e-3)


def test_a_band_of_few_points_lends_its_name_to_no_amplitude(tmp_path):
    few = {name: values[:3] for name, values in pulsator().items()}
    survey = written(tmp_path / "s", {"g": few, "r": pulsator(seed=2)})
    table = panels_of(survey, panels=("prewhitening",), shortest_period=0.45)["prewhitening"].data
    assert table["amplitude r [mag]"][0] == pytest.approx(0.4, abs=0.03)
    assert not any("amplitude g" in name for name in table)


def test_names_of_frequencies_are_short_and_explained(tmp_path):
    """A slow change of the amplitude makes side lobes."""
    curve = pulsator(n=300)
    slow = 1 + 0.5 * np.cos(2 * np.pi * curve["time"] / 53.0)
    curve["mag"] = 15.0 + slow * (curve["mag"] - 15.0)
    survey = written(tmp_path / "s", {"g": curve})
    table = panels_of(survey, panels=("prewhitening",), shortest_period=0.45)["prewhitening"].data
    assert table["name"][:2].tolist() == ["f1", "f2"]
    assert table["what"][0] == ""
    assert re.fullmatch(r"side lobe: f1 [+−] 0\.01\d+ d⁻¹, 5[23](\.\d+)? d", table["what"][1])


def test_the_change_of_a_period_is_said_to_the_digits_of_its_error(tmp_path):
    survey = written(tmp_path / "s", {"g": pulsator(n=1200, span=1500)})
    caption = panels_of(survey, panels=("o_c",))["o_c"].caption
    rate, error = re.search(r"dP/dt = (\S+) ± (\S+) d/d", caption).groups()
    digits = len(rate.partition("e")[0].partition(".")[2])
    assert int(rate.partition("e")[2]) - digits in (int(error.partition("e")[2]), int(error.partition("e")[2]) - 1)


def test_a_chance_too_small_for_a_number_is_not_called_none(tmp_path):
    survey = written(tmp_path / "s", {"g": pulsator(n=2000)})
    caption = panels_of(survey, panels=("periodogram",), shortest_period=0.4)["periodogram"].caption
    assert "FAP below 1e-300)" in caption
    assert "FAP 0)" not in caption


def test_the_amplitude_is_said(tmp_path):
    caption = panels_of(written(tmp_path / "s", {"g": pulsator(n=2000)}), panels=("light_curve",))[
        "light_curve"
    ].caption
    assert "Amplitude (5th to 95th percentile): g 0.8" in caption
    assert "mag." in caption


def hard(case):
    """Curves that are hard to draw."""
    curve = pulsator(span=100)
    if case == "one epoch":
        return {"g": {name: values[:1] for name, values in curve.items()}}
    if case == "two epochs":
        return {"g": {name: values[:2] for name, values in curve.items()}}
    if case == "constant":
        return {"g": curve | {"mag": np.full(120, 15.0)}}
    if case == "no errors":
        return {"g": curve | {"error": np.full(120, np.nan)}}
    if case == "gaps":
        return {"g": curve | {"mag": np.where(np.arange(120) % 3, curve["mag"], np.nan)}}
    if case == "all NaN":
        return {"g": curve | {"mag": np.full(120, np.nan)}}
    if case == "six bands":
        return {band: pulsator(n=20 + 9 * number, seed=number, span=100) for number, band in enumerate("ugrizy")}
    return {"g": pulsator(n=5000)}


@pytest.mark.parametrize(
    "case", ["one epoch", "two epochs", "constant", "no errors", "gaps", "all NaN", "six bands", "5,000 epochs"]
)
@pytest.mark.parametrize("period", [PERIOD, np.nan])
def test_hard_sources_have_a_picture_or_a_sentence_in_every_panel(tmp_path, case, period):
    survey = written(tmp_path / "s", hard(case), period=period)
    settings = {"shortest_period": 0.45, "n_bins": 10, "fitted": True}
    if case == "5,000 epochs":
        settings["panels"] = tuple(name for name in PANELS if name not in ("dispersion", "prewhitening", "box"))
    found = panels_of(survey, **settings)
    if case == "all NaN":
        assert "no light curve with a finite" in found["light_curve"].sentence
        return
    for key, panel in found.items():
        assert panel.figure is not None or panel.sentence or len(panel.data), key
        if panel.figure is not None:
            panel.figure.to_json()
    if np.isnan(period):
        assert "type one" in found["folded"].sentence
    if case == "gaps":
        assert "40 observations without a finite time or value are left out" in found["light_curve"].caption
    if case == "no errors":
        assert "g has no errors" in found["light_curve"].caption
        assert found["light_curve"].figure.data[0].error_y.array is None
    if case == "5,000 epochs":
        assert found["light_curve"].figure.data[0].type == "scattergl"


def test_a_source_without_light_curves_says_so(tmp_path):
    survey = written(tmp_path / "s", {"g": None})
    assert panels_of(survey)["light_curve"].sentence == "This source has no light curve with a finite observation."
