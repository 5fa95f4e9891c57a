"""What follows a training: embeddings of every source, the nearest-neighbour score, the maps, the lists of findings.

`embed` makes the embeddings and the maps of another survey.
"""

import logging
from collections.abc import Callable

import numpy as np

from m3core.checkpoint.loading import checkpoint_hash, load_checkpoint, versions
from m3core.embeddings.kept import Embeddings, embed_survey, embeddings_folder
from m3core.embeddings.manifold import Maps, MapSettings, make_maps
from m3core.embeddings.neighbors import nearest_neighbour_score
from m3core.errors import M3Error, RunError, one_sentence
from m3core.files import sha256_file
from m3core.survey import Survey
from m3core.workspace.run import Run, State

__all__ = ["Report", "embed_and_map", "make_lists", "score_sentences"]

log = logging.getLogger(__name__)

Report = Callable[[State, float, str], None]
"""Told the state, the fraction done and a word on what is under way."""


def embed_and_map(run: Run, survey: Survey, settings: MapSettings | None, report: Report) -> bool:
    """Embed every source of every split with the run's best checkpoint, and fit the maps.

    Args:
        settings: of the maps; None: no maps.

    Returns:
        Whether there was anything to do.

    Raises:
        RunError: no checkpoint. CheckpointError: the survey is not of the kind the model was trained on.
    """
    if run.is_given:
        raise RunError(f"run {run.name} holds embeddings from elsewhere and no model: choose a run that was trained.")
    if not run.has_checkpoint:
        raise RunError(f"run {run.name} has no checkpoint yet: wait for its first epoch, or resume it.")
    embedded, mapped = _up_to_date(run, survey, settings)
    if not embedded:
        report(State.EMBEDDING, 0.0, "")
        model = load_checkpoint(run.checkpoint)
        model.config.check_fits(survey)
        arrays = embed_survey(model, survey, np.arange(len(survey)), lambda done: report(State.EMBEDDING, done, ""))
        about = {
            "checkpoint": checkpoint_hash(run.checkpoint),
            "weights": sha256_file(run.checkpoint / "model.safetensors"),
            "survey": survey.hash,
            "versions": versions(),
        }
        Embeddings(survey.source_ids, arrays, "").write(embeddings_folder(run, survey), about)
    if settings is not None and not mapped:
        report(State.MAPPING, 0.0, "")
        embeddings = Embeddings.open(run, survey)
        make_maps(embeddings, settings, lambda done, name: report(State.MAPPING, done, name)).write(run, survey)
    return not (embedded and mapped)


def make_lists(run: Run, survey: Survey, report: Report) -> None:
    """List outliers and suspects and keep them with the run, so that their pages and commands answer at once.

    A training is no worse without them: what prevents a list is said in the log, and on its page.
    """
    from m3core.label_issues.table import suspects
    from m3core.outliers.store import have_outliers

    embeddings = Embeddings.open(run, survey)
    makers = {"outliers": have_outliers} | ({"suspects": suspects} if survey.classes else {})
    for number, (name, make) in enumerate(makers.items()):

        def told(done: float, said: str, number: int = number, name: str = name) -> None:
            report(State.LISTING, (number + done) / len(makers), f"{name}: {said}" if said else name)

        told(0.0, "")
        try:
            make(run, survey, embeddings, told)
        except (M3Error, OSError) as fault:
            log.warning("no list of %s: %s", name, one_sentence(fault))
        except Exception:
            log.exception("no list of %s; its page tries again", name)


def _up_to_date(run: Run, survey: Survey, settings: MapSettings | None) -> tuple[bool, bool]:
    """Whether the embeddings and the maps are there and of this checkpoint, survey and settings."""
    try:
        Embeddings.open(run, survey)
    except RunError:
        return False, False
    try:
        maps = Maps.open(run, survey)
    except RunError:
        return True, False
    return True, MapSettings(**maps.about["settings"]) == settings


def score_sentences(run: Run, survey: Survey) -> list[str]:
    """Nearest-neighbour accuracy of the mean embedding and of each modality's, a sentence each.

    Each source of the test split (of the validation split where that is empty) gets the label of its nearest
    source of the training split, by cosine. No label was used in training.
    """
    embeddings = Embeddings.open(run, survey)
    split = "test" if len(survey.rows("test")) else "validation"
    sentences = []
    for name, vectors in {"mean": embeddings.mean, **embeddings.embeddings}.items():
        score = nearest_neighbour_score(np.asarray(vectors), survey.labels, survey.rows("train"), survey.rows(split))
        if score is not None:
            sentences.append(
                f"nearest neighbour, {name}: accuracy {score.accuracy:.1%}, balanced {score.balanced:.1%} "
                f"({score.n} sources of the {split} split; the commonest class alone gives {score.majority:.1%})"
            )
    return sentences or [f"no nearest-neighbour accuracy: the training or the {split} split has no labelled source"]
