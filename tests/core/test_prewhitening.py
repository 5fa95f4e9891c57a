"""Prewhitening of stars with known frequencies: a double mode, a modulated pulsation, noise."""

import numpy as np
import pytest

from m3core.periods.combinations import names_of
from m3core.periods.prewhitening import prewhiten


def star(parts, seed=1, n=250, span=500, bands=2, noise=0.02):
    rng = np.random.default_rng(seed)
    found = []
    for number in range(bands):
        time = np.sort(rng.choice(span, n) + 0.4 + 0.2 * rng.uniform(size=n))
        value = 15 + number + noise * rng.standard_normal(n)
        for frequency, amplitude, phase in parts:
            value += (1 - 0.3 * number) * amplitude * np.cos(2 * np.pi * frequency * time + phase)
        found.append((time, value, np.full(n, noise)))
    return found


DOUBLE = [(2.0623, 0.2, 0.3), (2.7702, 0.12, 1.0), (4.8325, 0.06, 2.0), (4.1246, 0.05, 1.0)]


def test_a_double_mode_with_its_sum_and_harmonic():
    found = prewhiten(star(DOUBLE), shortest_period=0.15)
    assert [one.name for one in found.components[:4]] == ["f1", "f2", "f1 + f2", "2f1"]
    for one, (frequency, amplitude, _) in zip(found.components, DOUBLE, strict=False):
        assert abs(one.frequency - frequency) < 5 * one.error
        assert one.amplitudes == pytest.approx([amplitude, 0.7 * amplitude], abs=5 * max(one.amplitude_errors))
        assert one.signal_to_noise > 4
    assert len(found.components) <= 5
    assert "false-alarm" in found.ended
    assert len(found.steps) == len(found.components) + 1
    assert np.all(np.diff(found.shares) > 0)
    assert found.shares[-1] > 0.98


def test_the_errors_are_the_scatter_of_many():
    off, quoted, sizes, size_errors = [], [], [], []
    for seed in range(15):
        found = prewhiten(star(DOUBLE[:2], seed=seed, n=80), shortest_period=0.3, most_steps=2)
        second = found.components[1]
        off.append(second.frequency - DOUBLE[1][0])
        quoted.append(second.error)
        sizes.append(second.amplitudes[0])
        size_errors.append(second.amplitude_errors[0])
    assert np.std(off) == pytest.approx(np.mean(quoted), rel=0.5)
    assert np.std(sizes) == pytest.approx(np.mean(size_errors), rel=0.5)


def test_side_lobes_of_a_modulated_pulsation():
    modulation = 1 / 41.3
    parts = [
        (1.7652, 0.3, 0.0),
        (1.7652 + modulation, 0.08, 1.0),
        (3.5304, 0.12, 0.5),
        (3.5304 + modulation, 0.06, 2.0),
    ]
    found = prewhiten(star(parts, n=400), shortest_period=0.2)
    names = [one.name for one in found.components[:4]]
    assert names[0] == "f1"
    assert "2f1" in names
    assert "f1 + f2" in names
    [lobe] = [name for name in names if "side lobe" in name]
    assert lobe.startswith("f2 (side lobe: f1 + 0.0242")
    assert "41." in lobe


def test_noise_has_no_frequency_and_few_points_none_either():
    found = prewhiten(star([]), shortest_period=0.3)
    assert found.components == ()
    assert len(found.steps) == 1
    assert prewhiten([(np.arange(4.0), np.arange(4.0), np.ones(4))]) is None


def test_aliases_of_the_sampling_are_called_so():
    frequencies = np.array([1.5826, 3 * 1.5826 + 1 / 365.25, 2.5826])
    assert names_of(frequencies, np.full(3, 1e-6), 3000.0) == ["f1", "3f1 + 1 yr⁻¹ (alias)", "f1 + 1 d⁻¹ (alias)"]


def test_names():
    frequencies = np.array([1.3, 0.13, 2.6, 1.43, 1.17, 2.73, 1.8142])
    names = names_of(frequencies, np.full(7, 1e-6), 1000.0)
    assert names == ["f1", "f2", "2f1", "f1 + f2", "f1 − f2", "2f1 + f2", "f3"]


def test_the_frequency_to_begin_with_is_taken_where_its_peak_is_about_as_high():
    rng = np.random.default_rng(3)
    time = np.sort(rng.choice(300, 80)) + 0.4 + 0.05 * rng.uniform(size=80)
    band = (time, 15 + 0.3 * np.cos(2 * np.pi * 1.7343 * time) + 0.02 * rng.standard_normal(80), np.full(80, 0.02))
    settings = {"shortest_period": 0.3, "most_steps": 1}
    for start in (0.7343, 1.7343, 2.7343):  # of a star seen at the same time of every night they are nearly alike
        found = prewhiten([band], start=start, **settings)
        assert found.components[0].frequency == pytest.approx(start, abs=0.01)
        assert found.components[0].power <= found.steps[0].peaks[0].power
    elsewhere = prewhiten([band], start=1.31, **settings)
    assert elsewhere.components[0].power == elsewhere.steps[0].peaks[0].power


def test_amplitudes_belong_to_the_bands_that_have_points():
    few, many = star([(2.1, 0.3, 0.0)], bands=2, n=120)
    found = prewhiten([tuple(one[:3] for one in few), many], shortest_period=0.3)
    assert found.bands == (1,)
    assert found.components[0].amplitudes == pytest.approx([0.21], abs=0.02)
