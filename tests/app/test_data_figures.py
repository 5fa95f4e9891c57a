"""Figures of the data page: what every bar and point stands for, and what is said where there is nothing to draw."""

import numpy as np
import pandas as pd
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

from m3core.diagrams.colouring import Categories, Values
from m3core.diagrams.diagram import Points
from m3core.figures.blank import blank_figure
from m3core.figures.counts import MOST_COMBINATIONS, class_figure, combination_figure, histogram_figure
from m3core.figures.diagram import diagram_figure
from m3core.figures.palette import OKABE_ITO, band_colours
from m3core.figures.sky import sky_figure
from m3core.sky.projection import mollweide
from m3core.survey.overview import combination_table, overview_table

IDS = np.array(["a", "<b>b</b>", "c", "d"], object)
CLASSES = Categories("label", ("X", "Y"), np.array([0, 0, 1, -1]), "unlabelled")


def told(figure) -> str:
    """What stands in the place of a figure."""
    assert not figure.data
    return figure.layout.annotations[0].text.replace("<br>", " ")


def points(x, y, rows=None) -> Points:
    rows = np.arange(len(x)) if rows is None else np.array(rows)
    return Points(rows, np.array(x, float), np.array(y, float), "Period [d]", "Magnitude [mag]", ["shown.", "Why not."])


def test_classes_are_parted_by_split(survey):
    figure = class_figure(overview_table(survey))
    sources = survey.sources
    for trace in figure.data:
        for (label, split), count in zip(trace.customdata, trace.x, strict=True):
            assert count == ((sources["label"] == label) & (sources["split"] == split)).sum()
    assert sum(sum(trace.x) for trace in figure.data) == len(survey)
    assert figure.layout.xaxis.title.text == "Sources"
    assert figure.layout.yaxis.title.text == "Class"


def test_the_unlabelled_have_a_bar_of_their_own():
    row = {"train": 1, "validation": 0, "test": 0}
    table = pd.DataFrame(
        [{"class": "<i>", "sources": 1, **row}, {"class": "unlabelled", "sources": 1, **row}, {"class": "all"}]
    )
    figure = class_figure(table)
    assert sorted(data[0] for data in figure.data[0].customdata) == ["", "<i>"]
    assert set(figure.data[0].y) == {"&lt;i&gt;", "unlabelled"}


def test_combinations_have_a_bar_and_their_dots(survey):
    table = combination_table(survey)
    figure = combination_figure(table, {name: name for name in survey.modalities})
    assert list(figure.data[0].y) == list(table["sources"])
    assert list(figure.data[0].customdata) == list(table["code"])
    dots = {trace.name: trace for trace in figure.data[1:]}
    for name in survey.modalities:
        filled = [symbol == "circle" for symbol in dots[name].marker.symbol]
        assert filled == list(table[name])
    assert "g (51)" in figure.layout.yaxis2.ticktext


def test_rare_combinations_are_left_to_a_sentence():
    table = pd.DataFrame({"code": range(40), "sources": range(40, 0, -1), "m": True})
    assert len(combination_figure(table, {"m": "m"}).data[0].y) == MOST_COMBINATIONS


@pytest.mark.parametrize("log", [False, True])
def test_bars_of_a_histogram_hold_their_sources(log):
    rng = np.random.default_rng(0)
    series = {"g": rng.lognormal(3, 1, 500), "r": np.append(rng.lognormal(4, 1, 300), [np.nan] * 200)}
    figure = histogram_figure(series, "Signal to noise", log=log)
    assert len(figure.data) == 2
    for trace in figure.data:
        values = series[trace.customdata[0][0]]
        for number, ((_, low, high), count) in enumerate(zip(trace.customdata, trace.y, strict=True)):
            is_last = number == len(trace.y) - 1
            assert count == ((values >= low) & ((values <= high) if is_last else (values < high))).sum()
        assert sum(trace.y) == np.isfinite(values).sum()
    assert ("log" in figure.layout.xaxis.title.text) == log


def test_what_a_logarithm_leaves_out_is_said():
    figure = histogram_figure({"x": np.array([-1.0, 0.0, 1.0, 10.0, np.nan])}, "x", log=True)
    assert figure.layout.xaxis.title.text == "x (log scale; 2 not positive left out)"


def test_many_histograms_have_a_row_each():
    figure = histogram_figure({name: np.arange(100.0) for name in "ugriz"}, "Points")
    assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y3", "y4", "y5"]
    tops = [figure.layout[f"yaxis{n if n > 1 else ''}"].domain[1] for n in range(1, 6)]
    assert tops == sorted(tops, reverse=True)
    assert figure.layout.xaxis.anchor == "y5"


def test_one_value_and_none():
    for log in (False, True):
        bar = histogram_figure({"x": np.array([0.3, 0.3])}, "x", log=log).data[0]
        assert list(bar.y) == [2]
        assert bar.customdata[0][1] < 0.3 < bar.customdata[0][2]
    assert told(histogram_figure({"x": np.full(3, np.nan)}, "colour [mag]")) == "No source has a value of colour [mag]."
    assert told(histogram_figure({}, "x", empty="No <errors>.")) == "No &lt;errors&gt;."
    assert told(histogram_figure({"x": np.array([-1.0, 0.0])}, "x", log=True)).startswith("No source")


def test_diagrams_carry_ids_and_magnitudes_go_up():
    figure = diagram_figure(
        points([1.0, 100.0, 10.0], [15, 16, 17], rows=[0, 1, 3]), IDS, CLASSES, invert_y=True, log_x=True,
        selected=np.array([False, True, True, False]),
    )  # fmt: skip
    assert {trace.meta: list(trace.customdata) for trace in figure.data} == {
        "X": ["a", "<b>b</b>"],
        "unlabelled": ["d"],
    }
    assert {trace.meta: list(trace.selectedpoints) for trace in figure.data} == {"X": [1], "unlabelled": []}
    assert "&lt;b&gt;" in figure.data[-1].hovertext[1]
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.xaxis.type == "log"
    assert "10" in figure.layout.xaxis.ticktext
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Period [d]", "Magnitude [mag]")


def test_a_short_range_of_periods_is_linear_and_values_colour():
    figure = diagram_figure(
        points([0.3, 0.6], [1, 2], rows=[1, 2]), IDS, Values("k [mag]", np.array([1.0, 2, 3, 4]), False), log_x=True
    )
    assert figure.layout.xaxis.type is None
    assert list(figure.data[0].marker.color) == [2.0, 3.0]
    assert figure.layout.yaxis.autorange is True


def test_a_diagram_without_points_says_why():
    assert told(diagram_figure(points([], []), IDS, CLASSES)) == (
        "No source has both Period [d] and Magnitude [mag]. Why not."
    )


def test_the_whole_sky_is_mollweide_and_the_seam_is_turned_away():
    ra, dec = np.array([350.0, 10.0, np.nan, 0.0]), np.array([0.0, 45.0, 0.0, 90.0])
    figure = sky_figure(ra, dec, IDS, CLASSES)
    places = {one: (x, y) for t in figure.data if t.customdata is not None
              for one, x, y in zip(t.customdata, t.x, t.y, strict=True)}  # fmt: skip
    assert set(places) == {"a", "<b>b</b>", "d"}
    x, y = mollweide(np.array([350.0, 10.0]), np.array([0.0, 45.0]))
    assert places["a"] == (pytest.approx(x[0]), pytest.approx(y[0]))
    assert places["a"][0] > 0 > places["<b>b</b>"][0]
    assert "left" in figure.layout.xaxis.title.text
    hover = next(t.hovertext[0] for t in figure.data if t.customdata is not None and "a" in t.customdata)
    assert hover == "a<br>RA 350.0000, Dec +0.0000 deg"
    assert all(trace.customdata is None for trace in figure.data[:2]), "the grid is no source"


def test_a_field_across_zero_is_drawn_in_one_piece():
    figure = sky_figure(np.array([359.0, 1.0, 0.5, 359.5]), np.full(4, 60.0), IDS, CLASSES, whole=False)
    x = np.concatenate([trace.x for trace in figure.data])
    assert x.max() - x.min() == pytest.approx(2.0)
    assert figure.layout.xaxis.autorange == "reversed"
    assert figure.layout.yaxis.scaleratio == pytest.approx(2.0, rel=1e-3)
    galactic = sky_figure(np.array([10.0]), np.array([0.0]), IDS[:1], Categories("l", ("X",), np.zeros(1, int), ""),
                          frame="galactic", whole=False)  # fmt: skip
    assert "l [deg]" in galactic.layout.xaxis.title.text


def test_a_field_across_right_ascension_zero_counts_on_from_zero():
    layout = sky_figure(np.array([359.0, 1.0, 0.5, 359.5]), np.full(4, 60.0), IDS, CLASSES, whole=False).layout
    ticks = dict(zip(layout.xaxis.ticktext, layout.xaxis.tickvals, strict=True))
    assert {"359", "0", "1"} <= set(ticks)
    assert ticks["1"] - ticks["359"] == pytest.approx(2)
    assert all(0 <= float(text) < 360 for text in ticks)


def test_a_field_at_the_pole_is_drawn_by_offsets():
    """Four stars half a degree from the pole, a quarter of a turn apart: a square, as astropy has it."""
    ra, dec = np.array([0.0, 90.0, 180.0, 270.0]), np.full(4, 89.5)
    figure = sky_figure(ra, dec, IDS[:4], Categories("l", ("X",), np.zeros(4, int), ""), whole=False)
    xy = np.column_stack([figure.data[0].x, figure.data[0].y])
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    places = SkyCoord(ra * units.deg, dec * units.deg)
    np.testing.assert_allclose(apart, places[:, None].separation(places[None]).deg, atol=1e-3)
    assert figure.layout.xaxis.autorange == "reversed"
    assert "East of" in figure.layout.xaxis.title.text


def test_a_survey_without_positions_has_no_sky():
    nothing = np.full(4, np.nan)
    assert "no map of the sky" in told(sky_figure(nothing, nothing, IDS, CLASSES))


def test_a_sentence_is_broken_into_lines_and_is_text():
    figure = blank_figure("<b>word</b> " * 30)
    lines = figure.layout.annotations[0].text.split("<br>")
    assert len(lines) > 3
    assert "&lt;b&gt;" in lines[0]


def test_photometry_is_no_y_band():
    assert band_colours(["photometry"]) == [OKABE_ITO[0]]
    assert band_colours(["ztf_g", "zr", "y"]) == ["#009E73", "#D55E00", "#8C679E"]
