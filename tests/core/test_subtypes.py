"""Subtypes: made-up clouds that are one or two, wrong labels, missing modalities, columns, profiles, the command."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import adjusted_rand_score

from m3core.embeddings.kept import Embeddings
from m3core.errors import SurveyError
from m3core.subtypes.clusters import class_vectors, find_subtypes, has_own_neighbours, subtype_table
from m3core.subtypes.columns import cliffs_delta, columns_that_part
from m3core.subtypes.mixture_split import DEEP, best_split, valley
from m3core.subtypes.profiles import profiles
from tests.app.conftest import make_run
from tests.conftest import ROOT, make_survey

D = 24


def blobs(rng, n, share=0.5, distance=6.0):
    """n points of D dimensions, which vary most along others than the one that parts them; and which is which."""
    kind = (rng.random(n) < share).astype(int)
    points = rng.standard_normal((n, D)) * np.linspace(3.0, 0.3, D)
    points[:, 4] += distance * kind * np.linspace(3.0, 0.3, D)[4]
    return points, kind


CONTINUA = {
    "a sphere": lambda rng, n: rng.standard_normal((n, 1)),
    "a rod": lambda rng, n: 30 * rng.random((n, 1)),
    "an arc": lambda rng, n: 8 * np.stack([np.cos(a := np.pi * rng.random(n)), np.sin(a)], axis=1),
    "a skewed one": lambda rng, n: 5 * rng.exponential(size=(n, 1)),
    "heavy tails": lambda rng, n: 2 * rng.standard_t(2.5, (n, 2)),
}


@pytest.mark.parametrize("n", [120, 600])
@pytest.mark.parametrize("shape", CONTINUA)
def test_a_continuum_is_not_cut(shape, n):
    rng = np.random.default_rng(n)
    points = rng.standard_normal((n, D)) * np.linspace(1.0, 0.3, D)
    added = CONTINUA[shape](rng, n)
    points[:, : added.shape[1]] += added
    found = best_split(points)
    assert found is None or not found.is_accepted, (found.valley, found.gain_per_star)


@pytest.mark.parametrize(("n", "share"), [(120, 0.3), (120, 0.5), (800, 0.1), (800, 0.5)])
def test_two_blobs_are_two(n, share):
    points, kind = blobs(np.random.default_rng(7), n, share)
    found = best_split(points)
    assert found.is_accepted
    assert found.valley <= DEEP
    assert adjusted_rand_score(kind, found.side) > 0.9
    assert found.side.sum() == min(found.side.sum(), n - found.side.sum()), "side 1 is the smaller"
    again = best_split(points)
    assert np.array_equal(found.axis, again.axis)
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((D, D)))[0]
    assert adjusted_rand_score(found.side, best_split(points @ turned).side) > 0.95, "no linear map changes it"


def test_too_few_are_not_cut():
    assert best_split(blobs(np.random.default_rng(1), 39)[0]) is None


def test_valley_of_two_gaussians():
    """Two equal normal peaks D apart have 2 exp(-D^2 / 8) of a peak between them, and the kernel is narrow."""
    rng = np.random.default_rng(3)
    side = np.repeat([0, 1], 20_000)
    for distance in (4.0, 5.0):
        places = rng.standard_normal(40_000) + distance * side
        assert valley(places, side) == pytest.approx(2 * np.exp(-(distance**2) / 8), abs=0.05)
    places = rng.standard_normal(40_000)
    assert valley(places, (places > 0).astype(int)) > 0.9


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A survey of 400 stars of two classes, 'SR' in two clusters in both its modalities, and its embeddings."""
    survey = make_survey(tmp_path_factory.mktemp("made") / "survey", n=400, missing=False)
    rng = np.random.default_rng(5)
    is_sr = (survey.sources["label"] == "SR").to_numpy()
    points, kind = blobs(rng, 400, 0.35)
    kind[~is_sr] = 0
    points = 0.02 * np.where(is_sr[:, None], points, rng.standard_normal(points.shape))
    arrays = {}
    for number, name in enumerate(("g", "r")):
        centre = np.zeros(D)
        centre[10 + number] = 1.0  # the gap between modalities
        vectors = points + centre + np.where(is_sr, 0.5, -0.5)[:, None] * np.eye(D)[12]
        arrays[name] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        arrays[name][number::9] = np.nan  # which modality a star lacks must not make a cluster
    gone = np.flatnonzero(is_sr)[3]
    arrays["g"][gone] = arrays["r"][gone] = np.nan
    return survey, Embeddings(survey.source_ids, arrays, "made"), kind, gone


def test_every_star_of_the_class_gets_a_cluster(made):
    survey, embeddings, kind, gone = made
    found = find_subtypes(embeddings, survey, "SR")
    table = subtype_table(found)
    assert list(table["source_id"]) == list(survey.source_ids[survey.sources["label"] == "SR"])
    assert found.sizes == sorted(found.sizes, reverse=True)
    assert len(found.sizes) == 2
    assert adjusted_rand_score(kind[found.rows], found.cluster) > 0.9
    place = list(found.rows).index(gone)
    assert (found.cluster[place], found.confidence[place]) == (0, 0.0)
    assert any("1 of 200 stars have no embedding" in one for one in found.sentences)
    lacks = np.isnan(np.stack([e[found.rows] for e in embeddings.embeddings.values()])).any(axis=(0, 2))
    assert not lacks[found.fitted].any(), "a star that lacks a modality is assigned, not fitted"
    assert any(f"{lacks.sum() - 1} of 199 stars lack a modality" in one for one in found.sentences)
    with_one = np.delete(found.confidence, place)
    assert with_one.min() >= 0.5
    assert with_one.max() <= 1.0


def test_a_class_without_subtypes_is_one_cluster(made):
    survey, embeddings, _, _ = made
    found = find_subtypes(embeddings, survey, "RRAB")
    assert found.sizes == [200]
    assert "one cluster of 200 stars, no subtypes seen" in found.sentences[0]
    assert set(found.confidence) == {1.0}
    with pytest.raises(SurveyError, match="no class 'Mira'; it has RRAB, SR"):
        find_subtypes(embeddings, survey, "Mira")


def test_neither_the_gap_between_modalities_nor_what_is_missing_makes_a_cluster(made):
    _, embeddings, _, _ = made
    rows = np.arange(1, 400, 2)
    vectors = class_vectors(embeddings.embeddings, rows)
    lacks = np.isnan(embeddings.embeddings["g"][rows]).all(axis=1)
    both = np.isfinite(vectors).all(axis=1)
    shift = vectors[lacks & both].mean(axis=0) - vectors[~lacks & both].mean(axis=0)
    assert np.abs(shift).max() < 0.05, "the gap itself is 1"


def test_wrong_labels_are_not_fitted(made):
    survey, embeddings, _, _ = made
    labels = survey.labels.copy()
    wrong = np.flatnonzero(labels == survey.classes.index("RRAB"))[:12]
    labels[wrong] = survey.classes.index("SR")
    rows = np.flatnonzero((labels == survey.classes.index("SR")) & np.isfinite(embeddings.mean).all(axis=1))
    own = has_own_neighbours(embeddings.mean, labels, rows)
    assert not own[np.isin(rows, wrong)].any()
    assert own[~np.isin(rows, wrong)].all()


def test_cliffs_delta_and_its_correction(made):
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 9, 40).astype(float), rng.integers(3, 12, 25).astype(float)
    pairs = np.sign(b[None, :] - a[:, None])
    assert cliffs_delta(a, b) == pytest.approx(pairs.mean())
    assert cliffs_delta(a, b) == pytest.approx(2 * mannwhitneyu(b, a).statistic / (40 * 25) - 1)
    survey = made[0]
    rows = np.flatnonzero(survey.sources["label"] == "SR")
    period = survey.sources["period"].to_numpy()[rows]
    table = columns_that_part(survey, rows, (period > np.median(period)).astype(int)).set_index("column")
    assert table.index[0] in ("period", "m3_period_fold")
    assert table.loc["period", "delta"] == 1.0
    assert table.loc["period", "q"] < 1e-20
    assert table.loc["ra", "q"] > 0.01
    assert np.isnan(table.loc["m3_period_power", "q"]), "one value in all is not tested"
    assert table.loc["period", "input_of"] == "metadata"


def test_profiles_fold_and_count(made):
    survey = made[0]
    rows = np.flatnonzero(survey.sources["label"] == "RRAB")[:40]
    found = profiles(survey, rows, np.repeat([0, 1], [30, 10]))
    assert [(one.name, one.cluster, one.n_stars, one.n_cluster) for one in found] == [
        ("g", 0, 30, 30), ("g", 1, 10, 10), ("r", 0, 30, 30), ("r", 1, 10, 10),
    ]  # fmt: skip
    first = found[0]
    assert (first.x.min(), first.x.max(), first.invert_y) == (0.0125, 1.9875, True)
    half = len(first.x) // 2
    assert np.array_equal(first.median[:half], first.median[half:], equal_nan=True)
    wanted = -0.5 * np.cos(2 * np.pi * first.x)  # sinusoids of 0.5 mag, the maximum at phase 0
    known = np.isfinite(first.median)
    assert known.mean() > 0.9
    assert np.abs(first.median - wanted)[known].max() < 0.2


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "m3core", *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_command(tmp_path):
    survey = make_survey(tmp_path / "survey")
    place = make_run(tmp_path / "run", survey).path
    given = ["subtypes", "--run", place, "--survey", survey.path, "--label", "SR", "--out"]
    done = run(*given, tmp_path / "a.csv")
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("100% Looking for clusters\n")
    assert "class SR: one cluster of 30 stars, no subtypes seen" in done.stdout
    run(*given, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    table = pd.read_csv(tmp_path / "a.csv", dtype={"source_id": str})
    assert list(table.columns) == ["source_id", "cluster", "confidence"]
    assert set(table["source_id"]) == set(survey.sources.index[survey.sources["label"] == "SR"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"--label": "Mira"}, "has no class 'Mira'; it has RRAB, SR"),
        ({"--run": "nowhere"}, "nowhere is not a run"),
        ({"--survey": "nowhere"}, "nowhere"),
        ({"--out": "."}, "is a folder: name a file"),
    ],
)
def test_bad_input_is_one_line(tmp_path, change, sentence):
    survey = make_survey(tmp_path / "survey", n=20)
    place = make_run(tmp_path / "run", survey).path
    given = {"--run": place, "--survey": survey.path, "--label": "SR", "--out": tmp_path / "out.csv"} | change
    done = run("subtypes", *(word for pair in given.items() for word in pair))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()
