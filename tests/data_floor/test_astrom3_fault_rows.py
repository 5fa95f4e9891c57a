"""import-astrom3 on rows and stars that are wrong: counted in report.csv, and the rest is imported."""

import numpy as np
import pandas as pd
import pyarrow as pa

from data.astrom3 import Options, plan, write
from data.report import KINDS
from m3core.catalogue.published_columns import METADATA_COLUMNS
from tests.data_floor.astrom3_files import FIRST, schema, star, write_config
from tests.data_floor.conftest import refused


def _broken(splits):
    """One fault of every kind in the training rows, each at a row of its own."""
    rows = splits["train"]
    rows[0]["photometry"] = []
    rows[1]["photometry"] = rows[1]["photometry"][:1]
    rows[2]["photometry"] = [[time, 5.0, error] for time, _, error in rows[2]["photometry"]]
    points = rows[3]["photometry"]
    points[0][0], points[1][1], points[2][2], points[3][2] = float("nan"), float("inf"), float("nan"), 0.0
    points.append(list(points[10]))
    rows[4]["photometry"] = rows[4]["photometry"][::-1]
    rows[5]["photometry"] = None
    rows[6]["photometry"][2] = [1.0]
    rows[7]["spectra"] = None
    rows[8]["spectra"] = [[wavelength, flux, 0.0] for wavelength, flux, _ in rows[8]["spectra"]]
    rows[9]["spectra"][4][1] = float("nan")
    rows[9]["spectra"][5][2] = None
    rows[10]["spectra"] = rows[10]["spectra"][::-1]
    rows[11]["spectra"] = [[wavelength / 10, flux, ivar] for wavelength, flux, ivar in rows[11]["spectra"]]
    rows[12]["spectra"][0][0] = float("nan")
    rows[13]["metadata"]["meta_cols"]["w1_mag"] = float("inf")
    rows[13]["metadata"]["photo_cols"]["period"] = -1.0
    rows[13]["metadata"]["meta_cols"]["l"] = 400.0
    rows[13]["label"] = " "
    splits["test"][0] = {**splits["test"][0], "photometry": rows[14]["photometry"]}
    splits["validation"][0] = dict(rows[15])
    rows[12]["photometry"] = rows[14]["photometry"]


EXPECTED = {
    "time not finite": [(3, "observation 1")],
    "brightness not finite": [(3, "observation 2")],
    "error not finite": [(3, "observation 3")],
    "error not positive": [(3, "observation 4")],
    "duplicate row": [(3, "")],
    "curve without a usable row": [(0, "")],
    "curve of one epoch": [(1, "")],
    "constant brightness": [(2, "")],
    "star without photometry": [(5, "")],
    "times not in order": [(4, "")],
    "array of another shape": [(6, "photometry")],
    "star without spectrum": [(7, "")],
    "pixels without a wavelength": [(12, "1 of 300")],
    "wavelengths not in Angstrom": [(11, "370 to 909.9")],
    "wavelengths not in order": [(10, "")],
    "pixels not finite": [(9, "2 of 300")],
    "spectrum without usable pixels": [(8, "every inverse variance is 0")],
    "coordinates missing or out of range": [(13, "")],
    "catalogue value infinite": [(13, "column w1_mag")],
    "catalogue period not positive": [(13, "")],
    "label missing": [(13, "")],
    "source_id stands twice": [(16, "")],
    "same star twice in a split": [(14, "also train")],
    "same star in two splits": [(16, "also train"), (21, "also train")],
}
"""Kind -> row over all files, from 0, and what the detail begins with."""


def test_every_fault_is_listed_and_all_stars_stay(tmp_path):
    made = plan(Options(source=str(write_config(tmp_path / "set", edit=_broken))))
    table = made.report.table
    assert set(table["fault"]) == set(EXPECTED) <= set(KINDS)
    places = list(zip(made.catalogue.files, made.catalogue.rows, strict=True))
    for kind, expected in EXPECTED.items():
        listed = table[table["fault"] == kind]
        rows = [places.index(place) for place in zip(listed["file"], listed["row"], strict=True)]
        assert rows == [row for row, _ in expected], kind
        assert list(listed["source_id"]) == [made.ids[row] for row in rows]
        for (_, beginning), detail in zip(expected, listed["detail"], strict=True):
            assert detail.startswith(beginning), kind
    survey = write(made, tmp_path / "out")
    assert len(survey) == 27
    gone = {"photometry": [0, 1, 2, 5, 6], "spectra": [7, 8, 11]}
    for name, rows in gone.items():
        assert list(np.flatnonzero(~survey.present(name))) == rows
        assert np.array_equal(survey.lengths(name), made.lengths[name])
    assert pd.read_csv(tmp_path / "out" / "report.csv").shape == table.shape
    assert survey.manifest.provenance["faults"] == made.report.counts
    assert any("2 stars stand in more than one split" in note for note in made.notes)


def test_what_is_left_of_a_curve_and_of_a_spectrum(tmp_path):
    survey = write(plan(Options(source=str(write_config(tmp_path / "set", edit=_broken)))), tmp_path / "out")
    curve = survey.observation("photometry", 3)
    assert len(curve["time"]) == len(star(3)["photometry"]) - 3
    assert np.isnan(curve["error"]).sum() == 1
    assert (np.diff(survey.observation("photometry", 4)["time"]) >= 0).all()
    spectrum = survey.observation("spectra", 9)
    assert list(spectrum["ivar"][[4, 5]]) == [0, 0]
    assert np.isfinite(spectrum["flux"]).all()
    assert (np.diff(survey.observation("spectra", 10)["wavelength"]) > 0).all()
    assert len(survey.observation("spectra", 12)["wavelength"]) == 299
    star_13 = survey.source(survey.source_ids[13])
    assert (star_13.label, star_13.catalogue["w1_mag"], star_13.catalogue["period"]) == (None, None, -1.0)
    assert np.isnan(star_13.ra)
    twice = survey.source_ids[16]
    assert twice == f"{survey.source_ids[15]}-2"
    assert survey.source(twice).split == "validation"


def test_strict_refuses(published, tmp_path):
    plan(Options(source=str(published), strict=True))
    sentence = refused(write_config(tmp_path / "broken", edit=_broken), strict=True)
    assert "--strict refuses" in sentence


def test_text_in_a_catalogue_column(tmp_path):
    def edit(splits):
        for row in (row for rows in splits.values() for row in rows):
            row["metadata"]["meta_cols"]["w1_mag"] = "12.5"
        splits["train"][2]["metadata"]["meta_cols"]["w1_mag"] = "faint"

    flat = schema()
    meta = [(name, pa.string() if name == "w1_mag" else pa.float64()) for name in METADATA_COLUMNS]
    photo = flat.field("metadata").type.field("photo_cols")
    metadata = pa.struct([pa.field("meta_cols", pa.struct(meta)), photo])
    kind = pa.schema([flat.field(0), flat.field(1), pa.field("metadata", metadata), flat.field(3)])
    sentence = refused(write_config(tmp_path, edit=edit, kind=kind))
    assert sentence.startswith(f"{FIRST}, row 3: w1_mag holds 'faint' where a number belongs")
