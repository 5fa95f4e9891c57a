"""Faults of single rows and stars: left out or kept as absent, counted, listed, and refused by --strict."""

import io

import numpy as np
import pandas as pd
import pytest

from data.report import KINDS
from m3core.errors import SurveyError


def _count(importer, catalogue, photometry, **options):
    plan = importer.plan(catalogue, photometry, **options)
    return plan, plan.report.counts


def _observation(importer, catalogue, photometry, source_id="00000", band="g"):
    return importer.survey(catalogue, photometry).source(source_id).observations.get(band)


def test_clean_tables_have_only_their_unlabelled_stars(importer, catalogue, photometry):
    assert _count(importer, catalogue, photometry)[1] == {"label missing": 2}
    assert _count(importer, catalogue.assign(label="RR"), photometry, strict=True)[1] == {}


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("mjd", np.nan, "time not finite"),
        ("mjd", np.inf, "time not finite"),
        ("mag", np.nan, "brightness not finite"),
        ("mag_err", 0.0, "error not positive"),
        ("mag_err", -0.3, "error not positive"),
        ("mag", 25.0, "fill value as brightness"),
        ("mag", 99.999, "fill value as brightness"),
        ("mag", float(np.float32(99.999)), "fill value as brightness"),
        ("mag", -99.0, "fill value as brightness"),
    ],
)
def test_a_faulty_row_is_left_out(importer, catalogue, photometry, column, value, kind):
    photometry.loc[3, column] = value
    plan, counts = _count(importer, catalogue, photometry)
    assert counts[kind] == 1
    listed = plan.report.table.set_index("fault").loc[kind]
    assert (listed["source_id"], listed["band"], listed["row"]) == ("00000", "g", 4)
    assert len(_observation(importer, catalogue, photometry)["time"]) == 29
    with pytest.raises(SurveyError, match=rf"{kind}: 1 .*row 4, source 00000.*--strict"):
        importer.plan(catalogue.assign(label="RR"), photometry, strict=True)


@pytest.mark.parametrize("value", [99.999, float(np.float32(99.999)), np.nan, np.inf])
def test_a_row_whose_error_means_none_is_kept_without_it(importer, catalogue, photometry, value):
    photometry.loc[3, "mag_err"] = value
    observation = _observation(importer, catalogue, photometry)
    assert len(observation["time"]) == 30
    assert np.isnan(observation["error"]).sum() == 1
    kind = "fill value as error" if np.isfinite(value) and value > 90 else "error not finite"
    assert _count(importer, catalogue, photometry)[1][kind] == 1


def test_a_bright_star_at_a_fill_value_is_no_fault(importer, catalogue, photometry):
    photometry["mag"] += 9.9  # near 24.9
    photometry.loc[3, "mag"] = 25.0
    assert "fill value as brightness" not in _count(importer, catalogue, photometry)[1]


def test_duplicate_rows_are_dropped_but_equal_times_are_not(importer, catalogue, photometry):
    other = photometry.iloc[[5]].assign(mag=16.0)
    photometry = pd.concat([photometry, photometry.iloc[[5, 7]], other, photometry.iloc[[5]]], ignore_index=True)
    plan, counts = _count(importer, catalogue, photometry)
    assert counts["duplicate row"] == 3
    assert sorted(plan.report.table.query("fault == 'duplicate row'")["row"]) == [721, 722, 724]
    assert len(_observation(importer, catalogue, photometry)["time"]) == 31


def test_curves_that_say_nothing_are_absent_and_the_star_stays(importer, catalogue, photometry):
    first = (photometry["source_id"] == "00000") & (photometry["band"] == "g")
    second = (photometry["source_id"] == "00001") & (photometry["band"] == "r")
    third = photometry["source_id"] == "00002"
    one_epoch = first & (first.cumsum() > 1)
    photometry.loc[second, "mag"] = 15.0
    photometry.loc[third & (photometry["band"] == "g"), "mag"] = np.nan
    photometry = photometry[~one_epoch & ~(third & (photometry["band"] == "r"))]
    counts = _count(importer, catalogue, photometry)[1]
    assert counts["curve of one epoch"] == counts["constant brightness"] == counts["curve without a usable row"] == 1
    assert counts["star without photometry"] == 1
    survey = importer.survey(catalogue, photometry)
    assert len(survey) == 12
    assert set(survey.source("00000").observations) == {"r", "metadata"}
    assert set(survey.source("00001").observations) == {"g", "metadata"}
    assert set(survey.source("00002").observations) == {"metadata"}


def test_unlisted_stars_are_one_fault_each(importer, catalogue, photometry):
    plan, counts = _count(importer, catalogue.iloc[:10], photometry)
    assert counts["photometry of a star that is not in the catalogue"] == 2
    listed = plan.report.table.iloc[:2]
    assert list(listed["source_id"]) == ["00010", "00011"]
    assert list(listed["detail"]) == ["60 rows", "60 rows"]
    assert list(listed["row"]) == [601, 661]


def test_faults_of_the_catalogue(importer, catalogue, photometry):
    catalogue["epochs"] = catalogue["epochs"].astype(float)
    catalogue.loc[0, "ra"], catalogue.loc[1, "dec"], catalogue.loc[2, "ra"] = 361.0, -91.0, np.nan
    catalogue.loc[3, "epochs"], catalogue.loc[4, "period"] = np.inf, -1.0
    counts = _count(importer, catalogue, photometry)[1]
    assert counts == {
        "coordinates missing or out of range": 3,
        "catalogue value infinite": 1,
        "catalogue period not positive": 1,
        "label missing": 2,
    }
    survey = importer.survey(catalogue, photometry)
    assert all(np.isnan(survey.source(f"0000{n}").ra) and np.isnan(survey.source(f"0000{n}").dec) for n in range(3))
    assert survey.source("00003").catalogue["epochs"] is None
    assert survey.source("00004").catalogue["period"] == -1.0
    assert survey.source("00004").catalogue["m3_period_fold"] is None
    assert survey.source("00011").label is None


def test_missing_bands_and_ids(importer, catalogue, photometry):
    photometry.loc[0, "band"], photometry.loc[1, "source_id"] = None, None
    counts = _count(importer, catalogue, photometry)[1]
    assert counts["band missing"] == 1
    assert counts["photometry of a star that is not in the catalogue"] == 1


def test_report_csv_lists_every_fault(importer, catalogue, photometry):
    photometry.loc[3, "mag"], photometry.loc[40, "mjd"] = 25.0, np.nan
    survey = importer.survey(catalogue, photometry)
    table = pd.read_csv(io.StringIO((survey.path / "report.csv").read_text()), dtype={"source_id": str})
    assert list(table["fault"]) == ["time not finite", "fill value as brightness", *["label missing"] * 2]
    assert list(table["row"]) == [41, 4, 11, 12]
    assert list(table["source_id"]) == ["00000", "00000", "00010", "00011"]
    assert set(table["action"]) <= set(KINDS.values())
    assert survey.manifest.provenance["faults"] == dict(table["fault"].value_counts())


def test_all_errors_absent_is_said_and_no_fault(importer, catalogue, photometry):
    plan, counts = _count(importer, catalogue, photometry.drop(columns="mag_err"))
    assert counts == {"label missing": 2}
    assert any("no column of errors" in note for note in plan.notes)
    assert np.isnan(_observation(importer, catalogue, photometry.drop(columns="mag_err"))["error"]).all()


def test_flux_fill_values_need_to_be_far_off(importer, catalogue, photometry):
    photometry = photometry.rename(columns={"mag": "flux", "mag_err": "flux_err"})
    photometry["flux"] = 9990.0 + 20 * (photometry["flux"] - 15)
    photometry.loc[3, "flux"], photometry.loc[4, "flux"] = -999.0, 9999.0
    plan, counts = _count(importer, catalogue, photometry)
    assert counts["fill value as brightness"] == 1
    assert plan.report.table.iloc[0]["row"] == 4
    assert plan.value == "flux"
