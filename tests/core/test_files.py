"""Files are whole or not there, also after a kill."""

import resource
import signal
import subprocess
import sys

import pytest
import torch

from m3core.checkpoint.tensors import write_tensors
from m3core.errors import one_sentence
from m3core.files import new_folder, replaced_file
from tests.conftest import ROOT

DIES = """
import os, signal, sys
from pathlib import Path
from m3core.files import new_folder, replaced_file
with new_folder(Path(sys.argv[1]) / "survey") as folder, replaced_file(Path(sys.argv[1]) / "a-b*.txt") as part:
    (folder / "half").write_text("written")
    part.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_with_the_next_attempt(tmp_path):
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    with new_folder(tmp_path / "survey") as folder, replaced_file(tmp_path / "a-b*.txt") as part:
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([folder.name])
        part.write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-b*.txt", "survey"]


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    with replaced_file(tmp_path / "file") as first:
        first.write_text("one")
        with replaced_file(tmp_path / "file") as second:
            assert first.is_file()
            second.write_text("two")
        assert (tmp_path / "file").read_text() == "two"
    assert (tmp_path / "file").read_text() == "one"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failed_block_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "folder"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_weights_on_a_full_disk_are_a_fault_of_the_system_and_leave_nothing(tmp_path):
    """A limit on the size of a file stands in for the full disk; safetensors has an error of its own for both."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(OSError, match="serializing") as caught, new_folder(tmp_path / "checkpoint") as folder:
            write_tensors(folder / "model.safetensors", {"weight": torch.zeros(1000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "model.safetensors: " in one_sentence(caught.value)
    assert "free space or choose another folder" in one_sentence(caught.value)
    assert not list(tmp_path.iterdir())
