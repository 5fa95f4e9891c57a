"""Files as the archives write them, of made stars: real layouts, small."""

from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits

CLASSES = ("EW", "RRAB", "SR", "ROT")


def made_catalogue(n: int = 60, seed: int = 1) -> pd.DataFrame:
    """Columns of ASAS-SN's catalogue of variable stars with those of Gaia EDR3, 2MASS and AllWISE."""
    rng = np.random.default_rng(seed)
    ra, dec = 40 + 100 * rng.random(n), -5 + 60 * rng.random(n)
    names = [
        f"ASASSN-V J{int(a / 15):02d}{number:02d}{15 + a % 15:05.2f}{d:+011.7f}"[:30]
        for number, (a, d) in enumerate(zip(ra, dec, strict=True))
    ]
    table = pd.DataFrame({"asassn_name": names, "edr3_source_id": 683111222333444000 + np.arange(n)})
    table["raj2000"], table["dej2000"] = ra.round(7), dec.round(7)
    table["mean_vmag"] = (11 + 4 * rng.random(n)).round(2)
    table["amplitude"] = (0.2 + rng.random(n)).round(2)
    table["period"] = (0.3 + 3 * rng.random(n)).round(6)
    table["variable_type"] = [CLASSES[number % len(CLASSES)] for number in range(n)]
    table["lksl_statistic"], table["rfr_score"] = rng.random(n).round(3), rng.random(n).round(3)
    table["epoch_hjd"] = 2457000.5
    for band in ("g", "bp", "rp"):
        table[f"phot_{band}_mean_mag"] = (table["mean_vmag"] - rng.random(n)).round(4)
        table[f"e_phot_{band}_mean_mag"] = 0.01
    table["parallax"], table["parallax_error"] = (rng.normal(1, 1, n)).round(4), 0.05
    for axis in ("pmra", "pmdec"):
        table[axis], table[f"{axis}_error"] = rng.normal(0, 10, n).round(3), 0.05
    for band in ("j", "h", "k", "w1", "w2"):
        table[f"{band}_mag"], table[f"e_{band}_mag"] = (table["mean_vmag"] - 2).round(3), 0.02
    for band in ("w3", "w4"):
        table[f"{band}_mag"] = (table["mean_vmag"] - 2.2).round(3)
    table["ruwe"] = 1.0
    return table


def curve(period: float, mag: float, n: int = 80, seed: int = 0) -> pd.DataFrame:
    """An HJD, magnitudes and fluxes (mJy, zero point 3631 Jy) of a sine."""
    rng = np.random.default_rng(seed)
    time = np.sort(2457000 + 700 * rng.random(n)).round(5)
    value = mag + 0.3 * np.sin(2 * np.pi * time / period) + 0.02 * rng.normal(size=n)
    flux = 3.631e6 * 10 ** (-0.4 * value)
    return pd.DataFrame(
        {"hjd": time, "mag": value.round(3), "mag_err": 0.02, "flux": flux.round(3), "flux_err": (flux * 0.02).round(3)}
    )


def write_dat(path: Path, rows: pd.DataFrame) -> None:
    """<name without spaces>.dat: two header lines, then columns parted by blanks."""
    lines = ["# ASAS-SN V-band light curve", "# HJD MAG MAG_ERR FLUX FLUX_ERR"]
    lines += [f"{r.hjd:.5f} {r.mag:.3f} {r.mag_err:.3f} {r.flux:.3f} {r.flux_err:.3f}" for r in rows.itertuples()]
    path.write_text("\n".join(lines) + "\n")


def dat_name(asassn_name: str) -> str:
    return asassn_name.replace(" ", "") + ".dat"


def spectrum(seed: int = 0, n: int = 3908) -> dict[str, np.ndarray]:
    """Flux, ivar, wavelength (float32, as in the files), ANDMASK and ORMASK; some pixels masked."""
    rng = np.random.default_rng(seed)
    wavelength = 10 ** (3.5682 + 0.0001 * np.arange(n))
    flux = 100 + 20 * np.exp(-(((wavelength - 6564.6) / 30) ** 2)) + rng.normal(size=n)
    ivar = np.ones(n)
    ivar[:10] = 0
    andmask, ormask = np.zeros(n), np.zeros(n)
    andmask[100:105], ormask[100:300] = 2, 2
    rows = {"FLUX": flux, "IVAR": ivar, "WAVELENGTH": wavelength, "ANDMASK": andmask, "ORMASK": ormask}
    return {name: values.astype(np.float32) for name, values in rows.items()}


def lamost_cards(ra: float, dec: float, obsid: int = 101001, **more: object) -> fits.Header:
    header = fits.Header()
    cards = {
        "OBSID": obsid, "DATE-OBS": "2011-10-24T12:30:00", "LMJD": 55859, "MJD": 55858, "PLANID": "F5902", "SPID": 1,
        "FIBERID": 1, "RA": ra, "DEC": dec, "CLASS": "STAR", "SUBCLASS": "G7", "Z": -0.0001387, "SNRG": 12.22,
        "VACUUM": True, "HELIO": True, "COEFF0": 3.5682, "COEFF1": 0.0001,
    }  # fmt: skip
    header.update({**cards, **more})
    return header


def write_lamost(path: Path, rows: dict[str, np.ndarray], header: fits.Header, layout: str) -> None:
    """`layout` 'image' (to DR7: one HDU) or 'table' (from DR8: a row of arrays in HDU 1)."""
    if layout == "image":
        hdus = fits.HDUList([fits.PrimaryHDU(np.stack(list(rows.values())), header)])
    else:
        n = len(rows["FLUX"])
        columns = [fits.Column(name, f"{n}E", array=values[None]) for name, values in rows.items()]
        hdus = fits.HDUList([fits.PrimaryHDU(None, header), fits.BinTableHDU.from_columns(columns, name="COADD")])
    hdus.writeto(path, overwrite=True)


def spec_name(number: int, release: str = "") -> str:
    return f"spec-55859-F5902_sp{1 + number // 250:02d}-{1 + number % 250:03d}{release}.fits.gz"


def made_archive(folder: Path, n: int = 60, seed: int = 1) -> dict[str, Path]:
    """A catalogue, a .dat a star, and spectra of both layouts with LAMOST's catalogue, all matching."""
    rng = np.random.default_rng(seed + 1)
    stars = made_catalogue(n, seed)
    paths = {name: folder / name for name in ("catalogue.csv", "lightcurves", "spectra", "lamost.csv")}
    paths["lightcurves"].mkdir(parents=True)
    (paths["spectra"] / "F5902").mkdir(parents=True)
    stars.to_csv(paths["catalogue.csv"], index=False)
    rows = []
    for number, star in enumerate(stars.itertuples()):
        write_dat(paths["lightcurves"] / dat_name(star.asassn_name), curve(star.period, star.mean_vmag, seed=number))
        ra = star.raj2000 + rng.normal(0, 0.3) / 3600
        header = lamost_cards(ra, star.dej2000, 101000 + number, FIBERID=1 + number % 250, SPID=1 + number // 250)
        layout = "image" if number % 2 else "table"
        release = "_dr7" if number % 2 else "_dr8"
        write_lamost(paths["spectra"] / "F5902" / spec_name(number, release), spectrum(number), header, layout)
        rows.append(
            {
                "obsid": 101000 + number, "designation": "J", "obsdate": "2011-10-24", "lmjd": 55859, "mjd": 55858,
                "planid": "F5902", "spid": 1 + number // 250, "fiberid": 1 + number % 250, "snru": 1.0, "snrg": 12.2,
                "class": "STAR", "subclass": "G7", "z": -0.0001387, "z_err": 1e-5, "ra": ra, "dec": star.dej2000,
            }
        )  # fmt: skip
    pd.DataFrame(rows).to_csv(paths["lamost.csv"], index=False, sep="|")
    return paths
