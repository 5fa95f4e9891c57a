"""Work for several processes gives what one gives, and its end is said."""

import os
import signal

import pytest

from m3core import workers
from m3core.errors import M3Error
from m3core.survey import Survey, of_each_source
from m3core.workers import in_processes
from tests.conftest import make_survey


@pytest.fixture
def allowed(monkeypatch):
    monkeypatch.setattr(workers, "_is_allowed", True)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Survey:
    return make_survey(tmp_path_factory.mktemp("survey") / "survey", n=230)


def process_and_id(survey: Survey, row: int) -> tuple[int, str]:
    return os.getpid(), survey.source_ids[row]


def squared(number: int) -> int:
    return number**2


def ends_itself(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def threads_of_libraries(number: int) -> list[int]:
    import nifty_ls  # noqa: F401  its OpenMP
    from threadpoolctl import threadpool_info

    return [library["num_threads"] for library in threadpool_info()]


def test_a_core_has_one_thread(allowed):
    with in_processes(threads_of_libraries, [1, 2], 2) as found:
        for threads in found:
            assert len(threads) > 1
            assert set(threads) == {1}


def test_order_and_processes(survey, allowed):
    seen: list[float] = []
    found = of_each_source(process_and_id, survey, range(229, -1, -1), seen.append, serial_below=2)
    assert [source_id for _, source_id in found] == list(survey.source_ids[::-1])
    assert {process for process, _ in found}.isdisjoint({os.getpid()})
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_script_stays_alone(survey, monkeypatch):
    monkeypatch.setattr(workers, "_is_allowed", False)  # commands and the app allow it, in other tests too
    found = of_each_source(process_and_id, survey, serial_below=2)
    assert {process for process, _ in found} == {os.getpid()}


def test_an_exception_of_who_takes_ends_it(survey, allowed):
    class Stopped(BaseException):
        pass

    def stop(done: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        of_each_source(process_and_id, survey, progress=stop, serial_below=2)


def test_a_process_that_was_ended_is_a_sentence(allowed):
    with pytest.raises(M3Error, match="ended from outside"), in_processes(ends_itself, range(4), 2) as results:
        list(results)


def test_no_tasks_no_results(allowed):
    with in_processes(squared, [], 2) as results:
        assert list(results) == []
