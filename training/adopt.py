"""Published weights as a run: a folder that `embed`, and whatever reads runs, takes like a trained one."""

import re
from pathlib import Path

from m3core.checkpoint.adopt import adopt
from m3core.checkpoint.loading import load_checkpoint, save_checkpoint
from m3core.errors import CheckpointError
from m3core.files import new_folder
from m3core.survey import Survey
from m3core.workspace.run import State
from training.pretrain import configure
from training.record import Record
from training.run_config import RunConfig

__all__ = ["adopt_run"]

PUBLISHED_NAME = re.compile(r"AstroM3-CLIP(?:-(?:photo|spectra|meta|all))?(?:-(?P<seed>\d+))?")
"""Names of the published weights; the seed is that of their split, 42 where there is none."""


def adopt_run(checkpoint: str, survey: Survey, out: Path) -> list[str]:
    """Make a finished run of a published checkpoint.

    Args:
        checkpoint: a folder, or a name on the Hub.
        survey: what the weights were trained on; its training split gives the statistics.

    Returns:
        What to print.

    Raises:
        CheckpointError: the checkpoint is not a published one, or the survey does not fit it, or is another split of
            the published set by the names of the two. M3Error: `out` exists.
    """
    _check_split(checkpoint, survey)
    loaded = load_checkpoint(checkpoint)
    if loaded.config.survey_hash:
        raise CheckpointError(f"{checkpoint} has the statistics of a survey already: use it as it is.")
    model = adopt(loaded, survey)
    config = model.config
    options = {modality.spec.kind: modality.options for modality in config.modalities}
    architecture = {"embedding_dim": config.embedding_dim, "options": options} if config.head != "features" else {}
    settings = configure(survey, "paper", architecture)
    message = f"published weights, with the statistics of {survey.path.name}"
    with new_folder(out) as folder:
        save_checkpoint(model, folder / "checkpoint")
        RunConfig(survey.path.resolve(), survey.hash, settings, "adopt", checkpoint).write(folder)
        Record(folder).update(state=State.FINISHED, message=message, progress=1.0)
        (folder / "log.txt").write_text(f"{message}; weights of {checkpoint}\n", encoding="utf-8")
    return [
        f"{out}: {message}.",
        "If the weights were trained on another split than the survey's, scores on its test stars are too good.",
    ]


def _check_split(checkpoint: str, survey: Survey) -> None:
    """Refuse weights of one published split on a survey imported from another, as far as their names tell."""
    weights = PUBLISHED_NAME.fullmatch(Path(checkpoint).name)
    configuration = str(survey.manifest.provenance.get("configuration", ""))
    imported = re.fullmatch(r"[a-z0-9]+_(\d+)", configuration)
    if weights and imported and imported[1] != (seed := weights["seed"] or "42"):
        raise CheckpointError(
            f"the weights {checkpoint} were trained on the split of seed {seed}, survey {survey.path} was imported "
            f"from {configuration}: stars of its test split would be among those trained on; import full_{seed}."
        )
