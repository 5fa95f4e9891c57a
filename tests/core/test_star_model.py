"""What the model saw and what the embedding says, against plain numpy."""

import numpy as np
import pytest

from m3core.embeddings.kept import Embeddings, mean_embedding
from m3core.kinds import KINDS
from m3core.model.batch import prepare_observation
from m3core.model.config import ModalityConfig, ModelConfig
from m3core.star.model import N_VOTES, embedding_panels, neighbour_table, seen_panels
from tests.core.test_kinds import CASES, SPECS, observations


def config_of(survey, family):
    modalities = [
        ModalityConfig.measured(survey, name, family, KINDS[spec.kind].families[family].options(), survey.rows("train"))
        for name, spec in survey.modalities.items()
    ]
    return ModelConfig(modalities=tuple(modalities), survey_hash=survey.hash)


@pytest.mark.parametrize(("kind", "family_name"), CASES)
def test_views_show_the_numbers_that_the_encoder_gets(kind, family_name):
    spec, family = SPECS[kind], KINDS[kind].families[family_name]
    options, seen = family.options(), observations(kind)
    statistics = family.statistics(spec, options, iter(seen))
    for one in seen:
        inputs = family.prepare(spec, options, statistics, one, None)
        views = family.views(spec, options, inputs)
        numbers = np.concatenate([array.ravel() for array in inputs.values()])
        assert views
        for view in views:
            assert len(view.x) == len(view.y) == len(view.is_observed)
            assert view.is_observed.dtype == bool
            assert view.x_label
            assert view.y_label
            assert np.isin(view.y, numbers).all()  # nothing is scaled on the way to the figure


def test_padding_of_the_published_window_is_told_from_observations(survey):
    config = config_of(survey, "paper")
    source = survey.source("s001")
    panels = {panel.key: panel for panel in seen_panels(survey, source, config)}
    assert list(panels) == [f"seen_{name}" for name in survey.modalities]
    n = len(np.unique(source.observations["g"]["time"]))
    window = panels["seen_g"].data.query("view == 'Window'")
    assert window["is_observed"].sum() == n
    assert (window.loc[~window["is_observed"], "value"] == 0).all()
    assert f"{n} rows are observations, {200 - n} are padding" in panels["seen_g"].caption
    magnitude = source.observations["g"]["mag"]
    mad = np.median(np.abs(magnitude - np.median(magnitude)))
    np.testing.assert_allclose(window["value"][:n], (magnitude - magnitude.mean()) / mad, rtol=1e-5)


@pytest.mark.parametrize(("kind", "limit"), [("photometry", 6.0), ("spectra", 10.0)])
def test_what_is_limited_is_said(kind, limit):
    """A stray point stands on the limit, and the caption names it."""
    spec, family = SPECS[kind], KINDS[kind].families["fast"]
    options, seen = family.options(), observations(kind)
    statistics = family.statistics(spec, options, iter(seen))
    stray = {**seen[0], "flux": seen[0]["flux"].copy()}
    middle = len(stray["flux"]) // 2
    stray["flux"][middle : middle + 4] += 1e6
    views = family.views(spec, options, family.prepare(spec, options, statistics, stray, None))
    assert views[0].y.max() <= limit
    assert views[0].y.max() > limit / 2
    assert f"{limit:g} robust scales" in views[0].note
    assert views[-1].style == "table"
    assert "5 standard deviations" in views[-1].note


def test_a_missing_modality_and_a_missing_value_are_said(survey):
    absent = next(one for one in survey.source_ids if "g" not in survey.source(one).observations)
    panels = {panel.key: panel for panel in seen_panels(survey, survey.source(absent), config_of(survey, "fast"))}
    assert panels["seen_g"].figure is None
    assert "has no g" in panels["seen_g"].sentence
    spec = SPECS["metadata"]
    family = KINDS["metadata"].families["fast"]
    seen = observations("metadata")
    statistics = family.statistics(spec, family.options(), iter(seen))
    view = family.views(spec, family.options(), family.prepare(spec, family.options(), statistics, seen[2], None))[0]
    assert list(view.is_observed) == [True, True, False]


def embedded(survey, seed=0) -> Embeddings:
    rng = np.random.default_rng(seed)
    arrays = {}
    for name in survey.modalities:
        vectors = rng.standard_normal((len(survey), 8)) + 2 * survey.labels[:, None]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        arrays[name] = np.where(survey.present(name)[:, None], vectors, np.nan).astype(np.float32)
    return Embeddings(survey.source_ids, arrays, "made")


def test_shares_centres_and_neighbours_by_hand(survey):
    embeddings = embedded(survey)
    source = survey.source("s007")
    row = survey.row("s007")
    says, neighbours = embedding_panels(survey, source, embeddings)
    train = np.array([r for r in survey.rows("train") if r != row])
    by = {**embeddings.embeddings, "mean": mean_embedding(embeddings.embeddings)}
    table = says.data.set_index("by")
    assert set(table.index) == {name for name in by if np.isfinite(by[name][row]).all()}
    for name in table.index:
        vectors = by[name].astype(float)
        here = train[np.isfinite(vectors[train]).all(axis=1)]
        near = here[np.argsort(-vectors[here] @ vectors[row], kind="stable")[:N_VOTES]]
        for code, label in enumerate(survey.classes):
            share = (survey.labels[near] == code).mean()
            assert table.loc[name, f"share_{label}"] == pytest.approx(share)
        centres = [vectors[here[survey.labels[here] == code]].mean(axis=0) for code in range(2)]
        cosines = [c @ vectors[row] / np.linalg.norm(c) for c in centres]
        assert table.loc[name, "nearest_centre"] == survey.classes[int(np.argmax(cosines))]
        assert table.loc[name, "cosine_to_it"] == pytest.approx(max(cosines), abs=1e-5)
        others = [r for r in range(len(survey)) if r != row and np.isfinite(vectors[r]).all()]
        best = max(others, key=lambda r: vectors[r] @ vectors[row])
        assert neighbours.data.query("by == @name and rank == 1")["source_id"].item() == survey.source_ids[best]
    assert (neighbour_table(survey, embeddings, "s007")["source_id"] != "s007").all()


def test_a_modality_without_training_sources_has_no_vote(survey):
    embeddings = embedded(survey)
    source = survey.source("s005")  # of the test split
    arrays = {name: vectors.copy() for name, vectors in embeddings.embeddings.items()}
    arrays["g"][survey.rows("train")] = np.nan
    says = embedding_panels(survey, source, Embeddings(survey.source_ids, arrays, "made"))[0]
    assert "g" in source.observations
    assert list(says.data["by"]) == ["r", "metadata", "mean"]
    for name in arrays:
        arrays[name][survey.rows("train")] = np.nan
    says = embedding_panels(survey, source, Embeddings(survey.source_ids, arrays, "made"))[0]
    assert "none is to vote" in says.sentence


def test_a_modality_that_the_model_does_not_read_is_said(survey):
    config = config_of(survey, "fast")
    less = config.model_copy(update={"modalities": config.modalities[1:]})
    panels = {panel.key: panel for panel in seen_panels(survey, survey.source("s004"), less)}
    assert "does not read g" in panels["seen_g"].sentence
    assert panels["seen_r"].figure is not None


def test_the_star_itself_does_not_vote(survey):
    """A training source whose label nobody shares would otherwise get a vote of its own."""
    embeddings = embedded(survey)
    row = survey.rows("train")[0]
    source = survey.source(str(survey.source_ids[row]))
    before = embedding_panels(survey, source, embeddings)[0].data
    labels = survey.labels.copy()
    try:
        survey.__dict__["labels"] = np.where(np.arange(len(survey)) == row, 1 - labels[row], labels)
        after = embedding_panels(survey, source, embeddings)[0].data
    finally:
        survey.__dict__["labels"] = labels
    np.testing.assert_allclose(
        before.filter(like="share_").to_numpy(), after.filter(like="share_").to_numpy(), atol=1e-12
    )


def test_inputs_on_the_page_are_those_of_the_batch(survey):
    config = config_of(survey, "fast")
    source = survey.source("s004")
    panels = {panel.key: panel for panel in seen_panels(survey, source, config)}
    for modality in config.modalities:
        data = panels[f"seen_{modality.spec.name}"].data
        inputs = prepare_observation(modality, source.observations[modality.spec.name])
        assert np.isin(data["value"].to_numpy(np.float32), np.concatenate([a.ravel() for a in inputs.values()])).all()
