"""Numbers of a table to the digits that their errors allow."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["rounded_to_errors"]

ERROR_DIGITS, OTHER_DIGITS = 2, 5


def rounded_to_errors(table: pd.DataFrame) -> pd.DataFrame:
    """Every number whose next column is its error ('error' in its name) to two digits of that, the error as well.

    Other numbers keep five digits; where an error is missing or zero, the number stays as it is.
    """
    shown = table.copy()
    names = list(table.columns)
    for name, after in zip(names, [*names[1:], ""], strict=True):
        if not pd.api.types.is_float_dtype(table[name]):
            continue
        value = table[name].to_numpy(np.float64)
        if "error" in name:
            shown[name] = _to_digits(value, value, ERROR_DIGITS)
        elif "error" in str(after):
            shown[name] = _to_digits(value, table[after].to_numpy(np.float64), ERROR_DIGITS)
        else:
            shown[name] = _to_digits(value, value, OTHER_DIGITS)
    return shown


def _to_digits(
    value: NDArray[np.float64], scale: NDArray[np.float64], digits: int
) -> NDArray[np.float64]:  # fmt: skip
    """Each value to a decimal place: that of the digit number `digits` of its scale."""
    found = value.copy()
    for place in np.flatnonzero(np.isfinite(value) & np.isfinite(scale) & (scale != 0)):
        decimals = digits - 1 - int(np.floor(np.log10(abs(scale[place]))))
        found[place] = round(float(value[place]), decimals)
    return found
