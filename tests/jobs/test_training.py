"""A real training as a job: cancelled and resumed it becomes what it would have been; a full disk costs nothing."""

import dataclasses
import subprocess

import pytest
from safetensors.numpy import load_file

from emoviz import checkpoints
from emoviz.core.files import read_lines
from emoviz.jobs.folder import JobFolder, State
from emoviz.jobs.interface import Jobs

from .conftest import wait
from .kinds import Toy

pytestmark = pytest.mark.slow
ENDED = (State.FINISHED, State.FAILED, State.CANCELLED, State.LOST)


def finished(jobs, job):
    status = wait(jobs, job.id, lambda s: s.state in ENDED, 400)
    assert status.state is State.FINISHED, (status, jobs.logs(job.id))
    return status


def test_cancelled_and_resumed_training_equals_an_unbroken_one(jobs, settings, tmp_path):
    broken = jobs.submit(Toy("broken", epochs=4, pause=0.5))
    Toy("whole", epochs=4).run(tmp_path, jobs.places, lambda *_: None)
    whole = read_lines(tmp_path / "whole" / "metrics.jsonl")
    wait(jobs, broken.id, lambda s: len(jobs.epochs(broken.id)) >= 2, 400)
    jobs.cancel(broken.id)
    assert len(jobs.epochs(broken.id)) < 4
    jobs.resume(broken.id)
    assert finished(jobs, broken).result == ("broken",)
    assert jobs.epochs(broken.id) == whole
    found = checkpoints.find(settings.checkpoints)  # where every page looks
    weights = [load_file(found[name] / "model.safetensors") for name in ("whole", "broken")]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])


def test_full_disk_keeps_the_last_good_state(jobs, settings, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("This user may not mount a small disk.")
    try:
        jobs = Jobs(dataclasses.replace(settings, runs=disk))
        job = jobs.submit(Toy("tight", epochs=5, fill=True))
        status = wait(jobs, job.id, lambda s: s.state in ENDED, 400)
        assert status.state is State.FAILED
        assert "No space left on device" in status.message
        assert "\n" not in status.message
        folder = jobs.root / job.id
        assert (folder / "tight" / "last.ckpt" / "tensors.safetensors").is_file()
        (folder / "filler").unlink()
        done = len(jobs.epochs(job.id))
        assert done >= 2
        again = JobFolder(folder)
        again.create(dataclasses.replace(job, work=dataclasses.asdict(Toy("tight", epochs=5))))  # and fills no more
        jobs.resume(job.id)
        finished(jobs, job)
        assert len(jobs.epochs(job.id)) == 5
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
