"""Published weights on a survey in the AstroM3 layout: statistics measured, misfits refused."""

import numpy as np
import pytest
import torch

import m3core
from m3core import preprocess
from m3core.catalogue.published_columns import METADATA_COLUMNS
from m3core.checkpoint.adopt import adopt
from m3core.checkpoint.loading import save_checkpoint
from m3core.embeddings.kept import embed_survey
from m3core.errors import CheckpointError
from m3core.model.clip import use_sampling
from tests import published_oracle as oracle
from tests.astrom3_survey import METADATA, PHOTOMETRY, SPECTRA, make_astrom3_survey


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return make_astrom3_survey(tmp_path_factory.mktemp("astrom3") / "survey")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "clip"
    oracle.write_checkpoint(folder, oracle.SMALL, "clip")
    return folder


def inputs_by_hand(survey, rows):
    """The published preprocessing with means and standard deviations of the training split, no code of the kinds."""
    table = survey.sources
    train = (table["split"] == "train").to_numpy()
    auxiliaries = table[list(PHOTOMETRY.columns)].to_numpy(float).copy()
    auxiliaries[:, 1] = np.log10(auxiliaries[:, 1])
    metadata = table[list(METADATA_COLUMNS)].copy()
    for name in preprocess.ABSOLUTE:
        metadata[name] += 5 * np.log10(metadata["parallax"]) - 10
    metadata["l"] = np.cos(np.radians(metadata["l"]))
    metadata["b"] = np.sin(np.radians(metadata["b"]))
    metadata = metadata.to_numpy(float)
    auxiliaries, metadata = (
        (values - values[train].mean(0)) / values[train].std(0) for values in (auxiliaries, metadata)
    )
    curves, masks, spectra = [], [], []
    for row in rows:
        found = survey.source(survey.source_ids[row]).observations
        curve, mask = preprocess.light_curve(
            np.column_stack([found["photometry"][name] for name in PHOTOMETRY.fields]), auxiliaries[row], 24
        )
        curves.append(curve)
        masks.append(mask)
        spectra.append(preprocess.spectrum(np.column_stack([found["spectra"][name] for name in SPECTRA.fields])))
    arrays = {"photometry": curves, "photometry_mask": masks, "spectra": spectra, "metadata": metadata[rows]}
    return {name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in arrays.items()}


def test_embeddings_of_a_survey_are_those_of_the_published_method(survey, clip, tmp_path):
    adopted = adopt(m3core.load_checkpoint(clip), survey)
    save_checkpoint(adopted, tmp_path / "ours")
    model = m3core.load_checkpoint(tmp_path / "ours")
    model.config.check_fits(survey)
    use_sampling(model, "published")
    rows = np.arange(len(survey))
    torch.manual_seed(9)
    found = embed_survey(model, survey, rows)
    weights = oracle.make_weights(oracle.SMALL, "clip", 10)
    torch.manual_seed(9)
    with torch.no_grad():
        expected = oracle.embed(weights, oracle.SMALL, inputs_by_hand(survey, rows))
    for name, vectors in expected.items():
        np.testing.assert_allclose(found[name], vectors, atol=1e-5)
    assert model.config.classes == ("EW", "RRAB", "SR")


def test_a_classifier_keeps_its_own_classes(survey, tmp_path):
    for layout, names in (("all", ("photometry", "spectra", "metadata")), ("photo", ("photometry",))):
        oracle.write_checkpoint(tmp_path / layout, oracle.SMALL, layout, n_classes=4)
        adopted = adopt(m3core.load_checkpoint(tmp_path / layout), survey)
        assert adopted.config.names == names
        assert adopted.config.classes == ("class_0", "class_1", "class_2", "class_3")
        adopted.config.check_fits(survey)


def changed(spec, **fields):
    return spec.model_copy(update=fields)


MISFITS = {
    "no spectra": (
        (PHOTOMETRY, METADATA),
        "has no modality 'spectra' but photometry, metadata; import it",
    ),
    "one column fewer": (
        (PHOTOMETRY, SPECTRA, changed(METADATA, columns=METADATA_COLUMNS[:-1])),
        "its 'metadata' has 33 columns, the weights read 34",
    ),
    "another order": (
        (PHOTOMETRY, SPECTRA, changed(METADATA, columns=METADATA_COLUMNS[::-1])),
        "column 1 of its 'metadata' is 'b', the weights read 'mean_vmag' there",
    ),
    "another unit": (
        (changed(PHOTOMETRY, units={"time": "d", "flux": "Jy", "error": "Jy"}), SPECTRA, METADATA),
        "the flux of its 'photometry' is in 'Jy', not in 'mJy'",
    ),
    "no auxiliaries": (
        (changed(PHOTOMETRY, settings={**PHOTOMETRY.settings, "auxiliaries": 0}), SPECTRA, METADATA),
        "its 'photometry' has auxiliaries = 0, the weights need 4",
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_survey_that_does_not_fit_is_refused(clip, tmp_path, misfit):
    modalities, says = MISFITS[misfit]
    other = make_astrom3_survey(tmp_path / "survey", n=10, modalities=modalities)
    with pytest.raises(CheckpointError, match=says):
        adopt(m3core.load_checkpoint(clip), other)


def test_a_survey_without_training_stars_has_no_statistics(clip, tmp_path):
    with pytest.raises(CheckpointError, match="fewer than two sources with 'photometry' in its training split"):
        adopt(m3core.load_checkpoint(clip), make_astrom3_survey(tmp_path / "survey", n=5, split=("test",)))


def test_columns_that_the_file_does_not_name_are_counted(tmp_path):
    config = oracle.SMALL | {"m_input_dim": 3, "p_enc_in": 6, "s_conv_channels": [2, 4]}
    metadata = changed(METADATA, columns=METADATA_COLUMNS[:3])
    photometry = changed(PHOTOMETRY, settings={**PHOTOMETRY.settings, "auxiliaries": 1})
    few = make_astrom3_survey(tmp_path / "survey", n=10, modalities=(photometry, SPECTRA, metadata))
    oracle.write_checkpoint(tmp_path / "two channels", config, "clip")
    with pytest.raises(CheckpointError, match="the weights read 2 channels of a spectrum, it has 3"):
        adopt(m3core.load_checkpoint(tmp_path / "two channels"), few)
    oracle.write_checkpoint(tmp_path / "three", config | {"s_conv_channels": [3, 4]}, "clip")
    adopted = adopt(m3core.load_checkpoint(tmp_path / "three"), few)
    assert adopted.config.modalities[2].spec.columns == METADATA_COLUMNS[:3]
    assert np.isfinite(embed_survey(adopted, few, np.arange(10))["metadata"]).all()
