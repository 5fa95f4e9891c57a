"""import-astrom3 on files that are missing, damaged or forbidden: one sentence, and nothing stays."""

import pytest

from data.astrom3 import Options, plan, write
from m3core.errors import SurveyError
from tests.data_floor.astrom3_files import FIRST, star, write_rows
from tests.data_floor.conftest import as_nobody, refused


def test_a_truncated_file_is_named(published):
    path = published / FIRST
    path.write_bytes(path.read_bytes()[:-4000])
    assert f"{FIRST} is damaged or was not fetched to its end" in refused(published)


def test_damage_inside_a_file_is_named_and_nothing_stays(published, tmp_path):
    made = plan(Options(source=str(published)))
    content = bytearray((published / FIRST).read_bytes())
    content[len(content) // 3 : len(content) // 2] = b"\xff" * (len(content) // 2 - len(content) // 3)
    (published / FIRST).write_bytes(content)
    assert f"{FIRST} is damaged" in refused(published)
    with pytest.raises(SurveyError, match="is damaged"):  # between plan and write
        write(made, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_text_instead_of_parquet(published):
    (published / FIRST).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert f"{FIRST} is damaged" in refused(published)


def test_a_missing_split_and_a_missing_file_of_one(published):
    (published / FIRST).unlink()
    assert "train has 1 of 2 files, number 00000 is missing" in refused(published)
    (published / "full_42" / "validation-00000-of-00001.parquet").unlink()
    assert "has no file of the split validation of full_42" in refused(published)


def test_two_exports_of_a_split_are_not_joined(published):
    write_rows(published / "full_42" / "test-00000-of-00003.parquet", [star(99)])
    assert "two exports of test" in refused(published)
    (published / "full_42" / "test-00000-of-00003.parquet").unlink()
    write_rows(published / "copy" / "full_42" / "test-00000-of-00001.parquet", [star(99)])
    assert "files of test in copy/full_42 and in full_42, as if copied twice" in refused(published)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("sub10_42", "has no configuration sub10_42; it has full_42"),
        ("full_43", "the published configurations are full, sub50, sub25, sub10, each with a seed of 42, 0, 66, 12"),
        ("../full_42", "the published configurations are"),
        ("full_42_norm", "take --config full_42"),
    ],
)
def test_a_configuration_that_is_not_there(published, config, says):
    assert says in refused(published, config=config)


def test_a_folder_that_holds_nothing_and_one_that_is_none(tmp_path):
    assert "has no parquet file of a split" in refused(tmp_path)
    assert "is no folder" in refused(tmp_path / "nowhere")


def test_an_existing_output_is_refused_before_any_reading(published, tmp_path, run):
    (tmp_path / "out").mkdir()
    status, out, err = run("import-astrom3", "--source", published, "--out", tmp_path / "out")
    assert (status, out) == (2, "")
    assert "exists already" in err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_dry_run_writes_nothing(published, tmp_path, run):
    status, out, _ = run("import-astrom3", "--source", published, "--out", tmp_path / "out", "--dry-run")
    assert status == 0
    assert "27 stars in 4 files" in out
    assert "dry run: nothing is written." in out
    assert not (tmp_path / "out").exists()


def test_a_stop_leaves_nothing(published, tmp_path):
    def stop(fraction, sentence):
        if fraction > 0.5:
            raise KeyboardInterrupt

    made = plan(Options(source=str(published)))
    with pytest.raises(KeyboardInterrupt):
        write(made, tmp_path / "out", stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_a_full_disk_is_a_sentence_and_leaves_nothing(published, small_disk, run):
    disk = small_disk("64k")
    status, _, err = run("import-astrom3", "--source", published, "--out", disk / "out")
    assert status == 2
    assert "No space left" in err.splitlines()[-1]
    assert list(disk.iterdir()) == []


@pytest.fixture
def refused_to_nobody(tmp_path):
    """What the import of a folder says to a user without rights (as root nothing is forbidden)."""

    def call(folder):
        parents = [tmp_path, *tmp_path.parents][:3]
        modes = [parent.stat().st_mode for parent in parents]
        for parent in parents:
            parent.chmod(0o755)
        try:
            with as_nobody():
                return refused(folder)
        finally:
            for parent, mode in zip(parents, modes, strict=True):
                parent.chmod(mode)

    return call


def test_what_may_not_be_read_is_a_sentence(published, refused_to_nobody):
    (published / FIRST).chmod(0)
    assert f"{FIRST} may not be read by this user" in refused_to_nobody(published)
    (published / "full_42").chmod(0)
    try:
        assert "full_42 cannot be read (Permission denied)" in refused_to_nobody(published)
    finally:
        (published / "full_42").chmod(0o755)
