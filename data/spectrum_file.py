"""A LAMOST spectrum in a file of its own, to be looked at."""

from typing import Any

from data.archives.lamost import parse_spectrum
from data.archives.report import Entry
from data.query import spectrum_bytes
from m3core.spectrum.spectrum import Spectrum, make_spectrum

__all__ = ["open_spectrum"]


def open_spectrum(name: str, content: bytes) -> tuple[Spectrum, dict[str, Any], list[str]]:
    """Read a LAMOST FITS file, of the layout to DR7 or from DR8, gzipped or not.

    Returns:
        the spectrum, named after the file; its header (keys of data.archives.lamost.HEADER: class, subclass, z, ...,
        None where it has none); and sentences on what was adapted.

    Raises:
        SurveyError: no LAMOST spectrum, truncated, too large, or without a usable pixel.
    """
    arrays, info = parse_spectrum(name, spectrum_bytes(name, content), ormask=False)
    stem = name.removesuffix(".gz").removesuffix(".fits")
    notes = [f"{entry.kind}{f' ({entry.detail})' if entry.detail else ''}." for entry in map(_entry, info["entries"])]
    return make_spectrum(stem, *arrays["spectrum"], medium=info["medium"]), info["header"], notes


def _entry(values: list[Any]) -> Entry:
    return Entry(*values)
