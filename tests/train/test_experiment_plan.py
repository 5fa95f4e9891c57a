"""What an experiment is asked for: cells, splits, settings, and what is refused before anything is made."""

import hashlib

import numpy as np
import pytest

from m3core.errors import ConfigError
from m3core.experiment.folder import ALL
from m3core.experiment.published_scores import CLASS_COUNTS, is_published, published_score
from m3core.survey import write_resplit
from tests.train.rewritten import rewritten
from tests.train.test_runs import command
from training.experiment.clock import Clock
from training.experiment.plan import Options, parse_shares, plan_of, seed_split, seeds_of, split_spec, stage_changes


def test_the_cells_of_the_paper_and_more(stars):
    plan = plan_of(stars, Options())
    assert plan.seeds == (42, 0, 66, 12, 123)
    assert list(plan.methods) == ["g", "r", "metadata", ALL]
    assert len(plan.cells) == len(set(plan.cells)) == 5 * 4 * 4 * 7
    assert {cell.row.method for cell in plan.cells[:4]} == {"lightgbm"}
    assert len({cell.name for cell in plan.cells}) == len(plan.cells)
    assert seeds_of(8) == (42, 0, 66, 12, 123, 1, 2, 3)


def test_splits_are_stratified_and_each_seed_has_its_own(stars):
    splits = {seed: seed_split(stars, seed) for seed in (42, 0)}
    assert (splits[42] != splits[0]).any()
    for found in splits.values():
        for index in range(len(stars.classes)):
            mine = found[stars.labels == index]
            for name, share in (("train", 0.8), ("validation", 0.1), ("test", 0.1)):
                assert abs((mine == name).sum() - share * len(mine)) <= 1


def test_a_resplit_survey_is_the_same_without_the_test_labels(stars, tmp_path):
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in stars.path.iterdir()}
    splits = seed_split(stars, 0)
    made = write_resplit(stars, tmp_path / "seed", splits, split_spec(0), without_labels=("test",))
    made.verify()
    assert before == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in stars.path.iterdir()}
    assert (made.sources["split"].to_numpy() == splits).all()
    assert made.sources.loc[splits == "test", "label"].isna().all()
    kept = splits != "test"
    assert (made.labels[kept] == stars.labels[kept]).all()
    assert made.classes == stars.classes
    assert made.manifest.split.hash != stars.manifest.split.hash
    assert made.manifest.counts["by_split"] == {
        name: int((splits == name).sum()) for name in ("train", "validation", "test")
    }
    assert made.manifest.counts["unlabelled"] == (splits == "test").sum()
    for row in (0, 70, 149):
        one, other = stars.observation("r", row), made.observation("r", row)
        assert (one is None) == (other is None)
        if one is not None:
            assert np.array_equal(one["mag"], other["mag"])


def test_settings_go_to_the_stage_that_has_them():
    pretrain, finetune = stage_changes(["epochs=3", "encoder_rate=0.3", "finetune.epochs=7", "photometry.n_bins=32"])
    assert pretrain == {"epochs": 3, "options": {"photometry": {"n_bins": 32}}}
    assert finetune == {"epochs": 7, "encoder_rate": 0.3, "options": {"photometry": {"n_bins": 32}}}
    for text in ("seed=1", "labels=0.5", "finetune.modality=g", "max_minutes=1"):
        with pytest.raises(ConfigError, match="the experiment chooses"):
            stage_changes([text])
    with pytest.raises(ConfigError, match="unknown setting 'epoch'"):
        stage_changes(["epoch=1"])
    with pytest.raises(ConfigError, match="unknown setting 'encoder_rate'"):
        stage_changes(["pretrain.encoder_rate=1"])
    with pytest.raises(ConfigError, match="shares above 0"):
        parse_shares("1.0,2")


def test_the_time_left_is_known_once_each_kind_was_timed(tmp_path):
    steps = [
        "features",
        "1/pretrained",
        "1/scratch-all-1",
        "1/clip-all-1",
        "2/pretrained",
        "2/scratch-all-1",
        "2/clip-all-1",
    ]
    clock = Clock(tmp_path / "timing.json", steps)
    assert clock.left(set()) is None
    for step, seconds in zip(steps[:3], (1.0, 10.0, 4.0), strict=True):
        clock.took(step, seconds)
    assert clock.left(set(steps[:3])) == 4 + 10 + 4 + 4
    again = Clock(tmp_path / "timing.json", steps)
    again.took(steps[3], 6.0)
    assert again.left(set(steps[:4])) == 10 + 4 + 6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seeds", "0"], "one repeat at least"),
        (["--minutes-per-cell", "-1"], "--minutes-per-cell -1: write minutes, 0 or more"),
        (["--minutes-per-cell", "nan"], "--minutes-per-cell nan: write minutes, 0 or more"),
        (["--labels", "much"], "write shares above 0"),
        (["--labels", "0.001"], "fewer than the 2 classes"),
        (["--modalities", "g,x"], "has no modality 'x'"),
        (["--set", "epoch=1"], "unknown setting 'epoch'"),
        (["--set", "photometry.bins=1"], "unknown option 'bins'"),
        (["--preset", "slow"], "there is no preset 'slow'"),
    ],
)
def test_bad_options_end_with_a_sentence_and_no_folder(stars, tmp_path, arguments, says):
    out = tmp_path / "out"
    done = command("experiment", "--survey", stars.path, "--out", out, *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert says in done.stderr
    assert not out.exists()


def test_what_cannot_be_compared(stars, tmp_path):
    unlabelled = rewritten(stars, tmp_path / "unlabelled", sources=lambda table: table.assign(label=None))
    one_class = rewritten(stars, tmp_path / "one", sources=lambda table: table.assign(label="SR"))
    alone = rewritten(stars, tmp_path / "alone", modalities=[stars.modalities["metadata"]])
    has_g = np.where(stars.present("g"), "SR", "RRAB")
    in_one = rewritten(stars, tmp_path / "in_one", sources=lambda table: table.assign(label=has_g))
    cases = [
        (unlabelled, "has no labels"), (one_class, "one class, 'SR'"), (alone, "needs two or more"),
        (in_one, "sources with g 102 of 1 classes are in the training split"),
    ]  # fmt: skip
    for survey, says in cases:
        done = command("experiment", "--survey", survey.path, "--out", tmp_path / "out")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert says in done.stderr
    (tmp_path / "else").mkdir()
    done = command("experiment", "--survey", stars.path, "--out", tmp_path / "else")
    assert done.returncode == 2
    assert "exists already and is not an experiment" in done.stderr


def test_the_published_set_is_recognised_and_its_table_is_the_papers(stars):
    manifest = stars.manifest
    assert not is_published(manifest)
    counts = manifest.counts | {"by_label": CLASS_COUNTS}
    theirs = manifest.model_copy(update={"classes": tuple(sorted(CLASS_COUNTS)), "counts": counts})
    assert is_published(theirs)
    assert sum(CLASS_COUNTS.values()) == 21440
    assert published_score("spectra", 0.1, "clip")[:2] == (pytest.approx(0.6096), pytest.approx(0.0258))
    assert published_score(ALL, 1.0, "neighbour")[0] == pytest.approx(0.888)
    assert published_score("metadata", 0.25, "scratch")[2] == 0.04
    assert np.isnan(published_score("photometry", 0.33, "clip")).all()
    assert np.isnan(published_score("photometry", 1.0, "forest")).all()
