"""Figures: what is drawn where, with numbers that can be checked by hand."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from m3core.diagrams.colouring import Categories, Values, colouring
from m3core.figures.light_curve import Curve, Fold, Look, curves_of, folded_figure, points_figure
from m3core.figures.map import map_figure
from m3core.figures.palette import MISSING, OKABE_ITO, PASSBANDS, band_colours, by_wavelength, mark, tinted_grey
from m3core.figures.retrieval import precision_figure
from m3core.figures.spectrum import line_figure
from m3core.figures.text import plain, shortened
from m3core.figures.training import loss_figure, recall_figure
from m3core.kinds import Series

IDS = np.array(["a", "b", "<i>c</i>", "d", "e"], object)
XY = np.array([[0, 0], [1, 1], [2, 2], [3, 3], [np.nan, np.nan]], np.float32)


DARK, WHITE = "#11161C", "#FFFFFF"
"""What figures stand on."""


def contrast(one: str, other: str) -> float:
    """Of W3C's WCAG 2, (L1 + 0.05) / (L2 + 0.05) of relative luminances; 3 is asked of graphics."""

    def luminance(colour):
        parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def series(name="g", time=(10.0, 11.0, 12.5), mag=(15.0, 15.5, 15.2), invert=True, label="MJD [d]") -> Series:
    return Series(
        name=name, x=np.array(time), y=np.array(mag), error=np.full(len(time), 0.1),
        x_label=label, y_label="Magnitude [mag]", invert_y=invert, foldable=True,
    )  # fmt: skip


def curve(*arguments, **named) -> Curve:
    return curves_of([series(*arguments, **named)])[0]


def test_a_map_leaves_out_what_has_no_place_and_draws_small_classes_last():
    colours = Categories("label", ("big", "small"), np.array([0, 0, 1, -1, 1]), "unlabelled")
    figure = map_figure(XY, IDS, colours)
    assert [trace.meta for trace in figure.data] == ["unlabelled", "big", "small"]
    assert [list(trace.customdata) for trace in figure.data] == [["d"], ["a", "b"], ["<i>c</i>"]]
    assert figure.data[1].name == "big (2)"
    assert figure.data[2].marker.color == OKABE_ITO[1]
    assert figure.data[0].marker.color == MISSING.colour
    assert figure.data[2].hovertext[0] == "&lt;i&gt;c&lt;/i&gt;"


def test_a_selection_is_drawn_from_the_start():
    colours = Categories("label", ("x",), np.zeros(5, int), "unlabelled")
    figure = map_figure(XY, IDS, colours, selected=np.array([False, True, False, True, False]))
    assert list(figure.data[0].selectedpoints) == [1, 3]
    assert map_figure(XY, IDS, colours).data[0].selectedpoints is None


def test_values_are_coloured_and_missing_ones_said():
    values = np.array([1.0, 10.0, 100.0, np.nan, 5.0])
    figure = map_figure(XY, IDS, Values("P [d]", values, True), log=True)
    assert [trace.name for trace in figure.data] == ["no positive value (1)", "P [d]"]
    assert figure.data[1].marker.color == pytest.approx([0, 1, 2])
    assert "log" in figure.data[1].marker.colorbar.title.text


def test_text_columns_keep_twenty_categories(survey):
    texts = survey.sources.copy()
    texts["field"] = [f"f{i % 25:02d}" for i in range(len(texts))]
    survey = type("Survey", (), {"sources": texts, "classes": survey.classes, "path": survey.path})()
    found = colouring(survey, "field")
    assert len(found.names) == 21
    assert found.names[-1] == "other"
    assert "5 are 'other'" in found.note


def test_numbers_of_the_catalogue_have_their_unit(survey):
    found = colouring(survey, "period")
    assert isinstance(found, Values)
    assert found.wants_log


def test_classes_past_the_palette_change_their_shape():
    assert mark(0).symbol == "circle"
    assert (mark(7).colour, mark(7).symbol) == (mark(0).colour, "diamond")
    assert mark(-1) == MISSING
    assert tinted_grey("#000000") == "#61646A"


def test_bands_have_their_conventional_colours_and_never_the_same():
    assert band_colours(["g", "r"]) == ["#009E73", "#D55E00"]
    assert len(set(band_colours(["r", "R", "x", "y1", "y2"]))) == 5


def test_thin_lines_are_seen_on_a_dark_page_and_the_first_colour_on_both():
    for colour in {*OKABE_ITO, *PASSBANDS.values()}:
        assert contrast(colour, DARK) > 3.8, colour
    assert contrast(OKABE_ITO[0], WHITE) > 4


def test_chance_is_seen_on_every_bar_and_beside_them_in_both_themes():
    table = pd.DataFrame(
        {"query": ["a", "b"], "found": ["a", "b"], "class": ["M", "M"], "precision": 0.8, "chance": 0.1, "n": 40}
    )
    *bars, chance = precision_figure(table).data
    inside, edge = chance.marker.color, chance.marker.line.color
    for below in (DARK, WHITE, *(bar.marker.color for bar in bars)):
        assert max(contrast(inside, below), contrast(edge, below)) > 3, below


def test_bands_go_by_wavelength_where_all_are_known():
    names = ["ztf_r", "ztf_g", "zi", "u"]
    assert [names[place] for place in by_wavelength(names)] == ["u", "ztf_g", "ztf_r", "zi"]
    assert by_wavelength(["r", "photometry", "g"]) == [0, 1, 2]


def test_phase_is_drawn_twice_from_a_common_zero():
    figure = folded_figure([curve("g"), curve("r", time=(10.5, 11.0))], Fold(2.0, 10.0))
    assert list(figure.data[0].x) == pytest.approx([0.0, 0.5, 0.25, 1.0, 1.5, 1.25])
    assert list(figure.data[1].x) == pytest.approx([0.25, 0.5, 1.25, 1.5])
    assert figure.layout.yaxis.autorange == "reversed"
    assert "repeats" in figure.layout.xaxis.title.text
    assert len(figure.data[0].error_y.array) == 6


def test_fluxes_are_not_turned_over_and_bars_can_go():
    figure = points_figure([curve(invert=False)], Look(errors=False))
    assert figure.layout.yaxis.autorange is True
    assert figure.data[0].error_y.array is None
    assert figure.data[0].name == "g"


def test_full_julian_dates_lose_their_first_digits_and_say_so():
    figure = points_figure([curve(time=(2_455_000.25, 2_455_001.0, 2_455_002.0), label="HJD [d]")])
    assert list(figure.data[0].x) == [5000.25, 5001.0, 5002.0]
    assert figure.layout.xaxis.title.text == "HJD − 2450000 [d]"


def test_bands_apart_share_their_time():
    figure = folded_figure([curve("g"), curve("r")], Fold(2.0, 10.0), Look(apart=True))
    assert figure.layout.yaxis2.title.text == "r: Magnitude [mag]"
    assert figure.layout.xaxis2.matches == "x"
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]


def test_many_points_are_left_to_webgl():
    many = np.arange(4000.0)
    assert isinstance(points_figure([curve(time=many, mag=many)]).data[0], go.Scattergl)


def test_a_spectrum_has_its_error_band_and_its_gaps():
    flux = np.array([1.0, np.nan, 3.0])
    spectrum = Series(name="spectra", x=np.array([4000.0, 4002, 4004]), y=flux, error=np.full(3, 0.5),
                      x_label="Wavelength (vacuum) [Angstrom]", y_label="Flux (relative)", style="line")  # fmt: skip
    figure = line_figure(spectrum)
    band = figure.data[0]
    assert band.fill == "toself"
    assert list(band.x[:2]) == [4000.0, 4000.0]
    assert list(band.y[:2]) == [1.5, 0.5]
    assert list(band.y[3:5]) == [3.5, 2.5], "the gap is not bridged"
    assert np.isnan(band.y[[2, 5]]).all()
    assert np.isnan(figure.data[1].y[1])
    assert len(line_figure(spectrum, errors=False).data) == 1


def test_names_are_shown_and_not_obeyed():
    assert plain("<b>x</b>\n&amp;") == "&lt;b&gt;x&lt;/b&gt; &amp;amp;"
    assert folded_figure([curve("<i>g</i>")], Fold(1.0, 0.0)).data[0].name == "&lt;i&gt;g&lt;/i&gt;"
    assert shortened("abcdefghij", 5) == "ab…ij"


def test_loss_and_recall():
    steps = [{"step": n, "loss": 5.0 - n} for n in range(1, 4)]
    recall = {"a__b": {"recall@10": 0.4, "chance@10": 0.05}}
    epochs = [{"step": 3, "epoch": 1, "train_loss": 3.0, "validation_loss": 2.5, "best": True, "recall": recall}]
    figure = loss_figure(steps, epochs)
    assert {trace.name: list(trace.y) for trace in figure.data} == {
        "step": [4.0, 3.0, 2.0], "training, mean of epoch": [3.0], "validation": [2.5], "best, epoch 1": [2.5],
    }  # fmt: skip
    assert {trace.name: list(trace.y) for trace in recall_figure(epochs).data} == {"a – b": [0.4], "chance": [0.05]}
    assert len(loss_figure([{"step": n, "loss": 0.0} for n in range(5000)], []).data[0].x) == 1000


def table_app(n_rows: int) -> None:
    import numpy as np
    import pandas as pd

    from pages.components.figure import show_table

    numbers = {f"column {place}": np.linspace(1, 2, n_rows) / 3 for place in range(10)}
    table = {"band": [f"b{row}" for row in range(n_rows)], "A1 [mag]": 0.30812, "A1 error [mag]": 0.0041, "n": 7}
    show_table(pd.DataFrame(table | numbers | {"FAP": 1.23e-9}), key="table", alt="A table")


def test_a_table_that_is_wide_and_short_stands_on_its_side_and_shows_every_row():
    app = AppTest.from_function(table_app, args=(2,)).run()
    shown = app.dataframe[0].value
    assert list(shown.columns) == ["band", "b0", "b1"]
    rows = shown.set_index("band")["b0"].to_dict()
    assert rows["A1 [mag]"] == "0.308(4)"
    assert (rows["n"], rows["column 0"], rows["FAP"]) == ("7", "0.33333", "1.2e-09")
    long = AppTest.from_function(table_app, args=(20,)).run().dataframe[0]
    assert list(long.value.columns)[:3] == ["band", "A1 [mag]", "n"]
    assert long.value["column 0"].dtype == float
