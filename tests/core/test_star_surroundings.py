"""Neighbours on the sky against astropy, bad nights that were put in, links that are text, notes that are kept."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

from m3core.figures.surroundings import nights_figure
from m3core.kinds import kind_of
from m3core.light_curve.nights import find_nights, on_bad_night
from m3core.star.links import links_of
from m3core.star.notes import Notes, NotesError
from m3core.star.surroundings import match_distances, neighbours_on_sky, surroundings_panels
from m3core.survey import Column, ModalitySpec, SplitSpec, Survey, write_survey

N, NIGHTS = 80, 60
BAD, NOISY = 17, 40


def crowded(path, *, spoilt: bool = True) -> Survey:
    """Eighty stars of one field, observed on the same nights; one night is 0.4 mag too faint, one is noise."""
    rng = np.random.default_rng(8)
    ra, dec = 359.99 + rng.uniform(0, 0.02, N), rng.uniform(0.49, 0.51, N)
    table = pd.DataFrame(
        {"source_id": [f"n{i:02d}" for i in range(N)], "ra": np.mod(ra, 360), "dec": dec, "label": "RRAB",
         "split": "train", "period": np.where(np.arange(N) < 2, 0.5, rng.uniform(0.3, 0.8, N)),
         "match_arcsec": rng.uniform(0, 2, N)}
    )  # fmt: skip
    table.loc[5, ["ra", "dec"]] = np.nan
    curves = []
    for i in range(N):
        time = 56000.35 + np.arange(NIGHTS) + rng.uniform(-0.05, 0.05, NIGHTS)
        mag = 15 + 0.3 * np.sin(2 * np.pi * time / table["period"][i]) + 0.01 * rng.standard_normal(NIGHTS)
        if spoilt:
            mag[BAD] += 0.4
            mag[NOISY] += 3 * rng.standard_normal()
        curves.append({"time": time, "mag": mag, "error": np.full(NIGHTS, 0.01)})
    spec = ModalitySpec(
        name="v", kind="photometry", label="V", fields=("time", "mag", "error"), columns=("period",),
        settings={"value": "mag", "period": "period", "time_label": "MJD"}, units={"time": "d", "mag": "mag"},
    )  # fmt: skip
    return write_survey(
        path, sources=table, modalities=[spec], arrays={"v": curves}, split=SplitSpec(method="given"), provenance={},
        columns={"match_arcsec": Column(unit="arcsec", description="distance to its spectrum")},
    )  # fmt: skip


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    return crowded(tmp_path_factory.mktemp("field") / "s")


def test_neighbours_agree_with_astropy_across_right_ascension_zero(field):
    source = field.source("n00")
    table = neighbours_on_sky(field, source)
    known = field.sources.dropna(subset=["ra"]).drop("n00")
    places = SkyCoord(known["ra"].to_numpy() * units.deg, known["dec"].to_numpy() * units.deg)
    here = SkyCoord(source.ra * units.deg, source.dec * units.deg)
    order = np.argsort(here.separation(places).arcsec)[: len(table)]
    assert list(table["source_id"]) == list(known.index[order])
    np.testing.assert_allclose(table["separation [arcsec]"], here.separation(places[order]).arcsec, rtol=1e-6)
    np.testing.assert_allclose(table["position_angle [deg]"], here.position_angle(places[order]).deg, rtol=1e-5)
    east, north = here.spherical_offsets_to(places[order])
    np.testing.assert_allclose(table["east [arcsec]"], east.arcsec, atol=2e-3)
    np.testing.assert_allclose(table["north [arcsec]"], north.arcsec, atol=2e-3)
    other = table.set_index("source_id")["note"].get("n01", "the same period")
    assert "the same period" in other


def test_two_entries_of_one_place_are_said_to_be_one_star(field, tmp_path):
    table = field.sources.reset_index()
    table.loc[3, ["ra", "dec"]] = table.loc[4, ["ra", "dec"]]
    spec = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=("period",))
    survey = write_survey(
        tmp_path / "twice", sources=table, modalities=[spec], arrays={}, split=SplitSpec(method="given"), provenance={}
    )
    first = neighbours_on_sky(survey, survey.source("n03")).iloc[0]
    assert (first["source_id"], first["separation [arcsec]"]) == ("n04", 0)
    assert "likely the same star" in first["note"]
    caption = surroundings_panels(survey, survey.source("n03"))[0].caption
    assert "circles at 5, 15, 60 arcsec" in caption
    assert "n04: within 2 arcsec: likely the same star" in caption
    assert "  " not in caption


def test_the_finder_is_as_wide_as_its_farthest_neighbour_needs(field, tmp_path):
    """At 4 arcsec a neighbour would lie under the star's own mark in a field of 60."""
    table = field.sources.reset_index().iloc[:2]
    table[["ra", "dec"]] = [[10.0, 0.0], [10.0, 4 / 3600]]
    spec = ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=("period",))
    survey = write_survey(
        tmp_path / "two", sources=table, modalities=[spec], arrays={}, split=SplitSpec(method="given"), provenance={}
    )
    panel = surroundings_panels(survey, survey.source("n00"))[0]
    assert panel.figure.layout.yaxis.range[1] == pytest.approx(15 * 1.08)
    assert "circles at 5, 15 arcsec" in panel.caption


@pytest.mark.parametrize(
    ("dec", "plain", "signed"), [(45.5, "45.500000", "+45.500000"), (-0.25, "-0.250000", "-0.250000")]
)
def test_declinations_have_a_sign_only_where_it_parts_two_numbers(field, dec, plain, signed):
    source = replace(field.source("n03"), ra=0.000123, dec=dec)
    asked = {link.name: parse_qs(urlsplit(link.url).query) for link in links_of(source)}
    assert asked["LAMOST"]["dec"] == asked["Sky Patrol"]["dec"] == [plain]
    assert asked["VizieR"]["-c"] == asked["VSX"]["coords"] == asked["Aladin Lite"]["target"] == [f"0.000123 {signed}"]
    assert f"CIRCLE('ICRS', 0.000123, {plain}, 0.001389)" in asked["Gaia archive"]["QUERY"][0]


def test_no_position_and_no_neighbour_have_their_sentence(field, tmp_path):
    panels = {one.key: one for one in surroundings_panels(field, field.source("n05"))}
    assert "no position" in panels["blends"].sentence
    assert "not been compared yet" in panels["nights"].sentence
    assert match_distances(field, field.source("n03"))["distance [arcsec]"].item() == pytest.approx(
        field.sources["match_arcsec"].iloc[3]
    )


def test_nights_that_were_spoilt_are_found_and_no_others(field):
    nights = find_nights(field)["v"]
    assert list(nights.bad["night"] - nights.table["night"].iloc[0]) == [BAD, NOISY]
    bad = nights.bad.iloc[0]
    assert bad["shift"] == pytest.approx(0.4, abs=0.15)
    assert bad["n_stars"] == N
    assert bad["z"] > 5
    time = field.source("n10").observations["v"]["time"]
    np.testing.assert_array_equal(np.flatnonzero(on_bad_night(nights, time)), [BAD, NOISY])
    panel = surroundings_panels(field, field.source("n10"), {"v": nights})[-1]
    assert panel.data["on_bad_night"].sum() == 2
    assert "2 of 60" in panel.caption


def test_good_nights_stay_good(tmp_path):
    assert find_nights(crowded(tmp_path / "s", spoilt=False))["v"].bad.empty


def test_links_carry_position_or_id_and_nothing_else(field):
    source = field.source("n03")
    links = {link.name: link for link in links_of(source)}
    assert list(links) == ["VSX", "SIMBAD", "Gaia archive", "VizieR", "Sky Patrol", "LAMOST", "Aladin Lite"]
    for link in links.values():
        assert urlsplit(link.url).scheme in ("http", "https")
        assert f"{source.ra:.6f}" in link.url
    asked = parse_qs(urlsplit(links["SIMBAD"].url).query)["Coord"][0].split()
    assert [float(one) for one in asked] == pytest.approx([source.ra, source.dec], abs=1e-6)
    assert links_of(field.source("n05")) == []
    named = replace(source, catalogue={"edr3_source_id": "EDR3 5853498713190525696", "lamost_obsid": "123456"})
    links = {link.name: link for link in links_of(named)}
    assert "5853498713190525696" in links["Gaia archive"].url
    assert "gaiadr3" in links["Gaia archive"].url
    assert links["LAMOST"].asks == "obsid 123456"
    evil = replace(source, source_id="EDR3 1&x=<script>", catalogue={"lamost_obsid": "1' OR 1"})
    assert not any("script" in link.url or "OR" in link.asks for link in links_of(evil))


def test_notes_are_kept_undone_and_survive_a_cut_line(field, tmp_path):
    notes = Notes(tmp_path, field)
    notes.keep("n01", "first", ["Blazhko", " Blazhko ", "check"])
    notes.keep("n01", "second", ["Blazhko"], author="ab")
    notes.keep("n02", "", ["Blazhko"])
    assert Notes(tmp_path, field).of("n01").note == "second"
    assert notes.tags() == {"Blazhko": 2}
    assert notes.tagged("Blazhko") == ["n01", "n02"]
    assert notes.undo("n01").note == "second"
    assert notes.of("n01") == notes.of("n01")
    assert (notes.of("n01").note, notes.of("n01").tags) == ("first", ("Blazhko", "check"))
    assert notes.of("n02").tags == ("Blazhko",)  # another star's undo leaves it alone
    place = next((tmp_path / "notes").iterdir())
    with place.open("ab") as stream:
        stream.write(b'{"source_id": "n03", "no')
    assert Notes(tmp_path, field).of("n01").note == "first"
    assert "passed over" in Notes(tmp_path, field).sentences()[0]
    Notes(tmp_path, field).keep("n03", "after the cut", [])
    assert notes.of("n03").note == "after the cut"
    assert len([json.loads(line) for line in place.read_bytes().splitlines() if line.endswith(b"}")]) == 5
    notes.keep("n03", "", [])
    assert "n03" not in notes.current()
    for said in (("nobody", "", []), ("n01", "x" * 3000, []), ("n01", "", ["t" * 60])):
        with pytest.raises(NotesError):
            notes.keep(*said)
    assert list(notes.table().columns) == ["source_id", "note", "tags", "time", "author"]


def test_nights_have_the_axis_of_the_light_curve(field):
    spec = field.modalities["v"]
    [one] = kind_of(spec).series(spec, field.source("n10"))
    julian = replace(one, x=one.x + 2_400_000.5, x_label="HJD [d]")
    figure = nights_figure([(julian, np.arange(len(one.x)) == BAD)])
    assert figure.layout.xaxis.title.text == "HJD − 2450000 [d]"
    assert np.ptp(figure.data[0].x) < 100
    assert [trace.x.max() < 10_000 for trace in figure.data] == [True, True]


def test_bands_of_nights_go_by_wavelength(field):
    spec = field.modalities["v"]
    [one] = kind_of(spec).series(spec, field.source("n10"))
    good = np.zeros(len(one.x), bool)
    figure = nights_figure([(replace(one, name=name), good) for name in "rgu"])
    assert [trace.name for trace in figure.data] == ["u", "g", "r"]
