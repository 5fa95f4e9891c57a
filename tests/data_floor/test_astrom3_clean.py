"""Cleaning of one curve and one spectrum, on whatever a file may hold."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.astrom3.clean import clean_curve, clean_spectrum
from data.report import KINDS

ROW_FAULTS = {"time not finite", "brightness not finite", "error not positive", "duplicate row"}
VALUES = st.sampled_from([0.0, 1.0, 2.5, -3.0, 2_456_700.25, 5000.0, 1e-30, np.nan, np.inf, -np.inf])


@st.composite
def tables(draw):
    """(n, 3) with many repeated, missing and infinite values."""
    return draw(arrays(np.float32, (draw(st.integers(0, 12)), 3), elements=VALUES.map(np.float32)))


@given(tables())
def test_every_row_of_a_curve_is_kept_or_counted(rows):
    before = rows.copy()
    kept, faults = clean_curve(rows)
    assert np.array_equal(rows, before, equal_nan=True)
    assert {kind for kind, _ in faults} <= set(KINDS)
    if kept is None:
        return
    assert len(kept["time"]) + sum(kind in ROW_FAULTS for kind, _ in faults) == len(rows)
    assert (np.diff(kept["time"]) >= 0).all()
    assert np.isfinite(kept["flux"]).all()
    assert np.ptp(kept["flux"]) > 0
    assert not (kept["error"] <= 0).any()
    assert not np.isinf(kept["error"]).any()
    again, none = clean_curve(np.column_stack(list(kept.values())))
    assert {kind for kind, _ in none} <= {"error not finite"}
    assert all(np.array_equal(again[name], kept[name], equal_nan=True) for name in kept)


@given(tables())
def test_a_spectrum_is_ascending_and_finite(rows):
    before = rows.copy()
    kept, faults = clean_spectrum(rows)
    assert np.array_equal(rows, before, equal_nan=True)
    assert {kind for kind, _ in faults} <= set(KINDS)
    if kept is not None:
        assert (np.diff(kept["wavelength"]) >= 0).all()
        assert all(np.isfinite(values).all() for values in kept.values())
        assert (kept["ivar"] > 0).any()
