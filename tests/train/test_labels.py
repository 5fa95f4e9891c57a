"""Shares of labels: the published caps, stratified, nested, and the same in any order of rows."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from m3core.errors import ConfigError
from m3core.model.batch import Batch
from training.labels import PUBLISHED_CAPS, PUBLISHED_COUNTS, cap_of, draw
from training.modality_dropout import withhold

IDS = np.array([f"s{i}" for i in range(400)])
CLASSES = np.repeat([0, 1, 2], [300, 90, 10])


@pytest.mark.parametrize(("share", "cap"), PUBLISHED_CAPS.items())
def test_on_the_published_counts_the_cap_is_the_published_one(share, cap):
    assert cap_of(PUBLISHED_COUNTS, share) == cap


@pytest.mark.parametrize("cap", [False, True])
@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=20, deadline=None)
def test_a_tenth_is_inside_a_quarter_inside_a_half(cap, seed):
    kept = [draw(IDS, CLASSES, share=share, seed=seed, cap=cap) for share in (0.1, 0.25, 0.5, 1.0)]
    for smaller, larger in pairwise(kept):
        assert not (smaller & ~larger).any()
        assert smaller.sum() < larger.sum()
    assert kept[-1].all()


def test_a_share_is_that_of_every_class():
    assert np.bincount(CLASSES[draw(IDS, CLASSES, share=0.1, seed=0, cap=False)]).tolist() == [30, 9, 1]
    assert np.bincount(CLASSES[draw(IDS, CLASSES, share=0.1, seed=0, cap=True)]).tolist() == [14, 14, 10]


def test_the_order_of_rows_decides_nothing_and_the_seed_does():
    order = np.random.default_rng(0).permutation(len(IDS))
    first = set(IDS[draw(IDS, CLASSES, share=0.25, seed=5, cap=False)])
    assert first == set(IDS[order][draw(IDS[order], CLASSES[order], share=0.25, seed=5, cap=False)])
    assert first != set(IDS[draw(IDS, CLASSES, share=0.25, seed=6, cap=False)])


def test_fewer_labels_than_classes():
    with pytest.raises(ConfigError, match=r"these are 2, fewer than the 3 classes: ask for a larger share, 0\.01"):
        draw(IDS, CLASSES, share=0.005, seed=0, cap=False)


@pytest.mark.parametrize("keep", [1, 2])
def test_dropout_withholds_its_share_but_never_too_many(keep):
    rng = torch.Generator().manual_seed(0)
    present = {name: torch.rand(4000, generator=rng) < 0.8 for name in "abcd"}
    batch = Batch(inputs={}, present=present, rows=np.arange(4000), labels=torch.zeros(4000))
    left = withhold(batch, 0.5, keep=keep, seed=3)
    before, after = (torch.stack(list(one.present.values())) for one in (batch, left))
    assert not (after & ~before).any()
    assert (after.sum(dim=0) >= before.sum(dim=0).clamp(max=keep)).all()
    assert (after == torch.stack(list(withhold(batch, 0.5, keep=keep, seed=3).present.values()))).all()
    full = before.all(dim=0)
    # of four, each stays with chance a half; where fewer than `keep` would, those drawn longest do
    expected = {1: 2 + 1 / 16, 2: 2 + 1 / 16 * 2 + 4 / 16}[keep]
    assert after[:, full].sum(dim=0).float().mean() == pytest.approx(expected, abs=0.08)
    assert (after[:, full].float().mean(dim=1) - expected / 4).abs().max() < 0.05
    assert withhold(batch, 0.0, keep=keep, seed=3) is batch
