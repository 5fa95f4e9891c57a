"""Class probabilities on the page of a star, against the classifier asked by hand, and names that are told apart."""

import re

import numpy as np
import pytest
import torch
from plotly.colors import sample_colorscale, unlabel_rgb

from m3core.classifier.calibration import Calibration
from m3core.figures.model_inputs import class_share_figure, views_figure
from m3core.figures.palette import BLUES, inked
from m3core.kinds import View
from m3core.model.batch import make_batch
from m3core.model.clip import Classifier
from m3core.star.model import probability_panel
from tests.conftest import make_survey
from tests.core.test_star_model import config_of

BANDS = ("u", "g", "r", "i", "z")


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """Five bands and a catalogue; every seventh source lacks one of the first two bands."""
    return make_survey(tmp_path_factory.mktemp("surveys") / "six", bands=BANDS)


def classifier_of(survey) -> Classifier:
    torch.manual_seed(3)
    asked = {"embedding_dim": 8, "head": "avg", "classes": survey.classes}
    return Classifier(config_of(survey, "fast").model_copy(update=asked)).eval()


def by_hand(model, survey, row, names, temperature):
    """Softmax of what the classifier says of one source when it is given these modalities alone."""
    batch = make_batch(survey, np.array([row]), model.config.modalities)
    inputs = {key: value for key, value in batch.inputs.items() if key.split("_")[0] in names}
    present = {name: batch.present[name] for name in names}
    with torch.inference_mode():
        logits = model.classify(inputs, present)[0].double().numpy() / temperature
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def test_probabilities_by_all_by_each_and_by_all_but_one(six):
    model = classifier_of(six)
    calibration = Calibration(six.classes, "temperature", "fitted on 30 sources", temperature=2.5)
    whole = next(one for one in six.source_ids if len(six.source(one).observations) == 6)
    panel = probability_panel(six, six.source(whole), model, calibration)
    assert list(panel.figure.data[0].y) == [
        "all", *BANDS, "metadata", *(f"all but {name}" for name in (*BANDS, "metadata")),
    ]  # fmt: skip
    shown = panel.data.set_index("modalities")
    names = (*BANDS, "metadata")
    for part in (names, *((one,) for one in names), *(tuple(n for n in names if n != one) for one in names)):
        expected = by_hand(model, six, six.row(whole), part, 2.5)
        np.testing.assert_allclose(shown.loc[", ".join(part)].to_numpy(np.float64), expected, atol=1e-5)
    np.testing.assert_allclose(panel.data.filter(like="p_").sum(axis=1), 1)
    assert "calibrated: fitted on 30 sources" in panel.caption


def test_a_source_that_lacks_a_modality_is_asked_for_what_it_has(six):
    lacking = next(one for one in six.source_ids if "u" not in six.source(one).observations)
    raw = Calibration(six.classes, "none", "too few sources")
    panel = probability_panel(six, six.source(lacking), classifier_of(six), raw)
    assert panel.data["modalities"].iloc[0] == "g, r, i, z, metadata"
    assert not any("u" in one.split(", ") for one in panel.data["modalities"])
    assert len(panel.data) == 1 + 5 + 5
    assert "not calibrated: too few sources" in panel.caption


def test_two_modalities_and_one_are_not_told_twice(survey):
    raw = Calibration(survey.classes, "none", "too few sources")
    two = next(one for one in survey.source_ids if len(survey.source(one).observations) == 2)
    names = list(survey.source(two).observations)
    panel = probability_panel(survey, survey.source(two), classifier_of(survey), raw)
    assert list(panel.figure.data[0].y) == ["all", *names]


def test_long_names_that_are_cut_alike_keep_their_own_rows():
    """A row of a heatmap and a bar of a table stand at their names: two alike would lie upon one another."""
    names = [f"phot_bp_mean_{middle}_of_the_catalogue" for middle in ("mag", "flux", "flux_error")]
    figure = class_share_figure(np.eye(3), names, names, names[2], title="Share")
    assert len(set(figure.data[0].x)) == len(set(figure.data[0].y)) == 3
    assert list(figure.layout.xaxis.tickvals) == names
    assert all(len(text) <= 16 for text in figure.layout.xaxis.ticktext)
    seen = np.array([True, True, False])
    table = View(
        title="Columns", x=np.array(names, object), y=np.arange(3.0), is_observed=seen, x_label="Column",
        y_label="Standard deviations", style="table",
    )  # fmt: skip
    figure = views_figure([table])
    assert list(figure.data[0].y) == names
    assert list(figure.data[1].y) == [names[2]]


def test_cells_of_shares_are_empty_at_zero_and_are_read_everywhere_else():
    names = ["a", "b"]
    [heat] = class_share_figure(np.array([[0.004, 1.0], [np.nan, 0.25]]), names, names, None, title="Share").data
    assert np.isnan(heat.z[0][0])
    words = [[re.sub("<.*?>", "", one) for one in row] for row in heat.text]
    assert words == [["", "1.00"], ["", "0.25"]]
    assert heat.textfont.size, "plotly's own goes by the length of the text with its markup"


@pytest.mark.parametrize("share", np.linspace(0, 1, 21))
def test_a_number_stands_out_from_its_cell(share):
    """The contrast of WCAG 2, 1.4.3, is 4.5 for text."""
    ink = re.search("#[0-9A-F]{6}", inked("0.35", share))[0]
    cell = unlabel_rgb(sample_colorscale(BLUES, [share])[0])

    def luminance(colour):
        part = np.asarray(colour) / 255
        return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([luminance([int(ink[i : i + 2], 16) for i in (1, 3, 5)]), luminance(cell)])
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_two_curves_in_a_row_are_equally_wide():
    curve = View(
        title="v", x=np.arange(2.0), y=np.zeros(2), is_observed=np.ones(2, bool), x_label="x", y_label="y", style="line"
    )
    layout = views_figure([curve, curve]).layout
    first, second = layout.xaxis.domain, layout.xaxis2.domain
    assert second[1] - second[0] == pytest.approx(first[1] - first[0])
    assert (first[0], second[1]) == pytest.approx((0, 1))


def test_a_table_stands_below_the_curves_where_its_names_have_room():
    flags = np.ones(2, bool)
    curve, table = (
        View(title=style, x=np.array(["a", "b"]) if style == "table" else np.arange(2.0), y=np.zeros(2),
             is_observed=flags, x_label="x", y_label="y", style=style)
        for style in ("line", "table")
    )  # fmt: skip
    layout = views_figure([table, curve, curve]).layout
    domains = [(layout[f"xaxis{n}"].domain, layout[f"yaxis{n}"].domain) for n in ("", "2", "3")]
    assert domains[2][1][1] < min(domains[0][1][0], domains[1][1][0])
    assert domains[2][0][1] - domains[2][0][0] > 0.7
