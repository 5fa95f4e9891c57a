"""What the model saw of a star, and what its embedding says."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from m3core.classifier.logits import Subset, class_logits
from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import MEAN
from m3core.embeddings.neighbors import nearest
from m3core.figures.model_inputs import class_share_figure, views_figure
from m3core.kinds import family_of
from m3core.model.batch import prepare_observation
from m3core.model.config import ModelConfig
from m3core.star.panel import Panel
from m3core.survey import Source, Survey
from m3core.survey.duplicates import rows_of_same_star

if TYPE_CHECKING:
    from m3core.classifier.calibration import Calibration
    from m3core.model.clip import Classifier

__all__ = ["N_VOTES", "embedding_panels", "neighbour_table", "probability_panel", "seen_panels"]

N_VOTES = 20
"""Nearest labelled training sources whose classes are counted."""


def seen_panels(survey: Survey, source: Source, config: ModelConfig) -> list[Panel]:
    """A panel a modality of the model: the arrays that its encoder gets of this source, without augmentation."""
    panels = []
    for modality in config.modalities:
        spec = modality.spec
        key, title = f"seen_{spec.name}", f"What the model saw: {spec.label}"
        observation = source.observations.get(spec.name)
        if observation is None:
            panels.append(
                Panel(key, title, None, "", pd.DataFrame(), f"This source has no {spec.label}: the model goes without.")
            )
            continue
        inputs = prepare_observation(modality, observation)
        views = family_of(spec, modality.family).views(spec, modality.parsed_options, inputs)
        parts = [
            pd.DataFrame(
                {"view": view.title, "x": view.x.astype(object), "value": view.y, "is_observed": view.is_observed}
            )
            for view in views
        ]
        notes = " ".join(f"{view.title}: {view.note}" for view in views if view.note)
        caption = (
            f"{spec.label} of {source.source_id} as the encoder gets it (family {modality.family}), normalised by the "
            "training split: properties and columns are standard deviations from its mean. Grey crosses stand for "
            f"nothing observed. {notes}"
        )
        panels.append(Panel(key, title, views_figure(views), caption.strip(), pd.concat(parts, ignore_index=True)))
    for name, spec in survey.modalities.items():
        if name not in config.names:
            why = f"The model of this run does not read {spec.label}."
            panels.append(Panel(f"seen_{name}", f"What the model saw: {spec.label}", None, "", pd.DataFrame(), why))
    return panels


def _views_of(embeddings: Embeddings) -> dict[str, NDArray[np.float32]]:
    return {**embeddings.embeddings, MEAN: embeddings.mean}


def embedding_panels(survey: Survey, source: Source, embeddings: Embeddings) -> list[Panel]:
    """Class shares of the nearest sources, the nearest centre of a class, and the neighbours, by each modality."""
    title = "What the embedding says"
    row, vectors = survey.row(source.source_id), _views_of(embeddings)
    names = [name for name, found in vectors.items() if np.isfinite(found[row]).all()]
    if not names:
        return [Panel("embedding_says", title, None, "", pd.DataFrame(), "This source has no embedding by this run.")]
    same = np.append(rows_of_same_star(survey, np.array([row])), row)
    train = np.setdiff1d(survey.rows("train"), same)
    train = train[survey.labels[train] >= 0]
    classes = [str(one) for one in survey.classes]
    names = [name for name in names if np.isfinite(vectors[name][train]).all(axis=1).any()]
    if not names:
        why = "No source of the training split has a label, or an embedding of the same modality: none is to vote."
        panels = [Panel("embedding_says", title, None, "", pd.DataFrame(), why)]
    else:
        panels = [_says(survey, source, {name: vectors[name] for name in names}, row, train, classes, title)]
    table = neighbour_table(survey, embeddings, source.source_id)
    caption = (
        "The sources most like this one by the embedding of each modality and by their mean; cosine similarity, -1 to "
        "1, higher is more alike; the source itself is left out."
    )
    return [*panels, Panel("embedding_neighbours", "Nearest neighbours by modality", None, caption, table)]


def _says(
    survey: Survey, source: Source, vectors: dict[str, NDArray[np.float32]], row: int, train: NDArray[np.int64],
    classes: list[str], title: str,
) -> Panel:  # fmt: skip
    rows, shares = [], np.full((len(vectors), len(classes)), np.nan)
    labels = survey.labels
    for number, (name, found) in enumerate(vectors.items()):
        index = np.asarray(found[train])
        near, _ = nearest(np.asarray(found[row : row + 1]), index, N_VOTES)
        voters = labels[train[near[0][near[0] >= 0]]]
        shares[number] = np.bincount(voters, minlength=len(classes)) / max(len(voters), 1)
        cosines = _centre_cosines(np.asarray(found[row]), index, labels[train], len(classes))
        best = int(np.nanargmax(cosines))
        own = cosines[classes.index(source.label)] if source.label in classes else float("nan")
        rows.append(
            {
                "by": name,
                "nearest_centre": classes[best],
                "cosine_to_it": cosines[best],
                "cosine_to_own_label": own,
                **{f"share_{label}": share for label, share in zip(classes, shares[number], strict=True)},
            }
        )
    table = pd.DataFrame(rows)
    names = [f"{one['by']} → {one['nearest_centre']}" for one in rows]
    figure = class_share_figure(shares, names, classes, source.label, title="Share")
    caption = (
        f"Share of each class among the {N_VOTES} labelled sources of the training split nearest to "
        f"{source.source_id} by cosine, 0 to 1, a row a modality (n_class / {N_VOTES}; the star itself and sources "
        "that are likely the same star do not vote). After the arrow: the class whose centre (normalised mean of its "
        "training embeddings) has the largest cosine. Cells below 0.005 are empty. "
        + ("The frame marks its label." if source.label is not None else "It has no label.")
    )
    return Panel("embedding_says", title, figure, caption, table)


def _centre_cosines(
    vector: NDArray[np.float32], index: NDArray[np.float32], labels: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64]:
    """(C,) cosine of a vector to the normalised mean of each class; NaN where a class has no embedding."""
    known = np.isfinite(index).all(axis=1)
    cosines = np.full(n_classes, np.nan)
    for code in range(n_classes):
        centre = index[known & (labels == code)].sum(axis=0, dtype=np.float64)
        length = np.linalg.norm(centre)
        if length > 0:
            cosines[code] = float(vector @ centre / length)
    return cosines


def neighbour_table(survey: Survey, embeddings: Embeddings, source_id: str, k: int = 5) -> pd.DataFrame:
    """The k nearest of every modality and of the mean: by, rank, source_id, label, split, similarity."""
    row, parts = survey.row(source_id), []
    labels, splits = (survey.sources[name].to_numpy(object) for name in ("label", "split"))
    for name, found in _views_of(embeddings).items():
        rows, similarity = nearest(np.asarray(found[row : row + 1]), found, k + 1)
        kept = [(r, s) for r, s in zip(rows[0], similarity[0], strict=True) if r >= 0 and r != row][:k]
        for rank, (other, value) in enumerate(kept, start=1):
            label = labels[other]
            parts.append((name, rank, survey.source_ids[other], label if isinstance(label, str) else "unlabelled",
                          splits[other], round(float(value), 4)))  # fmt: skip
    return pd.DataFrame(parts, columns=["by", "rank", "source_id", "label", "split", "similarity"])


def probability_panel(survey: Survey, source: Source, model: "Classifier", calibration: "Calibration") -> Panel:
    """Class probabilities by a classifier: by all modalities that the source has, by each alone, by all but one."""
    from m3core.classifier.evaluation import calibrated

    row = np.array([survey.row(source.source_id)])
    here = [name for name in model.config.names if name in source.observations]
    title = "Class probabilities"
    if not here:
        why = "This source has none of the modalities that the classifier reads."
        return Panel("probabilities", title, None, "", pd.DataFrame(), why)
    subsets = _parts_of(here)
    logits = class_logits(model, survey, row, list(subsets.values()))
    found = np.stack(
        [calibrated(calibration, survey, row, part, one)[0] for part, one in zip(subsets.values(), logits, strict=True)]
    )
    names, classes = list(subsets), list(model.config.classes)
    figure = class_share_figure(found, names, classes, source.label, title="Probability")
    how = "calibrated" if calibration.is_fitted else "softmax of the logits, not calibrated"
    caption = (
        f"Probability of each class of {source.source_id}, 0 to 1, rows sum to 1, by the classifier with all "
        f"modalities of the source, with one alone and with all but one ({how}: {calibration.reason}). Cells below "
        "0.005 are empty."
    )
    table = pd.DataFrame(found, columns=[f"p_{one}" for one in classes])
    table.insert(0, "modalities", [", ".join(part) for part in subsets.values()])
    return Panel("probabilities", title, figure, caption, table)


def _parts_of(names: Sequence[str]) -> dict[str, Subset]:
    """What to call it -> modalities: all, each alone, all but one; no mixture twice."""
    parts: dict[str, Subset] = {"all": tuple(names)} if len(names) > 1 else {}
    parts |= {name: (name,) for name in names}
    if len(names) > 2:
        parts |= {f"all but {gone}": tuple(name for name in names if name != gone) for gone in names}
    return parts
