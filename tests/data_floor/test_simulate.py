"""A simulated survey as its user gets it: the same bytes, an honest truth beside it, nothing of it inside."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from data.__main__ import app
from data.simulate import Options, plan, truth_path, write
from data.simulate.population import ALIASES, CLASSES, ODDITIES, draw_population
from m3core.catalogue.published_columns import METADATA_COLUMNS, PHOTOMETRY_AUXILIARIES
from m3core.errors import ConfigError, M3Error
from m3core.survey import Survey

SOURCES = 1100  # three chunks


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "mine"
    return write(plan(Options(sources=SOURCES, seed=5)), out)


@pytest.fixture(scope="module")
def truth(simulated):
    return pd.read_parquet(truth_path(simulated.path)).set_index("source_id")


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_same_seed_same_bytes_whatever_the_workers_and_the_folder(simulated, tmp_path):
    again = write(plan(Options(sources=SOURCES, seed=5)), tmp_path / "other" / "name", workers=2)
    assert files(again.path) == files(simulated.path)
    assert truth_path(again.path).read_bytes() == truth_path(simulated.path).read_bytes()


def test_another_seed_is_another_survey(simulated, tmp_path):
    other = write(plan(Options(sources=60, seed=6)), tmp_path / "other")
    assert other.hash != write(plan(Options(sources=60, seed=5)), tmp_path / "same").hash


def test_a_star_does_not_depend_on_the_others(simulated, tmp_path):
    """Stars of one class and without a plant are the same in a larger survey: each has a generator of its own."""
    small = write(plan(Options(sources=600, seed=5)), tmp_path / "small")
    known, large = (pd.read_parquet(truth_path(found.path)).iloc[:600] for found in (small, simulated))
    plain = [(t.oddity == "") & ~t.is_alias for t in (known, large)]
    alike = (known.true_label == large.true_label) & plain[0] & plain[1]
    assert alike.sum() > 60
    for source_id in known.source_id[alike][:5]:
        one, two = small.source(source_id).observations, simulated.source(source_id).observations
        assert all(np.array_equal(one[name][field], two[name][field]) for name in one for field in one[name])


def test_survey_holds_what_it_declares(simulated):
    assert simulated.manifest.simulated
    assert list(simulated.modalities) == ["photometry", "spectra", "metadata"]
    assert simulated.modalities["photometry"].columns == PHOTOMETRY_AUXILIARIES
    assert simulated.modalities["metadata"].columns == METADATA_COLUMNS
    simulated.verify()
    lengths = simulated.lengths("photometry")
    assert lengths.min() >= 30
    assert lengths.max() <= 1000
    assert set(simulated.lengths("spectra")) == {3908}
    star = simulated.source(simulated.source_ids[0])
    curve, spectrum = star.observations["photometry"], star.observations["spectra"]
    assert np.all(np.diff(curve["time"]) > 0)
    assert np.all(curve["flux"] > 0)
    assert np.all(curve["error"] > 0)
    assert np.all(np.diff(spectrum["wavelength"]) > 0)
    assert (spectrum["ivar"] == 0).any()


def test_nothing_of_the_truth_is_in_the_survey(simulated, truth):
    assert sorted(files(simulated.path)) == ["photometry.arrow", "sources.parquet", "spectra.arrow", "survey.json"]
    columns = set(pd.read_parquet(simulated.path / "sources.parquet").columns)
    assert columns == {"source_id", "ra", "dec", "label", "split", *METADATA_COLUMNS, *PHOTOMETRY_AUXILIARIES}
    text = (simulated.path / "survey.json").read_text()
    assert not [word for word in (*ODDITIES, "oddity", "mislabelled", "subtype", "truth") if word in text]
    assert all(source_id[0].isalpha() for source_id in simulated.source_ids)


def test_truth_agrees_with_the_survey(simulated, truth):
    sources = simulated.sources
    assert list(truth.index) == list(sources.index)
    assert truth.is_mislabelled.equals(truth.true_label != sources["label"])
    ratio = sources["period"] / truth.true_period
    healthy = ~truth.is_alias
    assert np.abs(ratio[healthy] - 1).max() < 0.011
    half, double = np.isclose(ratio, 0.5, rtol=2e-3), np.isclose(ratio, 2.0, rtol=2e-3)
    daily = np.minimum(*(np.abs(1 / sources["period"] - 1 / truth.true_period - sign) for sign in (-1, 1))) < 2e-3
    folded_back = np.abs(1 / sources["period"] + 1 / truth.true_period - 1) < 2e-3  # 1/P - 1 below zero
    assert (half | double | daily | folded_back)[truth.is_alias].all()
    assert set(truth.subtype[truth.true_label == "M"]) == {"O-rich", "C-rich"}
    assert set(truth.subtype[truth.true_label == "ROT"]) == {"giant", "dwarf"}
    assert set(truth.subtype[~truth.true_label.isin(["M", "ROT"])]) == {""}


def test_population_has_the_published_proportions_and_plants():
    people = draw_population(21_440, 1, 0.0)
    assert np.bincount(people.kind).tolist() == list(CLASSES.values())
    wrong = people.label != people.kind
    assert wrong.sum() == (people.alias > 0).sum() == (people.oddity > 0).sum() == 429
    assert not (wrong & (people.alias > 0)).any()
    assert not ((wrong | (people.alias > 0)) & (people.oddity > 0)).any()
    steps = np.bincount((people.label - people.kind)[wrong] % 10, minlength=10)
    assert steps[0] == 0
    assert np.ptp(steps[1:]) <= 1  # spread evenly over the other nine
    assert np.ptp(np.bincount(people.oddity)[1:]) <= 1
    assert np.ptp(np.bincount(people.alias, minlength=len(ALIASES))[1:]) <= 1
    for label in range(len(CLASSES)):
        shares = np.bincount(people.split[people.label == label], minlength=3) / (people.label == label).sum()
        assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.005)


def test_missing_modalities_are_missing(tmp_path):
    survey = write(plan(Options(sources=400, seed=2, missing=0.3)), tmp_path / "gaps")
    present = np.array([survey.present(name) for name in survey.modalities])
    assert present.mean(axis=1) == pytest.approx([0.7] * 3, abs=0.08)
    assert present.any(axis=0).all()
    sources = survey.sources
    assert sources.loc[~present[2], list(METADATA_COLUMNS)].isna().all(axis=None)
    assert sources.loc[~present[0], list(PHOTOMETRY_AUXILIARIES)].isna().all(axis=None)


def test_light_is_short_and_says_so(tmp_path):
    survey = write(plan(Options(sources=30, seed=2, light=True)), tmp_path / "light")
    assert survey.lengths("photometry").max() <= 60
    assert set(survey.lengths("spectra")) == {300}
    assert any(note.startswith("light: ") for note in survey.manifest.provenance["notes"])


@pytest.mark.parametrize("sources", [1, 7, 30])
def test_small_surveys_are_possible(tmp_path, sources):
    assert len(write(plan(Options(sources=sources, seed=1)), tmp_path / "small")) == sources


@pytest.mark.parametrize(
    ("options", "named"),
    [({"sources": 0}, "--sources 0"), ({"seed": -1}, "--seed -1"), ({"missing": 1.0}, "--missing 1")],
)
def test_impossible_options_are_refused(options, named):
    with pytest.raises(ConfigError, match=named):
        plan(Options(**{"sources": 10, **options}))


def test_an_end_on_the_way_leaves_nothing(tmp_path):
    def stop(fraction, sentence):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(plan(Options(sources=20)), tmp_path / "mine", stop)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path):
    truth_path(tmp_path / "mine").write_text("precious")
    with pytest.raises(M3Error, match=r"mine-truth\.parquet exists"):
        write(plan(Options(sources=20)), tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine-truth.parquet"]


def test_command(tmp_path):
    out = tmp_path / "demo"
    dry = CliRunner().invoke(app, ["simulate", "--out", str(out), "--sources", "40", "--seed", "3", "--dry-run"])
    assert dry.exit_code == 0
    assert "dry run: nothing is written" in dry.output
    assert not list(tmp_path.iterdir())
    made = CliRunner().invoke(app, ["simulate", "--out", str(out), "--sources", "40", "--seed", "3", "--workers", "1"])
    assert made.exit_code == 0
    assert "40 simulated stars" in made.output
    assert (tmp_path / "demo-truth.parquet").is_file()
    assert Survey.open(out).manifest.provenance["command"] == "python -m data simulate --sources 40 --seed 3"
    again = CliRunner().invoke(app, ["simulate", "--out", str(out), "--sources", "40"])
    assert again.exit_code == 2
