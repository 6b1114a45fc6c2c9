"""Jobs on this machine, with real processes that are really killed."""

import contextlib
import dataclasses
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest
from places import ROOT

from emoviz.core.errors import ConfigError, JobError, UnknownNameError
from emoviz.core.files import read_lines
from emoviz.jobs.folder import END, MARK, PROCESS, PROGRESS, USAGE, JobFolder, State
from emoviz.jobs.interface import Jobs
from emoviz.jobs.local import Local
from emoviz.jobs.process import Process
from emoviz.ui import job_cards

from .conftest import wait
from .kinds import Nap, fill_disk

ENDED = (State.FINISHED, State.FAILED, State.CANCELLED, State.LOST)
LONG = Nap(steps=2000, seconds=0.05)


def ended(status):
    return status.state in ENDED


def sleeping(status):
    return status.stage == "Sleeping" and status.state is State.RUNNING


def steps(jobs, job) -> list[dict]:
    return read_lines(jobs.root / job.id / "steps.jsonl")


def processes_of(jobs, job) -> list[psutil.Process]:
    """Running ones that carry the job's mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            marked = process.environ().get(MARK) == str(jobs.root / job.id)
            if marked and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def keeper(jobs) -> psutil.Process:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[1:4] == ["-m", "emoviz.jobs.local", str(jobs.root)]:
                return process
    raise AssertionError("no keeper runs")


def test_job_runs_and_tells_how_far_it_is(jobs):
    job = jobs.submit(Nap(steps=3, seconds=0.5))
    assert jobs.state(job.id).state in (State.QUEUED, State.RUNNING)
    status = wait(jobs, job.id, lambda s: s.done >= 1)
    assert (status.state, status.stage, status.total, status.attempts) == (State.RUNNING, "Sleeping", 3, 1)
    assert status.usage["memory"] > 0
    assert 0 < status.seconds_left < 60
    status = wait(jobs, job.id, ended)
    assert (status.state, status.result, status.message) == (State.FINISHED, ("3 steps",), "")
    assert status.started < status.ended
    assert {line["visible"] for line in steps(jobs, job)} == {""}  # the CPU's slot sees no GPU
    with pytest.raises(JobError, match="is FINISHED; only FAILED, CANCELLED, LOST jobs can be resumed"):
        jobs.resume(job.id)
    with pytest.raises(JobError, match="is FINISHED, so it cannot be cancelled"):
        jobs.cancel(job.id)
    jobs.delete(job.id)
    assert jobs.list() == ()
    with pytest.raises(UnknownNameError, match="There is no job named"):
        jobs.state(job.id)


def test_failure_is_told_in_a_sentence_and_resumed_where_it_stood(jobs):
    job = jobs.submit(Nap(steps=2, failure="The pillow is missing."))
    status = wait(jobs, job.id, ended)
    assert (status.state, status.message) == (State.FAILED, "The pillow is missing.")
    assert "ConfigError" in status.details
    assert "ConfigError" in jobs.logs(job.id)
    jobs.resume(job.id)
    status = wait(jobs, job.id, lambda s: ended(s) and s.attempts == 2)
    jobs.resume(job.id)
    status = wait(jobs, job.id, lambda s: ended(s) and s.attempts == 3)
    assert status.state is State.FINISHED
    assert [line["step"] for line in steps(jobs, job)] == [0, 1]


def test_killed_process_is_lost_and_its_children_end(jobs):
    job = jobs.submit(dataclasses.replace(LONG, children=2))
    wait(jobs, job.id, lambda s: s.done >= 2)
    assert len(processes_of(jobs, job)) == 3
    os.kill(JobFolder(jobs.root / job.id).process().pid, signal.SIGKILL)
    status = wait(jobs, job.id, lambda s: s.state is not State.RUNNING, 10)
    assert status.state is State.LOST
    assert status.message.endswith("It can be resumed.")
    after = jobs.submit(Nap())
    wait(jobs, after.id, ended)  # its slot is free only when the children are gone
    assert processes_of(jobs, job) == []
    known = len(steps(jobs, job))
    jobs.resume(job.id)
    wait(jobs, job.id, lambda s: s.done > known + 2)
    assert [line["step"] for line in steps(jobs, job)] == list(range(len(steps(jobs, job))))


def test_cancel_leaves_no_process(jobs):
    job = jobs.submit(dataclasses.replace(LONG, children=2))
    wait(jobs, job.id, sleeping)
    with pytest.raises(JobError, match="is RUNNING; cancel it before it is deleted"):
        jobs.delete(job.id)
    jobs.cancel(job.id)
    assert processes_of(jobs, job) == []
    assert jobs.state(job.id).state is State.CANCELLED
    jobs.resume(job.id)
    wait(jobs, job.id, sleeping)


def test_cancelled_job_never_leaves_the_queue(jobs):
    first, second, third = (jobs.submit(work) for work in (LONG, Nap(), Nap()))
    wait(jobs, first.id, sleeping)
    assert [jobs.state(job.id).state for job in (second, third)] == [State.QUEUED, State.QUEUED]
    jobs.cancel(second.id)
    jobs.cancel(first.id)
    assert wait(jobs, third.id, ended).state is State.FINISHED
    assert jobs.state(second.id).state is State.CANCELLED
    assert steps(jobs, second) == []


SERVER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a CI that runs in the background has it ignored
from pathlib import Path
from emoviz.jobs.interface import Jobs
from emoviz.core.settings import Settings
from jobs.kinds import Nap
folder = Path(sys.argv[1])
jobs = Jobs(Settings(None, folder / "store", (folder / "checkpoints",), folder / "runs", slots=("cpu",)))
for _ in range(2):
    jobs.submit(Nap(steps=60, seconds=0.05))
while True:
    [jobs.state(job.id) for job in jobs.list()]
    time.sleep(0.1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["server", "keeper", "both", "terminal"])
def test_jobs_survive(killed, jobs, tmp_path):
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], cwd=ROOT, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while len(jobs.list()) < 2:
            assert time.monotonic() < until
            assert server.poll() is None
            time.sleep(0.05)
        first, second = jobs.list()
        wait(jobs, first.id, sleeping)
        if killed == "terminal":  # Ctrl-C reaches every process of the terminal's foreground group
            os.killpg(os.getpgid(server.pid), signal.SIGINT)
        if killed in ("keeper", "both"):
            keeper(jobs).kill()
        if killed in ("server", "both"):
            server.kill()
        if killed != "keeper":
            server.wait(60)
        for job in (first, second):
            status = wait(jobs, job.id, ended)
            assert (status.state, status.attempts) == (State.FINISHED, 1)
        times = [(line["from"], line["to"]) for job in (first, second) for line in steps(jobs, job)]
        assert len(times) == 120
        assert all(end <= start for (_, end), (start, _) in zip(times, times[1:], strict=False))
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("change", [{"boot": "another"}, {"born": 1.0}, {"pid": 2**22 + 1}])
def test_reboot_is_seen_and_the_job_resumed(change, jobs):
    job = jobs.submit(Nap())
    wait(jobs, job.id, ended)
    folder = JobFolder(jobs.root / job.id)
    folder.reopen()
    folder.claim(dataclasses.replace(Process.of(os.getpid(), "cpu"), **change))
    assert jobs.state(job.id).state is State.LOST
    jobs.resume(job.id)
    assert wait(jobs, job.id, ended).state is State.FINISHED


def test_another_machines_job_is_judged_by_its_heart(jobs):
    job = jobs.submit(Nap())
    wait(jobs, job.id, ended)
    folder = JobFolder(jobs.root / job.id)
    folder.reopen()
    os.utime(folder.path / "usage.json", (time.time() - 60,) * 2)
    folder.claim(dataclasses.replace(Process.of(os.getpid(), "cpu"), host="elsewhere"))
    assert jobs.state(job.id).state is State.RUNNING  # it was just taken, and had no time to beat
    os.utime(folder.path / "process.json", (time.time() - 60,) * 2)
    assert jobs.state(job.id).state is State.LOST
    folder.beat({})
    assert jobs.state(job.id).state is State.RUNNING
    os.utime(folder.path / "usage.json", (time.time() - 60,) * 2)
    assert jobs.state(job.id).state is State.LOST


def _submit_many(settings, count):
    jobs = Jobs(settings)
    for _ in range(count):
        jobs.submit(Nap(steps=2, seconds=0.02), Local("cuda"))


@pytest.mark.slow
def test_gpus_are_never_shared_and_two_servers_start_no_job_twice(settings, jobs):
    settings = dataclasses.replace(settings, slots=("cuda:0", "cuda:1"))
    fresh = multiprocessing.get_context("spawn")
    servers = [fresh.Process(target=_submit_many, args=(settings, 10)) for _ in range(2)]
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    both = [Jobs(settings), Jobs(settings)]
    assert len(both[0].list()) == 20
    for number, job in enumerate(both[0].list()):
        status = wait(both[number % 2], job.id, ended, 120)
        assert (status.state, status.attempts) == (State.FINISHED, 1)
        done = steps(jobs, job)
        assert [line["step"] for line in done] == [0, 1]
        assert len({line["pid"] for line in done}) == 1
    for gpu in "01":
        spans = sorted(
            (line["from"], line["to"], line["pid"])
            for job in jobs.list()
            for line in steps(jobs, job)
            if line["slot"] == f"cuda:{gpu}"
        )
        assert spans, f"the GPU {gpu} had nothing to do"
        assert all(end <= start for (_, end, _), (start, _, _) in zip(spans, spans[1:], strict=False))
    assert {(line["slot"], line["visible"]) for job in jobs.list() for line in steps(jobs, job)} == {
        ("cuda:0", "0"),
        ("cuda:1", "1"),
    }


def test_queue_that_was_lost_is_made_again(jobs):
    first, second = jobs.submit(LONG), jobs.submit(Nap())
    wait(jobs, first.id, sleeping)
    keeper(jobs).kill()
    for file in jobs.root.glob("queue-*"):
        file.unlink()
    jobs.cancel(first.id)
    assert wait(jobs, second.id, ended).state is State.FINISHED


@pytest.mark.parametrize("killed", [True, False])
def test_a_damaged_queue_is_set_aside_and_made_again(jobs, killed):
    first, second = jobs.submit(LONG), jobs.submit(Nap())
    wait(jobs, first.id, sleeping)
    if killed:
        keeper(jobs).kill()
    (queue,) = jobs.root.glob("queue-*.db")
    queue.write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    third = jobs.submit(Nap())
    jobs.cancel(first.id)
    for job in (second, third):
        assert wait(jobs, job.id, ended).state is State.FINISHED
    assert list(jobs.root.glob("queue-*.db.damaged-*"))


WRONG = (None, [], {}, "", -1, 1e308, "x" * 300, True, [None], {"a": 1}, "BROKEN")


def test_whatever_the_files_of_a_job_say_its_state_is_told(jobs):
    job = jobs.submit(dataclasses.replace(LONG, writes="mine"))
    wait(jobs, job.id, sleeping)
    jobs.cancel(job.id)
    folder = JobFolder(jobs.root / job.id)
    (folder.path / "mine").mkdir(exist_ok=True)
    drawn = random.Random(0)
    for _ in range(500):
        name = drawn.choice((END, PROCESS, USAGE, PROGRESS, "mine/metrics.jsonl"))
        path = folder.path / name
        before = path.read_text() if path.exists() else '{"epoch": 1, "loss": 0.5}'
        values = json.loads(before if name.endswith(".json") else before.splitlines()[0])
        values[drawn.choice([*values])] = drawn.choice(WRONG)
        path.write_text(json.dumps(drawn.choice((values, {"a": 1}, [], values))) + "\n")
        status = jobs.state(job.id)
        assert job_cards.facts(job, status) and job_cards.progress_of(status)
        assert all("epoch" in line for line in jobs.epochs(job.id)) and isinstance(jobs.logs(job.id), str)
        path.write_text(before)
    (folder.path / END).write_text("{")
    assert jobs.state(job.id).state is State.LOST
    jobs.resume(job.id)
    wait(jobs, job.id, sleeping)
    jobs.cancel(job.id)


def test_a_job_of_an_engine_that_nobody_knows_is_left_out(jobs):
    job = jobs.submit(Nap())
    wait(jobs, job.id, ended)
    path = jobs.root / job.id / "job.json"
    path.write_text(path.read_text().replace('"local"', '"steam"'))
    assert jobs.list() == ()


@pytest.mark.slow
def test_full_disk_stops_the_job_with_a_sentence(jobs, settings, small_disk):
    jobs = Jobs(dataclasses.replace(settings, runs=small_disk))
    job = jobs.submit(LONG)
    wait(jobs, job.id, lambda s: s.done >= 2)
    fill_disk(small_disk / "filler")
    status = wait(jobs, job.id, ended)
    assert status.state is State.FAILED
    assert status.message.startswith("The job stopped: No space left on device")
    with pytest.raises(JobError, match="No space left on device|database or disk is full"):
        jobs.submit(Nap())
    assert [found.id for found in jobs.list()] == [job.id]
    (small_disk / "filler").unlink()
    known = len(steps(jobs, job))
    jobs.resume(job.id)
    wait(jobs, job.id, lambda s: s.done > known)
    jobs.cancel(job.id)
    assert [line["step"] for line in steps(jobs, job)] == list(range(len(steps(jobs, job))))


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True)
    if done.returncode:
        pytest.skip("This user may not mount a small disk.")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_only_one_of_two_resumes(jobs, settings):
    job = jobs.submit(Nap(failure="No."))
    wait(jobs, job.id, ended)
    folder = JobFolder(jobs.root / job.id)
    assert folder.reopen()
    assert not folder.reopen()


def test_what_cannot_run_is_refused_before_anything_starts(jobs):
    with pytest.raises(JobError, match="Jobs do not run on 'cuda:7' here, but on: cpu"):
        jobs.submit(Nap(), Local("cuda:7"))
    with pytest.raises(ConfigError, match="at least one step"):
        jobs.submit(Nap(steps=0))
    assert not jobs.root.exists()


def test_two_jobs_do_not_write_one_model(jobs):
    jobs.submit(dataclasses.replace(LONG, writes="mine"))
    with pytest.raises(JobError, match="will write the model 'mine'"):
        jobs.submit(dataclasses.replace(LONG, writes="mine"))


def test_damaged_folder_does_not_hide_the_others(jobs):
    job = jobs.submit(Nap())
    (jobs.root / "damaged").mkdir()
    (jobs.root / "damaged" / "job.json").write_text("{")
    assert [found.id for found in jobs.list()] == [job.id]
    wait(jobs, job.id, ended)


def test_groups(jobs):
    one, other = jobs.submit(Nap(), group="sweep"), jobs.submit(Nap())
    assert jobs.list("sweep") == (one,)
    assert {job.id for job in jobs.list()} == {one.id, other.id}
