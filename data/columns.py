"""Which column of a table is what: found by its name, in the spellings of the archives, or told with --map."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.tables import Table
from m3core.errors import ConfigError, SurveyError

__all__ = [
    "CATALOGUE_ROLES",
    "ONE_BAND",
    "PHOTOMETRY_ROLES",
    "check_mapped",
    "find_columns",
    "find_error",
    "numbers",
    "parse_map",
    "text_columns",
    "time_label",
]

ONE_BAND = "none"
"""--map band=none: every row of the photometry is of one band."""


@dataclass(frozen=True)
class Role:
    """Something that a column can be.

    Attributes:
        name: the key of --map, and the first spelling, which wins over all others.
        spellings: others, in lower case and without anything but letters and digits, parted by blanks.
        required: its absence ends the import.
        unit: what the numbers must be in, where the file names a unit.
    """

    name: str
    spellings: str
    required: bool = False
    unit: str = ""


SOURCE_ID = Role(
    "source_id",
    "source id sourceid objectid objid object starid star name oid identifier mainid targetid target lcid "
    "gaiasourceid gaiaid dr2sourceid dr3sourceid asassnname asassnid",
    required=True,
)
CATALOGUE_ROLES = (
    SOURCE_ID,
    Role("ra", "raj2000 radeg raicrs radegj2000 rightascension alpha", unit="deg"),
    Role("dec", "dej2000 decj2000 decdeg dedeg deicrs decicrs declination decl de delta", unit="deg"),
    Role(
        "label",
        "class type vartype variabletype variabilitytype variabilityclass variableclass varclass classname "
        "classification mlclassification objecttype otype gcvstype vsxtype",
    ),
    Role("period", "per p pd pdays periodd perioddays bestperiod", unit="d"),
)
TIME_NAMES = ("hmjd", "bmjd", "mjd", "hjd", "bjd", "jd")
PHOTOMETRY_ROLES = (
    SOURCE_ID,
    Role("band", "filter passband bandpass filt filtername photfilter filtercode fid", required=True),
    Role(
        "time",
        "t hmjd bmjd mhjd mjd hjd bjd jd obsmjd mjdobs obstime timeobs date bjdtdb timebjd tbjd",
        required=True,
        unit="d",
    ),
    Role("mag", "magnitude magn magpsf psfmag magauto psfmagnitude"),
    Role("flux", "psfflux fluxpsf fluxmjy fluxujy fluxjy"),
    Role("upper_limit", "isupperlimit nondetection isnondetection"),
    Role("quality_flag", ""),
)
ERRORS = ("err", "error", "sigma", "sig", "unc", "uncertainty", "e", "std", "stderr")


def find_error(table_name: str, columns: list[str], value: str, mapping: Mapping[str, str]) -> str | None:
    """The column with the error of 'mag' or 'flux': mag_err, magerr, e_mag, sigma_mag, ...; else err, sigma, ...

    Raises:
        SurveyError: several columns fit.
    """
    own = [f"{value}{word}" for word in ERRORS] + [f"{word}{value}" for word in ERRORS]
    long = {"mag": ["magnitudeerr", "magnitudeerror", "emagnitude", "sigmapsf", "magpsferr"], "flux": ["psffluxerr"]}
    exact = find_column(table_name, columns, Role("error", " ".join(own + long[value])), mapping)
    return exact or find_column(table_name, columns, Role("error", " ".join(ERRORS)), mapping)


def parse_map(text: str) -> dict[str, str]:
    """'period=P,source_id=ID' -> {'period': 'P', 'source_id': 'ID'}.

    Raises:
        ConfigError: not of that form, or a role that does not exist.
    """
    roles = [role.name for role in (*CATALOGUE_ROLES, *PHOTOMETRY_ROLES[1:])] + ["error"]
    mapping: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        role, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column or role not in roles:
            raise ConfigError(f"--map {part}: write ROLE=COLUMN with a role of {', '.join(roles)}.")
        mapping[role] = column
    return mapping


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def find_column(table_name: str, columns: list[str], role: Role, mapping: Mapping[str, str]) -> str | None:
    """The column of `role`: the one that --map names, else the role's own name, else the one other spelling.

    Raises:
        SurveyError: several columns fit, or none does and the role is required.
    """
    told = mapping.get(role.name)
    if told is not None and (told in columns or (role.name == "band" and told == ONE_BAND)):
        return told
    if role.name in columns:
        return role.name
    known = {role.name.replace("_", ""), *role.spellings.split()}
    found = [column for column in columns if _plain(column) in known]
    # a column that is the role's own name but for case and punctuation wins over other spellings
    own = [column for column in found if _plain(column) == role.name.replace("_", "")]
    found = own if len(own) == 1 else found
    if len(found) > 1:
        raise SurveyError(
            f"{table_name} has several columns that may be {role.name} ({', '.join(found)}): "
            f"say which with --map {role.name}={found[0]}."
        )
    if not found and role.required:
        more = f" (--map band={ONE_BAND} where all rows are of one band)" if role.name == "band" else ""
        raise SurveyError(
            f"{table_name} has no column for {role.name}; it has {_listed(columns)}: "
            f"say which it is with --map {role.name}=COLUMN{more}."
        )
    return found[0] if found else None


def _listed(columns: list[str], most: int = 20) -> str:
    return ", ".join(columns[:most]) + (f" and {len(columns) - most} more" if len(columns) > most else "")


def find_columns(
    table_name: str, columns: list[str], roles: tuple[Role, ...], mapping: Mapping[str, str]
) -> dict[str, str]:
    """Role -> column, of the roles that the table has.

    Raises:
        SurveyError: see `find_column`; or one column found for two roles.
    """
    found = {role.name: find_column(table_name, columns, role, mapping) for role in roles}
    present = {role: column for role, column in found.items() if column is not None}
    for role, column in present.items():
        others = [other for other, same in present.items() if same == column and other != role]
        if others:
            raise SurveyError(f"{table_name}: column {column!r} cannot be both {role} and {others[0]}: use --map.")
    return present


def text_columns(columns: list[str], roles: tuple[Role, ...], mapping: Mapping[str, str]) -> list[str]:
    """The columns to read as text: ids, bands and labels may look like numbers and are none."""
    found = []
    for role in roles:
        if role.name in ("source_id", "band", "label"):
            try:
                found.append(find_column("", columns, role, mapping))
            except SurveyError:
                continue  # told when the columns are looked for in earnest
    return [column for column in found if column in columns]


def check_mapped(mapping: Mapping[str, str], columns: list[str]) -> None:
    """Every column that --map names stands in one of the files.

    Raises:
        SurveyError: one does not.
    """
    for role, column in mapping.items():
        if column not in columns and not (role == "band" and column == ONE_BAND):
            raise SurveyError(
                f"--map {role}={column}: neither file has a column {column!r}; they have {_listed(columns, 40)}."
            )


def numbers(table: Table, column: str, source_ids: pd.Series, unit: str = "") -> NDArray[np.float64]:
    """A column as float64, NaN where missing.

    Raises:
        SurveyError: text where numbers belong (names the row, its source and the text), dates, or a unit that is
            not `unit`.
    """
    values = table.frame[column]
    if unit and column in table.units:
        _check_unit(table, column, unit)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        raise SurveyError(f"{table.name}: column {column!r} holds dates: convert them to numbers (MJD, in days).")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(np.float64, na_value=np.nan)
    converted = pd.to_numeric(values.astype(object), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    words = values.astype(object).map(lambda value: "" if pd.isna(value) else str(value).strip())
    wrong = np.flatnonzero(np.isnan(converted) & ~words.str.lower().isin(["", "nan", "null", "none", "--"]).to_numpy())
    if len(wrong):
        row = int(wrong[0])
        raise SurveyError(
            f"{table.name}, row {row + 1} (source_id {source_ids.iloc[row]}): column {column!r} has the text "
            f"{words.iloc[row][:40]!r} where a number belongs: mend the row, or name another column with --map."
        )
    return converted


def _check_unit(table: Table, column: str, unit: str) -> None:
    from astropy import units

    found = units.Unit(table.units[column], parse_strict="silent")
    if isinstance(found, units.UnrecognizedUnit) or found in (units.Unit(unit), units.dimensionless_unscaled):
        return
    raise SurveyError(f"{table.name}: column {column!r} is in {table.units[column]}: convert it to {unit}.")


def time_label(column: str) -> str:
    """The time system that a column's name tells: HMJD, BMJD, MJD, HJD, BJD, JD, or 'Time'."""
    plain = _plain(column)
    return next((name.upper() for name in TIME_NAMES if name in plain), "Time")
