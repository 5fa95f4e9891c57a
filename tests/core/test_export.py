"""Exports read back by astropy: ids, values, units, UCDs and what is missing."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table

from m3core.catalogue.ucd import UCDS, ucd_of
from m3core.errors import M3Error
from m3core.survey import Column, ModalitySpec, SplitSpec, Survey, write_survey
from m3core.survey.export import FORMATS, SUFFIXES, export_bytes, export_catalogue, format_of

IDS = ["00123", 'b<&>"c,d', "é☉", "plain"]


@pytest.fixture
def survey(tmp_path) -> Survey:
    """Ids that look like numbers and like markup; a missing number, label, position, flag and integer."""
    table = pd.DataFrame(
        {
            "source_id": IDS,
            "ra": [10.0, np.nan, 359.999999999, 0.0],
            "dec": [-89.5, np.nan, 1e-9, 90.0],
            "label": ["RRAB", None, "EW", "=SUM(A1)"],
            "split": ["train", "train", "validation", "test"],
            "period": [0.123456789012345, np.nan, 2.0, np.nan],
            "parallax": np.array([1.5, np.nan, -0.25, 3.0], np.float32),
            "n_obs": [1, 2, 999999, -5],
            "quality": pd.array([1, None, 999999, 4], dtype="Int64"),
            "wave": [4861.3, np.nan, 6562.8, 1.0],
            "remark": ["", None, "two words", "a\nb"],
            "empty": [np.nan] * 4,
        }
    )
    columns = {
        "period": Column(unit="d", description="of the catalogue"),
        "parallax": Column(unit="mas"),
        "wave": Column(unit="Angstrom"),
        "n_obs": Column(unit="no such unit"),
    }
    return write_survey(
        tmp_path / "survey",
        sources=table,
        modalities=[ModalitySpec(name="metadata", kind="metadata", label="metadata", columns=("period", "n_obs"))],
        arrays={},
        split=SplitSpec(method="given"),
        provenance={"command": "tests"},
        columns=columns,
    )


def read_back(path, name: str) -> Table:
    more = {"hdu": 1} if name == "fits" else {}
    if name == "csv":
        more = {"converters": {"source_id": str, "label": str, "remark": str}, "guess": False}
    return Table.read(path, format={"csv": "ascii.csv"}.get(name, name), **more)


def numbers(column) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(column).astype(float), np.nan)


def texts(column) -> list[str]:
    return ["" if value is np.ma.masked else str(value) for value in column]


@pytest.mark.parametrize("name", FORMATS)
def test_values_survive(survey, tmp_path, name):
    path = tmp_path / f"out{SUFFIXES[name]}"
    assert export_catalogue(survey, path, name) == 4
    table, sources = read_back(path, name), survey.sources.reset_index()
    assert table.colnames == list(sources)
    ids = texts(table["source_id"])
    assert [ids[0], ids[1], ids[3]] == [IDS[0], IDS[1], IDS[3]]
    assert ids[2] == (IDS[2] if name != "fits" else "\\xe9\\u2609")  # a FITS table holds ASCII alone
    assert texts(table["label"]) == ["RRAB", "", "EW", "=SUM(A1)"]
    for column in ("ra", "dec", "period", "parallax", "n_obs", "quality", "wave"):
        wanted = sources[column].to_numpy(np.float64, na_value=np.nan)
        np.testing.assert_array_equal(numbers(table[column]), wanted, err_msg=column)
    assert all(np.isnan(numbers(table["empty"]))) if name != "csv" else True
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("name", ["parquet", "votable", "fits"])
def test_units_survive(survey, tmp_path, name):
    path = tmp_path / f"out{SUFFIXES[name]}"
    export_catalogue(survey, path, name)
    table = read_back(path, name)
    assert [str(table[column].unit) for column in ("ra", "dec", "period", "parallax")] == ["deg", "deg", "d", "mas"]
    assert table["wave"].unit.to("nm") == pytest.approx(0.1)
    assert table["n_obs"].unit is None


def test_ucds_and_descriptions(survey, tmp_path):
    for name in ("parquet", "votable", "fits"):
        export_catalogue(survey, tmp_path / f"out{SUFFIXES[name]}", name)
    fields = {field.name: field for field in parse_single_table(tmp_path / "out.vot").fields}
    header = fits.getheader(tmp_path / "out.fits", 1)
    in_fits = {header[f"TTYPE{n}"]: header.get(f"TUCD{n}") for n in range(1, header["TFIELDS"] + 1)}
    in_parquet = Table.read(tmp_path / "out.parquet")
    for column in survey.sources.reset_index():
        wanted = UCDS.get(column)
        assert fields[column].ucd == wanted
        assert in_fits[column] == wanted
        assert in_parquet[column].meta.get("ucd") == wanted
    assert fields["period"].ucd == "time.period"
    assert fields["period"].description == "of the catalogue"
    assert fields["n_obs"].description == "[no such unit]"
    assert "of the catalogue" in [header[f"TCOMM{n}"] for n in range(1, header["TFIELDS"] + 1) if f"TCOMM{n}" in header]
    assert survey.hash in str(header["COMMENT"]).replace("\n", "")


@pytest.mark.parametrize("ucd", sorted(set(UCDS.values())))
def test_every_ucd_is_in_the_vocabulary(ucd):
    parse_ucd(ucd, check_controlled_vocabulary=True)


def test_b_is_a_latitude_only_beside_l():
    assert ucd_of("b", ["l", "b"]) == "pos.galactic.lat"
    assert ucd_of("b", ["b", "r"]) == ""


@pytest.mark.parametrize("name", FORMATS)
def test_a_selection_keeps_its_order_and_gives_the_same_bytes(survey, name, tmp_path):
    chosen = ["plain", "00123"]
    path = tmp_path / f"out{SUFFIXES[name]}"
    path.write_bytes(export_bytes(survey, name, chosen))
    assert texts(read_back(path, name)["source_id"]) == chosen
    assert export_bytes(survey, name, chosen) == path.read_bytes()


def test_faults_are_sentences_and_leave_nothing(survey, tmp_path):
    path = tmp_path / "out.csv"
    with pytest.raises(M3Error, match="not in the survey"):
        export_catalogue(survey, path, "csv", ["nobody"])
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(M3Error, match="exists already"):
        export_catalogue(survey, path, "csv")
    assert path.read_text() == "mine"
    with pytest.raises(M3Error, match="names no format"):
        format_of(tmp_path / "out.xyz")
    assert format_of(tmp_path / "out.xml") == "votable"
    assert format_of(tmp_path / "out.xml", "CSV") == "csv"


def test_the_command_writes_and_refuses(survey, tmp_path, capsys):
    from data.__main__ import app

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            app([str(word) for word in words])
        return int(end.value.code or 0), *capsys.readouterr()

    status, said, _ = run("export", survey.path, "--out", tmp_path / "few.fits", "--sources", "plain, 00123")
    assert (status, said.strip()) == (0, f"{tmp_path / 'few.fits'}: 2 sources.")
    assert len(Table.read(tmp_path / "few.fits", hdu=1)) == 2
    status, _, fault = run("export", survey.path, "--out", tmp_path / "few.txt")
    assert status == 2
    assert fault.count("\n") == 1
