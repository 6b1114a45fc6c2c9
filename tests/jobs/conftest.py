"""Jobs in a folder of their own, on made-up devices, and what is left of them afterwards is ended."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from places import ROOT

from emoviz.core.settings import Settings
from emoviz.jobs.folder import Status
from emoviz.jobs.interface import Jobs
from emoviz.jobs.local import end_processes


@pytest.fixture
def settings(tmp_path: Path, monkeypatch) -> Settings:
    """Folders under ``tmp_path``; jobs' processes know the kinds of work in ``kinds``."""
    monkeypatch.setenv("EMOVIZ_PLUGINS", "jobs.kinds")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'tests'}")
    for name in ("store", "checkpoints"):
        (tmp_path / name).mkdir()
    return Settings(
        None,
        tmp_path / "store",
        (tmp_path / "checkpoints",),
        tmp_path / "runs",
        slots=("cpu",),
        results=(tmp_path / "store" / "results",),
    )


@pytest.fixture
def jobs(settings: Settings) -> Iterator[Jobs]:
    """The jobs of those folders, all of which are ended after the test."""
    jobs = Jobs(settings)
    yield jobs
    for job in jobs.list():
        end_processes(jobs.root / job.id)


def wait(jobs: Jobs, identity: str, until: Callable[[Status], bool], seconds: float = 30) -> Status:
    """The first status that ``until`` accepts; fails after some seconds without one."""
    status = jobs.state(identity)
    begin = time.monotonic()
    while not until(status):
        waited = time.monotonic() - begin
        assert waited < seconds, f"after {seconds} s: {status}\n{jobs.logs(identity)}"
        time.sleep(min(0.05 + waited / 20, 0.5))  # the longer it takes, the less often it is asked
        status = jobs.state(identity)
    return status
