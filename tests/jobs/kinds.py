"""Work for tests of the engines, which trains nothing. The jobs' processes import it through EMOVIZ_PLUGINS."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from emoviz.errors import ConfigError
from emoviz.jobs.folder import SLOT, Places
from emoviz.jobs.work import WORKS
from emoviz.lines import append_line
from emoviz.progress import Progress


@WORKS.register("nap")
@dataclass(frozen=True)
class Nap:
    """Sleeps, step by step; a later attempt goes on after the last step.

    Attributes:
        steps: so many.
        seconds: of each.
        children: processes that it starts and that sleep for ever, each in a session of its own.
        failure: the sentence that it fails with after the first step.
    """

    steps: int = 1
    seconds: float = 0.05
    children: int = 0
    failure: str = ""
    writes: str = ""
    distributed: ClassVar[bool] = True

    @property
    def title(self) -> str:
        return f"Nap of {self.steps} steps"

    def check(self, places: Places) -> None:
        if self.steps < 1:
            raise ConfigError("A nap has at least one step.")

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        forever = [sys.executable, "-c", "import time\nwhile True: time.sleep(1)"]
        for _ in range(self.children):
            subprocess.Popen(forever, start_new_session=True)
        done = folder / "steps.jsonl"
        for step in range(len(done.read_text().splitlines()) if done.exists() else 0, self.steps):
            progress("Sleeping", step, self.steps)
            began = time.time()
            time.sleep(self.seconds)
            place = {"slot": os.environ.get(SLOT), "visible": os.environ.get("CUDA_VISIBLE_DEVICES")}
            append_line(done, {"step": step, "pid": os.getpid(), "from": began, "to": time.time(), **place})
            if self.failure:
                raise ConfigError(self.failure)
        return (f"{self.steps} steps",)
