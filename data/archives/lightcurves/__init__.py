"""The registry of light-curve readers. A new archive is one new file in this folder and one name in `READERS`."""

from data.archives.lightcurves import aavso, asassn_dat, gaia, sky_patrol, tess, ztf
from data.archives.lightcurves.base import RawCurve, RawFile, Reader, RowFault, Value
from m3core.errors import ConfigError, M3Error, SurveyError

__all__ = ["READERS", "RawCurve", "RawFile", "Reader", "RowFault", "Value", "find_reader", "read_light_curves"]

READERS: dict[str, Reader] = {
    module.READER.name: module.READER for module in (tess, gaia, ztf, aavso, sky_patrol, asassn_dat)
}
"""In this order each is asked whether it recognises a file."""


def find_reader(name: str) -> Reader | None:
    """The reader that --format names; None for 'auto'.

    Raises:
        ConfigError: no such reader.
    """
    if name == "auto":
        return None
    if name not in READERS:
        raise ConfigError(f"--format {name}: write auto or one of {', '.join(READERS)}.")
    return READERS[name]


def read_light_curves(name: str, content: bytes, reader: Reader | None) -> tuple[Reader, RawFile]:
    """Read a file of light curves.

    Args:
        name: the file's name, for sentences.
        content: gunzipped.
        reader: None: the content decides.

    Raises:
        SurveyError: empty, of no known archive, or damaged; the sentence names the file.
    """
    if not content.strip():
        raise SurveyError(f"{name} is empty: check that it was written to its end.")
    found = reader or next((each for each in READERS.values() if each.recognises(content)), None)
    if found is None:
        raise SurveyError(f"{name} is of no archive that is recognised: name one with --format where it is.")
    try:
        return found, found.read(name, content)
    except M3Error:
        raise
    except Exception as fault:  # FITS, VOTable and parquet libraries raise dozens of types on damaged files
        reason = " ".join(str(fault).split()).split(". ")[0][:120].rstrip(".") or type(fault).__name__
        raise SurveyError(
            f"{name} cannot be read as {found.title}, it may be truncated ({reason}): fetch it again."
        ) from None
