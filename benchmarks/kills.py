"""Trainings as jobs over three devices, whose processes are killed at random: whether each ends as it should.

Small trainings are queued, a third of them for each of three made-up devices. Meanwhile one that runs is now and then
killed as a machine that fails kills it, or cancelled; whatever is lost or cancelled is resumed. In the end every job
has to be finished, by weights that equal those of a training that nobody disturbed, and no process may be left.

    python -m benchmarks.kills [--jobs 30] [--seed 0]

The last line is a JSON object. Exits with 1 where a job did not end as it should.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from safetensors.numpy import load_file

from emoviz.core.settings import Settings
from emoviz.jobs.folder import MARK, State
from emoviz.jobs.interface import Jobs
from emoviz.jobs.local import Local, end_processes

from .server import ROOT

SLOTS = ("cpu", "cuda:0", "cuda:1")
EPOCHS, PAUSE = 3, 0.05
"""Epochs of a training, and seconds before each of its steps."""
EVERY = 1.5
"""Seconds from one disturbance to the next."""
MOST = 2
"""Largest number of times that one job is disturbed."""
PATIENCE = 1800
LINGERS = 20
"""Seconds in which the process of a job that has said how it ended may still go."""
ENDED = (State.FINISHED, State.FAILED)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return the processes of a job that run."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue  # gone, or another user's
    return found


def kill(folder: Path) -> bool:
    """End the processes of a job at once, as a machine that fails does, and return whether there was one."""
    found = processes_of(folder)
    for process in found:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return bool(found)


def disturb(jobs: Jobs, running: list[str], draw: random.Random, times: dict[str, int]) -> str:
    """Cancel a running job or kill its processes, and return which of both was done; "" where nothing could be."""
    open_to = [one for one in running if times.get(one, 0) < MOST]
    if not open_to:
        return ""
    chosen = draw.choice(open_to)
    times[chosen] = times.get(chosen, 0) + 1
    if draw.random() < 0.5:
        return "killed" if kill(jobs.root / chosen) else ""
    jobs.cancel(chosen)
    return "cancelled"


def run(number: int, seed: int, own: Path) -> dict[str, Any]:
    """Run the jobs, disturb them, and return what became of them."""
    from jobs.kinds import Toy

    checkpoints, start = own / "checkpoints", time.monotonic()
    checkpoints.mkdir()
    jobs = Jobs(Settings(None, own / "store", (checkpoints,), own / "runs", slots=SLOTS))
    Toy("whole", epochs=EPOCHS).run(own / "whole", jobs.places, lambda *_: None)
    wanted = load_file(checkpoints / "whole" / "model.safetensors")
    own_jobs = [
        jobs.submit(Toy(f"toy-{n}", epochs=EPOCHS, pause=PAUSE), Local(SLOTS[n % len(SLOTS)])).id for n in range(number)
    ]
    draw, times = random.Random(seed), dict[str, int]()
    done = {"killed": 0, "cancelled": 0, "resumed": 0}
    states: dict[str, State] = {}
    try:
        while time.monotonic() - start < PATIENCE:
            states = {one: jobs.state(one).state for one in own_jobs}
            if all(state in ENDED for state in states.values()):
                break
            for one, state in states.items():
                if state in (State.LOST, State.CANCELLED):
                    jobs.resume(one)
                    done["resumed"] += 1
            if what := disturb(jobs, [one for one, state in states.items() if state is State.RUNNING], draw, times):
                done[what] += 1
            time.sleep(EVERY)
        _, left = psutil.wait_procs([p for one in own_jobs for p in processes_of(jobs.root / one)], timeout=LINGERS)
    finally:
        for one in own_jobs:
            end_processes(jobs.root / one)
    equal = sum(same(wanted, checkpoints / f"toy-{n}" / "model.safetensors") for n in range(number))
    return {
        "jobs": number,
        "finished": sum(state is State.FINISHED for state in states.values()),
        "equal weights": equal,
        **done,
        "processes left": len(left),
        "seconds": round(time.monotonic() - start),
    }


def same(wanted: dict[str, Any], path: Path) -> bool:
    """Return whether a file holds exactly these weights."""
    found = load_file(path) if path.is_file() else {}
    return found.keys() == wanted.keys() and all((found[name] == wanted[name]).all() for name in wanted)


def main() -> int:
    """Run, print, and return 1 where a job did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ |= {"EMOVIZ_PLUGINS": "jobs.kinds", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    sys.path.insert(0, str(ROOT / "tests"))
    with tempfile.TemporaryDirectory() as own:
        found = run(options.jobs, options.seed, Path(own))
    print(json.dumps(found))
    return int(found["finished"] < options.jobs or found["equal weights"] < options.jobs or found["processes left"] > 0)


if __name__ == "__main__":
    sys.exit(main())
