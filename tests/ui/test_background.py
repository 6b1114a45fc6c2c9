"""Work in a background thread: its progress, its end, and what went wrong."""

import threading

import pytest

from emoviz.core.errors import AnalysisError
from emoviz.ui.background import Job

PATIENCE = 30


def test_the_result_is_there_once_the_work_is_done():
    go_on, told = threading.Event(), threading.Event()

    def work(progress):
        progress("Counting", 2, 5)
        told.set()
        go_on.wait(PATIENCE)
        return 7

    job = Job(work, "count")
    assert told.wait(PATIENCE)
    assert (job.state.running, job.state.result, job.state.progress) == (True, None, "Counting 2 / 5")
    go_on.set()
    job.wait(PATIENCE)
    assert (job.state.running, job.state.result) == (False, 7)


def test_it_stops_at_its_next_report():
    stopped = threading.Event()

    def work(progress):
        stopped.wait(PATIENCE)
        progress("Counting", 0, 0)
        pytest.fail("it went on")

    job = Job(work, "count")
    job.stop()
    stopped.set()
    job.wait(PATIENCE)
    assert (job.state.running, job.state.stopped, job.state.error) == (False, True, None)


@pytest.mark.parametrize(
    ("error", "words"), [(AnalysisError("Too few."), "Too few."), (KeyError("x"), "failed inside emoviz")]
)
def test_a_failure_is_one_sentence_with_details(error, words):
    def work(progress):
        raise error

    job = Job(work, "count")
    job.wait(PATIENCE)
    assert not job.state.running and words in job.state.error and "Traceback" in job.state.details
