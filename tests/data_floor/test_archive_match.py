"""The match on the sky: radius, proper motion, repeats, neighbours; and sources that are one star."""

import numpy as np
import pandas as pd
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from data.archives.classes import label_of, parse_type
from data.archives.sky import candidates, choose, nearest_source, one_star

ARCSEC = 1 / 3600


def sources(**columns) -> pd.DataFrame:
    return pd.DataFrame({"ra": [10.0], "dec": [60.0], **columns})


def spectra(ra, dec, **columns) -> pd.DataFrame:
    frame = pd.DataFrame({"ra": ra, "dec": dec, "year": np.nan, "snrg": 10.0, "has_file": True})
    return frame.assign(**columns)


def test_distances_are_great_circles_and_the_radius_is_a_limit():
    # 4 arcsec of right ascension are 2 on the sky at declination 60
    found = candidates(sources(), spectra([10 + 4 * ARCSEC, 10.0], [60.0, 60 + 3.1 * ARCSEC]), radius=3, epoch=2016)
    assert list(found["spectrum"]) == [0]
    assert found["arcsec"][0] == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize(("year", "matched"), [(2012.0, True), (2016.0, False), (np.nan, False)])
def test_a_source_moves_to_the_date_of_the_spectrum(year, matched):
    # 2 arcsec a year eastwards: in 2012 it was 8 arcsec west of where Gaia has it
    there = SkyCoord(10 * u.deg, 60 * u.deg).spherical_offsets_by(-8 * u.arcsec, 0 * u.arcsec)
    moving = sources(pmra=[2000.0], pmdec=[0.0])
    found = candidates(moving, spectra([there.ra.deg], [there.dec.deg], year=year), radius=3, epoch=2016.0)
    assert len(found) == matched
    if matched:
        assert found["arcsec"][0] < 0.01
    assert candidates(sources(), spectra([there.ra.deg], [there.dec.deg], year=year), radius=3, epoch=2016).empty


def test_missing_and_impossible_proper_motions_leave_a_source_where_it_is():
    for motion in (np.nan, 1e6):
        table = sources(pmra=[motion], pmdec=[motion])
        assert len(candidates(table, spectra([10.0], [60.0], year=2012.0), radius=1, epoch=2016)) == 1


def test_of_repeats_the_one_with_a_file_and_the_highest_signal_wins():
    offset = 0.2 * ARCSEC
    listed = spectra(
        [10.0] * 3, [60.0, 60 + offset, 60 - offset], snrg=[50.0, 10.0, 20.0], has_file=[False, True, True]
    )
    chosen, others, repeats = choose(candidates(sources(), listed, radius=3, epoch=2016), listed)
    assert (list(chosen["spectrum"]), len(others), sorted(repeats["spectrum"])) == ([2], 0, [0, 1])


def test_the_nearest_star_wins_whatever_its_signal_and_the_other_is_told():
    listed = spectra([10.0, 10.0], [60 + 0.5 * ARCSEC, 60 + 2 * ARCSEC], snrg=[np.nan, 99.0])
    chosen, others, _ = choose(candidates(sources(), listed, radius=3, epoch=2016), listed)
    assert (list(chosen["spectrum"]), list(others["spectrum"])) == ([0], [1])


def test_one_star_links_by_way_of_others_and_leaves_the_unplaced_alone():
    ra, dec = np.array([10.0, 10.0, 10.0, 200.0, np.nan]), 5 + np.array([0, 2, 4, 0, 0]) * ARCSEC
    groups, pairs = one_star(ra, dec, 3.0)
    assert len(set(groups[:3])) == 1
    assert len(set(groups)) == 3
    assert [(pair.first, pair.second) for pair in pairs.itertuples()] == [(0, 1), (1, 2)]
    assert pairs["arcsec"].to_numpy() == pytest.approx([2, 2])


def test_one_star_links_by_key_too():
    apart = np.array([10.0, 20.0, 30.0, 40.0])
    groups, pairs = one_star(apart, np.zeros(4), 3.0, [["a", "b", "a", None], [None, "x", None, "x"]])
    assert (groups[0], groups[1]) == (groups[2], groups[3])
    assert (len(set(groups)), len(pairs)) == (2, 0)


def test_nothing_matches_without_positions():
    table = sources(ra=[np.nan])
    assert candidates(table, spectra([10.0], [60.0]), radius=3, epoch=2016).empty
    assert choose(candidates(table, spectra([], []), radius=3, epoch=2016), spectra([], []))[0].empty
    assert list(nearest_source(table, np.array([[10.0, 60.0], [np.nan, 1.0], [1.0, 95.0]]), 3)) == [-1, -1, -1]
    assert list(nearest_source(sources(), np.array([[10.0, 60.0], [10.1, 60.0]]), 3)) == [0, -1]


@pytest.mark.parametrize(
    ("raw", "alternatives", "doubt"),
    [
        ("RRAB", ("RRAB",), ""),
        ("ROT:", ("ROT",), "class uncertain"),
        ("EA|EB", ("EA", "EB"), "class ambiguous"),
        ("EA:|EB:", ("EA", "EB"), "class ambiguous"),
        ("EA+ROT", ("EA+ROT",), ""),
        ("EA/RS+BY", ("EA+BY",), ""),
        ("RRAB/BL", ("RRAB",), ""),
        ("DSCT|DSCT/GDOR:", ("DSCT",), "class uncertain"),
        (":", (), "class uncertain"),
    ],
)
def test_vsx_notation(raw, alternatives, doubt):
    found = parse_type(raw)
    assert (found.raw, found.alternatives, found.doubt) == (raw, alternatives, doubt)


def test_rot_with_a_colon_is_no_rot_unless_told():
    assert label_of("ROT:", "unlabelled") == (None, "class uncertain")
    assert label_of("ROT:", "drop") == (None, "uncertain class dropped")
    assert label_of("ROT:", "certain") == ("ROT", "uncertain class taken as certain")
    assert label_of("EA|EB", "certain") == (None, "class ambiguous")
    assert label_of("EA+ROT", "drop") == ("EA+ROT", "")
    assert label_of(None, "drop") == (None, "")


@given(st.text(max_size=20))
def test_any_text_is_a_type_or_none(raw):
    label, doubt = label_of(raw, "unlabelled")
    assert label is None or (label and not doubt and ":" not in label and "|" not in label)
