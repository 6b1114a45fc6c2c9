"""The process that has a job, distinguished from any other process with the same number."""

import socket
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Process:
    """The process that has a job, distinguished from any other process with the same number.

    Attributes:
        host: name of its machine.
        boot: identity of that machine's last start, where the system states it.
        pid: number of the process.
        born: time at which the process started, by a clock that nobody sets (see :func:`_born`).
        started: time at which it took the job, in seconds since 1970.
        device: device that it computes on.
        slurm: id of its Slurm job, or "".
    """

    host: str
    boot: str
    pid: int
    born: float
    started: float
    device: str = ""
    slurm: str = ""

    @classmethod
    def of(cls, pid: int, device: str = "", slurm: str = "") -> "Process":
        """Return the process with a number on this machine."""
        return cls(socket.gethostname(), boot_id(), pid, _born(pid), time.time(), device, slurm)

    def alive(self) -> bool | None:
        """Return whether the process runs; None if it runs on another machine."""
        if self.host != socket.gethostname():
            return None
        if self.boot != boot_id():
            return False
        try:
            return _born(self.pid) == self.born and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def _born(pid: int) -> float:
    """When a process started: on Linux in ticks since the machine did, which setting the clock does not change.

    Raises:
        NoSuchProcess: there is none of that number.
    """
    try:
        # After the name, which stands in brackets and may hold anything, the start is the 20th field.
        return float(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return float(psutil.Process(pid).create_time())


def boot_id() -> str:
    """Return the identity of this machine's last start."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"
