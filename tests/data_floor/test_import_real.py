"""The two real data sets: nothing is written for either. A part of the stars, so that the search stays short."""

import pandas as pd

from data.import_table import Options, plan, write
from m3core.periods.harmonic_fit import variance_explained

N_STARS = 60


def _import(folder, tmp_path, exclude):
    catalogue = pd.read_csv(folder / "catalogue.csv").iloc[:N_STARS]
    photometry = pd.read_parquet(folder / "photometry.parquet")
    catalogue.to_csv(tmp_path / "catalogue.csv", index=False)
    photometry[photometry["source_id"].isin(catalogue["source_id"])].to_parquet(tmp_path / "photometry.parquet")
    options = Options(catalogue=tmp_path / "catalogue.csv", photometry=tmp_path / "photometry.parquet", exclude=exclude)
    return write(plan(options), tmp_path / "survey")


def test_both_real_sets(real, tmp_path):
    eros = real.name == "eros_lmc"
    survey = _import(real, tmp_path, ("quality",) if eros else ())
    assert list(survey.modalities) == (["b", "r", "metadata"] if eros else ["u", "g", "r", "i", "z", "metadata"])
    assert len(survey.modalities["metadata"].columns) == (10 if eros else 12)
    assert len(survey) == N_STARS
    sources = survey.sources
    searched = sources["m3_period_fold"] != sources["period"]
    if eros:
        assert survey.modalities["b"].settings["time_resolution"] == 0.01
        assert 0.7 < searched.mean() < 0.9
        assert (sources.loc[searched, "m3_period_power"] > 0.1).all()
        multiple = (sources["period"] / sources["m3_period_search"])[searched]
        whole = multiple.round()
        assert ((abs(multiple - whole) < 0.01 * whole) & whole.between(2, 15)).mean() > 0.6
    else:
        assert searched.mean() < 0.02
        found = abs(sources["m3_period_search"] / sources["period"] - 1) < 1e-4
        assert found.mean() > 0.85
    # one well-measured star: its fold explains most of the variance, four thirds of the period hardly any
    source = survey.source(str(sources["m3_period_power"].idxmax()))
    bands = [(o["time"], o["mag"], o["error"]) for name, o in source.observations.items() if name != "metadata"]
    period = source.catalogue["m3_period_fold"]
    assert variance_explained(bands, period, 3) > 0.8
    assert variance_explained(bands, period * 4 / 3, 3) < 0.4


def test_the_whole_sets_are_read_with_their_faults(real):
    eros = real.name == "eros_lmc"
    found = plan(Options(catalogue=real / "catalogue.csv", photometry=real / "photometry.parquet", period_search=False))
    assert found.report.counts == ({"fill value as brightness": 46} if eros else {"fill value as error": 5})
    assert len(found.splits) == (2912 if eros else 483)
    lengths = sum(int(curves.lengths.sum()) for curves in found.curves.values())
    assert lengths == (688513 - 46 if eros else 136142)
