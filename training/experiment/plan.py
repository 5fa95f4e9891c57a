"""What an experiment is asked for: options, and from them and a survey the cells. Nothing here imports torch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m3core.errors import ConfigError, SurveyError
from m3core.experiment.folder import ALL, FEATURES, FROZEN, METHODS, TRAINED, Plan
from m3core.experiment.published_scores import is_published
from m3core.light_curve.features import has_features
from m3core.manifest import SplitSpec
from m3core.split import METHOD, split_sources
from m3core.survey import Survey
from training.config import FinetuneConfig, Settings, TrainConfig, parse_assignments, validated
from training.labels import draw

__all__ = [
    "FRACTIONS", "Options", "asked", "check_possible", "parse_list", "seed_split", "split_spec", "stage_changes",
    "untaught",
]  # fmt: skip

SEEDS = (42, 0, 66, 12, 123)
"""Of the paper; further ones count up from 1."""

FRACTIONS = (0.8, 0.1, 0.1)

DECIDED = ("seed", "preset", "modality", "modalities", "labels", "cap", "maps", "lists", "max_minutes")
"""Settings that the experiment itself chooses for its cells."""

PACKAGES = ("torch", "numpy", "scikit-learn", "lightgbm", "light-curve", "scipy")


@dataclass(frozen=True)
class Options:
    """What `python -m training experiment` is told.

    Attributes:
        modalities: rows of the table, ALL among them; none: every one of the survey and ALL.
        minutes: of training in a cell, 0: no limit.
        cap: labels are taken from the commonest classes, as in the paper.
        pretrain, finetune: changed settings of the two stages.
    """

    seeds: int = 5
    labels: tuple[float, ...] = (1.0, 0.5, 0.25, 0.1)
    modalities: tuple[str, ...] = ()
    minutes: float = 0.0
    cap: bool = False
    preset: str = "fast"
    pretrain: dict[str, Any] = field(default_factory=dict)
    finetune: dict[str, Any] = field(default_factory=dict)


def parse_list(text: str, name: str) -> tuple[str, ...]:
    """Comma-separated words, each once.

    Raises:
        ConfigError: none, or one twice.
    """
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words or len(set(words)) < len(words):
        raise ConfigError(f"{name} {text!r}: write each once, with commas between them.")
    return words


def parse_shares(text: str) -> tuple[float, ...]:
    """'1.0,0.5' as shares of the labels.

    Raises:
        ConfigError: not numbers above 0 and at most 1.
    """
    words = parse_list(text, "--labels")
    try:
        shares = tuple(float(word) for word in words)
    except ValueError:
        shares = (0.0,)
    if not all(0 < share <= 1 for share in shares) or len(set(shares)) < len(shares):
        raise ConfigError(f"--labels {text}: write shares above 0 and at most 1, such as 1.0,0.5,0.25,0.1.")
    return shares


def stage_changes(assignments: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of `--set` for the pre-training and for the fine-tuning.

    'key=value' goes to each stage that has the setting; 'pretrain.key=value' and 'finetune.key=value' to one.

    Raises:
        ConfigError: a setting that there is not, is impossible, or is the experiment's own choice.
    """
    stages: dict[str, tuple[type[Settings], dict[str, Any]]] = {
        "pretrain": (TrainConfig, {}),
        "finetune": (FinetuneConfig, {}),
    }
    for text in assignments:
        stage, dot, rest = text.partition(".")
        is_staged = bool(dot) and stage in stages
        changes = parse_assignments([rest if is_staged else text])
        for key in changes:
            if key in DECIDED:
                raise ConfigError(f"--set {text}: the experiment chooses {key} for every cell; use its own options.")
        used = False
        for name, (schema, gathered) in stages.items():
            takes = name == stage if is_staged else changes.keys() <= schema.model_fields.keys()
            if takes:
                validated(changes, f"--set {text}", schema)
                _merge(gathered, changes)
                used = True
        if not used:
            validated(changes, f"--set {text}", TrainConfig)
    return stages["pretrain"][1], stages["finetune"][1]


def _merge(into: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if key == "options":
            for kind, options in value.items():
                into.setdefault("options", {}).setdefault(kind, {}).update(options)
        else:
            into[key] = value


def seeds_of(number: int) -> tuple[int, ...]:
    """The seeds of so many repeats.

    Raises:
        ConfigError: fewer than one.
    """
    if number < 1:
        raise ConfigError(f"--seeds {number}: one repeat at least; five as in the paper, two for a paired t-test.")
    further = (seed for seed in range(1, 10 * number) if seed not in SEEDS)
    return (*SEEDS, *(next(further) for _ in range(number - len(SEEDS))))[:number]


def plan_of(survey: Survey, options: Options) -> Plan:
    """Every cell of the table.

    Raises:
        ConfigError: a modality that the survey lacks, or too few of them to contrast.
    """
    if len(survey.modalities) < 2:
        raise ConfigError(f"{survey.path} has one modality: a contrastive pre-training needs two or more.")
    known = (*survey.modalities, ALL)
    for name in options.modalities:
        if name not in known:
            raise ConfigError(f"survey {survey.path.name} has no modality {name!r}; it has {', '.join(known)}.")
    methods = {}
    for name in options.modalities or known:
        specs = survey.modalities.values() if name == ALL else [survey.modalities[name]]
        possible = {*TRAINED, *FROZEN, *(FEATURES if any(map(has_features, specs)) else ())}
        methods[name] = tuple(method for method in METHODS if method in possible)
    return Plan(seeds_of(options.seeds), options.labels, methods)


def asked(survey: Survey, options: Options) -> dict[str, Any]:
    """The content of experiment.json: everything that decides the cells, and how to name them.

    Raises:
        ConfigError, SurveyError: what cannot be done, before anything is.
    """
    if not 0 <= options.minutes < np.inf:
        raise ConfigError(f"--minutes-per-cell {options.minutes:g}: write minutes, 0 or more; 0: no limit.")
    plan = plan_of(survey, options)
    check_possible(survey, plan, cap=options.cap)
    return {
        "survey": str(survey.path.resolve()), "survey_name": survey.path.resolve().name, "survey_hash": survey.hash,
        "classes": list(survey.classes), "kinds": {name: spec.kind for name, spec in survey.modalities.items()},
        "is_published": is_published(survey.manifest),
        "seeds": list(plan.seeds), "labels": list(plan.labels), "modalities": list(plan.methods),
        "methods": {name: list(methods) for name, methods in plan.methods.items()},
        "fractions": list(FRACTIONS), "minutes_per_cell": options.minutes, "cap": options.cap,
        "preset": options.preset, "pretrain": options.pretrain, "finetune": options.finetune,
        "versions": {name: version(name) for name in PACKAGES},
    }  # fmt: skip


def seed_split(survey: Survey, seed: int) -> NDArray[np.object_]:
    """(N,) train, validation or test: 80, 10 and 10 % of each class, by sha256 of seed and id (m3core.split)."""
    labels = [None if index < 0 else survey.classes[index] for index in survey.labels]
    return split_sources([str(one) for one in survey.source_ids], labels, fractions=FRACTIONS, seed=seed)


def split_spec(seed: int) -> SplitSpec:
    """How `seed_split` was made."""
    return SplitSpec(method=METHOD, fractions=FRACTIONS, seed=seed)


def check_possible(survey: Survey, plan: Plan, *, cap: bool) -> None:
    """Make sure, before anything is made, that every cell has labels to train on and stars to be judged by.

    Raises:
        SurveyError: no labels, one class, or a seed whose training split has one class of a modality or whose test
            split has no star of it. ConfigError: a share of fewer labels than classes.
    """
    if len(survey.classes) < 2:
        what = f"one class, {survey.classes[0]!r}" if survey.classes else "no labels"
        raise SurveyError(
            f"{survey.path} has {what}: an experiment compares classifiers; import the survey with a label column of "
            "two classes or more (--map label=COLUMN)."
        )
    for seed, name, train, test in _parts(survey, plan):
        n_classes = len(np.unique(survey.labels[train]))
        if n_classes < 2 or not test.any():
            raise SurveyError(
                f"{survey.path}: of the labelled sources with {name} {int(train.sum())} of {n_classes} classes are in "
                f"the training split and {int(test.sum())} in the test split of seed {seed}: too few to compare by; "
                "label more sources, or leave it out (--modalities)."
            )
        try:
            draw(survey.source_ids[train], survey.labels[train], share=min(plan.labels), seed=seed, cap=cap)
        except ConfigError as fault:
            raise ConfigError(f"{name}, seed {seed}: {fault}") from None


def untaught(survey: Survey, plan: Plan) -> list[str]:
    """What has to be said of classes that no training star with a modality has: they are judged, and never right."""
    said: dict[str, tuple[int, set[int], set[int]]] = {}
    for seed, name, train, test in _parts(survey, plan):
        lost = survey.labels[test & ~np.isin(survey.labels, survey.labels[train])]
        if len(lost):
            n, seeds, classes = said.get(name, (0, set(), set()))
            said[name] = (n + len(lost), seeds | {seed}, classes | set(lost.tolist()))
    return [
        f"{name}: {n} test stars in {len(seeds)} of {len(plan.seeds)} seeds are of a class without a training star "
        f"that has it ({', '.join(survey.classes[index] for index in sorted(classes))}): every method is wrong of them"
        for name, (n, seeds, classes) in said.items()
    ]


def _parts(survey: Survey, plan: Plan) -> Iterator[tuple[int, str, NDArray[np.bool_], NDArray[np.bool_]]]:
    """(seed, row of modality, which sources train, which are judged): labelled ones that have it."""
    present = {name: survey.present(name) for name in survey.modalities}
    for seed in plan.seeds:
        splits = seed_split(survey, seed)
        for name in plan.methods:
            members = list(present.values()) if name == ALL else [present[name]]
            usable = np.any(members, axis=0) & (survey.labels >= 0)
            yield seed, name, usable & (splits == "train"), usable & (splits == "test")
