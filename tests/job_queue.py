"""Jobs as a test puts them there, in the place of those of this machine."""

import json
from pathlib import Path
from types import SimpleNamespace

from emoviz.core.configuration import to_dict
from emoviz.jobs.folder import Job, Places, State, Status
from emoviz.training.config import TrainingConfig

EPOCHS = [
    {"epoch": e, "loss": 2.0 - e, "validation": 0.3 + e / 10, "validation in A": 0.2, "validation in B": 0.4}
    for e in range(2)
]
"""What every job's log says."""


class Queue:
    """Stands in for the jobs: keeps what was submitted, shows what a test puts there."""

    def __init__(self, root: Path = Path("nowhere")) -> None:
        self.root = root
        self.submitted: list = []
        self.shown: dict[str, tuple[Job, Status]] = {}
        self.asked: list[tuple[str, str]] = []
        self.engines = {"local": SimpleNamespace(slots=("cpu",))}

    def submit(self, work, where, group=""):
        self.submitted.append((work, where, group))

    def list(self):
        return tuple(job for job, _ in self.shown.values())

    def state(self, identity: str) -> Status:
        return self.shown[identity][1]

    def epochs(self, identity: str) -> list:
        return EPOCHS

    def logs(self, identity: str, lines: int) -> str:
        return "said so"

    def cancel(self, identity: str) -> None:
        self.asked.append(("cancel", identity))

    def resume(self, identity: str) -> None:
        self.asked.append(("resume", identity))

    def put(
        self, identity: str, state: State, config: TrainingConfig, group: str = "", kind: str = "train", **status
    ) -> None:
        work = json.loads(json.dumps({"config": to_dict(config)}))
        places = Places("", "", "", "")
        job = Job(identity, kind, work, "local", {"device": "cpu"}, config.title, group, 0.0, "h", config.name, places)
        self.shown[identity] = job, Status(state, **status)
