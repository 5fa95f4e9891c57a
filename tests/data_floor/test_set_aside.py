"""Upper limits and flagged observations: kept beside the light curve, shown, and seen by no model."""

import numpy as np
import pandas as pd
import pytest

from data.archives import Options, plan, write
from m3core.star.folding import LightCurveSettings
from m3core.star.light_curves import light_curve_panels
from m3core.survey import SplitSpec, Survey
from m3core.survey.resplit import write_resplit
from tests.data_floor.archive_files import made_archive

N, LIMITS, BAD = 40, 3, 2


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Survey:
    """Sky Patrol curves of a few stars: of the first, three non-detections and two bad images."""
    folder = tmp_path_factory.mktemp("sky_patrol")
    paths = made_archive(folder / "archive", 6)
    curves = folder / "curves"
    curves.mkdir()
    for number, name in enumerate(pd.read_csv(paths["catalogue.csv"])["asassn_name"]):
        rng = np.random.default_rng(number)
        time = np.sort(2_457_420.7 + rng.uniform(0, 300, N))
        mag = 13 + 0.3 * np.sin(2 * np.pi * time / 0.7) + 0.01 * rng.standard_normal(N)
        table = pd.DataFrame(
            {"jd": time, "mag": mag, "mag_err": 0.01, "flux": 20.0 + rng.standard_normal(N), "flux_err": 0.2,
             "quality": "G", "phot_filter": "V"}
        )  # fmt: skip
        if number == 0:
            table.loc[: LIMITS - 1, ["mag", "mag_err"]] = [17.1, 99.99]
            table.loc[[10, 11], "quality"] = "B"
        table.to_csv(curves / f"{name.replace(' ', '_')}.csv", index=False)
    options = Options(catalogue=paths["catalogue.csv"], lightcurves=curves, spectra=paths["spectra"],
                      spectra_catalogue=paths["lamost.csv"])  # fmt: skip
    return write(plan(options), folder / "survey")


def first(survey: Survey):
    [name] = [name for name, spec in survey.modalities.items() if spec.kind == "photometry"]
    return name, survey.source(str(survey.source_ids[0]))


def test_they_lie_beside_the_curve(survey):
    name, source = first(survey)
    aside = survey.aside(name, 0)
    assert len(source.observations[name]["time"]) == N - LIMITS - BAD
    assert sorted(aside["flag"]) == [1] * LIMITS + [2] * BAD
    assert aside["mag"][aside["flag"] == 1] == pytest.approx(17.1)
    assert survey.aside(name, 1) is None
    assert survey.aside("metadata", 0) is None
    survey.verify()


def test_the_viewer_draws_and_counts_them(survey):
    name, source = first(survey)
    wanted = LightCurveSettings(panels=("light_curve", "folded"), flagged=True)
    raw, folded = light_curve_panels(survey, source, wanted)
    for panel in (raw, folded):
        by_name = {trace.name: trace for trace in panel.figure.data}
        limits = by_name[f"{name} upper limits"]
        assert limits.marker.symbol == "triangle-down"
        assert limits.marker.color == "#E0262B"
        assert set(limits.y) == {17.1}
        assert f"{name} flagged" in by_name
    assert len(raw.data) == N
    assert f"Upper limits: {name} 3 (shown). With a quality flag: {name} 2 (shown)." in raw.caption
    hidden = light_curve_panels(survey, source, LightCurveSettings(panels=("light_curve",), limits=False))[0]
    assert [trace.name for trace in hidden.figure.data] == [name]
    assert f"Upper limits: {name} 3 (hidden). With a quality flag: {name} 2 (hidden)." in hidden.caption
    as_flux = light_curve_panels(survey, source, LightCurveSettings(panels=("light_curve",), value="flux"))[0]
    limit = next(trace for trace in as_flux.figure.data if "limits" in trace.name)
    centre = np.median(source.observations[name]["mag"])
    assert limit.y == pytest.approx(10 ** (-0.4 * (17.1 - centre)))


def test_a_copy_of_the_survey_has_them_and_damage_is_seen(survey, tmp_path):
    name, _ = first(survey)
    copy = write_resplit(survey, tmp_path / "copy", survey.sources["split"].to_numpy(), SplitSpec(method="given"))
    assert sorted(copy.aside(name, 0)["flag"]) == [1, 1, 1, 2, 2]
    copy.verify()
    (tmp_path / "copy" / f"{name}.aside.arrow").unlink()
    with pytest.raises(Exception, match="changed since"):
        Survey.open(tmp_path / "copy").verify()


def test_a_survey_without_any_has_no_such_file(tmp_path):
    from tests.conftest import make_survey

    plain = make_survey(tmp_path / "plain", n=4)
    assert not list(plain.path.glob("*.aside.arrow"))
    assert plain.aside("g", 0) is None


def imported(folder, **columns) -> Survey:
    """A table of two stars in two bands with a column more, imported by the command."""
    from data.import_table.importer import Options as TableOptions
    from data.import_table.importer import plan as plan_table
    from data.import_table.importer import write as write_table

    rng = np.random.default_rng(3)
    rows = [
        pd.DataFrame(
            {"source_id": star, "band": band, "hjd": 2_455_000 + np.sort(rng.uniform(0, 200, 30)),
             "mag": 15 + rng.normal(0, 0.3, 30), "mag_err": 0.02}
        )
        for star in ("a", "b")
        for band in ("g", "r")
    ]  # fmt: skip
    table = pd.concat(rows, ignore_index=True)
    for name, (where, what, other) in columns.items():
        table[name] = table.get(name, other)
        table.loc[where, name] = what
    folder.mkdir()
    pd.DataFrame({"source_id": ["a", "b"], "ra": [1.0, 2.0], "dec": [0.0, 0.0]}).to_csv(folder / "catalogue.csv")
    table.to_csv(folder / "photometry.csv", index=False)
    options = TableOptions(
        catalogue=folder / "catalogue.csv", photometry=folder / "photometry.csv", period_search=False, strict=True
    )
    return write_table(plan_table(options), folder / "survey")


@pytest.mark.parametrize(
    ("columns", "flags"),
    [
        ({"upper_limit": ([2, 5], True, False)}, [1, 1]),
        ({"upper_limit": ([2, 5], 1, 0)}, [1, 1]),
        ({"quality_flag": ([4], "B", "G")}, [2]),
        ({"quality_flag": ([4, 7], 8, 0), "non_detection": ([4], "yes", "no")}, [3, 2]),
        ({"limit": ([], 0, 16.5), "mag_err": ([1], 99.99, 0.02)}, [1]),
    ],
)
def test_a_table_may_have_them_too(tmp_path, columns, flags):
    survey = imported(tmp_path / "files", **columns)
    aside = survey.aside("g", 0)
    assert aside["flag"].tolist() == flags
    assert len(survey.source("a").observations["g"]["time"]) == 30 - len(flags)
    assert survey.aside("r", 0) is None
    assert survey.aside("g", 1) is None
    survey.verify()


def test_an_error_of_99_alone_is_still_an_absent_error(tmp_path):
    from m3core.errors import M3Error

    with pytest.raises(M3Error, match="fill value as error"):
        imported(tmp_path / "files", mag_err=([1], 99.99, 0.02))
