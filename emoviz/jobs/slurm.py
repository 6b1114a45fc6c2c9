"""The engine of a cluster: Slurm, through submitit.

Slurm starts and stops jobs. The folder of a job says how far it is and how it ended, and outranks Slurm's answer. So
the engine holds nothing that a restarted server would miss, and needs no accounting: where ``sacct`` has no answer,
``squeue`` and the folder decide. A job that Slurm stops early, by preemption or at the time limit, is queued again and
goes on from its last checkpoint.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from ..core.errors import ConfigError, JobError
from ..core.files import read_json, write_json
from ..core.places import import_folder
from .folder import MARK, OUTPUT, SILENCE, JobFolder, State
from .process import Process

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

ENGINE = "slurm"
RECORD = "slurm.json"
"""File in a job's folder that names its Slurm job."""
LOGS = "slurm"
"""Folder in a job's folder for the files of submitit."""
FRESH = 2.0
"""Seconds for which an answer of Slurm is reused."""
WARNING = 90
"""Seconds before the time limit at which a job is told to stop."""

WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
WORKING = {"RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"}


@dataclass(frozen=True)
class Slurm:
    """A place on a cluster where a job runs.

    Attributes:
        partition: name of the partition; "" is the cluster's default.
        nodes: number of machines.
        gpus: number of GPUs of each node.
        processes: number of processes of each node, which share a training; 0 is one for each GPU, or one where there
            is none.
        cpus: number of processor cores of each process.
        memory: memory of each node in GB; 0 is the partition's default.
        minutes: time after which Slurm stops the job, which is then queued again and goes on.
        options: options of ``sbatch`` by their long names, e.g. ``{"account": "lab", "constraint": "a100"}``.
    """

    partition: str = ""
    nodes: int = 1
    gpus: int = 0
    processes: int = 0
    cpus: int = 1
    memory: float = 0.0
    minutes: int = 60
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in ("nodes", "cpus", "minutes"):
            if getattr(self, what) < 1:
                raise ConfigError(f"'{what}' of a Slurm job is at least 1, not {getattr(self, what)}.")
        for what in ("gpus", "processes", "memory"):
            if getattr(self, what) < 0:
                raise ConfigError(f"'{what}' of a Slurm job is 0 or more, not {getattr(self, what)}.")
        if self.gpus and self.processes > self.gpus:
            raise ConfigError(f"{self.processes} processes cannot have a GPU each of {self.gpus}.")

    @property
    def per_node(self) -> int:
        """The number of processes of each node."""
        return self.processes or self.gpus or 1

    @property
    def tasks(self) -> int:
        """The number of processes in all."""
        return self.nodes * self.per_node


@dataclass(frozen=True)
class Partition:
    """Nodes of one kind in a partition of a cluster.

    Attributes:
        name: name of the partition.
        nodes: number of nodes.
        gpus: GPUs of each node, as Slurm writes them, or "".
        limit: limit of a job's time, as Slurm writes it.
        default: whether jobs that name no partition go there.
    """

    name: str
    nodes: int
    gpus: str
    limit: str
    default: bool


def partitions() -> list[Partition]:
    """Return the partitions of this machine's cluster, and the kinds of nodes in them; none without Slurm."""
    found = []
    for line in (_ask("sinfo", "-h", "-o", "%P|%D|%G|%l") or "").splitlines():
        name, nodes, gpus, limit = line.split("|")
        gpus = "" if gpus == "(null)" else gpus
        found.append(Partition(name.removesuffix("*"), int(nodes), gpus, limit, name.endswith("*")))
    return found


class SlurmEngine:
    """The engine that starts and stops jobs on a cluster."""

    def __init__(self) -> None:
        self._asked = float("-inf")
        self._answer: Mapping[str, tuple[str, str]] | None = None
        self._forgotten: set[str] = set()

    def check(self, where: Slurm) -> None:
        """Refuse a machine without Slurm, a partition that is not there, and more nodes than it has.

        Raises:
            JobError: if the machine has no Slurm, or there are no such partition or nodes.
        """
        known = partitions()
        if not known:
            raise JobError("There is no Slurm on this machine: `sinfo` is missing, or its controller is silent.")
        names = ", ".join(dict.fromkeys(partition.name for partition in known))
        if not where.partition and not any(partition.default for partition in known):
            raise JobError(f"This cluster has no default partition; choose one of: {names}.")
        # A partition has one line for each kind of node.
        chosen = [p for p in known if p.name == where.partition or (not where.partition and p.default)]
        if not chosen:
            raise JobError(f"There is no partition '{where.partition}'; there are: {names}.")
        if where.nodes > (there := sum(partition.nodes for partition in chosen)):
            raise JobError(f"The partition '{chosen[0].name}' has {there} nodes, fewer than {where.nodes}.")

    def start(self, folder: JobFolder) -> None:
        """Hand the job to Slurm.

        Raises:
            JobError: if Slurm does not take the job.
        """
        from submitit import SlurmExecutor
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        job = folder.job()
        where = Slurm(**job.where)
        (folder.path / RECORD).unlink(missing_ok=True)
        # As often as it takes: each attempt goes on where the last one ended.
        executor = SlurmExecutor(folder.path / LOGS, max_num_timeout=10_000)
        wanted = {
            "job_name": f"emoviz {job.writes or job.kind}",
            "partition": where.partition or None,
            "time": where.minutes,
            "nodes": where.nodes,
            "ntasks_per_node": where.per_node,
            "cpus_per_task": where.cpus,
            "gpus_per_node": where.gpus or None,
            "mem_gb": where.memory or None,
            "signal_delay_s": WARNING,
            "setup": [
                f"export PYTHONPATH={quote(str(import_folder()))}${{PYTHONPATH:+:$PYTHONPATH}}",
                f"export {MARK}={quote(str(folder.path))}",
            ],
            "srun_args": ["--kill-on-bad-exit=1", f"--cpus-per-task={where.cpus}"],
            "additional_parameters": {"requeue": True, **where.options},
        }
        executor.update_parameters(**{name: value for name, value in wanted.items() if value is not None})
        try:
            submitted = executor.submit(Attempt(str(folder.path)))
        except (subprocess.CalledProcessError, FailedJobError, FailedSubmissionError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise JobError(f"Slurm does not take the job: {reason.rstrip('.')}.") from error
        write_json(folder.path / RECORD, {"id": submitted.job_id})

    def stop(self, folder: JobFolder) -> None:
        """Let Slurm end the job; its heart, which sees that it was cancelled, does not wait for that."""
        if identity := _identity(folder):
            _ask("scancel", identity)

    def state(self, folder: JobFolder) -> tuple[State, str]:
        """Return the state of a job that did not say how it ended."""
        identity = _identity(folder)
        if not identity:
            return State.LOST, "It was never handed to Slurm. It can be resumed."
        known = self._queue(identity)
        if known is None:
            if folder.silence() < SILENCE:
                return State.RUNNING, "Slurm does not answer, but the job works."
            if folder.process() is None:
                return State.QUEUED, "Slurm does not answer."
            return State.LOST, "Slurm does not answer, and the job gives no sign of life."
        word, reason = known.get(identity) or _accounted(identity)
        if word in WAITING:
            return State.QUEUED, f"Slurm: {reason}." if reason not in ("", "None") else ""
        if word in WORKING:
            return State.RUNNING, ""
        if word == "CANCELLED":
            return State.CANCELLED, "It was cancelled in Slurm."
        told = f"Slurm says {word}" if word else "Slurm does not know it any more"
        return State.LOST, f"{told}, and the job did not say how it ended. It can be resumed."

    def _queue(self, asked_for: str) -> Mapping[str, tuple[str, str]] | None:
        """Slurm job -> its state and the reason why it waits, of all that ``squeue`` knows; None without an answer."""
        age = time.monotonic() - self._asked
        new = self._answer is not None and asked_for not in (*self._answer, *self._forgotten)
        if age > FRESH or new:
            text = _ask("squeue", "--me", "-h", "-t", "all", "-o", "%A|%T|%r")
            rows = [line.split("|", 2) for line in text.splitlines()] if text is not None else None
            self._answer = None if rows is None else {row[0]: (row[1], row[2]) for row in rows}
            self._asked = time.monotonic()
            if self._answer is not None and asked_for not in self._answer:
                self._forgotten.add(asked_for)
        return self._answer


def _accounted(identity: str) -> tuple[str, str]:
    """What ``sacct`` says of a job that ``squeue`` has forgotten; nothing where there is no accounting."""
    text = _ask("sacct", "-X", "-n", "-P", "-j", identity, "-o", "State") or ""
    words = text.split()
    return (words[0] if words else ""), ""


def _identity(folder: JobFolder) -> str:
    return str((read_json(folder.path / RECORD) or {}).get("id", ""))


def _ask(*command: str) -> str | None:
    """What a command of Slurm prints, None where it fails or is not there."""
    if shutil.which(command[0]) is None:
        return None
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (subprocess.SubprocessError, OSError):
        return None


class Attempt:
    """One run of a job under Slurm, in each process of it; submitit stores it, so it holds nothing but the folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self) -> None:
        """Perform the job, unless the folder now belongs to another Slurm job."""
        from submitit import JobEnvironment
        from submitit.helpers import TorchDistributedEnvironment

        from .run import perform

        environment = JobEnvironment()
        folder = JobFolder(Path(self.folder))
        if folder.ended() or _expected(folder, environment.raw_job_id) != environment.raw_job_id:
            return
        rank = environment.global_rank
        if folder.job().where["gpus"] == 0:
            os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # which Slurm sets where it gives GPUs
        if environment.num_tasks > 1:
            # All GPUs of the node stay visible: which is whose follows from LOCAL_RANK.
            TorchDistributedEnvironment().export(set_cuda_visible_devices=False, overwrite=True)
            try:
                _require_address(environment.hostnames[0])
            except JobError as error:
                folder.end(State.FAILED, str(error))
                sys.exit(1)
        if rank == 0:
            _redirect(folder.path / OUTPUT)
            node = os.environ.get("SLURMD_NODENAME", socket.gethostname())
            folder.hand_over(Process.of(os.getpid(), node, environment.raw_job_id))
        if perform(folder, rank, environment.num_tasks) is not State.FINISHED:
            sys.exit(1)

    def checkpoint(self) -> "DelayedSubmission":
        """Return the attempt to queue again when Slurm takes the job away, which goes on from the folder."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def _expected(folder: JobFolder, own: str) -> str:
    """The Slurm job that the folder belongs to; a job may begin before its submitter has written that."""
    for _ in range(100):
        if identity := _identity(folder):
            return identity
        time.sleep(0.1)
    return own if folder.path.is_dir() else ""


def _redirect(path: Path) -> None:
    """Let this process print to a file."""
    with path.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


def _require_address(name: str) -> None:
    """Refuse to wait for a node whose name leads nowhere.

    Raises:
        JobError: if the name of the node does not resolve.
    """
    try:
        socket.getaddrinfo(name, None)
    except OSError as error:
        raise JobError(
            f"The node '{name}' has no address on '{socket.gethostname()}'; a training that several nodes share needs "
            "names that resolve, by DNS or /etc/hosts."
        ) from error
