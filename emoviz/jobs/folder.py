"""The run folder of a job: its settings, the process that does it, its progress and its end.

- ``job.json`` is what to do and where; it never changes.
- ``process.json`` is who does it now; whoever creates it has the job for itself.
- ``usage.json`` is the heartbeat: renewed every :data:`BEAT` seconds, with what the job uses of the machine.
- ``progress.jsonl`` is how far it is, ``log.txt`` what it printed.
- ``end.json`` is how it ended. It is written once, by whoever comes first, and outranks what any engine says.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from ..core.configuration import from_dict
from ..core.errors import ConfigError, EmovizError
from ..core.files import append_line, create_json, read_json, read_lines, write_json
from ..core.progress import topic_of
from ..core.settings import KEPT_MB, Settings, imports_of
from .process import Process

JOB, PROCESS, USAGE, END = "job.json", "process.json", "usage.json", "end.json"
PROGRESS, OUTPUT, RESERVE = "progress.jsonl", "log.txt", ".reserve"
BEAT = 2.0
"""Seconds between two heartbeats."""
SILENCE = 10.0
"""Seconds without a heartbeat after which a process on another machine counts as lost."""
LATEST = 2.0**33
"""Seconds since 1970 after which nothing can have happened: the year 2242."""
MARK, SLOT = "EMOVIZ_JOB", "EMOVIZ_SLOT"
"""Environment variables that a job's processes inherit: the job's folder, and the device that it was given."""


class State(StrEnum):
    """The state of a job."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    LOST = "LOST"


RESUMABLE = (State.FAILED, State.CANCELLED, State.LOST)


@dataclass(frozen=True)
class Places:
    """Folders that a job reads and writes, as absolute paths, and their bounds.

    Attributes:
        data: folder of the corpora, or "".
        store: folder of extracted features.
        checkpoints: folder in which a trained model is written.
        results: folder of a protocol's reports.
        upload_limit_mb: largest recording of people's own that is accepted, in MB.
        kept_mb: megabytes that are kept of people's own recordings.
    """

    data: str
    store: str
    checkpoints: str
    results: str
    upload_limit_mb: int = 500
    kept_mb: int = KEPT_MB

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """Return the folders that the settings name."""
        return cls(
            data=str(settings.data.resolve()) if settings.data else "",
            store=str(settings.store.resolve()),
            checkpoints=str(settings.checkpoints[-1].resolve()),
            results=str(settings.results[-1].resolve()),
            upload_limit_mb=settings.upload_limit_mb,
            kept_mb=settings.kept_mb,
        )

    @property
    def corpora(self) -> Path | None:
        """The folder of the corpora, where there is one."""
        return Path(self.data) if self.data else None

    @property
    def imports(self) -> Path:
        """The folder of imported corpora."""
        return imports_of(Path(self.store))


@dataclass(frozen=True)
class Job:
    """The content of ``job.json``, which tells what to do and where.

    Attributes:
        id: name of the folder; ids sort by time.
        kind: kind of work, a name in :data:`~emoviz.jobs.work.WORKS`.
        work: settings of the work.
        engine: engine that runs it, ``local`` or ``slurm``.
        where: settings of the engine: the device, the partition and so on.
        title: one line for people.
        group: name that the jobs of a sweep share, or "".
        created: time at which it was submitted, in seconds since 1970.
        host: name of the machine that submitted it.
        writes: name of the checkpoint that it will write, or "".
        places: folders that the job works on.
    """

    id: str
    kind: str
    work: Mapping[str, Any]
    engine: str
    where: Mapping[str, Any]
    title: str
    group: str
    created: float
    host: str
    writes: str
    places: Places


@dataclass(frozen=True)
class Status:
    """The progress of a job, its end and its use of the machine.

    Attributes:
        state: state in a word.
        message: sentence where the job failed or was lost, or waits for a reason; else "".
        details: details of a failure, for a bug report.
        result: names of what the job made: a checkpoint, files of reports.
        started: time at which the present attempt began, in seconds since 1970, or None.
        ended: time at which the job ended, in seconds since 1970, or None.
        attempts: number of times that the job was started.
        stage: name of the present stage, for people.
        done: amount of the stage that is done.
        total: amount of the whole stage; 0 when unknown.
        stage_started: time at which the stage began, and the amount that was done then.
        device: device that the job runs on, e.g. ``cuda:1``, or "".
        usage: use of the machine: ``memory`` (bytes), ``cpu`` (percent of a core), and on a GPU ``gpu_memory`` (bytes)
            and ``gpu_load`` (percent).
    """

    state: State
    message: str = ""
    details: str = ""
    result: tuple[str, ...] = ()
    started: float | None = None
    ended: float | None = None
    attempts: int = 0
    stage: str = ""
    done: float = 0
    total: float = 0
    stage_started: tuple[float, float] | None = None
    device: str = ""
    usage: Mapping[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """The share of the stage that is done, in [0, 1], where that is known."""
        return min(1.0, self.done / self.total) if self.total > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """The seconds that the stage will still take, where some of it was done while it runs."""
        if self.state is not State.RUNNING or self.stage_started is None or self.total <= 0:
            return None
        began, before = self.stage_started
        done = self.done - before
        return (time.time() - began) / done * max(0.0, self.total - self.done) if done > 0 else None


@dataclass(frozen=True)
class Line:
    """A line of progress.

    Attributes:
        time: time at which it was written, in seconds since 1970.
        stage: name of the stage.
        done: amount of the stage that was done.
        total: amount of the whole stage; 0 when unknown.
    """

    time: float
    stage: str
    done: float
    total: float

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Line | None":
        """Return the line that a file holds, or None where it is damaged.

        A job of hours writes tens of thousands, all of which are read at every look: no type is looked up here.
        """
        stage = values.get("stage")
        numbers = [value for name in ("time", "done", "total") if isinstance(value := values.get(name), int | float)]
        if not isinstance(stage, str) or len(numbers) < 3 or not 0 <= numbers[0] <= LATEST:
            return None
        try:
            time, done, total = map(float, numbers)
        except OverflowError:  # a whole number may have any number of digits
            return None
        return cls(time, stage, done, total)


@dataclass(frozen=True)
class End:
    """The end of a job.

    Attributes:
        state: state that it ended in.
        message: sentence where the job failed, or "".
        details: details of a failure.
        result: names of what the job made.
        time: time at which it ended, in seconds since 1970.
    """

    state: State
    message: str
    details: str
    result: tuple[str, ...]
    time: float


class JobFolder:
    """The folder of a job, which any process may read and write at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def job(self) -> Job:
        """Read the job, which says what to do.

        Raises:
            ConfigError: if ``job.json`` is missing or damaged.
        """
        values = read_json(self.path / JOB)
        if values is None:
            raise ConfigError(f"There is no job in '{self.path}': its {JOB} is missing or damaged.")
        job: Job = from_dict(Job, values, f"the job '{self.path.name}'")
        return job

    def create(self, job: Job) -> None:
        """Write ``job.json``.

        Raises:
            OSError: if the disk is full or not writable.
        """
        write_json(self.path / JOB, asdict(job))

    def claim(self, process: Process) -> bool:
        """Take the job for a process; false when another has it, or had it and ended without a word."""
        return create_json(self.path / PROCESS, asdict(process))

    def hand_over(self, process: Process) -> None:
        """Name another process as the one that has the job."""
        write_json(self.path / PROCESS, asdict(process))

    def process(self) -> Process | None:
        """Return the process that has the job, or had it last."""
        return _known(Process, read_json(self.path / PROCESS))

    def beat(self, usage: Mapping[str, float]) -> None:
        """Say that the job's process lives, and what it uses."""
        write_json(self.path / USAGE, usage)

    def silence(self) -> float:
        """Return the seconds since the last heartbeat or, before the first one, since the job was taken."""
        return time.time() - max(_written(self.path / name) for name in (USAGE, PROCESS))

    def report(self, stage: str, done: float, total: float) -> None:
        """Write a line of progress.

        Raises:
            OSError: if the disk is full or not writable.
        """
        append_line(self.path / PROGRESS, asdict(Line(time.time(), stage, done, total)))

    def reserve(self) -> None:
        """Keep some room, so that a full disk can still be reported."""
        (self.path / RESERVE).write_bytes(os.urandom(16384))

    def end(self, state: State, message: str = "", details: str = "", result: tuple[str, ...] = ()) -> bool:
        """Say how the job ended, unless that was said, and return whether this was it."""
        if (self.path / END).exists() and self.ended() is None:
            (self.path / END).unlink(missing_ok=True)  # it is damaged, so nothing was said
        said = End(state, message, details, result, time.time())
        try:
            return create_json(self.path / END, asdict(said))
        except OSError:
            (self.path / RESERVE).unlink(missing_ok=True)
            return create_json(self.path / END, asdict(replace(said, details="")))
        finally:
            (self.path / RESERVE).unlink(missing_ok=True)

    def ended(self) -> End | None:
        """Return the end of the job, None before it and where what was said of it is damaged."""
        return _known(End, read_json(self.path / END))

    def reopen(self) -> bool:
        """Open an ended or lost job to be done again; false when someone else just did."""
        past = self.path / "attempts"
        past.mkdir(exist_ok=True)
        done = False
        for name in (END, PROCESS):
            try:
                os.rename(self.path / name, past / f"{time.time_ns()}-{name}")
                done = True
            except FileNotFoundError:
                continue
        return done

    def attempts(self) -> int:
        """Return the number of times that a process had the job."""
        return len(list(self.path.glob(f"attempts/*-{PROCESS}"))) + (self.path / PROCESS).exists()

    def status(self, state: State, message: str = "") -> Status:
        """Return the status of the job, given what its engine says of one that has not ended."""
        end, process = self.ended(), self.process()
        if end:
            state, message = end.state, end.message
        written = [] if state is State.QUEUED else read_lines(self.path / PROGRESS)
        lines = [line for line in map(Line.of, written) if line is not None]
        here = [line for line in lines if process is None or line.time >= process.started]
        last = here[-1] if here else Line(0.0, "", 0.0, 0.0)
        same = [line for line in here if topic_of(line.stage) == topic_of(last.stage)]
        usage = (read_json(self.path / USAGE) or {}) if state is State.RUNNING else {}
        return Status(
            state=state,
            message=message,
            details=end.details if end else "",
            result=end.result if end else (),
            started=process.started if process and state is not State.QUEUED else None,
            ended=end.time if end else None,
            attempts=self.attempts(),
            stage=last.stage,
            done=last.done,
            total=last.total,
            stage_started=(same[0].time, same[0].done) if same else None,
            device=process.device if process else "",
            usage={name: float(value) for name, value in usage.items() if isinstance(value, int | float)},
        )

    def output(self, lines: int) -> str:
        """Return the last lines that the job printed."""
        for path in (self.path / OUTPUT, *sorted(self.path.glob("slurm/*_log.err"), reverse=True)):
            try:
                with path.open("rb") as file:
                    file.seek(0, os.SEEK_END)
                    file.seek(max(0, file.tell() - 200 * lines))
                    text = file.read().decode("utf-8", errors="replace")
            except OSError:
                continue
            if text:
                return "\n".join(text.splitlines()[-lines:])
        return ""


K = TypeVar("K", End, Process)


def _known(kind: type[K], values: Mapping[str, Any] | None) -> K | None:
    """What a file of a job says, None where it says nothing or is damaged."""
    if not values:
        return None
    try:
        found = from_dict(kind, values, "the job")
    except EmovizError:
        return None
    return found if 0 <= (found.time if isinstance(found, End) else found.started) <= LATEST else None


def _written(path: Path) -> float:
    """When a file was last written, in seconds since the epoch; long ago where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return float("-inf")
