"""Is the simulation hard enough to be honest? Measured on the catalogue alone, and printed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from data.simulate import Options, plan, truth_path, write
from data.simulate.observing import LightCurve
from data.simulate.oddities import is_told_apart
from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return write(plan(Options(sources=3000, seed=11)), tmp_path_factory.mktemp("hard") / "survey")


@pytest.fixture(scope="module")
def truth(survey):
    return pd.read_parquet(truth_path(survey.path)).set_index("source_id")


def filled(survey, columns):
    values = survey.sources[list(columns)].to_numpy(np.float64)
    return np.where(np.isnan(values), np.nanmedian(values, axis=0), values)


def test_a_forest_on_the_metadata_is_neither_blind_nor_all_seeing(survey):
    labels = survey.sources["label"].to_numpy(str)
    forest = RandomForestClassifier(200, random_state=0)
    accuracy = cross_val_score(forest, filled(survey, METADATA_COLUMNS), labels, cv=3).mean()
    print(f"random forest on the 34 metadata columns: {accuracy:.1%}")
    assert 0.70 <= accuracy <= 0.93


def test_no_single_column_separates_the_classes(survey):
    labels = survey.sources["label"].to_numpy(str)
    columns = [*METADATA_COLUMNS, *PHOTOMETRY_AUXILIARIES]
    values = filled(survey, columns)
    tree = DecisionTreeClassifier(max_leaf_nodes=40, random_state=0)
    found = {name: cross_val_score(tree, values[:, [i]], labels, cv=3).mean() for i, name in enumerate(columns)}
    best = max(found, key=found.get)
    print(f"best single column: {best} {found[best]:.1%}")
    assert found[best] < 0.85


def test_an_isolation_forest_on_the_catalogue_does_not_list_the_oddities(survey, truth):
    odd = (truth.oddity != "").to_numpy()
    for columns in (METADATA_COLUMNS, [*METADATA_COLUMNS, *PHOTOMETRY_AUXILIARIES]):
        values = filled(survey, columns)
        forest = IsolationForest(n_estimators=300, random_state=0).fit(values)
        first = np.argsort(forest.score_samples(values))[: odd.sum()]
        share = odd[first].mean()
        print(f"isolation forest on {len(columns)} raw columns: {share:.0%} of the first {odd.sum()} are planted")
        assert share <= 0.35


def test_planted_aliases_are_those_that_folding_tells_apart(survey, truth):
    for source_id in truth.index[truth.is_alias]:
        star = survey.source(source_id)
        curve = LightCurve(*(star.observations["photometry"][name] for name in ("time", "flux", "error")))
        true, wrong = truth.true_period[source_id], star.catalogue["period"]
        listed = {"2P": wrong / 2, "P/2": 2 * wrong} | {
            f"1d{sign}": 1 / abs(1 / wrong + sign) for sign in (-1, 1) if abs(1 / wrong + sign) > 1e-6
        }
        kind = min(listed, key=lambda name: abs(listed[name] - true))
        assert truth.true_label[source_id] not in ("EW", "SR", "M", "ROT", "DSCT")
        assert is_told_apart(curve, listed[kind], kind[:2] if kind.startswith("1d") else kind, wrong)


def test_oddities_are_where_they_are_said_to_be(survey, truth):
    """Each kind shows in its own modality: emission lines in H alpha, flares and fadings far from the median."""
    for source_id, kind in truth.oddity[truth.oddity != ""].items():
        star = survey.source(source_id)
        if kind == "emission lines":
            spectrum = star.observations["spectra"]
            line = np.abs(spectrum["wavelength"] - 6564.6) < 8
            near = (np.abs(spectrum["wavelength"] - 6564.6) < 60) & ~line & (spectrum["ivar"] > 0)
            assert spectrum["flux"][line].max() > 1.5 * np.median(spectrum["flux"][near])
        elif kind in ("flare", "fading"):
            flux = star.observations["photometry"]["flux"]
            magnitude = -2.5 * np.log10(flux / np.median(flux))
            reach = np.sort(-magnitude if kind == "flare" else magnitude)[-3]
            assert reach > 0.4
