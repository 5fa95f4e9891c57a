"""Model and checkpoint."""

import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import m3core
from m3core.checkpoint.loading import checkpoint_hash, save_checkpoint
from m3core.embeddings.kept import embed_survey, mean_embedding
from m3core.errors import CheckpointError
from m3core.model.batch import make_batch
from tests.conftest import make_survey
from training.config import TrainConfig
from training.setup import build_model


@pytest.fixture(scope="module")
def model(survey):
    return build_model(survey, TrainConfig(embedding_dim=16), survey.rows("train")).eval()


@pytest.fixture
def folder(model, tmp_path):
    save_checkpoint(model, tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def test_embeddings_have_unit_length_and_absent_rows_are_nan(model, survey):
    arrays = embed_survey(model, survey, np.arange(len(survey)))
    for name, vectors in arrays.items():
        present = survey.present(name)
        np.testing.assert_allclose(np.linalg.norm(vectors[present], axis=1), 1, rtol=1e-5)
        assert np.isnan(vectors[~present]).all()
    assert arrays["g"].tobytes() == embed_survey(model, survey, np.arange(len(survey)))["g"].tobytes()


def test_mean_is_over_the_present_modalities():
    a = np.array([[1.0, 0.0], [np.nan, np.nan], [np.nan, np.nan]], np.float32)
    b = np.array([[0.0, 1.0], [0.0, 1.0], [np.nan, np.nan]], np.float32)
    mean = mean_embedding({"a": a, "b": b})
    np.testing.assert_allclose(mean[0], [math.sqrt(0.5)] * 2, rtol=1e-6)
    np.testing.assert_allclose(mean[1], [0, 1])
    assert np.isnan(mean[2]).all()


def test_scales_are_clamped(model):
    pair = model.config.pairs[0]
    with torch.no_grad():
        parameter = model.logit_scales["g__r"]
        kept = parameter.clone()
        for value, scale in ((math.log(1000), 100.0), (-3.0, 1.0), (math.log(7), 7.0)):
            parameter.fill_(value)
            assert float(model.scales()[pair]) == pytest.approx(scale, rel=1e-6)
        parameter.copy_(kept)


def test_a_checkpoint_comes_back_and_leaves_the_generator_alone(model, folder, survey):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    loaded = m3core.load_checkpoint(folder)
    assert torch.equal(torch.rand(1), expected)
    batch = make_batch(survey, survey.rows("test"), model.config.modalities)
    with torch.no_grad():
        for name, vectors in model.embed(batch.inputs).items():
            assert torch.equal(loaded.embed(batch.inputs)[name], vectors)
    assert loaded.config == model.config
    other = folder.parent / "again"
    save_checkpoint(loaded, other)
    assert checkpoint_hash(other) == checkpoint_hash(folder)


def change(folder, edit):
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda t: t.pop("projections.g_.bias"), "lacks the tensor 'projections.g_.bias'"),
        (
            lambda t: t.update({"projections.g_.bias": torch.zeros(3)}),
            r"has shape \(3,\), config.json asks for \(16,\)",
        ),
        (lambda t: t.update({"extra": torch.zeros(3)}), "has the tensor 'extra'"),
        (lambda t: t["projections.g_.bias"].fill_(math.nan), "not finite"),
    ],
)
def test_a_wrong_tensor_is_named(folder, edit, says):
    change(folder, edit)
    with pytest.raises(CheckpointError, match=says):
        m3core.load_checkpoint(folder)


def test_a_checkpoint_cut_short_or_of_another_program(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="cut short"):
        m3core.load_checkpoint(folder)
    weights.unlink()
    with pytest.raises(CheckpointError, match="does not exist"):
        m3core.load_checkpoint(folder)
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**content, "surprise": 1}))
    with pytest.raises(CheckpointError, match="surprise"):
        m3core.load_checkpoint(folder)


def test_a_survey_of_other_columns_does_not_fit(model, survey, tmp_path):
    model.config.check_fits(survey)
    one_band = make_survey(tmp_path / "one", n=10, bands=("g",))
    model.config.check_fits(one_band)  # lacking a modality is no fault
    arrays = embed_survey(model, one_band, np.arange(10))
    assert np.isnan(arrays["r"]).all()
    changed = model.config.modalities[0].spec.model_copy(update={"columns": ("other",)})
    config = model.config.model_copy(
        update={
            "modalities": (
                model.config.modalities[0].model_copy(update={"spec": changed}),
                *model.config.modalities[1:],
            )
        }
    )
    with pytest.raises(CheckpointError, match="has columns"):
        config.check_fits(survey)


@pytest.mark.parametrize("band", ["keys", "type", "half", "forward", "items"])
def test_bands_named_like_methods_of_a_module(tmp_path, band):
    survey = make_survey(tmp_path / "s", n=20, bands=(band, "r"))
    model = build_model(survey, TrainConfig(embedding_dim=4), survey.rows("train"))
    assert set(model.embed(make_batch(survey, np.arange(5), model.config.modalities).inputs)) == {band, "r", "metadata"}
