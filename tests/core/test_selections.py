"""Kept selections, and two runs compared by neighbours and by ranks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from m3core.embeddings.kept import Embeddings
from m3core.errors import ConfigError, M3Error
from m3core.similarity.changes import neighbour_changes, rank_changes
from m3core.workspace.selections import Selections
from tests.conftest import make_survey


def test_kept_by_name_for_the_survey_alone(survey, tmp_path):
    kept = Selections(tmp_path, survey)
    assert kept.names() == []
    name = "../<b>odd|name*</b> $x$"
    kept.keep(f"  {name} ", ["s009", "s001", "s009"])
    kept.keep("Second", ["s002"])
    again = Selections(tmp_path, survey)
    assert again.names() == [name, "Second"]
    assert again.open(name).source_ids == ("s001", "s009")
    assert {path.parent.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "selections"}
    other = make_survey(tmp_path / "other", seed=9)
    assert Selections(tmp_path, other).names() == []
    kept.keep("Second", ["s003", "s004"])
    assert kept.open("Second").source_ids == ("s003", "s004")
    kept.delete("Second")
    kept.delete("Second")
    assert kept.names() == [name]


def test_faults_of_a_selection(survey, tmp_path):
    kept = Selections(tmp_path, survey)
    for name, ids in (("", ["s001"]), ("x" * 81, ["s001"]), ("a", []), ("a", ["nobody"])):
        with pytest.raises(M3Error):
            kept.keep(name, ids)
    assert kept.names() == []
    kept.keep("a", ["s001"])
    kept.keep("b", ["s002"])
    place = kept._place("a")
    place.write_text("{broken")
    assert kept.names() == ["b"]
    with pytest.raises(M3Error):
        kept.open("a")
    with pytest.raises(M3Error):
        kept.open("never")


def embeddings(survey, seed, spoil=()):
    table = np.random.default_rng(seed).standard_normal((len(survey), 6)).astype(np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    table[list(spoil)] = np.nan
    return Embeddings(survey.source_ids, {"g": table}, f"{seed}")


def test_neighbours_gained_and_lost_by_hand(survey):
    first, second = embeddings(survey, 1, spoil=[4]), embeddings(survey, 2, spoil=[7])
    found = neighbour_changes(first, second, "g", 10)
    rows = np.setdiff1d(np.arange(len(survey)), [4, 7])
    assert found.rows.tolist() == rows.tolist()
    lists = []
    for one in (first, second):
        table = one.embeddings["g"][rows]
        index = NearestNeighbors(n_neighbors=11, metric="cosine", algorithm="brute").fit(table)
        lists.append(rows[index.kneighbors(table)[1][:, 1:]])
    np.testing.assert_array_equal(found.first, lists[0])
    np.testing.assert_array_equal(found.second, lists[1])
    kept = [len(set(a) & set(b)) for a, b in zip(*lists, strict=True)]
    assert found.kept.tolist() == kept
    assert found.share == pytest.approx(np.mean(kept) / 10)
    table = found.of(int(rows[0]))
    assert set(table.loc[table["change"] != "gained", "row"]) == set(lists[0][0])
    assert set(table.loc[table["change"] != "lost", "row"]) == set(lists[1][0])
    assert (table["change"] == "kept").sum() == kept[0]
    assert table.loc[table["change"] == "gained", "rank_first"].isna().all()
    assert found.of(4) is None


def test_a_run_against_itself_and_equal_embeddings(survey):
    one = embeddings(survey, 1)
    assert neighbour_changes(one, one, "g").share == 1.0
    same = Embeddings(survey.source_ids, {"g": np.tile(np.array([[1, 0]], np.float32), (len(survey), 1))}, "same")
    found = neighbour_changes(same, same, "g", 10)
    assert found.share == 1.0
    assert not (found.first == found.rows[:, None]).any(), "a source is no neighbour of its own"
    with pytest.raises(ConfigError, match="no 'r' embedding"):
        neighbour_changes(one, one, "r")
    alone = embeddings(survey, 1, spoil=range(1, len(survey)))
    assert np.isnan(neighbour_changes(alone, alone, "g").share)


def test_rank_changes_by_hand():
    first = pd.DataFrame({"source_id": ["a", "b", "c", "d"], "rank": [1, 2, 3, 4], "score": 0.0})
    second = pd.DataFrame({"source_id": ["d", "a", "b", "x"], "rank": [1, 2, 3, 4]})
    found = rank_changes(first, second)
    assert found.table["source_id"].tolist() == ["d", "a", "b"]
    assert found.table["change"].tolist() == [3, -1, -1]
    assert (found.n_only_first, found.n_only_second) == (1, 1)
    assert (found.n_top, found.top_kept) == (4, 3)
    assert found.correlation == pytest.approx(-0.5)
    assert rank_changes(first, first).correlation == pytest.approx(1.0)
    for wrong in (first.drop(columns="rank"), pd.concat([first, first]), first.assign(source_id=list("wxyz"))):
        with pytest.raises(M3Error):
            rank_changes(wrong, second.assign(source_id=list("abcd")))
