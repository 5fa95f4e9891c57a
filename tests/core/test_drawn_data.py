"""What a figure draws, as a table."""

import numpy as np
import plotly.graph_objects as go

from m3core.diagrams.colouring import Categories, Values
from m3core.figures.drawn_data import drawn_data
from m3core.figures.map import map_figure
from m3core.figures.multiples import Cell, Panel, multiples_figure
from m3core.star.html import paper

XY = np.array([[0.5, 1.0], [np.nan, np.nan], [2.0, 3.0], [4.0, 5.5]], np.float32)
IDS = np.array(["a", "b", "<c>", "d"], object)


def test_a_map_gives_ids_classes_and_places_of_what_is_on_it():
    figure = map_figure(XY, IDS, Categories("label", ("EA & <EB>", "RRAB"), np.array([0, 0, 1, 1]), "unlabelled"))
    table = drawn_data(figure).set_index("source_id")
    assert set(table.columns) == {"trace", "x", "y"}
    assert sorted(table.index) == ["<c>", "a", "d"]
    assert table.loc["a", "trace"] == "EA & <EB>"
    assert table.loc[["a", "<c>", "d"], ["x", "y"]].to_numpy().tolist() == XY[[0, 2, 3]].tolist()


def test_values_told_by_colour_are_a_column_named_by_the_colour_bar():
    figure = map_figure(XY, IDS, Values("period [d]", np.array([1.0, 2.0, np.nan, 7.0]), wants_log=False))
    table = drawn_data(figure).set_index("source_id")
    (colour,) = [name for name in table if name.startswith("period [d]")]
    assert table.loc[["a", "d"], colour].tolist() == [1.0, 7.0]
    assert np.isnan(table.loc["<c>", colour])
    assert table.loc["<c>", "trace"] == "no value"


def test_axes_give_the_names_and_gaps_of_lines_are_no_marks():
    figure = go.Figure(
        [
            go.Scatter(x=[1.0, None, 3.0], y=[4.0, None, 6.0], name="fit"),
            go.Scatter(x=[1.0], y=[2.0], error_y={"array": [0.1]}, name="seen", xaxis="x2", yaxis="y2"),
        ]
    )
    figure.update_layout(
        xaxis={"title": {"text": "Phase"}}, yaxis={"title": {"text": "<b>Flux</b><br>[mJy]"}},
        xaxis2={"title": {"text": "Time [d]"}}, yaxis2={"title": {"text": "Time [d]"}},
    )  # fmt: skip
    table = drawn_data(figure)
    assert list(table) == ["trace", "Phase", "Flux [mJy]", "Time [d]", "Time [d] (y)", "Time [d] (y) error"]
    assert table["Phase"].dropna().tolist() == [1.0, 3.0]
    assert table.iloc[-1].dropna().tolist() == ["seen", 1.0, 2.0, 0.1]


def test_a_heat_map_is_a_row_a_cell():
    figure = go.Figure(go.Heatmap(x=["p", "q", "r"], y=["u", "v"], z=[[1, 2, 3], [4, 5, 6]]))
    table = drawn_data(figure)
    assert table[["x", "y", "value"]].to_numpy(object).tolist()[3:5] == [["p", "v", 4.0], ["q", "v", 5.0]]


def test_bars_and_an_empty_figure():
    assert drawn_data(go.Figure(go.Bar(x=["EA"], y=[3])))[["x", "y"]].to_numpy(object).tolist() == [["EA", 3]]
    assert drawn_data(go.Figure()).empty


def test_few_points_are_saved_as_vectors_and_very_many_are_not():
    colours = Categories("label", ("EA",), np.zeros(30_000, np.int64), "unlabelled")
    ids = np.arange(30_000).astype(str).astype(object)
    many = map_figure(np.random.default_rng(0).normal(size=(30_000, 2)).astype(np.float32), ids, colours)
    assert [trace.type for trace in paper(many).data] == ["scattergl"]
    assert [trace.type for trace in paper(map_figure(XY, IDS, Values("v", np.ones(4), wants_log=False))).data] == [
        "scatter"
    ]


def test_cells_without_titles_say_in_the_table_what_their_axes_are():
    panels = {"spectra": Panel([("spectra", np.array([1.0, 2.0]), np.array([3.0, 4.0]))], True, False, None, "W", "F")}
    cells = [Cell(name, name, "", panels) for name in ("a", "b", "c", "d", "e")]
    table = drawn_data(multiples_figure(cells, n_columns=2))
    assert list(table) == ["trace", "source_id", "W", "F"]
    assert table["source_id"].tolist() == [name for name in "abcde" for _ in range(2)]
