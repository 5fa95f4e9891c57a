"""Names from files as file names and module keys."""

from hypothesis import given
from hypothesis import strategies as st

from m3core.names import is_safe_name, safe_names


def test_named_cases():
    assert safe_names(["g/r", "../x", "ztf.g", "R", "r", "", "1", "mean", "flux_mask", "CON"]) == {
        "g/r": "g_r",
        "../x": "x",
        "ztf.g": "ztf_g",
        "R": "R",
        "r": "r_2",
        "": "band",
        "1": "band_1",
        "mean": "mean_band",
        "flux_mask": "flux_mask_band",
        "CON": "CON_band",
    }
    assert safe_names(["metadata"], taken=["metadata"]) == {"metadata": "metadata_2"}


@given(st.lists(st.text(max_size=60), max_size=12))
def test_any_labels_get_safe_distinct_names(labels):
    names = safe_names(labels)
    assert list(names) == list(dict.fromkeys(labels))
    assert all(is_safe_name(name) for name in names.values())
    assert len({name.lower() for name in names.values()}) == len(names)
