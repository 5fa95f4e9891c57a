"""Verdicts: kept line by line, undone, exported, taken in, and nothing lost to a kill."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from m3core.workspace.verdicts import Verdicts, VerdictsError

WORDS = ("yes", "no", "unsure")


@pytest.fixture
def verdicts(tmp_path: Path) -> Verdicts:
    return Verdicts(tmp_path / "deep" / "outliers.jsonl", WORDS, frozenset({"a", "b", "c"}))


def test_last_word_counts_and_undo_brings_back_the_one_before(verdicts: Verdicts) -> None:
    verdicts.add("a", "yes", note="spikes", author="JD")
    verdicts.add("b", "no")
    verdicts.add("a", "unsure", value="RRAB")
    assert {name: one.verdict for name, one in verdicts.current().items()} == {"b": "no", "a": "unsure"}
    assert verdicts.undo("JD").value == "RRAB"
    assert verdicts.current()["a"].note == "spikes"
    verdicts.undo()
    verdicts.undo()
    assert verdicts.undo() is None
    assert verdicts.current() == {}
    assert len(verdicts.path.read_text().splitlines()) == 6, "an undo is a line too: nothing is erased"


def test_another_reader_sees_every_verdict_with_time_and_author(verdicts: Verdicts) -> None:
    verdicts.add("a", "yes", author="JD")
    again = Verdicts(verdicts.path, WORDS, frozenset("abc"))
    (said,) = again.history()
    assert said.author == "JD"
    assert said.time.endswith("Z")
    assert said.time.startswith("20")


def test_line_cut_short_is_passed_over_and_later_verdicts_stand(verdicts: Verdicts) -> None:
    verdicts.add("a", "yes")
    whole = verdicts.path.read_bytes()
    verdicts.path.write_bytes(whole + whole[:20])
    assert list(verdicts.current()) == ["a"]
    verdicts.add("b", "no")
    assert list(verdicts.current()) == ["a", "b"]
    assert "Line 2 of" in verdicts.sentences()[0]
    assert verdicts.undo().source_id == "b"


def test_foreign_lines_are_named_and_harm_nothing(verdicts: Verdicts) -> None:
    verdicts.add("a", "yes")
    with verdicts.path.open("a") as stream:
        stream.write('[1]\n{"undo": "x"}\n7\n["source_id", "verdict"]\n{"note": "whose?"}\n' + "[" * 100_000 + "\n")
    assert list(verdicts.current()) == ["a"]
    assert "Lines 2, 3, 4, 5, 6, ..." in verdicts.sentences()[0]


def test_killed_process_loses_nothing(verdicts: Verdicts) -> None:
    code = (
        "import os, sys; from pathlib import Path; from m3core.workspace.verdicts import Verdicts\n"
        "v = Verdicts(Path(sys.argv[1]), ('yes',), frozenset('abc'))\n"
        "[v.add(name, 'yes') for name in 'abc']; os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(verdicts.path)], check=False)
    assert ended.returncode == -9
    assert list(verdicts.current()) == ["a", "b", "c"]


def test_csv_goes_out_and_in(verdicts: Verdicts, tmp_path: Path) -> None:
    verdicts.add("a", "yes", note='two, lines\nand "quotes"', author="JD")
    verdicts.add("b", "no", value="0.5")
    content = verdicts.csv().encode()
    other = Verdicts(tmp_path / "other.jsonl", WORDS, frozenset("abc"))
    assert other.take_in(content, "v.csv").startswith("2 verdicts of v.csv")
    assert other.csv() == verdicts.csv()
    assert other.take_in(content, "v.csv") == "0 verdicts of v.csv were taken in; 2 stood already."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"source_id,verdict\na,yes\nz,yes\n", "v.csv, line 3: 'z' is no source"),
        (b"source_id,verdict\na,maybe\n", "line 2: 'maybe' is no verdict of this list: write yes, no, unsure"),
        (b"id,verdict\na,yes\n", "no column source_id"),
        (b"", "no readable CSV"),
        (b"\xff\xfe\x00", "no readable CSV"),
    ],
)
def test_bad_file_is_refused_whole(verdicts: Verdicts, content: bytes, sentence: str) -> None:
    verdicts.add("b", "no")
    before = verdicts.path.read_bytes()
    with pytest.raises(VerdictsError, match=sentence.replace(",", ".")):
        verdicts.take_in(content, "v.csv")
    assert verdicts.path.read_bytes() == before


def test_words_and_sources_are_checked(verdicts: Verdicts) -> None:
    with pytest.raises(VerdictsError, match="no source"):
        verdicts.add("z", "yes")
    with pytest.raises(VerdictsError, match="no verdict"):
        verdicts.add("a", "<b>")
    assert not verdicts.path.exists()
    verdicts.add("a", "yes", note="<script>")
    assert json.loads(verdicts.path.read_text())["note"] == "<script>"
