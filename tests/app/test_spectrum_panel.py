"""The spectra of a source on its page: figure, controls, velocity, measuring, files, and what cannot be drawn."""

import json
import re

import numpy as np
import pytest

from m3core.spectrum.lines import LIGHT_SPEED
from tests.app.conftest import checked, open_page, said
from tests.data_floor.archive_files import lamost_cards, spectrum, write_lamost
from tests.spectra_survey import H_ALPHA, N_PIXELS, REDSHIFT, made_survey

LINES = ["lines", "names of lines"]
"""The traces of all lines."""


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    root = tmp_path_factory.mktemp("spectra_workspace")
    made_survey(root / "surveys" / "spectra")
    made_survey(root / "surveys" / "masked", ivar=np.zeros(N_PIXELS))
    made_survey(root / "surveys" / "renamed", first_id="two__underscores")
    return root


@pytest.fixture
def app(stocked, monkeypatch):
    monkeypatch.setenv("M3_DEMO", "off")
    monkeypatch.setenv("M3_WORKSPACE", str(stocked))
    return lambda source, survey="spectra": open_page("source", survey=survey, source=source)


def figure(page) -> dict:
    (found,) = [chart for chart in page.get("plotly_chart") if chart.proto.alt.startswith("Spectrum")]
    return json.loads(found.proto.spec)


def owner(page) -> str:
    return next(one.key for one in page.number_input if (one.key or "").startswith("spectrum_velocity_")).removeprefix(
        "spectrum_velocity_"
    )


def h_alpha(page) -> float:
    line = next(one for one in figure(page)["data"] if one["name"] == "names of lines")
    return max(x for x, text in zip(line["x"], line["text"], strict=True) if text == "Hα")


def names(page) -> list[str]:
    return [one["name"] for one in figure(page)["data"]]


def test_the_redshift_is_the_first_velocity_and_slider_and_box_follow_one_another(app):
    page = app("s1")
    assert not page.error
    first = REDSHIFT * LIGHT_SPEED
    assert h_alpha(page) == pytest.approx(H_ALPHA * (1 + REDSHIFT), abs=1e-2)
    box = page.number_input(key=f"spectrum_velocity_{owner(page)}")
    slider = page.slider(key=f"spectrum_slider_{owner(page)}")
    assert box.value == pytest.approx(first, abs=0.01)
    assert slider.value == pytest.approx(first, abs=1)
    slider.set_value(-120.0)
    checked(page.run())
    assert page.number_input(key=f"spectrum_velocity_{owner(page)}").value == -120.0
    assert h_alpha(page) == pytest.approx(H_ALPHA * (1 - 120 / LIGHT_SPEED), abs=1e-2)
    page.number_input(key=f"spectrum_velocity_{owner(page)}").set_value(1500.0)
    checked(page.run())
    assert page.slider(key=f"spectrum_slider_{owner(page)}").value == 600.0
    assert h_alpha(page) == pytest.approx(H_ALPHA * (1 + 1500 / LIGHT_SPEED), abs=1e-2)
    page.button(key=f"spectrum_back_{owner(page)}").click()
    checked(page.run())
    assert h_alpha(page) == pytest.approx(H_ALPHA * (1 + REDSHIFT), abs=1e-2)


def test_every_control_answers(app):
    page = app("s0")
    assert names(page) == ["blue_arm ± 1σ", "blue_arm", "blue_arm, masked (12 of 600)", *LINES]
    page.toggle(key="spectrum_errors").set_value(False)
    page.toggle(key="spectrum_masked").set_value(False)
    page.select_slider(key="spectrum_smoothing").set_value(21)
    page.selectbox(key="spectrum_template").set_value("B")
    page.multiselect(key=f"spectrum_others_{owner(page)}").set_value(["s2"])
    page.segmented_control(key="spectrum_medium").set_value("vacuum")
    checked(page.run())
    assert not page.error
    assert names(page) == ["median of B (5)", "blue_arm of s2", "blue_arm, not smoothed",
                           "blue_arm, smoothed", *LINES]  # fmt: skip
    assert figure(page)["layout"]["xaxis"]["title"]["text"] == "Observed wavelength (vacuum) [Å]"
    assert "taken to be in vacuum by your choice" in said(page)
    page.toggle(key="spectrum_continuum").set_value(True)
    checked(page.run())
    assert figure(page)["layout"]["yaxis"]["title"]["text"] == "Flux / continuum"
    page.slider(key="spectrum_degree").set_value(3)
    checked(page.run())
    assert "of degree 3" in said(page)
    page.multiselect(key=f"spectrum_others_{owner(page)}").set_value(["nobody"])
    checked(page.run())
    assert "nobody" in page.error[0].value


def test_an_equivalent_width_stands_above_the_figure(app):
    page = app("s0")
    page.toggle(key="spectrum_measures").set_value(True)
    checked(page.run())
    assert figure(page)["layout"]["dragmode"] == "select"
    assert "Drag over a line" in said(page)
    place = f"{owner(page)}_spectrum-blue_arm"
    page.number_input(key=f"spectrum_from_{place}").set_value(6450.0)
    page.number_input(key=f"spectrum_to_{place}").set_value(6650.0)
    checked(page.run())
    assert re.search(r"W = 2\d\.\d ± \d\.\d Å", said(page)), "as many digits as the error allows"
    assert "as observed in 6450.0-6650.0 Å" in said(page)
    page.number_input(key=f"spectrum_to_{place}").set_value(99_000.0)
    checked(page.run())
    assert "choose a range inside" in said(page)
    assert figure(page)["data"]


def test_what_cannot_be_drawn_is_a_sentence(app):
    page = app("s0", "masked")
    assert not page.error
    assert f"All {N_PIXELS} pixels of blue_arm are masked" in said(page)
    page = app("s3")
    assert "has no blue_arm" in said(page)


def lamost(tmp_path, name: str, layout: str, **cards) -> tuple[str, bytes, str]:
    write_lamost(tmp_path / name, spectrum(5), lamost_cards(10, 20, **cards), layout)
    return name, (tmp_path / name).read_bytes(), "application/fits"


def test_a_lamost_file_opens_with_its_own_class_and_redshift(app, tmp_path):
    page = app("s3")  # a source without a spectrum
    one = lamost(tmp_path, "one.fits", "image", SUBCLASS="K3", Z=-0.001)
    two = lamost(tmp_path, "two.fits", "table", SUBCLASS="A2", Z=0.0005)
    page.file_uploader(key="spectrum_files").set_value([one])
    checked(page.run())
    assert not page.error
    assert "class **STAR**, subclass **K3**, redshift **-0.001000** (-299.8 km/s)" in said(page)
    assert page.number_input(key="file_velocity_file_one").value == pytest.approx(-0.001 * LIGHT_SPEED, abs=0.01)
    (chart,) = [chart for chart in page.get("plotly_chart") if chart.proto.alt == "one"]
    drawn = [trace["name"] for trace in json.loads(chart.proto.spec)["data"]]
    assert drawn == ["one ± 1σ", "one", "one, masked (15 of 3,908)", *LINES]
    page.file_uploader(key="spectrum_files").set_value([one, two])
    checked(page.run())
    page.selectbox(key="file_chosen").set_value("two")
    checked(page.run())
    page.multiselect(key="file_others_file_two").set_value(["s0", "s3"])
    page.selectbox(key="file_template").set_value("A")
    checked(page.run())
    assert page.number_input(key="file_velocity_file_two").value == pytest.approx(0.0005 * LIGHT_SPEED, abs=0.01)
    (chart,) = [chart for chart in page.get("plotly_chart") if chart.proto.alt == "two"]
    drawn = [trace["name"] for trace in json.loads(chart.proto.spec)["data"]]
    assert {"two", "one", "blue_arm of s0", "median of A (5)"} <= set(drawn)
    assert "1 of the sources to lay over it have no blue_arm" in said(page)


def test_two_releases_of_a_star_are_told_apart(app, tmp_path):
    page = app("s3")
    files = [lamost(tmp_path, "same.fits", "image", Z=-0.001), lamost(tmp_path, "same.fits", "table", Z=0.0005)]
    page.file_uploader(key="spectrum_files").set_value(files)
    checked(page.run())
    page.selectbox(key="file_chosen").set_value("same (2)")
    checked(page.run())
    assert page.number_input(key="file_velocity_file_same (2)").value == pytest.approx(0.0005 * LIGHT_SPEED, abs=0.01)
    (chart,) = [chart for chart in page.get("plotly_chart") if chart.proto.alt == "same (2)"]
    assert {"same", "same (2)"} <= {trace["name"] for trace in json.loads(chart.proto.spec)["data"]}


@pytest.mark.parametrize("name", ["a__b.fits", "<b>x<b>.fits", "___.fits", "x: $y$ | *z*.fits"])
def test_a_file_may_have_any_name(app, tmp_path, name):
    page = app("s3")
    page.file_uploader(key="spectrum_files").set_value([lamost(tmp_path, name, "image")])
    checked(page.run())
    assert not page.error
    stem = name.removesuffix(".fits")
    assert any(chart.proto.alt == stem for chart in page.get("plotly_chart"))
    assert f"**{stem}** by LAMOST" in said(page)


def test_an_id_may_have_underscores_in_a_row(app):
    page = app("two__underscores", "renamed")
    assert not page.error
    assert figure(page)["data"]


def test_a_wrong_file_is_one_sentence_beside_the_right_one(app, tmp_path):
    page = app("s3")
    name, content, kind = lamost(tmp_path, "one.fits", "table")
    page.file_uploader(key="spectrum_files").set_value(
        [("cut.fits", content[:9000], kind), ("text.fits", b"hello", kind), (name, content, kind)]
    )
    checked(page.run())
    quasar = lamost(tmp_path, "far.fits", "table", Z=2.5, CLASS="QSO")
    assert [error.value.replace("\\", "").split()[0] for error in page.error] == ["Cut.fits", "Text.fits"]
    assert any(chart.proto.alt == "one" for chart in page.get("plotly_chart"))
    page.file_uploader(key="spectrum_files").set_value([quasar])
    checked(page.run())
    assert not page.error
    assert page.number_input(key="file_velocity_file_far").value == pytest.approx(2.5 * LIGHT_SPEED, abs=0.01)
    assert page.slider(key="file_slider_file_far").value == 600.0
