"""The process of a job, which does the work under a heartbeat and writes how it ended.

python -m emoviz.jobs.run FOLDER
"""

import os
import sys
import threading
import time
import traceback
from pathlib import Path

import psutil

from ..core.errors import EmovizError
from ..core.progress import Progress, silent, topic_of
from .devices import gpu_usage
from .folder import BEAT, SLOT, JobFolder, State
from .local import end_processes
from .process import Process

OFTEN = 1.0
"""Seconds between two lines of progress, at least."""
STRANGE = 3
"""Beats in a row at which the job is another's, or a network disk does not tell whose, before the process ends."""
FAREWELL = 10.0
"""Seconds in which a process that lost the others is ended too, if all of them are."""
FAILED_INSIDE = "The job failed inside emoviz; the details help to find the fault."


def perform(folder: JobFolder, rank: int = 0, tasks: int = 1) -> State | None:
    """Do a job's work and write how it ended.

    Args:
        folder: folder of the job, which this process has.
        rank: number of this process among those that share the work; the first one reports.
        tasks: number of processes that share the work.

    Returns:
        The state; None when someone else, who cancelled it, was earlier.
    """
    heart = Heart(folder)
    if rank == 0:
        heart.start()
    state, message, details = State.FINISHED, "", ""
    result: tuple[str, ...] = ()
    try:
        from .work import work_of  # torch and all: the heart beats already

        if rank == 0:
            folder.reserve()
        job = folder.job()
        result = work_of(job).run(folder.path, job.places, silent if rank else _reporter(folder))
    except EmovizError as error:
        state, message, details = State.FAILED, str(error), traceback.format_exc()
    except OSError as error:
        place = f" ('{error.filename}')" if error.filename else ""
        state, message = State.FAILED, f"The job stopped: {error.strerror or error}{place}."
        details = traceback.format_exc()
    except Exception:
        state, message, details = State.FAILED, FAILED_INSIDE, traceback.format_exc()
        if tasks > 1:
            # Slurm takes a job away process by process, and who is left sees a broken connection: that is no failure.
            time.sleep(FAREWELL)
        if rank > 0:
            raise
    finally:
        heart.stop()
    if rank > 0 and state is State.FINISHED:
        return state
    return state if folder.end(state, message, details, result) else None


def _reporter(folder: JobFolder) -> Progress:
    """A listener that writes a line when the stage changes, and else at most every second."""
    last, topic = 0.0, ""
    lock = threading.Lock()

    def report(stage: str, done: float, total: float) -> None:
        nonlocal last, topic
        with lock:
            if topic_of(stage) == topic and time.monotonic() - last < OFTEN and done < total:
                return
            last, topic = time.monotonic(), topic_of(stage)
            folder.report(stage, done, total)

    return report


class Heart(threading.Thread):
    """A thread that beats while a job works, and ends the process when the job was cancelled or is another's now."""

    def __init__(self, folder: JobFolder) -> None:
        super().__init__(name="heart", daemon=True)
        self._folder = folder
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop beating."""
        self._stopped.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Beat until the heart is stopped, and watch whether the job is still this process's."""
        process, strange = psutil.Process(), 0
        while True:
            owner = self._folder.process()
            strange = 0 if owner is not None and owner.pid == process.pid else strange + 1
            if self._folder.ended() or strange == STRANGE:
                end_processes(self._folder.path)
                os._exit(1)
            try:
                self._folder.beat(_usage(process))
            except OSError:
                pass  # a full disk, which the work itself will meet
            if self._stopped.wait(BEAT):
                return


def _usage(process: psutil.Process) -> dict[str, float]:
    """What a process and its children use of the machine."""
    memory, load = 0.0, 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            memory += one.memory_info().rss
            load += one.cpu_percent()
        except psutil.Error:
            continue
    return {"memory": memory, "cpu": load, **gpu_usage()}


def main() -> int:
    """Perform the job of the folder that the command line names."""
    folder = JobFolder(Path(sys.argv[1]))
    folder.hand_over(Process.of(os.getpid(), os.environ.get(SLOT, "")))
    return 0 if perform(folder) is State.FINISHED else 1


if __name__ == "__main__":
    sys.exit(main())
