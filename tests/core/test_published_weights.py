"""Published checkpoints: against the recorded outputs (../shared/golden), and of any size against the oracle."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

import m3core
from m3core.checkpoint import published
from m3core.checkpoint.loading import checkpoint_hash, save_checkpoint
from m3core.errors import CheckpointError, M3Error
from m3core.files import read_json
from m3core.model.clip import Classifier, MultimodalCLIP, model_of, use_sampling
from m3core.model.config import ModalityConfig, ModelConfig
from m3core.model.loss import pair_loss
from tests import published_oracle as oracle
from tests.conftest import SHARED, make_survey, needs_shared
from training.config import TrainConfig
from training.setup import build_model

GOLDEN = SHARED / "golden"

PAIRS = {"ps": ("photometry", "spectra"), "sm": ("spectra", "metadata"), "mp": ("photometry", "metadata")}
"""Theirs -> ours; 'mp' runs the other way."""


def same(found, expected):
    """To 1e-5, of the value or of one where the value is smaller."""
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-5, atol=1e-5)


def check_pairs(model, embeddings, expected_logits, expected_losses):
    logits, scales = model.logits(embeddings), model.scales()
    for theirs, pair in PAIRS.items():
        ours = logits[pair].T if theirs == "mp" else logits[pair]
        scale = float(scales[pair])  # 1e-7 in an embedding is 1e-5 in a logit at the largest scale
        same(ours / scale, expected_logits[theirs] / scale)
        same(pair_loss(embeddings[pair[0]], embeddings[pair[1]], scales[pair]), expected_losses[theirs])


def golden_batch():
    with np.load(GOLDEN / "astrom3_small" / "preprocessed.npz", allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


@needs_shared
@torch.no_grad()
def test_the_recorded_embeddings_logits_and_losses():
    model = m3core.load_checkpoint(GOLDEN / "astrom3_small", sampling="published")
    expected = np.load(GOLDEN / "astrom3_small" / "expected.npz", allow_pickle=False)
    torch.manual_seed(1234)
    embeddings = model.embed(golden_batch())
    for name, vectors in embeddings.items():
        same(vectors, expected[f"{name}_embedding"])
    check_pairs(
        model,
        embeddings,
        {pair: expected[f"logits_{pair}"] for pair in PAIRS},
        {pair: expected[f"loss_{pair}"] for pair in PAIRS},
    )
    for theirs, (first, second) in PAIRS.items():  # measured: 1.1e-5 and 3e-6 with the worst number of threads
        logits, loss = expected[f"logits_{theirs}"], expected[f"loss_{theirs}"]
        found = model.logits(embeddings)[first, second]
        np.testing.assert_allclose(found.T if theirs == "mp" else found, logits, rtol=0, atol=1.5e-5)
        found = pair_loss(embeddings[first], embeddings[second], model.scales()[first, second])
        np.testing.assert_allclose(found, loss, rtol=0, atol=5e-6)


@needs_shared
@torch.no_grad()
@pytest.mark.parametrize("layout", ["photo", "spectra", "meta", "all"])
def test_the_recorded_classifier_logits(layout):
    folder = GOLDEN / f"astrom3_small_{layout}"
    model = m3core.load_checkpoint(folder, sampling="published")
    torch.manual_seed(1234)
    expected = np.load(folder / "expected.npz", allow_pickle=False)["classifier_logits"]
    same(model.classify(golden_batch()), expected)
    assert model.config.classes == ("DSCT", "EA", "EB", "EW", "HADS", "M", "ROT", "RRAB", "RRC", "SR")


@needs_shared
@torch.no_grad()
def test_the_default_draws_nothing_and_stays_near():
    batch = golden_batch()
    model = m3core.load_checkpoint(GOLDEN / "astrom3_small")
    torch.manual_seed(1)
    first = model.embed(batch)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = model.embed(batch)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    expected = np.load(GOLDEN / "astrom3_small" / "expected.npz", allow_pickle=False)
    assert ((first["photometry"].numpy() * expected["photometry_embedding"]).sum(1) > 0.999).all()


SIZES = {
    "as golden": {},
    "wide": {"p_d_model": 48, "p_n_heads": 6, "p_d_ff": 7, "hidden_dim": 3, "m_hidden_dim": 33},
    "deep": {"p_e_layers": 4, "p_d_model": 8, "p_n_heads": 1, "p_activation": "relu"},
    "heads that do not divide": {"p_d_model": 18, "p_n_heads": 4},
    "factor": {"p_factor": 3, "seq_len": 40},
    "every query": {"p_factor": 9, "seq_len": 10},
    "two epochs": {"seq_len": 2},
    "no auxiliaries": {"p_enc_in": 5, "m_input_dim": 3},
    "more auxiliaries": {"p_enc_in": 12, "m_input_dim": 50},
    "spectrum": {"s_conv_channels": [3, 5, 9, 4, 6, 2], "s_kernel_size": 5, "s_mp_kernel_size": 2},
    "one convolution": {"s_conv_channels": [3, 2], "s_kernel_size": 7},
    "no dropout": {"p_dropout": 0.0, "s_dropout": 0, "m_dropout": 0.5, "p_output_attention": True},
    "concatenation": {"fusion": "concat", "hidden_dim": 7},
}


def compare(folder, config, n_classes=10, seed=0):
    """Every layout of a configuration against the oracle."""
    batch = oracle.make_batch(config)
    with torch.no_grad():
        for layout in ("clip", "all", "photo", "spectra", "meta"):
            weights = oracle.write_checkpoint(folder / layout, config, layout, n_classes, seed)
            model = m3core.load_checkpoint(folder / layout, sampling="published")
            torch.manual_seed(seed)
            if layout == "clip":
                expected = oracle.embed(weights, config, batch)
                torch.manual_seed(seed)
                embeddings = model.embed(batch)
                for name, vectors in embeddings.items():
                    same(vectors, expected[name])
                check_pairs(model, embeddings, *oracle.logits_and_losses(weights, expected))
            else:
                expected = oracle.classify(weights, config, batch, layout)
                torch.manual_seed(seed)
                same(model.classify(batch), expected)
                assert len(model.config.classes) == n_classes


@pytest.mark.parametrize("size", SIZES)
def test_other_sizes(tmp_path, size):
    compare(tmp_path, oracle.SMALL | SIZES[size], n_classes=10 if size == "as golden" else 4)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_size(tmp_path_factory, data):
    def draw(low, high):
        return data.draw(st.integers(low, high))

    config = oracle.SMALL | {
        "hidden_dim": draw(1, 20), "seq_len": draw(2, 60), "p_enc_in": draw(5, 11), "p_d_model": 2 * draw(4, 20),
        "p_n_heads": draw(1, 5), "p_d_ff": draw(1, 30), "p_e_layers": draw(1, 3), "p_factor": draw(1, 6),
        "s_conv_channels": [3, *data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=4))],
        "s_kernel_size": draw(1, 6), "s_mp_kernel_size": draw(1, 5), "m_input_dim": draw(1, 40),
        "m_hidden_dim": draw(1, 20), "fusion": data.draw(st.sampled_from(["avg", "concat"])),
    }  # fmt: skip
    compare(tmp_path_factory.mktemp("any"), config, n_classes=draw(1, 12), seed=draw(0, 99))


@pytest.mark.parametrize("layout", ["clip", "all", "photo", "spectra", "meta"])
def test_both_ways_and_through_our_own_layout(tmp_path, layout):
    config = oracle.SMALL | {"fusion": "concat"}
    oracle.write_checkpoint(tmp_path / "theirs", config, layout, n_classes=4)
    model = m3core.load_checkpoint(tmp_path / "theirs")
    save_checkpoint(model, tmp_path / "ours")
    again = m3core.load_checkpoint(tmp_path / "ours")
    assert type(again) is type(model)
    assert again.config == model.config
    save_checkpoint(again, tmp_path / "ours again")
    assert checkpoint_hash(tmp_path / "ours") == checkpoint_hash(tmp_path / "ours again")
    batch = oracle.make_batch(config)
    with torch.no_grad():
        if layout == "clip":
            assert torch.equal(again.embed(batch)["photometry"], model.embed(batch)["photometry"])
        else:
            assert torch.equal(again.classify(batch), model.classify(batch))

    published.export(again, tmp_path / "back")
    before, after = (load_file(tmp_path / name / "model.safetensors") for name in ("theirs", "back"))
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        assert tensor.shape == after[name].shape
        torch.testing.assert_close(after[name], tensor, rtol=0, atol=1e-3 if name.endswith(".pe") else 0)
    theirs, back = (read_json(tmp_path / name / "config.json") for name in ("theirs", "back"))
    assert published.parse(theirs, "theirs") == published.parse(back, "back")
    with pytest.raises(M3Error, match="exists already"):
        published.export(again, tmp_path / "back")


def test_what_has_another_architecture_is_not_exported(survey, tmp_path):
    for family, says in (("fast", "the kinds photometry, photometry, metadata"), ("paper", "has one each of")):
        model = build_model(survey, TrainConfig(family=family, embedding_dim=4), survey.rows("train"))
        with pytest.raises(CheckpointError, match=says):
            published.export(model, tmp_path / "out")
    oracle.write_checkpoint(tmp_path / "clip", oracle.SMALL, "clip")
    config = m3core.load_checkpoint(tmp_path / "clip").config
    photometry = config.modalities[0]
    options = {**photometry.options, "head_mixing": False}
    plain = ModalityConfig(spec=photometry.spec, family="paper", options=options)
    model = model_of(config.model_copy(update={"modalities": (plain, *config.modalities[1:])}))
    with pytest.raises(CheckpointError, match="head_mixing=true"):
        published.export(model, tmp_path / "out")
    turned = {"modalities": config.modalities[::-1], "head": "concat", "classes": ("a", "b")}
    with pytest.raises(CheckpointError, match="joins metadata, spectra, photometry in this order"):
        published.export(model_of(config.model_copy(update=turned)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_paper_preset_has_as_many_parameters_as_published():
    """15,869,827, the figure of the paper, with nine channels, the grid of 2575 pixels and 34 columns."""
    config = {
        **oracle.SMALL, "hidden_dim": 512, "seq_len": 200, "p_d_model": 128, "p_d_ff": 512, "p_e_layers": 8,
        "s_conv_channels": [3, 64, 64, 32, 32], "m_hidden_dim": 512, "classification": False, "num_classes": 10,
    }  # fmt: skip
    modalities = published.parse(config, "here").modalities
    preset = tuple(ModalityConfig(spec=modality.spec, family="paper") for modality in modalities)
    model = model_of(ModelConfig(modalities=preset, embedding_dim=512))
    assert sum(parameter.numel() for parameter in model.parameters()) == 15_869_827
    assert float(model.scales()["photometry", "spectra"].detach()) == pytest.approx(100)


def classifier(survey, head, names=("g", "r", "metadata")) -> Classifier:
    config = build_model(survey, TrainConfig(embedding_dim=6), survey.rows("train")).config
    chosen = tuple(modality for modality in config.modalities if modality.spec.name in names)
    torch.manual_seed(3)
    return model_of(config.model_copy(update={"modalities": chosen, "head": head})).eval()


@torch.no_grad()
def test_a_classifier_of_our_own_with_modalities_missing(survey, tmp_path):
    from m3core.model.batch import make_batch

    for head in ("avg", "concat"):
        model = classifier(survey, head)
        batch = make_batch(survey, np.arange(14), model.config.modalities)
        logits = model.classify(batch.inputs, batch.present)
        assert logits.shape == (14, len(survey.classes))
        vectors = model.embed(batch.inputs)
        for row in range(14):  # by hand, one source at a time
            kept = {name: vectors[name][row] for name in vectors if batch.present[name][row]}
            if head == "avg":
                read = sum(kept.values()) / len(kept)
            else:
                read = torch.cat([kept.get(name, torch.zeros(6)) for name in model.config.names])
            torch.testing.assert_close(logits[row], model.head(read))
        without = {key: tensor for key, tensor in batch.inputs.items() if not key.startswith("g")}
        withheld = {**batch.present, "g": torch.zeros(14, dtype=torch.bool)}
        torch.testing.assert_close(
            model.classify(without, batch.present), model.classify(batch.inputs, withheld), equal_nan=True
        )
        nothing = {name: torch.zeros(14, dtype=torch.bool) for name in batch.present}
        assert model.classify(batch.inputs, nothing).isnan().all()
        with pytest.raises(CheckpointError, match="reads g, r, metadata"):
            model.classify({"x": torch.zeros(3)})
        save_checkpoint(model, tmp_path / head)
        assert torch.equal(
            m3core.load_checkpoint(tmp_path / head).classify(batch.inputs, withheld),
            model.classify(batch.inputs, withheld),
        )


def test_pre_trained_weights_go_into_a_classifier_by_their_names(survey):
    clip = build_model(survey, TrainConfig(embedding_dim=6), survey.rows("train"))
    assert isinstance(clip, MultimodalCLIP)
    classifier(survey, "avg").backbone.load_state_dict(clip.state_dict())
    alone = classifier(survey, "features", names=("metadata",))
    alone.backbone.encoders["metadata_"].load_state_dict(clip.encoders["metadata_"].state_dict())
    with pytest.raises(CheckpointError, match="reads the features of metadata and has no embeddings"):
        alone.embed({})


def test_sampling_is_chosen_anew(tmp_path):
    oracle.write_checkpoint(tmp_path / "clip", oracle.SMALL, "clip")
    model, batch = m3core.load_checkpoint(tmp_path / "clip"), oracle.make_batch(oracle.SMALL)
    with torch.no_grad():
        plain = model.embed(batch)["photometry"]
        use_sampling(model, "published")
        drawn = [(torch.manual_seed(seed), model.embed(batch)["photometry"])[1] for seed in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], plain)


def test_a_survey_of_bands_cannot_use_them_unadopted(tmp_path):
    oracle.write_checkpoint(tmp_path / "clip", oracle.SMALL, "clip")
    model = m3core.load_checkpoint(tmp_path / "clip")
    with pytest.raises(CheckpointError, match=r"no means and standard deviations.*training adopt"):
        model.config.check_fits(make_survey(tmp_path / "survey", n=10))
