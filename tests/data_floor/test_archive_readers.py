"""Light curves of each archive, from files in its layout; the reader is found from the content."""

import io

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from data.archives.curves import clean
from data.archives.lightcurves import READERS, find_reader, read_light_curves
from m3core.errors import ConfigError, SurveyError
from tests.data_floor.archive_files import curve, write_dat


def read(content: str | bytes, value=None, name="star.txt"):
    """The reader, the raw file, and of its first star band -> points and kind -> rows left out."""
    content = content.encode() if isinstance(content, str) else content
    reader, raw = read_light_curves(name, content, None)
    points, entries = clean(name, raw, reader, value)[0]
    return reader.name, raw, points, {entry.kind: entry.count for entry in entries}


def test_asassn_dat_takes_fluxes_and_leaves_upper_limits_out(tmp_path):
    rows = curve(0.7, 13.0, n=6)
    rows.loc[2, "mag_err"] = 99.99
    write_dat(tmp_path / "star.dat", rows)
    name, raw, points, out = read((tmp_path / "star.dat").read_bytes())
    assert (name, raw.time_label, raw.flux_unit, list(points)) == ("asassn", "HJD", "mJy", ["V"])
    kept = rows.drop(index=2)
    np.testing.assert_allclose(points["V"], kept[["hjd", "flux", "flux_err"]].to_numpy().T, atol=6e-4)
    assert np.array_equal(points["V"][0], kept["hjd"])  # days to the last digit of the file
    assert out == {"upper limit": 1}
    assert np.array_equal(read((tmp_path / "star.dat").read_bytes(), "mag")[2]["V"][1], kept["mag"])


def test_asassn_dat_of_the_g_band():
    lines = ["###", "###"] + [f"245800{n}.5 ba 14.{n} 0.02 4.5{n} 0.1 1.5 ba{n}.fits" for n in range(5)]
    assert list(read("\n".join(lines))[2]) == ["g"]


PYASASSN = """asas_sn_id,jd,flux,flux_err,mag,mag_err,limit,fwhm,image_id,camera,quality,phot_filter
335007754417,2457420.7,26.04,0.13,12.92,0.005,16.9,1.7,coadd_1,bc,G,V
335007754417,2457421.7,27.01,0.07,12.88,0.005,17.5,1.9,coadd_2,bc,B,V
335007754417,2457422.7,0.30,0.09,17.10,99.990,17.1,2.0,coadd_3,bc,G,V
335007754417,2457423.7,22.41,0.11,13.08,0.005,17.1,2.0,coadd_4,bc,G,V
335007754417,2458900.7,24.00,0.10,13.00,0.005,17.1,2.0,coadd_5,bA,G,g
"""


def test_sky_patrol_parts_bands_and_counts_bad_images_and_limits():
    name, raw, points, out = read(PYASASSN)
    assert (name, raw.time_label, raw.curves[0].names) == ("skypatrol", "JD", ("335007754417",))
    assert {band: list(found[1]) for band, found in points.items()} == {"V": [12.92, 13.08], "g": [13.0]}
    assert out == {"upper limit": 1, "flagged by the archive": 1}
    assert list(read(PYASASSN, "flux")[2]["V"][1]) == [26.04, 22.41]


@pytest.mark.parametrize(
    ("text", "label", "mags"),
    [
        (
            "# ASAS-SN Sky Patrol V2.0\n# https://arxiv.org/abs/2304.03791\n\n"
            "JD,Flux,Flux Error,Mag,Mag Error,Limit,FWHM,Filter,Quality\n"
            "2457148.1143957,26.0455,0.1300,12.9204,0.0054,16.9278,1.70,V,G\n"
            "2457164.0441139,27.0177,0.0732,12.8807,0.0029,17.5513,1.98,V,G\n",
            "JD",
            [12.9204, 12.8807],
        ),
        (
            "HJD,UT Date,Camera,FWHM,Limit,mag,mag_err,flux(mJy),flux_err,Filter\n"
            "2458000.47009,2017-09-03.9710173,be,1.77,15.518,14.839,0.117,4.448,0.477,V\n"
            "2458002.51020,2017-09-06.0112978,be,2.03,14.814,>14.814,99.990,4.020,0.911,V\n",
            "HJD",
            [14.839],
        ),
        (
            "hjd,camera,mag,mag_err,flux,flux_err\n2457478.08718,bc,11.167,0.02,130.945,2.409\n"
            "2457981.84031,bc,11.221,0.02,124.549,2.292\n",
            "HJD",
            [11.167, 11.221],
        ),
    ],
    ids=["version 2", "version 1", "variables' page"],
)
def test_other_versions_of_sky_patrol(text, label, mags):
    name, raw, points, _ = read(text)
    assert (name, raw.time_label, list(points["V"][1])) == ("skypatrol", label, mags)


ZTF_HEADER = (
    "oid,expid,hjd,mjd,mag,magerr,catflags,filtercode,ra,dec,chi,sharp,filefracday,field,ccdid,qid,limitmag,magzp,"
    "magzprms,clrcoeff,clrcounc,exptime,airmass,programid"
)


def ztf_row(oid: int, hjd: float, mag: float, flags: int, filtercode: str) -> str:
    tail = "1.0,0.0,20180325,486,3,1,20.5,26.2,0.03,0.08,0.0,30,1.1,1"
    return f"{oid},47626432,{hjd},{hjd - 2400001:.6f},{mag},0.02,{flags},{filtercode},255.1287,11.4226,{tail}"


ZTF_ROWS = [
    ztf_row(686103400034440, 2458203.98, 17.53, 0, "zg"),
    ztf_row(686103400034440, 2458204.98, 17.61, 32768, "zg"),
    ztf_row(686103400034440, 2458205.98, 17.71, 4, "zg"),
    ztf_row(686203400053697, 2458203.91, 17.06, 0, "zr"),
]


def test_ztf_csv_is_parted_by_object_and_leaves_flagged_epochs_out():
    name, raw, points, out = read("\n".join([ZTF_HEADER, *ZTF_ROWS]))
    assert (name, raw.time_label) == ("ztf", "HJD")
    assert [star.names for star in raw.curves] == [("686103400034440",), ("686203400053697",)]
    assert (raw.curves[0].ra, raw.curves[0].dec) == (255.1287, 11.4226)
    assert list(points["zg"][1]) == [17.53, 17.71]
    assert out == {"flagged by the archive": 1}


def test_ztf_parquet_of_the_service_is_the_same():
    frame = pd.read_csv(io.StringIO("\n".join([ZTF_HEADER, *ZTF_ROWS])))
    content = frame.to_parquet(None, index=False)
    name, raw, points, _ = read(content)
    np.testing.assert_array_equal(points["zg"], read("\n".join([ZTF_HEADER, *ZTF_ROWS]))[2]["zg"])
    assert (name, raw.curves[1].names) == ("ztf", ("686203400053697",))


def test_ztf_parquet_of_the_bulk_download():
    rows = {
        "objectid": [202101100000001, 202201100000002],
        "filterid": np.array([1, 2], np.int8),
        "fieldid": np.array([202, 202], np.int16),
        "rcid": np.array([0, 0], np.int8),
        "objra": np.array([92.5, 92.5], np.float32),
        "objdec": np.array([-25.5, -25.5], np.float32),
        "nepochs": [2, 3],
        "hmjd": [np.array([58431.4, 58437.4]), np.array([58431.5, 58437.5, 58440.5])],
        "mag": [np.array([20.1, 20.2], np.float32), np.array([19.1, 19.2, 19.3], np.float32)],
        "magerr": [np.full(2, 0.1, np.float32), np.full(3, 0.1, np.float32)],
        "clrcoeff": [np.zeros(2, np.float32), np.zeros(3, np.float32)],
        "catflags": [np.array([0, 32768]), np.zeros(3, int)],
    }
    name, raw, points, out = read(pd.DataFrame(rows).to_parquet(None, index=False))
    assert (name, raw.time_label, len(raw.curves)) == ("ztf", "HMJD", 2)
    assert (list(points), out) == (["zg"], {"flagged by the archive": 1})
    assert points["zg"][0] == [58431.4]


AAVSO_HEADER = (
    "JD,Magnitude,Uncertainty,HQuncertainty,Band,Observer Code,Comment Code(s),Comp Star 1,Comp Star 2,Charts,Comments,"
    "Transfomed,Airmass,Validation Flag,Cmag,Kmag,HJD,Star Name,Observer Affiliation,Measurement Method,"
    "Grouping Method,ADS Reference,Digitizer,Credit"
)
AAVSO_ROWS = [
    '2459454.919896,14.84,0.021,,V,SGEA,,000-BBP,,X26,"clouds, moon",1,1.2,V,,,,SS CYG,AAVSO,STD,,,,',
    "2459455.1,<13.5,,,Vis.,AAA,,,,,,0,,Z,,,,SS CYG,AAVSO,STD,,,,",
    "2459456.1,12.3:,,,Vis.,AAA,,,,,,0,,Z,,,,SS CYG,AAVSO,STD,,,,",
    "2459457.1,9.9,,,Vis.,AAA,,,,,,0,,T,,,,SS CYG,AAVSO,STD,,,,",
]


@pytest.mark.parametrize("separator", [",", "\t"])
def test_aavso_knows_fainter_than_and_discrepant(separator):
    lines = [AAVSO_HEADER, *AAVSO_ROWS]
    if separator == "\t":
        lines = [line.replace('"clouds, moon"', "clouds").replace(",", "\t") for line in lines]
    name, raw, points, out = read("\n".join(lines))
    assert (name, raw.time_label, raw.curves[0].names) == ("aavso", "JD", ("SS CYG",))
    assert list(points["V"].ravel()) == [2459454.919896, 14.84, 0.021]
    assert (list(points["Vis."][1]), np.isnan(points["Vis."][2]).all()) == ([12.3], True)
    assert out == {"upper limit": 1, "flagged by the archive": 1}


def gaia_table() -> Table:
    return Table(
        {
            "source_id": np.array([4660711867541110784] * 4),
            "transit_id": [17091923342681275, 17091923342681275, 17091923342681276, 17091923342681277],
            "band": ["G", "BP", "G", "G"],
            "time": [1705.94375, 1705.94380, 1706.01778, 1750.1],
            "mag": [14.5, 14.9, 14.6, 14.7],
            "flux": [32000.5, 9000.25, 29000.0, 26000.0],
            "flux_error": [32.0, 90.0, 29.0, 26.0],
            "flux_over_error": np.array([1000.0, 100.0, 1000.0, 1000.0], np.float32),
            "rejected_by_photometry": [False, False, False, True],
            "rejected_by_variability": [False, False, True, False],
            "other_flags": [1, 0, 1, 1],
            "solution_id": [375316653866487565] * 4,
        }
    )


def gaia_bytes(form: str) -> bytes:
    stream = io.BytesIO() if form == "votable" else io.StringIO()
    gaia_table().write(stream, format={"csv": "ascii.csv", "ecsv": "ascii.ecsv", "votable": "votable"}[form])
    content = stream.getvalue()
    return content if isinstance(content, bytes) else content.encode()


@pytest.mark.parametrize("form", ["csv", "ecsv", "votable"])
def test_gaia_epoch_photometry_in_three_formats(form):
    name, raw, points, out = read(gaia_bytes(form))
    assert (name, raw.time_label, raw.curves[0].names) == ("gaia", "BJD(TCB) - 2455197.5", ("4660711867541110784",))
    np.testing.assert_allclose(points["G"].ravel(), [1705.94375, 14.5, 2.5 / np.log(10) / 1000])
    np.testing.assert_allclose(points["BP"].ravel(), [1705.94380, 14.9, 2.5 / np.log(10) / 100])
    assert out == {"flagged by the archive": 2}
    np.testing.assert_allclose(read(gaia_bytes(form), "flux")[2]["G"].ravel(), [1705.94375, 32000.5, 32.0])


def test_gaia_with_a_row_a_transit():
    text = (
        "solution_id,source_id,transit_id,g_transit_time,g_transit_flux,g_transit_flux_error,g_transit_flux_over_error,"
        "g_transit_mag,bp_obs_time,bp_flux,bp_flux_error,bp_flux_over_error,bp_mag,rp_obs_time,rp_flux,rp_flux_error,"
        "rp_flux_over_error,rp_mag,variability_flag_g_reject,variability_flag_bp_reject,variability_flag_rp_reject,"
        "g_other_flags,bp_other_flags,rp_other_flags,rejected_by_photometry\n"
        "1,4660711867541110784,17,1705.1,100,1,100,14.5,1705.2,50,1,50,14.9,,,,,,false,true,false,0,0,0,false\n"
        "1,4660711867541110784,18,1706.1,110,1,110,14.4,1706.2,52,1,52,14.8,1706.3,60,1,60,14.0,false,false,false,0,0,0,false\n"
    )
    name, _, points, out = read(text)
    assert name == "gaia"
    assert {band: list(found[0]) for band, found in points.items()} == {
        "G": [1705.1, 1706.1],
        "BP": [1706.2],
        "RP": [1706.3],
    }
    assert out == {"flagged by the archive": 1}


def tess_bytes() -> bytes:
    primary = fits.PrimaryHDU()
    cards = {"TELESCOP": "TESS", "OBJECT": "TIC 25155310", "TICID": 25155310, "SECTOR": 1, "RA_OBJ": 63.3739396}
    primary.header.update({**cards, "DEC_OBJ": -69.2268093})
    time = np.array([1325.2969, np.nan, 1325.2997, 1325.3011])
    flux = np.array([22010.1, 22011.0, 22012.5, np.nan], np.float32)
    columns = [
        fits.Column("TIME", "D", unit="BJD - 2457000, days", array=time),
        fits.Column("SAP_FLUX", "E", unit="e-/s", array=flux),
        fits.Column("PDCSAP_FLUX", "E", unit="e-/s", array=flux),
        fits.Column("PDCSAP_FLUX_ERR", "E", unit="e-/s", array=np.full(4, 5.5, np.float32)),
        fits.Column("QUALITY", "J", array=np.array([0, 0, 128, 0])),
    ]
    stream = io.BytesIO()
    fits.HDUList([primary, fits.BinTableHDU.from_columns(columns, name="LIGHTCURVE")]).writeto(stream)
    return stream.getvalue()


def test_tess_light_curve():
    name, raw, points, out = read(tess_bytes())
    assert (name, raw.time_label, raw.curves[0].names) == ("tess", "BTJD", ("TIC 25155310", "25155310"))
    assert (raw.curves[0].ra, raw.curves[0].dec) == (63.3739396, -69.2268093)
    np.testing.assert_allclose(points["TESS"].ravel(), [1325.2969, 22010.1, 5.5], rtol=1e-6)
    assert out == {"flagged by the archive": 1}
    with pytest.raises(SurveyError, match="TESS has no mag there: build with --value flux"):
        read(tess_bytes(), "mag")


def test_a_row_with_text_and_one_of_another_length_are_left_out_and_named():
    text = PYASASSN.replace("27.01", "bright").replace("2457423.7,22.41", "2457423.7")
    _, raw, points, _ = read(text)
    assert [(fault.kind, fault.row) for fault in raw.faults] == [
        ("row of another length", 4),
        ("text where a number belongs", 2),
    ]
    assert raw.faults[1].detail == "column flux has 'bright'"
    assert list(points["V"][1]) == [12.92]


def test_infinite_fill_and_double_values_are_left_out():
    text = PYASASSN.replace("12.92,", "inf,").replace("0.0054", "0.005").replace("13.08", "99.999")
    text += text.splitlines()[-1] + "\n"
    _, _, points, out = read(text)
    assert {name: out[name] for name in out} == {
        "upper limit": 1,
        "flagged by the archive": 1,
        "brightness not finite": 1,
        "fill value as brightness": 1,
        "duplicate row": 1,
        "curve without a usable row": 1,
    }
    assert list(points) == ["g"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"hello\nworld\n", "no archive that is recognised"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "no archive that is recognised"),
        (PYASASSN.splitlines()[0].encode(), "has no rows"),
        ("\n".join([PYASASSN.splitlines()[0], "1,2", "3,4"]).encode(), "2 fields where the header has 12"),
        (tess_bytes()[:6000], "truncated"),
        (tess_bytes()[:2880], "cannot be read|no table"),
        (gaia_bytes("votable")[:900], "no archive|cannot be read"),
        (b"PAR1" + bytes(100), "no archive"),
    ],
)
def test_unusable_files_are_one_sentence_that_names_them(content, words):
    with pytest.raises(SurveyError, match=words) as fault:
        read(content, name="odd.file")
    assert "odd.file" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_an_asassn_file_with_another_number_of_columns_is_named():
    reader = find_reader("asassn")
    with pytest.raises(SurveyError, match="row 1: 4 columns, an ASAS-SN file has 5 or 8"):
        read_light_curves("star.dat", b"#\n#\n2457000.5 13.0 0.02 20.0\n", reader)
    assert find_reader("auto") is None
    with pytest.raises(ConfigError, match=f"--format ogle: write auto or one of {', '.join(READERS)}"):
        find_reader("ogle")


def test_content_and_not_the_name_decides():
    assert read(PYASASSN, name="star.fits")[0] == "skypatrol"
