"""What is wrong with a published checkpoint is one sentence with the file, the fault and the mend."""

import json
import re
import shutil
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import m3core
from m3core.errors import CheckpointError
from tests import published_oracle as oracle

LAYOUTS = ("clip", "all", "photo", "spectra", "meta")


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    for layout in LAYOUTS:
        oracle.write_checkpoint(folder / layout, oracle.SMALL, layout)
    return folder


@pytest.fixture
def copy_of(originals, tmp_path):
    def copied(layout):
        return shutil.copytree(originals / layout, tmp_path / layout, dirs_exist_ok=True)

    return copied


def refused(folder, says):
    with pytest.raises(CheckpointError, match=says) as caught:
        m3core.load_checkpoint(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert "\n" not in message
    assert message.endswith((".", "?"))
    return message


def edit_tensors(folder, edit):
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors")


def edit_config(folder, **fields):
    place = folder / "config.json"
    content = json.loads(place.read_text()) | fields
    place.write_text(json.dumps({name: value for name, value in content.items() if value is not ...}))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_tensor_is_needed_and_checked(copy_of, layout):
    folder = copy_of(layout)
    original = load_file(folder / "model.safetensors")
    for name, tensor in original.items():
        quoted = re.escape(repr(name))
        for changed, says in (
            ({}, f"lacks the tensor {quoted}"),
            ({name: torch.cat([tensor.reshape(-1), torch.zeros(1)])}, f"tensor {quoted} has shape"),
            ({name: tensor.double()}, f"tensor {quoted} is torch.float64, the model computes in torch.float32"),
            ({name: torch.full_like(tensor, torch.nan)}, f"tensor {quoted} holds values that are not finite"),
            ({name: tensor, f"{name}_too": tensor.clone()}, f"has the tensor '{re.escape(name)}_too', which the model"),
        ):
            others = {other: content for other, content in original.items() if other != name}
            save_file(others | changed, folder / "model.safetensors")
            refused(folder, says)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_field_is_needed_and_checked(copy_of, layout):
    folder = copy_of(layout)
    original = json.loads((folder / "config.json").read_text())
    for name in original:
        edit_config(folder, **{name: ...})
        refused(folder, f"lacks the field '{name}' of a published AstroM3 checkpoint")
        for nonsense in ("many", [], None, {}):
            if (layout, name, nonsense) != ("clip", "num_classes", None):  # what has no head may say no number
                edit_config(folder, **original | {name: nonsense})
                refused(folder, name)
        edit_config(folder, **original)
    edit_config(folder, surprise=1)
    refused(folder, "has the field 'surprise', unknown in a published AstroM3 checkpoint")


@pytest.mark.parametrize(
    ("layout", "fields", "says"),
    [
        ("clip", {"p_d_model": 20}, r"enc_embedding.value_embedding.tokenConv.weight' has shape \(16, 9, 3\), .*\(20,"),
        ("clip", {"p_e_layers": 3}, r"lacks the tensor 'photometry_encoder.encoder.attn_layers.2.attention.query"),
        ("clip", {"p_e_layers": 1}, "has the tensor 'photometry_encoder.encoder.attn_layers.1"),
        ("clip", {"seq_len": 25}, r"'photometry_proj.weight' has shape \(12, 384\), config.json asks for \(12, 400\)"),
        ("clip", {"classification": True}, "lacks the tensor 'fc.weight'"),
        ("all", {"classification": False}, "has the tensor 'fc.bias'"),
        ("all", {"num_classes": 9}, r"'fc.weight' has shape \(10, 12\), config.json asks for \(9, 12\)"),
        ("all", {"fusion": "concat"}, r"'fc.weight' has shape \(10, 12\), config.json asks for \(10, 36\)"),
        ("all", {"fusion": "sum"}, "fusion = 'sum'; known are 'avg' and 'concat'"),
        ("all", {"num_classes": 0}, "num_classes = 0 is not a whole number from 1 to 1,000,000"),
        ("all", {"num_classes": True}, "num_classes = True is not"),
        ("clip", {"hidden_dim": 10**6}, r"'photometry_proj.weight' has shape \(12, 384\), .* \(1000000, 384\)"),
        ("clip", {"p_d_ff": 10**6}, "conv1.weight' has shape"),
        ("meta", {"input_dim": 10**9}, "input_dim = 1000000000 is not a whole number from 1 to 1,000,000"),
        ("clip", {"p_enc_in": 4}, "p_enc_in = 4; a light curve alone has 5 channels"),
        ("clip", {"p_activation": "tanh"}, "p_activation = 'tanh': Input should be 'gelu' or 'relu'"),
        ("clip", {"p_d_model": 15}, "p_d_model = 15: .*multiple of 2"),
        ("clip", {"p_n_heads": 17}, "n_heads = 17 is more than d_model = 16"),
        ("clip", {"p_factor": 1.5}, "p_factor = 1.5: .*valid integer"),
        ("clip", {"p_dropout": 1.0}, "p_dropout = 1.0: .*less than 1"),
        ("clip", {"s_conv_channels": [3]}, "s_conv_channels"),
        ("clip", {"s_conv_channels": [3, 0, 4]}, "s_conv_channels"),
        ("clip", {"s_mp_kernel_size": 60}, "leave nothing of a spectrum"),
        ("photo", {"seq_len": 6000}, "seq_len = 6000: .*5000"),
        ("photo", {"classification": False}, "is a photometry encoder without 'fc'"),
        ("meta", {"input_dim": 33}, r"'model.0.weight' has shape \(10, 34\), config.json asks for \(10, 33\)"),
        ("spectra", {"kernel_size": 5}, r"'layers.0.weight' has shape \(6, 3, 3\), config.json asks for \(6, 3, 5\)"),
        ("spectra", {"mp_kernel_size": 3}, "'fc.weight' has shape"),
    ],
)
def test_config_and_tensors_that_disagree_and_impossible_values(copy_of, layout, fields, says):
    folder = copy_of(layout)
    edit_config(folder, **fields)
    refused(folder, says)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    layout=st.sampled_from(LAYOUTS),
    number=st.integers(0, 20),
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from([10**12, 10**30, -1, 0, 1e300])
        | st.floats()
        | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    ),
)
def test_any_value_of_a_field_is_honoured_or_refused(originals, tmp_path_factory, layout, number, value):
    folder = tmp_path_factory.mktemp("any")
    shutil.copytree(originals / layout, folder, dirs_exist_ok=True)
    fields = sorted(json.loads((folder / "config.json").read_text()))
    edit_config(folder, **{fields[number % len(fields)]: value})
    with suppress(CheckpointError):
        m3core.load_checkpoint(folder)


def test_a_config_of_another_model(copy_of):
    for layout in LAYOUTS:
        for other in LAYOUTS:
            if layout != other:
                folder = copy_of(layout)
                shutil.copy(copy_of(other) / "config.json", folder)
                refused(folder, "tensor")
    folder = copy_of("clip")
    for content in ('{"model_type": "bert", "hidden_size": 768, "dropout": 0.1}', "{}", "[]", "3", '{"format": "x"}'):
        (folder / "config.json").write_text(content)
        refused(folder, "configures neither an M3 Explorer checkpoint .* nor a published AstroM3 one")
    for content in ('{"classification": tr', "", "[" * 100_000, f'{{"seq_len": {"9" * 5000}}}', "\0"):
        (folder / "config.json").write_text(content)
        refused(folder, "is not readable JSON")


def test_files_cut_short_or_absent_and_wrong_folders(copy_of, tmp_path):
    folder = copy_of("meta")
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    for length in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
        weights.write_bytes(whole[:length])
        refused(folder, "is cut short or not a safetensors file")
    torch.save({"fc.weight": torch.zeros(3)}, weights)  # a pickle under the other name
    refused(folder, "is cut short or not a safetensors file")
    weights.write_bytes(whole + b"more")
    refused(folder, "is cut short or not a safetensors file")
    weights.unlink()
    refused(folder, "model.safetensors does not exist: a checkpoint is config.json and model.safetensors")
    (folder / "config.json").unlink()
    refused(folder, "config.json does not exist: check the folder's name")
    refused(tmp_path / "nowhere", "does not exist")
    weights.mkdir(parents=True)
    shutil.copy(copy_of("photo") / "config.json", folder)
    refused(folder, "model.safetensors cannot be read")
    shutil.rmtree(folder)
    (folder / "config.json").mkdir(parents=True)
    refused(folder, "config.json cannot be read")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file", "is a file: name the folder that has config.json and model.safetensors")


def test_positions_of_another_encoder(copy_of):
    folder = copy_of("photo")
    edit_tensors(folder, lambda tensors: tensors["enc_embedding.position_embedding.pe"].add_(0.1))
    refused(folder, "is not the table of sines that the published encoder adds")


def test_our_own_classifiers_are_as_strict(copy_of, tmp_path):
    from m3core.checkpoint.loading import save_checkpoint

    save_checkpoint(m3core.load_checkpoint(copy_of("all")), tmp_path / "ours")
    original = json.loads((tmp_path / "ours" / "config.json").read_text())
    for fields, says in (
        ({"head": "sum"}, "head: Input should be 'features', 'avg' or 'concat'"),
        ({"head": "features"}, "head 'features' reads one modality; there are 3"),
        ({"classes": []}, "a model with a head needs classes"),
        ({"head": None}, "has the tensor 'backbone|lacks the tensor 'encoders"),
    ):
        (tmp_path / "ours" / "config.json").write_text(json.dumps(original | fields))
        refused(tmp_path / "ours", says)
    for edit, says in (
        (lambda photometry: photometry["options"].update(d_model="wide"), "d_model: Input should be a valid integer"),
        (lambda photometry: photometry["options"].update(widht=3), "widht: Extra inputs are not permitted"),
        (lambda photometry: photometry["spec"]["settings"].update(auxiliaries=[]), "auxiliaries: Input should be"),
        (lambda photometry: photometry.update(family="huge"), "has no encoder family 'huge'; it has paper, fast"),
    ):
        changed = json.loads(json.dumps(original))
        edit(changed["modalities"][0])
        (tmp_path / "ours" / "config.json").write_text(json.dumps(changed))
        refused(tmp_path / "ours", says)
