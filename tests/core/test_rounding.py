"""Numbers of tables beside their errors."""

import numpy as np
import pandas as pd

from m3core.star.rounding import rounded_to_errors


def test_a_number_has_the_digits_of_its_error_and_else_five():
    table = pd.DataFrame(
        {
            "name": ["f1", "f2"], "frequency [1/d]": [1.5582326123, 0.003017456], "error [1/d]": [2.134e-6, 0.000312],
            "period [d]": [0.641754, 331.4049], "period error [d]": [0.0, np.nan], "FAP": [2.0412345e-99, 0.5],
            "points": [123456789, 2],
        }
    )  # fmt: skip
    shown = rounded_to_errors(table)
    assert shown["frequency [1/d]"].tolist() == [1.5582326, 0.00302]
    assert shown["error [1/d]"].tolist() == [2.1e-6, 0.00031]
    assert shown["period [d]"].tolist() == [0.641754, 331.4049], "an error that says nothing takes no digit"
    assert shown["FAP"].tolist() == [2.0412e-99, 0.5]
    assert shown["points"].tolist() == [123456789, 2]
    assert table["frequency [1/d]"][0] == 1.5582326123, "the table itself, which is saved, keeps them all"
