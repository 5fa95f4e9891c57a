"""The columns of the published set, in the order that its weights need."""

from astropy import units

from m3core import preprocess
from m3core.catalogue import published_columns as columns


def test_order_and_units():
    metadata, auxiliaries = columns.METADATA_COLUMNS, columns.PHOTOMETRY_AUXILIARIES
    assert (len(metadata), metadata[0], metadata[8], metadata[-2:]) == (34, "mean_vmag", "parallax", ("l", "b"))
    assert auxiliaries == ("amplitude", "period", "lksl_statistic", "rfr_score")
    assert set(metadata) >= preprocess.ABSOLUTE
    assert list(columns.PUBLISHED_COLUMNS) == [*metadata, *auxiliaries]
    for column in columns.PUBLISHED_COLUMNS.values():
        assert units.Unit(column.unit).to_string() == column.unit  # spelt as astropy writes it
