"""The engine of one machine: a durable queue, and a keeper that gives every device one job at a time.

The queue is huey's SQLite storage, one queue per device that jobs ask for. The keeper is a process of its own session,
started when it is missing, that takes the next job for each free slot and starts it in a session of its own. So jobs
outlive the page, the server, its terminal and the keeper; a lock lets only one keeper work on a folder.
"""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
from filelock import FileLock, Timeout
from huey.storage import SqliteStorage

from ..core.errors import EmovizError, JobError
from ..core.places import import_folder
from .devices import ANY_GPU, CPU, visible_to
from .folder import MARK, OUTPUT, PROCESS, SILENCE, SLOT, JobFolder, State
from .process import Process

ENGINE = "local"
POLL = 0.2
"""Seconds between two looks of the keeper."""
PATIENCE = 2.0
"""Seconds that a job's processes have to end by themselves before they are killed."""


@dataclass(frozen=True)
class Local:
    """A place on this machine where a job runs.

    Attributes:
        device: device ``cpu``, ``cuda:0`` and so on, or ``cuda`` for whichever GPU is free first.
    """

    device: str = CPU
    tasks: ClassVar[int] = 1
    """Processes that share the work."""


class LocalEngine:
    """The engine that starts and stops jobs on this machine.

    Args:
        root: folder of the jobs' folders.
        slots: devices, each of which runs one job at a time.
    """

    def __init__(self, root: Path, slots: Sequence[str]) -> None:
        self.root = root
        self.slots = tuple(slots)
        self._keeper: subprocess.Popen[bytes] | None = None

    def check(self, where: Local) -> None:
        """Refuse a device that no slot has.

        Raises:
            JobError: if no slot has the device.
        """
        known = {*self.slots, *([ANY_GPU] if any(slot != CPU for slot in self.slots) else [])}
        if where.device not in known:
            raise JobError(f"Jobs do not run on '{where.device}' here, but on: {', '.join(sorted(known))}.")

    def start(self, folder: JobFolder) -> None:
        """Queue the job."""
        with _queue(self.root, folder.job().where["device"]) as queue:
            queue.enqueue(folder.path.name.encode())
        self.keep()

    def keep(self) -> None:
        """Start a keeper where none works."""
        if self._keeper is not None and self._keeper.poll() is None:
            return
        try:
            with FileLock(_lock(self.root), timeout=0):
                pass
        except Timeout:
            return
        command = [sys.executable, "-m", __name__, str(self.root), *self.slots]
        with (self.root / f"keeper-{socket.gethostname()}.log").open("ab") as log:
            self._keeper = subprocess.Popen(
                command, cwd=import_folder(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self, folder: JobFolder) -> None:
        """End every process of the job; when this returns none is left."""
        process = folder.process()
        if process is None or process.alive() is None:
            return  # not begun, or on another machine, where the job's own heartbeat sees that it was cancelled
        end_processes(folder.path)

    def state(self, folder: JobFolder) -> tuple[State, str]:
        """Return the state of a job that did not say how it ended."""
        process = folder.process()
        if process is None:
            if folder.job().host == socket.gethostname():
                self.keep()
            return State.QUEUED, ""
        alive = process.alive()
        if alive is None:
            alive = folder.silence() < SILENCE
        if alive:
            return State.RUNNING, ""
        return State.LOST, "Its process ended without a word: it was killed, or the machine stopped. It can be resumed."


def end_processes(folder: Path) -> None:
    """End all processes on this machine that carry the mark of the job in ``folder``."""
    processes = list(_marked(folder))
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _wait(processes)
    left = list(_marked(folder))
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    _wait(left)


def _marked(folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(folder):
                yield process
        except psutil.Error:
            continue  # gone, a zombie, or another user's


def _wait(processes: Sequence[psutil.Process]) -> None:
    """Wait until none of them runs; a zombie, whose parent did not ask for its end, does not."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and any(_runs(process) for process in processes):
        time.sleep(0.05)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Keeper:
    """The keeper of a queue, which gives each slot one job at a time until nothing is queued and nothing runs.

    Args:
        root: folder of the jobs' folders.
        slots: devices, each of which runs one job at a time.
    """

    def __init__(self, root: Path, slots: Sequence[str]) -> None:
        self.root = root
        self.slots = tuple(slots)
        self.running: dict[int, JobFolder] = {}
        """Number of a slot -> its job."""
        self.children: list[subprocess.Popen[bytes]] = []

    def work(self) -> None:
        """Run the queue till it is empty."""
        known = None
        while True:
            if known is None or _identity(self.root) != known:  # a new queue has forgotten jobs
                self._adopt()
                known = _identity(self.root)
            self._reap()
            for number in range(len(self.slots)):
                if number not in self.running:
                    self._fill(number)
            if not self.running:
                return
            time.sleep(POLL)

    def _adopt(self) -> None:
        """Find the jobs that an earlier keeper started and that still run; queue again those that it forgot."""
        for path in sorted(self.root.iterdir()):
            folder = JobFolder(path)
            try:
                job = folder.job()
            except EmovizError:
                continue
            process = folder.process()
            if process is not None and process.alive():
                if path in {own.path for own in self.running.values()}:
                    continue
                free = [n for n, slot in enumerate(self.slots) if slot == process.device and n not in self.running]
                if free:
                    self.running[free[0]] = folder
            elif process is None and not folder.ended() and job.engine == ENGINE and job.host == socket.gethostname():
                with _queue(self.root, str(job.where.get("device", CPU))) as queue:
                    if path.name.encode() not in map(bytes, queue.enqueued_items()):
                        queue.enqueue(path.name.encode())

    def _reap(self) -> None:
        """Free the slots whose jobs ended, and end what these left behind."""
        self.children = [child for child in self.children if child.poll() is None]
        for number, folder in list(self.running.items()):
            process = folder.process()
            unreadable = process is None and (folder.path / PROCESS).exists()
            if not unreadable and (process is None or not process.alive()):
                end_processes(folder.path)
                del self.running[number]

    def _fill(self, number: int) -> None:
        slot = self.slots[number]
        for device in (slot,) if slot == CPU else (slot, ANY_GPU):
            with _queue(self.root, device) as queue:
                while (name := queue.dequeue()) is not None:
                    folder = JobFolder(self.root / bytes(name).decode())
                    if self._begin(folder, slot):
                        self.running[number] = folder
                        return

    def _begin(self, folder: JobFolder, slot: str) -> bool:
        """Start a job, unless it was deleted, cancelled or started before."""
        if not folder.path.is_dir() or not folder.claim(Process.of(os.getpid(), slot)) or folder.ended():
            return False
        environment = os.environ | {MARK: str(folder.path), SLOT: slot, "CUDA_VISIBLE_DEVICES": visible_to(slot)}
        with (folder.path / OUTPUT).open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.run", str(folder.path)],
                cwd=import_folder(),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.children.append(child)
        with suppress(psutil.NoSuchProcess):  # it has ended already
            folder.hand_over(Process.of(child.pid, slot))
        return True


@contextmanager
def _queue(root: Path, device: str) -> Iterator[SqliteStorage]:
    """The queue of the jobs that asked for a device.

    Raises:
        JobError: it cannot be read or written.
    """
    # A write-ahead log, huey's default, does not work on network file systems.
    path = _database(root)
    _set_aside_if_damaged(path)
    try:
        storage = SqliteStorage(device, str(path), journal_mode="delete", strict_fifo=True, timeout=30)
        try:
            yield storage
        finally:
            storage.close()
    except sqlite3.Error as error:
        raise JobError(f"The queue '{path}' cannot be used: {error}.") from error


def _set_aside_if_damaged(path: Path) -> None:
    """Give way to a new queue, which the keeper fills from the job folders, where the old one cannot be read."""
    if _is_sound(path):
        return
    with FileLock(path.with_suffix(".lock")):  # two that see the damage do not set the new one aside too
        if not _is_sound(path):
            path.rename(path.with_name(f"{path.name}.damaged-{time.time_ns()}"))


def _is_sound(path: Path) -> bool:
    """Whether a queue can be read, or there is none."""
    if not path.exists():
        return True
    connection = sqlite3.connect(path, timeout=30)
    try:
        return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.OperationalError:
        return True  # it is in use, or the disk is full
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _database(root: Path) -> Path:
    return root / f"queue-{socket.gethostname()}.db"


def _identity(root: Path) -> int | None:
    """By which a queue is told from one that takes its place; None where there is none."""
    try:
        return _database(root).stat().st_ino
    except OSError:
        return None


def _lock(root: Path) -> Path:
    return root / f"keeper-{socket.gethostname()}.lock"


def main() -> None:
    """Keep a folder's jobs running, unless another process does."""
    root, *slots = sys.argv[1:]
    while True:
        try:
            with FileLock(_lock(Path(root)), timeout=2):
                Keeper(Path(root), slots).work()
        except Timeout:
            return
        # What was queued after the last look, whose submitter saw that there was a keeper:
        if not any(_waiting(Path(root), device) for device in (*slots, ANY_GPU)):
            return


def _waiting(root: Path, device: str) -> bool:
    with _queue(root, device) as queue:
        return bool(queue.queue_size())


if __name__ == "__main__":
    main()
