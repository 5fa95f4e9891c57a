"""The plain functions behind the pages: workspace, sky, percentiles, periods, tables."""

import shutil

import numpy as np
import pytest

from m3core.catalogue.entry import MISSING, catalogue_table
from m3core.catalogue.percentile import percentile_among
from m3core.embeddings.manifold import Maps
from m3core.errors import M3Error
from m3core.figures.captions import map_caption, shown_caption
from m3core.periods.ephemeris import coarse_times, known_periods
from m3core.sky.positions import cone_search, parse_coordinates, sexagesimal
from m3core.survey.overview import overview_table
from m3core.workspace.folder import Workspace, check_new_name
from m3core.workspace.run_table import FIRST_COLUMNS, run_table
from training.config import TrainConfig
from training.run_config import RunConfig


def test_a_workspace_lists_what_lies_in_it(made_workspace):
    workspace = Workspace(made_workspace)
    assert list(workspace.survey_folders()) == ["small"]
    assert list(workspace.run_folders()) == ["done"]
    assert len(workspace.survey("small")) == 60
    assert workspace.free_survey_name("small") == "small-2"
    assert workspace.free_run_name("a b/c") == "a-b-c"


@pytest.mark.parametrize("name", ["../runs/done", "/etc", "", ".", "small/../small"])
def test_a_name_is_looked_up_and_never_a_path(made_workspace, name):
    with pytest.raises(M3Error, match="no survey"):
        Workspace(made_workspace).survey(name)
    with pytest.raises(M3Error):
        Workspace(made_workspace).new_run(name)


def test_new_names_are_safe_and_free(made_workspace):
    assert check_new_name("eros_lmc-2.b") == "eros_lmc-2.b"
    with pytest.raises(M3Error, match="already"):
        Workspace(made_workspace).new_survey("small")


def test_surveys_beside_their_place_are_found(made_workspace, tmp_path):
    (tmp_path / "loose").symlink_to(made_workspace / "surveys" / "small")
    (tmp_path / ".hidden").symlink_to(made_workspace / "surveys" / "small")
    assert list(Workspace(tmp_path).survey_folders()) == ["loose"]
    assert Workspace(tmp_path / "nowhere").survey_folders() == {}


@pytest.mark.parametrize(
    ("text", "ra", "dec"),
    [
        ("85.214 -70.233", 85.214, -70.233),
        ("85.214, -70.233", 85.214, -70.233),
        ("05:40:51.36 -70:13:58.8", 85.214, -70.233),
        ("05 40 51.36 -70 13 58.8", 85.214, -70.233),
        ("5h40m51.36s -70d13m58.8s", 85.214, -70.233),
        ("5h40m51.36s−70d13m58.8s", 85.214, -70.233),
        ("12:00:00 +00:00:00", 180.0, 0.0),
    ],
)
def test_positions_as_they_are_typed(text, ra, dec):
    assert parse_coordinates(text) == pytest.approx((ra, dec), abs=1e-6)


@pytest.mark.parametrize("text", ["", "star", "400 10", "10 95", "25:00:00 +00:00:00", "1 2 3"])
def test_what_is_no_position_is_a_sentence(text):
    with pytest.raises(M3Error):
        parse_coordinates(text)


def test_sexagesimal():
    assert sexagesimal(85.214, -70.233) == "05:40:51.36 -70:13:58.8"
    assert sexagesimal(359.9999999, -0.00001) == "00:00:00.00 -00:00:00.0"
    assert sexagesimal(float("nan"), 0.0) == ""


def test_cone_search_agrees_with_astropy():
    from astropy.coordinates import SkyCoord

    rng = np.random.default_rng(2)
    ra, dec = rng.uniform(0, 360, 200), rng.uniform(-90, 90, 200)
    ra[:3], dec[:3] = [10.0, 10.0, np.nan], [89.999, 89.9995, 89.999]
    rows, separation = cone_search(ra, dec, (190.0, 89.9999), 5000.0)
    assert list(rows[:2]) == [1, 0]
    expected = SkyCoord(190, 89.9999, unit="deg").separation(SkyCoord(ra[rows], dec[rows], unit="deg")).arcsec
    assert separation == pytest.approx(expected, abs=1e-6)
    assert np.all(np.diff(separation) >= 0)


def test_percentiles_by_hand():
    values = np.array([1.0, 2.0, 2.0, 3.0, np.nan])
    assert percentile_among(values, 1.0) == 12.5
    assert percentile_among(values, 2.0) == 50.0
    assert percentile_among(values, 3.0) == 87.5
    assert np.isnan(percentile_among(values, float("nan")))
    assert np.isnan(percentile_among(np.array([np.nan]), 1.0))


def test_the_catalogue_entry(survey):
    table = catalogue_table(survey, survey.source("s005")).set_index("column")
    own = survey.sources.loc[survey.sources["label"] == "RRAB", "colour"]
    below = (own < own["s005"]).sum() + 0.5
    assert table.loc["colour", "percentile"] == pytest.approx(100 * below / len(own))
    assert table.loc["m3_period_power", "percentile"] == 50.0
    assert MISSING not in list(table["value"])


def test_periods_known_of_a_source(survey):
    source = survey.source("s005")
    found = known_periods(survey, source)
    assert [(one.name, one.is_choice) for one in found] == [("catalogue", True)]
    assert found[0].days == source.catalogue["m3_period_fold"]
    assert coarse_times(survey, source, found[0].days) == []


def test_counts(survey):
    table = overview_table(survey).set_index("class")
    assert table.loc["all sources", ["train", "validation", "test"]].to_list() == [36, 12, 12]


def test_runs_side_by_side(made_workspace):
    table = run_table(Workspace(made_workspace).run_folders())
    assert table.loc[0, ["run", "state", "epochs", "validation_loss"]].to_list() == ["done", "finished", "2 / 2", 7.0]
    assert table.loc[0, "recall@10"] == 1.0
    assert list(table.columns[-1:]) == ["minutes"], "one run differs from no other"


def test_a_setting_that_differs_is_named_once_and_none_of_embeddings_from_elsewhere(made_workspace, tmp_path):
    survey = Workspace(made_workspace).survey("small")
    folders = {}
    for name, epochs in (("first", 2), ("second", 3)):
        RunConfig(survey.path, survey.hash, TrainConfig(epochs=epochs, seed=epochs)).write(tmp_path / name)
        shutil.copy(made_workspace / "runs" / "done" / "status.json", tmp_path / name)
        folders[name] = tmp_path / name
    folders["given"] = tmp_path / "given"
    folders["given"].mkdir()
    shutil.copy(made_workspace / "runs" / "done" / "status.json", tmp_path / "given")
    (tmp_path / "given" / "config.yaml").write_text("command: adopt-embeddings\nsettings: {}\n")
    table = run_table(folders)
    assert list(table.columns) == [*FIRST_COLUMNS, "seed"]
    assert table["seed"].tolist() == ["2", "3", ""]


def test_the_captions_say_how_and_how_many(made_workspace):
    workspace = Workspace(made_workspace)
    run, survey = workspace.run("done"), workspace.survey("small")
    maps = Maps.open(run, survey)
    assert shown_caption(survey, maps, "mean") == "60 of 60 sources shown."
    assert shown_caption(survey, maps, "g") == "51 of 60 sources shown; 9 have no g."
    made = map_caption(run, survey, maps, "g")
    assert "n_neighbors 22, min_dist 0.1, metric cosine, seed 42" in made
    assert "run done, checkpoint " in made
