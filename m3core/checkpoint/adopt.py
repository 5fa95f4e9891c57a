"""Published weights for a survey: the statistics that their files lack, measured on its training split."""

import torch

from m3core.checkpoint.loading import versions
from m3core.errors import CheckpointError
from m3core.manifest import ModalitySpec
from m3core.model.clip import Model, model_of
from m3core.model.config import ModalityConfig
from m3core.survey import Survey

__all__ = ["adopt"]

SPECTRUM_CHANNELS = 3
"""What m3core.preprocess.spectrum makes."""


def adopt(model: Model, survey: Survey) -> Model:
    """The same weights with the means and standard deviations of a survey's training split, complete for our layout.

    The survey should be the one that the weights were trained on, in the same split: statistics of other stars shift
    every input, and stars of the training split are no test.

    Args:
        model: published weights as m3core.load_checkpoint gives them.

    Raises:
        CheckpointError: the survey lacks a modality, or has it in other columns or units; or its training split has
            fewer than two sources with it.
    """
    modalities = []
    train = survey.rows("train")
    for modality in model.config.modalities:
        name = modality.spec.name
        if fault := _misfit(modality, survey):
            raise CheckpointError(f"survey {survey.path} does not fit the weights: {fault}.")
        if survey.present(name)[train].sum() < 2:
            raise CheckpointError(
                f"survey {survey.path} has fewer than two sources with {name!r} in its training split, too few for "
                "means and standard deviations: adopt with the survey that the weights were trained on, then embed "
                "this one with that run."
            )
        modalities.append(ModalityConfig.measured(survey, name, modality.family, modality.parsed_options, train))
    changes = {
        "modalities": tuple(modalities), "classes": model.config.classes or survey.classes,
        "survey_hash": survey.hash, "split_hash": survey.manifest.split.hash, "versions": versions(),
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        adopted = model_of(model.config.model_copy(update=changes))
    adopted.load_state_dict(model.state_dict())
    return adopted.eval()


def _misfit(modality: ModalityConfig, survey: Survey) -> str | None:
    """What is wrong with a survey's modality, with the mend."""
    ours = modality.spec
    if ours.name not in survey.modalities:
        return f"it has no modality {ours.name!r} but {', '.join(survey.modalities)}; import it in the AstroM3 layout"
    theirs = survey.modalities[ours.name]
    for what in ("kind", "fields"):
        if getattr(ours, what) != getattr(theirs, what):
            return f"{what} of its {ours.name!r} are {getattr(theirs, what)}, not {getattr(ours, what)}"
    for setting, wanted in ours.settings.items():
        if setting in ("value", "auxiliaries") and theirs.settings.get(setting) != wanted:
            return (
                f"its {ours.name!r} has {setting} = {theirs.settings.get(setting)!r}, the weights need {wanted!r}: "
                "import the fluxes and the columns of the published set"
            )
    for field, unit in ours.units.items():
        if theirs.units.get(field) != unit:
            return f"the {field} of its {ours.name!r} is in {theirs.units.get(field, '')!r}, not in {unit!r}"
    channels = modality.parsed_options.model_dump().get("channels", (SPECTRUM_CHANNELS,))
    if ours.kind == "spectra" and channels[0] != SPECTRUM_CHANNELS:
        return f"the weights read {channels[0]} channels of a spectrum, it has {SPECTRUM_CHANNELS}"
    return _columns_misfit(ours, theirs)


def _columns_misfit(ours: ModalitySpec, theirs: ModalitySpec) -> str | None:
    """The first column that differs; numbered ones ('column_7': the file does not name them) are only counted."""
    found = theirs.columns[: len(ours.columns)] if ours.kind == "photometry" else theirs.columns
    if len(found) != len(ours.columns):
        return f"its {ours.name!r} has {len(found)} columns, the weights read {len(ours.columns)}"
    for number, (wanted, column) in enumerate(zip(ours.columns, found, strict=True), 1):
        if wanted != column and wanted != f"column_{number}":
            return f"column {number} of its {ours.name!r} is {column!r}, the weights read {wanted!r} there"
    return None
