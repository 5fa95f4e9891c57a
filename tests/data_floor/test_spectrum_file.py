"""A LAMOST spectrum as a file of its own: both layouts, and one sentence for whatever is none."""

import gzip
import tracemalloc

import numpy as np
import pytest
from astropy.io import fits

from data.spectrum_file import open_spectrum
from m3core.errors import SurveyError
from tests.conftest import SHARED, needs_shared
from tests.data_floor.archive_files import lamost_cards, spectrum, write_lamost


@pytest.mark.parametrize("layout", ["image", "table"])
@pytest.mark.parametrize("zipped", [False, True])
def test_either_layout_opens_with_its_header(tmp_path, layout, zipped):
    rows = spectrum(5)
    write_lamost(tmp_path / "s.fits", rows, lamost_cards(10, 20, SUBCLASS="K3", Z=-0.001), layout)
    content = (tmp_path / "s.fits").read_bytes()
    name = "spec-1-A_sp01-001.fits" + (".gz" if zipped else "")
    found, header, notes = open_spectrum(name, gzip.compress(content) if zipped else content)
    assert found.name == "spec-1-A_sp01-001"
    assert found.medium == "vacuum"
    assert found.wavelength == pytest.approx(rows["WAVELENGTH"], rel=1e-6)
    assert found.n_masked == 15
    assert (header["class"], header["subclass"], header["z"]) == ("STAR", "K3", -0.001)
    assert notes == []


def test_a_header_without_a_redshift(tmp_path):
    write_lamost(tmp_path / "s.fits", spectrum(5), lamost_cards(10, 20, Z=-9999.0, VACUUM=False), "image")
    found, header, _ = open_spectrum("s.fits", (tmp_path / "s.fits").read_bytes())
    assert header["z"] is None
    assert found.medium == "air"


def wrong(tmp_path, name: str) -> bytes:
    write_lamost(tmp_path / "s.fits", spectrum(5), lamost_cards(10, 20), "table")
    content = (tmp_path / "s.fits").read_bytes()
    if name == "truncated":
        return content[: len(content) // 2]
    if name == "truncated gzip":
        return gzip.compress(content)[:2000]
    if name == "another FITS":
        fits.PrimaryHDU(np.ones((4, 4))[:2]).writeto(tmp_path / "other.fits")
        return (tmp_path / "other.fits").read_bytes()
    if name == "all masked":
        write_lamost(tmp_path / "m.fits", {**spectrum(5), "IVAR": np.zeros(3908)}, lamost_cards(1, 2), "image")
        return (tmp_path / "m.fits").read_bytes()
    return {"empty": b"", "text": b"wavelength,flux\n1,2\n", "header only": content[:2880]}[name]


@pytest.mark.parametrize(
    "name", ["truncated", "truncated gzip", "another FITS", "all masked", "empty", "text", "header only"]
)
def test_what_is_no_spectrum_is_one_sentence(tmp_path, name):
    with pytest.raises(SurveyError) as fault:
        open_spectrum("mine.fits", wrong(tmp_path, name))
    sentence = str(fault.value)
    assert sentence.startswith("mine.fits")
    assert "\n" not in sentence
    assert sentence.endswith((".", "masked."))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_large_file_is_refused_before_it_takes_memory(zipped):
    zeros = bytes(64 << 20)
    tracemalloc.start()
    with pytest.raises(SurveyError, match="holds more than 32 MB"):
        open_spectrum("large.fits", gzip.compress(zeros, 1) if zipped else zeros)
    assert tracemalloc.get_traced_memory()[1] < 48 << 20
    tracemalloc.stop()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("first", ["abc", 400.0])
def test_a_header_without_sense_is_no_warning(tmp_path, first):
    write_lamost(tmp_path / "s.fits", spectrum(5), lamost_cards(10, 20), "image")
    with fits.open(tmp_path / "s.fits") as hdus:
        hdus[0].header["COEFF0"] = first
        hdus.writeto(tmp_path / "odd.fits")
    content = (tmp_path / "odd.fits").read_bytes()
    if first == 400.0:
        with pytest.raises(SurveyError, match="no wavelengths: give a LAMOST spectrum"):
            open_spectrum("odd.fits", content)
    else:  # the wavelengths stand in the file, too
        assert open_spectrum("odd.fits", content)[0].wavelength == pytest.approx(spectrum(5)["WAVELENGTH"], rel=1e-6)


@needs_shared
def test_the_real_files_of_either_layout():
    found = {}
    for path in sorted((SHARED / "realdata" / "lamost_fits").glob("*.fits.gz")):
        spectrum_of, header, _ = open_spectrum(path.name, path.read_bytes())
        found[header["subclass"]] = header["z"]
        assert len(spectrum_of.flux) == 3908
        assert spectrum_of.medium == "vacuum"
    assert found == {"G7": pytest.approx(-0.0001387), "A2": pytest.approx(-0.00106647)}
