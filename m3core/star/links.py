"""Where else a star may be looked up: addresses built from its position or its id. Nothing is asked of them here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import numpy as np

from m3core.survey import Source

__all__ = ["Link", "links_of"]

RADIUS = 5.0
"""Arcsec of a cone search: astrometry of this century and a few years of proper motion."""

WIDE = 10.0
"""Arcsec for catalogues whose positions are older."""

GAIA_ID = re.compile(r"(?:gaia\s*)?(e?dr[1-4])\s+(\d{5,19})", re.IGNORECASE)
GAIA_COLUMNS = ("gaia_source_id", "edr3_source_id", "dr3_source_id", "gaia_id", "gaia_dr3_source_id", "source_id")
ASASSN_COLUMNS = ("asas_sn_id", "asassn_id")


@dataclass(frozen=True)
class Link:
    """A place on the web: its name, its address, and what it is asked for ('position' or an id)."""

    name: str
    url: str
    asks: str


def links_of(source: Source) -> list[Link]:
    """Links by id where the catalogue gives one that a service knows, else by position; none without a position.

    The addresses are text: they are fetched when a person clicks them, and only then.
    """
    links = _by_id(source)
    if not (np.isfinite(source.ra) and np.isfinite(source.dec)):
        return links
    ra, dec = f"{source.ra:.6f}", f"{source.dec:.6f}"
    pair = f"{ra} {source.dec:+.6f}"  # the sign parts the two where they are one text
    named = {link.name for link in links}
    cone = (  # numbers alone go into it
        "SELECT * FROM gaiadr3.gaia_source WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), "  # noqa: S608
        f"CIRCLE('ICRS', {ra}, {dec}, {RADIUS / 3600:.6f}))"
    )
    by_position = {
        "VSX": _address(
            "https://www.aavso.org/vsx/index.php", view="results.get", coords=pair, format="d", size=f"{WIDE:g}",
            unit="3", geom="r", order="9",
        ),
        "SIMBAD": _address(
            "https://simbad.cds.unistra.fr/simbad/sim-coo",
            **{"Coord": pair, "CooFrame": "ICRS", "Radius": f"{WIDE:g}", "Radius.unit": "arcsec"},
        ),
        "Gaia archive": _gaia(cone),
        "VizieR": _address("https://vizier.cds.unistra.fr/viz-bin/VizieR-4", **{"-c": pair, "-c.rs": f"{WIDE:g}"}),
        "Sky Patrol": _address(
            "https://asas-sn.osu.edu/photometry", ra=ra, dec=dec, radius=f"{WIDE / 60:.4f}"
        ),
        "LAMOST": _address(
            "https://www.lamost.org/dr11/v2.0/voservice/conesearch", ra=ra, dec=dec, sr=f"{WIDE / 3600:.6f}"
        ),
        "Aladin Lite": _address(
            "https://aladin.cds.unistra.fr/AladinLite/", target=pair, fov="0.05", survey="P/DSS2/color"
        ),
    }  # fmt: skip
    found = {link.name: link for link in links}
    for name, url in by_position.items():
        if name not in named:
            found[name] = Link(name, url, "position")
    return [found[name] for name in by_position]


def _by_id(source: Source) -> list[Link]:
    links = []
    catalogue = {str(name).lower(): value for name, value in source.catalogue.items()}
    gaia = _gaia_id(source.source_id, catalogue)
    if gaia:
        release, number = gaia
        query = f"SELECT * FROM gaia{release}.gaia_source WHERE source_id = {number}"  # noqa: S608 (digits)
        links.append(Link("Gaia archive", _gaia(query), f"Gaia {release.upper()} {number}"))
    asassn = next((str(catalogue[name]) for name in ASASSN_COLUMNS if catalogue.get(name) not in (None, "")), "")
    if re.fullmatch(r"\d{3,20}", asassn):
        url = f"http://asas-sn.ifa.hawaii.edu/skypatrol/objects/{asassn}"
        links.append(Link("Sky Patrol", url, f"ASAS-SN {asassn}"))
    obsid = str(catalogue.get("lamost_obsid") or catalogue.get("obsid") or "").removesuffix(".0")
    if re.fullmatch(r"\d{3,12}", obsid):
        url = _address("https://www.lamost.org/dr11/v2.0/spectrum/view", obsid=obsid)
        links.append(Link("LAMOST", url, f"obsid {obsid}"))
    return links


def _gaia_id(source_id: str, catalogue: Mapping[str, object]) -> tuple[str, str] | None:
    """('dr3', '5853498713190525696') of a designation in the id or of a column that bears Gaia's name."""
    for text in (source_id, *(str(catalogue[name]) for name in GAIA_COLUMNS if catalogue.get(name) is not None)):
        if found := GAIA_ID.search(text):
            release = found[1].lower()
            return ("dr3" if release == "edr3" else release), found[2]  # EDR3's ids are DR3's
    for name in GAIA_COLUMNS[:-1]:
        if re.fullmatch(r"\d{10,19}", text := str(catalogue.get(name, ""))):
            return "dr3", text
    return None


def _gaia(query: str) -> str:
    return _address(
        "https://gea.esac.esa.int/tap-server/tap/sync", REQUEST="doQuery", LANG="ADQL", FORMAT="csv", QUERY=query
    )


def _address(place: str, **asked: str) -> str:
    return f"{place}?{urlencode(asked, quote_via=quote)}"
