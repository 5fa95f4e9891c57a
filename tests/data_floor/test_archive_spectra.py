"""LAMOST's FITS files in both layouts, real ones and written ones, and what can be wrong with them."""

import gzip

import numpy as np
import pytest

from data.archives.lamost import FILE_NAME, file_key, parse_spectrum
from m3core.errors import SurveyError
from tests.data_floor.archive_files import lamost_cards, spectrum, write_lamost
from tests.data_floor.conftest import REAL

LAMOST = REAL / "lamost_fits"


@pytest.fixture
def written(tmp_path):
    """Content of a spectrum written in a layout."""

    def write(layout: str = "table", rows=None, **cards) -> bytes:
        path = tmp_path / "spec-55859-F5902_sp01-001.fits"
        write_lamost(path, rows or spectrum(), lamost_cards(332.2, -2.05, **cards), layout)
        return path.read_bytes()

    return write


@pytest.mark.parametrize(
    ("file", "subclass", "z"),
    [
        ("spec-55859-F5902_sp01-001_dr7.fits.gz", "G7", -0.00013870),
        ("spec-55859-F5902_sp01-013_dr8.fits.gz", "A2", -0.00106647),
    ],
)
def test_the_two_real_spectra(file, subclass, z):
    if not LAMOST.is_dir():
        pytest.skip(f"{LAMOST} is absent: real data lie beside the repository in ../shared/realdata")
    arrays, info = parse_spectrum(file, gzip.decompress((LAMOST / file).read_bytes()), False)
    wavelength, flux, ivar = arrays["spectrum"]
    assert arrays["spectrum"].shape == (3, 3908)
    assert wavelength.dtype == np.float64
    np.testing.assert_allclose(wavelength[[0, -1]], 10 ** (3.5682 + 0.0001 * np.array([0, 3907])), rtol=1e-6)
    assert (np.diff(wavelength) > 0).all()
    assert info["medium"] == "vacuum"
    assert (info["header"]["class"], info["header"]["subclass"], info["header"]["z"]) == ("STAR", subclass, z)
    assert info["entries"] == []
    assert (ivar > 0).mean() > 0.95
    assert np.median(flux) > 0
    # the Balmer lines of the A star are where vacuum puts them, shifted by its -320 km/s; the G star's H alpha likewise
    line = 6564.61 * (1 + z)
    core = np.abs(wavelength - line) < 4
    beside = (np.abs(wavelength - line) > 30) & (np.abs(wavelength - line) < 60)
    assert np.median(flux[core]) < 0.97 * np.median(flux[beside])


@pytest.mark.parametrize("layout", ["image", "table"])
def test_both_layouts_give_the_same_pixels(written, layout):
    arrays, info = parse_spectrum("spec", written(layout), False)
    wavelength, flux, ivar = arrays["spectrum"]
    rows = spectrum()
    np.testing.assert_allclose(wavelength, rows["WAVELENGTH"], rtol=1e-7)
    np.testing.assert_array_equal(flux, rows["FLUX"].astype(np.float64))
    # ivar 0 and ANDMASK
    np.testing.assert_array_equal(np.flatnonzero(ivar == 0), [*range(10), *range(100, 105)])
    assert info["header"]["obsid"] == 101001


def test_ormask_masks_more_when_asked(written):
    ivar = parse_spectrum("spec", written(), True)[0]["spectrum"][2]
    assert (ivar == 0).sum() == 10 + 200


def test_medium_is_what_the_header_says(written):
    assert parse_spectrum("spec", written(VACUUM=False), False)[1]["medium"] == "air"
    content = written().replace(b"VACUUM  =", b"VACUUN  =")
    assert parse_spectrum("spec", content, False)[1]["medium"] == "unknown"


def test_no_data_in_a_header_is_missing(written):
    header = parse_spectrum("spec", written(Z=-9999.0, SUBCLASS=" "), False)[1]["header"]
    assert (header["z"], header["subclass"]) == (None, None)


def test_negative_ivar_and_pixels_that_are_not_finite_are_masked(written):
    rows = spectrum()
    rows["IVAR"][1000], rows["FLUX"][1001], rows["IVAR"][1002] = -1, np.nan, np.inf
    _, flux, ivar = parse_spectrum("spec", written(rows=rows), False)[0]["spectrum"]
    assert (ivar[1000:1003] == 0).all()
    assert np.isfinite(flux).all()


def test_nanometres_become_angstrom_and_are_said(written):
    rows = spectrum()
    rows["WAVELENGTH"] /= 10
    arrays, info = parse_spectrum("spec", written(rows=rows), False)
    np.testing.assert_allclose(arrays["spectrum"][0], spectrum()["WAVELENGTH"], rtol=1e-6)
    assert info["entries"][0][0] == "wavelengths in nm"


def test_unsorted_wavelengths_are_sorted_and_said(written):
    rows = spectrum()
    order = np.r_[np.arange(2000, 3908), np.arange(2000)]
    shuffled = {name: values[order] for name, values in rows.items()}
    arrays, info = parse_spectrum("spec", written(rows=shuffled), False)
    np.testing.assert_array_equal(arrays["spectrum"], parse_spectrum("spec", written(), False)[0]["spectrum"])
    assert (info["entries"][0][0], info["entries"][0][4]) == ("wavelengths not sorted", 1909)


def faulty(kind: str, written) -> bytes:
    rows = spectrum()
    if kind == "micron":
        rows["WAVELENGTH"] /= 10000
    elif kind == "no wavelength":
        rows["WAVELENGTH"][:] = np.nan
    elif kind == "all masked":
        rows["IVAR"][:] = 0
    elif kind == "no ivar":
        del rows["IVAR"]
    content = written(rows=rows)
    return {"truncated": content[:9000], "header cut": content[:1000], "no FITS": b"<html>404</html>"}.get(
        kind, content
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("truncated", "truncated"),
        ("header cut", "cannot be read|holds no spectrum"),
        ("no FITS", "no FITS file"),
        ("micron", "neither Angstrom nor nm"),
        ("no wavelength", "has no wavelengths"),
        ("all masked", "no usable pixel"),
        ("no ivar", "no single row of FLUX, IVAR, WAVELENGTH"),
    ],
)
def test_unusable_spectra_are_one_sentence_that_names_them(written, kind, words):
    with pytest.raises(SurveyError, match=words) as fault:
        parse_spectrum("spec-1.fits", faulty(kind, written), False)
    assert "spec-1.fits" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_file_names_and_rows_of_the_catalogue_meet():
    for name in ("spec-55859-F5902_sp01-013_dr8.fits.gz", "spec-55859-F5902_sp01-013.fits"):
        assert file_key(*FILE_NAME.fullmatch(name).groups()) == file_key(55859.0, " F5902", 1, "13")
    assert FILE_NAME.fullmatch("spec-56309-GAC083N27V1_sp10-118.fits.gz").group(2) == "GAC083N27V1"
    assert FILE_NAME.fullmatch("README.fits") is None
