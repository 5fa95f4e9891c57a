"""Similarity in a browser: the neighbours that exact cosines give, taken along as a selection, and two runs compared.

Every step waits for a state of the page, none for a time.
"""

import re

import numpy as np
import pytest

from m3core.embeddings.kept import Embeddings
from m3core.label_issues.table import kept_suspects
from m3core.survey import Survey
from m3core.workspace.run import Run
from tests.app.conftest import make_run, needs_browser
from tests.conftest import make_survey

pytestmark = needs_browser


@pytest.fixture
def stocked(tmp_path) -> tuple[Survey, list[Run]]:
    """surveys/small and two runs, which differ in their weights, in the server's workspace."""
    survey = make_survey(tmp_path / "workspace" / "surveys" / "small", n=120)
    folder = tmp_path / "workspace" / "runs"
    return survey, [make_run(folder / name, survey, seed=seed) for seed, name in enumerate(("done", "other"))]


def test_neighbours_are_found_and_taken_along(stocked, address, page):
    survey, runs = stocked
    vectors = Embeddings.open(runs[0], survey).mean
    row = int(np.flatnonzero(np.isfinite(vectors).all(axis=1))[5])
    cosines = np.where(np.arange(len(survey)) == row, -2.0, np.nan_to_num(vectors @ vectors[row], nan=-2.0))
    nearest = [str(one) for one in survey.source_ids[np.argsort(-cosines, kind="stable")[:11]]]

    page.goto(f"{address}/similarity?survey=small&run=done&source={survey.source_ids[row]}")
    for rank, source_id in enumerate(nearest, start=1):
        page.get_by_text(f"{rank} · {source_id}", exact=True).wait_for()
    page.get_by_role("button", name="Select these 11").click()
    page.get_by_text(re.compile(r"^11 of 120 selected")).wait_for()
    page.get_by_role("link", name="Manifold").click()
    page.get_by_text(re.compile(r"^11 of 120 selected")).wait_for()


def test_two_runs_their_neighbours_and_their_suspects(stocked, address, page):
    survey, runs = stocked
    page.goto(f"{address}/similarity?survey=small&run=done")
    page.get_by_text("Two runs", exact=True).click()
    share = page.get_by_text(re.compile(r"Mean share kept [\d.]+%"))
    share.wait_for()
    assert 0 < float(re.findall(r"kept ([\d.]+)%", share.inner_text())[0]) < 100

    page.get_by_text("Suspects", exact=True).click()
    page.get_by_role("button", name="Compare the lists").click()
    said = page.get_by_text(re.compile("Spearman's correlation of the ranks"))
    said.wait_for()
    shown = float(re.findall(r"ranks (-?[\d.]+)", said.inner_text())[0])
    lists = [kept_suspects(run, survey, Embeddings.open(run, survey)) for run in runs]
    ranks = [one.table.set_index("source_id")["rank"] for one in lists if one is not None]
    assert shown == pytest.approx(ranks[0].corr(ranks[1].reindex(ranks[0].index), method="spearman"), abs=6e-4)
