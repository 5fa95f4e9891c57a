"""Published weights as a run: a folder that `embed`, and whatever reads runs, takes like a trained one."""

from pathlib import Path

from m3core.adopt import adopt
from m3core.checkpoint import load_checkpoint, save_checkpoint
from m3core.errors import CheckpointError
from m3core.files import new_folder
from m3core.run import State
from m3core.survey import Survey
from training.pretrain import configure
from training.record import Record
from training.run_config import RunConfig

__all__ = ["adopt_run"]


def adopt_run(checkpoint: str, survey: Survey, out: Path) -> list[str]:
    """Make a finished run of a published checkpoint.

    Args:
        checkpoint: a folder, or a name on the Hub.
        survey: what the weights were trained on; its training split gives the statistics.

    Returns:
        What to print.

    Raises:
        CheckpointError: the checkpoint is not a published one, or the survey does not fit it. M3Error: `out` exists.
    """
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
        "The weights were trained on one split of the published set (seed 42 where the name ends in no number): "
        "scores on stars of another split's test part would be too good.",
    ]
