"""Embeddings from elsewhere: every layout of file, what is refused, and a run that stands in for a trained one."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from m3core.__main__ import app
from m3core.embeddings.given import adopt_embeddings, aligned, read_embeddings, read_ids
from m3core.embeddings.kept import Embeddings
from m3core.embeddings.manifold import Maps
from m3core.errors import ConfigError, M3Error, RunError, SurveyError
from m3core.workspace.run import Run
from tests.app.conftest import make_run
from tests.conftest import make_survey
from training.readout import embed_and_map


def npy(array, **more):
    buffer = io.BytesIO()
    np.save(buffer, array, **more)
    return buffer.getvalue()


def parquet(columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def points(survey):
    return np.random.default_rng(0).standard_normal((len(survey), 5)).astype(np.float32) * 3


def test_parquet_in_any_order_with_lists(survey, points):
    order = np.random.default_rng(1).permutation(len(survey))[:50]
    lists = [points[row].tolist() for row in order]
    lists[3] = None
    content = parquet(
        {
            "source_id": [*survey.source_ids[order].tolist(), "stranger"],
            "embedding_g": [*lists, [1.0] * 5],
            "embedding_mean": [*lists, [1.0] * 5],
            "remark": ["x"] * 51,
        }
    )
    given = read_embeddings("e.parquet", content)
    assert list(given.vectors) == ["g"]
    vectors, notes = aligned(survey, [given])
    there = np.delete(order, 3)
    expected = points[there] / np.linalg.norm(points[there], axis=1, keepdims=True)
    np.testing.assert_allclose(vectors["g"][there], expected, atol=1e-6)
    absent = np.setdiff1d(np.arange(len(survey)), there)
    assert np.isnan(vectors["g"][absent]).all()
    text = " ".join(notes)
    for words in (
        "mean was passed over",
        "remark",
        "1 of its 51 sources are not in the survey",
        "11 sources have none",
    ):
        assert words in text


def test_parquet_with_numbers_in_columns(survey, points):
    columns = {f"x{i}": points[:, i] for i in range(5)}
    given = read_embeddings("clip-v2.parquet", parquet({"source_id": survey.source_ids.tolist(), **columns}))
    np.testing.assert_array_equal(given.vectors["clip_v2"], points)


def test_npy_in_the_order_of_the_survey_or_of_ids(survey, points):
    given = read_embeddings("a.npy", npy(points))
    vectors, notes = aligned(survey, [given])
    assert "in the survey's order" in " ".join(notes)
    np.testing.assert_allclose(np.linalg.norm(vectors["a"], axis=1), 1, atol=1e-6)
    order = np.arange(len(survey))[::-1]
    ids = read_ids("ids.txt", ("source_id\n" + "\n".join(survey.source_ids[order])).encode())
    again, _ = aligned(survey, [read_embeddings("a.npy", npy(points[order]), ids)])
    np.testing.assert_array_equal(again["a"], vectors["a"])
    kind = [("source_id", "U8"), ("g", "f4", (5,)), ("r", "f4", (5,))]
    records = np.zeros(len(survey), kind)
    records["source_id"], records["g"], records["r"] = survey.source_ids, points, -points
    both, _ = aligned(survey, [read_embeddings("b.npy", npy(records))])
    np.testing.assert_array_equal(both["g"], vectors["a"])
    np.testing.assert_array_equal(both["r"], -vectors["a"])


def test_rows_of_zeros_and_of_nan_are_absent_and_counted(survey, points):
    spoilt = points.copy()
    spoilt[4], spoilt[6, 2] = 0, np.nan
    vectors, notes = aligned(survey, [read_embeddings("a.npy", npy(spoilt))])
    assert np.isnan(vectors["a"][[4, 6]]).all()
    assert "2 are zero or not finite" in " ".join(notes)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"1,2", "neither .npy nor parquet"),
        ("a.npy", npy(np.zeros((3, 2)))[:60], "truncated"),
        ("a.npy", npy(np.array([{"a": 1}], object), allow_pickle=True), "cannot be read"),
        ("a.npy", npy(np.zeros(4)), "are (sources, dimensions)"),
        ("a.npy", npy(np.array([["a"]])), "no numbers"),
        ("a.parquet", parquet({"id": ["a"], "x": [1.0]}), "no column source_id but id, x"),
        ("a.parquet", parquet({"source_id": ["a", None], "x": [1.0, 2.0]}), "row 2: source_id is missing"),
        ("a.parquet", parquet({"source_id": ["a", "b"], "x": [[1.0], [1.0, 2.0]]}), "lengths [1, 2]"),
        ("a.parquet", parquet({"source_id": ["a"], "x": ["b"]}), "no column of numbers"),
    ],
)
def test_a_bad_file_is_a_sentence(name, content, words):
    with pytest.raises(SurveyError) as caught:
        read_embeddings(name, content)
    assert words in str(caught.value)
    assert name in str(caught.value)


def test_what_does_not_fit_the_survey(survey, points):
    with pytest.raises(SurveyError, match="has 5 rows and no ids, the survey 60"):
        aligned(survey, [read_embeddings("a.npy", npy(points[:5]))])
    with pytest.raises(SurveyError, match="has no source of small"):
        aligned(survey, [read_embeddings("a.parquet", parquet({"source_id": ["q"], "x": [1.0]}))])
    with pytest.raises(SurveyError, match="'s001' stands twice"):
        aligned(survey, [read_embeddings("a.parquet", parquet({"source_id": ["s001", "s001"], "x": [1.0, 2.0]}))])
    a, b = read_embeddings("a.npy", npy(points)), read_embeddings("b.npy", npy(points[:, :3]))
    with pytest.raises(ConfigError, match="a 5, b 3"):
        aligned(survey, [a, b])
    with pytest.raises(ConfigError, match="stands in another file already"):
        aligned(survey, [a, a])


def test_a_run_of_them_reads_as_a_trained_one(tmp_path):
    survey = make_survey(tmp_path / "small", n=9)  # under ten sources the map needs no UMAP
    points = np.random.default_rng(0).standard_normal((9, 5)).astype(np.float32)
    (tmp_path / "clip.npy").write_bytes(npy(points))
    arguments = ["adopt-embeddings", "--survey", tmp_path / "small", "--embeddings", f"clip={tmp_path / 'clip.npy'}"]
    out = tmp_path / "run"
    done = CliRunner().invoke(app, [*map(str, arguments), "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    run = Run.open(out)
    assert run.is_given
    vectors = Embeddings.open(run, survey)
    np.testing.assert_allclose(vectors.mean, vectors.embeddings["clip"], atol=1e-6)
    assert set(Maps.open(run, survey).map_xy) == {"mean", "clip"}
    done = CliRunner().invoke(
        app, ["similar", "--run", str(out), "--survey", str(survey.path), "--source", "s003", "--by", "clip", "--out",
              str(tmp_path / "a.csv")]
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "a.csv").read_text().count("\n") == 9
    again = CliRunner().invoke(app, [*map(str, arguments), "--out", str(out)])
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    with pytest.raises(RunError, match="no model"):
        embed_and_map(run, survey, None, lambda *what: None)


def test_stopping_leaves_nothing(tmp_path):
    survey = make_survey(tmp_path / "small", n=9)
    given = read_embeddings("a.npy", npy(np.ones((9, 2), np.float32)))

    def stop(done, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adopt_embeddings(survey, [given], tmp_path / "run", stop)
    assert [one.name for one in tmp_path.iterdir()] == ["small"]


def test_embeddings_of_a_checkpoint_that_is_gone_are_still_refused(tmp_path):
    survey = make_survey(tmp_path / "small", n=9)
    run = make_run(tmp_path / "run", survey)
    (run.checkpoint / "model.safetensors").unlink()
    with pytest.raises(M3Error, match="older checkpoint"):
        Embeddings.open(run, survey)
