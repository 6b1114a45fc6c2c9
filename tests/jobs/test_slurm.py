"""On a real Slurm, such as one of two virtual nodes: jobs start, end, come back and are found again."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from emoviz import checkpoints
from emoviz.core.errors import JobError
from emoviz.core.files import read_lines
from emoviz.jobs import slurm
from emoviz.jobs.folder import State
from emoviz.jobs.interface import Jobs
from emoviz.jobs.slurm import Slurm

from .conftest import wait
from .kinds import Nap, Toy

pytestmark = [pytest.mark.slurm, pytest.mark.slow]
ENDED = (State.FINISHED, State.FAILED, State.CANCELLED, State.LOST)


@pytest.fixture(autouse=True)
def cluster():
    if not slurm.partitions():
        pytest.skip("No Slurm answers on this machine: `sinfo` is missing or silent.")


@pytest.fixture
def cluster_jobs(jobs):
    yield jobs
    for job in jobs.list():
        jobs.engines["slurm"].stop(slurm.JobFolder(jobs.root / job.id))


def slurm_id(jobs, job) -> str:
    return json.loads((jobs.root / job.id / "slurm.json").read_text())["id"]


def word(identity: str) -> str:
    return subprocess.run(
        ["squeue", "-h", "-t", "all", "-j", identity, "-o", "%T"], capture_output=True, text=True
    ).stdout.strip()


def steps(jobs, job) -> list[dict]:
    return read_lines(jobs.root / job.id / "steps.jsonl")


def test_job_runs_and_its_result_outranks_slurm(cluster_jobs):
    jobs = cluster_jobs
    job = jobs.submit(Nap(steps=2), Slurm(minutes=5))
    status = wait(jobs, job.id, lambda s: s.state in ENDED, 90)
    assert (status.state, status.result) == (State.FINISHED, ("2 steps",)), jobs.logs(job.id)
    while word(slurm_id(jobs, job)) in ("RUNNING", "COMPLETING"):
        time.sleep(0.2)
    subprocess.run(["scancel", slurm_id(jobs, job)], check=False)
    assert jobs.state(job.id).state is State.FINISHED


def test_cancelled_job_ends(cluster_jobs):
    jobs = cluster_jobs
    job = jobs.submit(Nap(steps=1000), Slurm())
    wait(jobs, job.id, lambda s: s.stage == "Sleeping", 90)
    jobs.cancel(job.id)
    assert jobs.state(job.id).state is State.CANCELLED
    until = time.monotonic() + 30
    while word(slurm_id(jobs, job)) in ("RUNNING", "COMPLETING"):
        assert time.monotonic() < until
        time.sleep(0.2)
    done = steps(jobs, job)
    time.sleep(1)
    assert steps(jobs, job) == done


@pytest.mark.parametrize("how", ["warned", "preempted"])
def test_job_that_slurm_takes_away_comes_back_and_goes_on(cluster_jobs, how):
    jobs = cluster_jobs
    job = jobs.submit(Nap(steps=60, seconds=0.2), Slurm())
    wait(jobs, job.id, lambda s: s.done >= 5, 90)
    identity = slurm_id(jobs, job)
    if how == "warned":  # as before the time limit
        subprocess.run(["scancel", "--signal=USR2", identity], check=True)
    else:
        subprocess.run(["scontrol", "requeue", identity], check=True)
    wait(jobs, job.id, lambda s: s.state is State.QUEUED, 30)
    # Slurm lets a job that comes back wait for two minutes.
    subprocess.run(["scontrol", "update", f"JobId={identity}", "StartTime=now"], check=False)
    status = wait(jobs, job.id, lambda s: s.state in ENDED, 240)
    assert status.state is State.FINISHED, jobs.logs(job.id)
    done = steps(jobs, job)
    assert [line["step"] for line in done] == list(range(60))
    assert len({line["pid"] for line in done}) == 2


def test_restarted_server_finds_the_job_again(cluster_jobs, settings):
    jobs = cluster_jobs
    job = jobs.submit(Nap(steps=10, seconds=0.2), Slurm())
    again = Jobs(settings)
    assert [found.id for found in again.list()] == [job.id]
    assert again.state(job.id).state in (State.QUEUED, State.RUNNING)
    assert wait(again, job.id, lambda s: s.state in ENDED, 90).state is State.FINISHED


def test_killed_job_is_lost_and_can_be_resumed(cluster_jobs):
    jobs = cluster_jobs
    job = jobs.submit(Nap(steps=40, seconds=0.2), Slurm())
    wait(jobs, job.id, lambda s: s.done >= 2, 90)
    process = slurm.JobFolder(jobs.root / job.id).process()
    subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(process.pid)], check=True)
    status = wait(jobs, job.id, lambda s: s.state is not State.RUNNING, 10)
    assert status.state is State.LOST
    jobs.resume(job.id)
    assert wait(jobs, job.id, lambda s: s.state in ENDED, 90).state is State.FINISHED
    assert [line["step"] for line in steps(jobs, job)] == list(range(40))


def test_without_accounting_and_without_answer_the_folder_decides(cluster_jobs, monkeypatch):
    jobs = cluster_jobs
    job = jobs.submit(Nap(steps=30, seconds=0.2), Slurm())
    wait(jobs, job.id, lambda s: s.stage == "Sleeping", 90)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    jobs.engines["slurm"] = slurm.SlurmEngine()
    status = jobs.state(job.id)
    assert status.state is State.RUNNING
    assert status.message == "Slurm does not answer, but the job works."


def test_two_nodes_share_a_training(cluster_jobs):
    jobs = cluster_jobs
    if sum(partition.nodes for partition in slurm.partitions() if partition.default) < 2:
        pytest.skip("The default partition has fewer than two nodes.")
    alone = jobs.submit(Toy("alone"), Slurm())
    shared = jobs.submit(Toy("shared"), Slurm(nodes=2))
    for job in (alone, shared):
        status = wait(jobs, job.id, lambda s: s.state in ENDED, 400)
        assert status.state is State.FINISHED, (status, jobs.logs(job.id))
    losses = [[line["loss"] for line in jobs.epochs(job.id)] for job in (alone, shared)]
    assert len(losses[0]) == 3
    assert losses[1] == pytest.approx(losses[0], rel=0.05)  # batch normalisation sees half a batch
    assert sorted(checkpoints.find([Path(jobs.places.checkpoints)])) == ["alone", "shared"]


def test_what_slurm_refuses_is_told_in_a_sentence(cluster_jobs):
    jobs = cluster_jobs
    with pytest.raises(JobError, match="There is no partition 'none'; there are: "):
        jobs.submit(Nap(), Slurm(partition="none"))
    with pytest.raises(JobError, match="nodes, fewer than 1000"):
        jobs.submit(Nap(), Slurm(nodes=1000))
    with pytest.raises(JobError, match="Slurm does not take the job: .*no-such-option"):
        jobs.submit(Nap(), Slurm(options={"no-such-option": "1"}))
    assert jobs.list() == ()
