"""The jobs as pages and the command line use them: submit, state, cancel, resume, logs, list, delete."""

import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ..core.configuration import from_dict
from ..core.errors import EmovizError, JobError, UnknownNameError
from ..core.files import raising, read_lines, remove_folder
from ..core.settings import Settings
from . import local, slurm
from .devices import slots_of
from .folder import RESUMABLE, Job, JobFolder, Places, State, Status
from .local import Local, LocalEngine
from .slurm import Slurm, SlurmEngine

if TYPE_CHECKING:
    from .work import Work

Where = Local | Slurm
"""Place where a job runs."""


class Engine(Protocol):
    """An engine, which starts and stops jobs; their progress stands in their folders."""

    def check(self, where: Any) -> None:
        """Refuse a place where jobs cannot run.

        Raises:
            JobError: if jobs cannot run there.
        """

    def start(self, folder: JobFolder) -> None:
        """Queue the job."""

    def stop(self, folder: JobFolder) -> None:
        """End the job's processes, or take it from the queue."""

    def state(self, folder: JobFolder) -> tuple[State, str]:
        """Return the state of a job that did not say how it ended, and a sentence about that or ""."""


class Jobs:
    """The jobs of one folder of runs.

    Any number of these may work on one folder, in any processes.

    Args:
        settings: settings of this run of the app or the command line.
    """

    def __init__(self, settings: Settings) -> None:
        self.root = settings.runs.resolve() / "jobs"
        self.places = Places.of(settings)
        self.engines: Mapping[str, Engine] = {
            local.ENGINE: LocalEngine(self.root, slots_of(settings.slots)),
            slurm.ENGINE: SlurmEngine(),
        }

    def submit(self, work: "Work", where: Where | None = None, group: str = "") -> Job:
        """Queue some work.

        Args:
            work: work to do, e.g. a :class:`~emoviz.jobs.kinds.training.Training`.
            where: place to run it, by default the CPU of this machine.
            group: name that the jobs of a sweep share.

        Raises:
            EmovizError: if the work cannot be done, or not in that place; nothing was queued.
        """
        from .work import WORKS

        where = where or Local()
        engine = ENGINES[type(where)]
        kind = WORKS.name_of(type(work))
        self.engines[engine].check(where)
        work.check(self.places, where.tasks)
        self._require_free(work.writes)
        created = datetime.now()
        job = Job(
            id=f"{created:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}",
            kind=kind,
            work=asdict(work),  # type: ignore[call-overload]
            engine=engine,
            where=asdict(where),
            title=work.title,
            group=group,
            created=created.timestamp(),
            host=socket.gethostname(),
            writes=work.writes,
            places=self.places,
        )
        folder = JobFolder(self.root / job.id)
        name = f"The job's folder '{folder.path}'"
        try:
            with raising(JobError, folder.path, name=name, setting="EMOVIZ_RUNS"):
                folder.path.mkdir(parents=True)
                folder.create(job)
            self.engines[engine].start(folder)
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        return job

    def _require_free(self, name: str) -> None:
        """Refuse to write a checkpoint that another job will write."""
        if not name:
            return
        for job in self.list():
            if job.writes == name and self.state(job.id).state in (State.QUEUED, State.RUNNING, State.LOST):
                raise JobError(
                    f"The job '{job.id}', which has not finished, will write the model '{name}'; "
                    "give this one another name, or delete that job."
                )

    def list(self, group: str | None = None) -> tuple[Job, ...]:
        """Return all jobs, or those of a group, the oldest first; those with a damaged ``job.json`` are left out."""
        jobs = []
        for path in sorted(self.root.glob("*/job.json")):
            try:
                job = JobFolder(path.parent).job()
            except EmovizError:
                continue
            if job.engine in self.engines and (group is None or job.group == group):
                jobs.append(job)
        return tuple(jobs)

    def get(self, identity: str) -> Job:
        """Return a job by its id.

        Raises:
            UnknownNameError: if there is no job of that id.
        """
        return self._folder(identity).job()

    def state(self, identity: str) -> Status:
        """Return the status of a job.

        Raises:
            UnknownNameError: if there is no job of that id.
        """
        folder = self._folder(identity)
        if folder.ended():
            return folder.status(State.FINISHED)
        return folder.status(*self.engines[folder.job().engine].state(folder))

    def cancel(self, identity: str) -> None:
        """End a job; when this returns, no process of it is left on this machine.

        Raises:
            UnknownNameError: if there is no job with that id.
            JobError: if the job has already ended.
        """
        folder = self._folder(identity)
        if not folder.end(State.CANCELLED, "It was cancelled."):
            raise JobError(f"The job '{identity}' is {self.state(identity).state}, so it cannot be cancelled.")
        self.engines[folder.job().engine].stop(folder)

    def resume(self, identity: str) -> None:
        """Queue a failed, cancelled or lost job again; it goes on from its last checkpoint.

        Raises:
            UnknownNameError: if there is no job of that id.
            JobError: if the job is not failed, cancelled or lost, or somebody else has just resumed it.
        """
        folder = self._folder(identity)
        state = self.state(identity).state
        if state not in RESUMABLE:
            raise JobError(f"The job '{identity}' is {state}; only {', '.join(RESUMABLE)} jobs can be resumed.")
        engine = self.engines[folder.job().engine]
        engine.stop(folder)
        if not folder.reopen():
            raise JobError(f"The job '{identity}' has just been resumed.")
        engine.start(folder)

    def delete(self, identity: str) -> None:
        """Delete a job's folder; a checkpoint that it made stays.

        Raises:
            UnknownNameError: if there is no job of that id.
            JobError: if the job is queued or running.
        """
        folder = self._folder(identity)
        state = self.state(identity).state
        if state in (State.QUEUED, State.RUNNING):
            raise JobError(f"The job '{identity}' is {state}; cancel it before it is deleted.")
        self.engines[folder.job().engine].stop(folder)
        remove_folder(folder.path)

    def logs(self, identity: str, lines: int = 200) -> str:
        """Return the last lines that a job printed, and the details of its failure.

        Raises:
            UnknownNameError: if there is no job of that id.
        """
        folder = self._folder(identity)
        return "\n".join(filter(None, (folder.output(lines), end.details if (end := folder.ended()) else "")))

    def epochs(self, identity: str) -> Sequence[Mapping[str, float]]:
        """Return ``epoch``, ``loss``, ``validation`` and so on of each epoch of a training so far.

        Raises:
            UnknownNameError: if there is no job of that id.
        """
        job = self.get(identity)
        lines = read_lines(self.root / identity / job.writes / "metrics.jsonl") if job.writes else []
        numbers = [{key: n for key, n in line.items() if isinstance(n, int | float)} for line in lines]
        return [*{line["epoch"]: line for line in numbers if "epoch" in line}.values()]

    def _folder(self, identity: str) -> JobFolder:
        path = self.root / identity
        if not identity or path.parent != self.root or not (path / "job.json").is_file():
            raise UnknownNameError("job", identity, [job.id for job in self.list()])
        return JobFolder(path)


ENGINES: Mapping[type[Where], str] = {Local: local.ENGINE, Slurm: slurm.ENGINE}
"""Engines by the kinds of places where they start jobs."""


def where_of(job: Job) -> Where:
    """Return the place where a job runs, e.g. to submit a clone of it."""
    kinds = {engine: kind for kind, engine in ENGINES.items()}
    where: Where = from_dict(kinds[job.engine], job.where, f"the job '{job.id}'")
    return where
