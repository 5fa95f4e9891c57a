"""The published preprocessing and photometry encoder against its recorded outputs (../shared/golden)."""

import numpy as np
import pytest
import torch

import m3core
from m3core import preprocess
from m3core.nn.informer import Informer, InformerLayer
from tests.conftest import SHARED, needs_shared

GOLDEN = SHARED / "golden" / "astrom3_small"


@pytest.fixture(scope="module")
def golden():
    return {name: np.load(GOLDEN / f"{name}.npz", allow_pickle=False) for name in ("raw", "preprocessed", "expected")}


@needs_shared
def test_preprocessing(golden):
    raw, expected = golden["raw"], golden["preprocessed"]
    for i in range(6):
        array, mask = preprocess.light_curve(raw[f"lightcurve_{i}"], raw[f"photo_cols_{i}"], 64)
        np.testing.assert_allclose(array, expected["photometry"][i], atol=1e-6)
        np.testing.assert_array_equal(mask, expected["photometry_mask"][i])
        np.testing.assert_allclose(preprocess.spectrum(raw[f"spectrum_{i}"]), expected["spectra"][i], atol=1e-5)


@needs_shared
def test_informer(golden):
    net = m3core.load_checkpoint(GOLDEN, sampling="published").encoders["photometry_"]
    inputs = {
        "": torch.from_numpy(golden["preprocessed"]["photometry"]),
        "mask": torch.from_numpy(golden["preprocessed"]["photometry_mask"]),
    }
    with torch.no_grad():
        torch.manual_seed(1234)
        features = net(inputs).numpy()
        tokens = net.embedding(inputs[""]).numpy()
    np.testing.assert_allclose(features, golden["expected"]["photometry_encoder_output"], atol=1e-5)
    np.testing.assert_allclose(tokens, golden["expected"]["photometry_token_embedding"], atol=1e-5)


def test_light_curve_by_hand():
    """Times 10, 12, 14 d; flux 1, 3, 8: mean 4, median 3, MAD 2; the duplicate row goes, the order is mended."""
    rows = np.array([[14, 8, 0.2], [10, 1, 0.4], [12, 3, 0.6], [10, 1, 0.4]])
    array, mask = preprocess.light_curve(rows, [7.0], 4)
    np.testing.assert_allclose(
        array,
        [
            [0, -1.5, 0.2, 7, np.log10(2), 4 / 365],
            [0.5, -0.5, 0.3, 7, np.log10(2), 4 / 365],
            [1, 2, 0.1, 7, np.log10(2), 4 / 365],
            [0, 0, 0, 7, np.log10(2), 4 / 365],
        ],
        rtol=1e-6,
    )
    assert mask.tolist() == [1, 1, 1, 0]


def test_a_long_light_curve_is_cropped_in_the_centre_or_at_random():
    rows = np.column_stack([np.arange(10.0), np.arange(10.0) ** 2, np.ones(10)])
    centre, _ = preprocess.light_curve(rows, [], 4)
    np.testing.assert_allclose(centre[:, 0], np.array([3, 4, 5, 6]) / 9, rtol=1e-6)
    starts = {
        round(float(preprocess.light_curve(rows, [], 4, rng=np.random.default_rng(seed))[0][0, 0]) * 9)
        for seed in range(60)
    }
    assert starts == set(range(7))


@pytest.mark.parametrize("rows", [[[5.0, 2.0, 0.1]], [[1.0, 2.0, 0.1], [2.0, 2.0, 0.1], [3.0, 2.0, 0.1]]])
def test_one_epoch_and_constant_flux_stay_finite(rows):
    array, _ = preprocess.light_curve(np.array(rows), [], 4)
    assert np.isfinite(array).all()


def test_metadata_transforms_by_hand():
    names = ["j_mag", "parallax", "l", "b", "bp_rp"]
    np.testing.assert_allclose(
        preprocess.metadata(names, np.array([12.0, 10.0, 180.0, 30.0, 0.7])), [7.0, 10.0, -1.0, 0.5, 0.7], rtol=1e-12
    )
    assert np.isnan(preprocess.metadata(names, np.array([12.0, -0.1, 0, 0, 0]))[0])  # never 1 mas in the dark


def test_deterministic_evaluation_ignores_the_generator():
    torch.manual_seed(0)
    net = Informer(
        n_channels=5, seq_len=32, d_model=16, n_heads=2, d_ff=16, e_layers=2, factor=1, dropout=0.1, head_mixing=False
    ).eval()
    inputs = {"": torch.randn(3, 32, 5), "mask": torch.ones(3, 32)}
    with torch.no_grad():
        torch.manual_seed(1)
        first = net(inputs)
        torch.manual_seed(2)
        assert torch.equal(net(inputs), first)


@torch.no_grad()
def test_a_layer_rounds_as_published_where_it_draws_as_published():
    """The released layer has convolutions of kernel 1: to the last bit these, not the products of matrices."""
    torch.manual_seed(0)
    layer = InformerLayer(32, 4, 64, 1, 0.2, "gelu", head_mixing=True).eval()
    layer.attention.sampling = "published"
    wide, narrow = torch.nn.Conv1d(32, 64, 1), torch.nn.Conv1d(64, 32, 1)
    for convolution, linear in ((wide, layer.expand), (narrow, layer.contract)):
        convolution.weight.copy_(linear.weight.unsqueeze(-1))
        convolution.bias.copy_(linear.bias)
    x = torch.randn(6, 64, 32)
    torch.manual_seed(1)
    found = layer(x)
    torch.manual_seed(1)
    y = layer.norm1(x + layer.attention(x))
    hidden = torch.nn.functional.gelu(wide(y.transpose(-1, 1)))
    assert torch.equal(found, layer.norm2(y + narrow(hidden).transpose(-1, 1)))
