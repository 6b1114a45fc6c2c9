"""Work for tests of the engines, which trains nothing. The jobs' processes import it through EMOVIZ_PLUGINS."""

import dataclasses
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from emoviz.core.errors import ConfigError
from emoviz.core.files import append_line, read_lines
from emoviz.core.progress import Progress
from emoviz.jobs.folder import SLOT, Places
from emoviz.jobs.work import WORKS


@WORKS.register("nap")
@dataclass(frozen=True)
class Nap:
    """Sleeps, step by step; a later attempt goes on after the last step.

    Attributes:
        steps: so many.
        seconds: of each.
        children: processes that it starts and that sleep for ever, each in a session of its own.
        failure: the sentence that it fails with after the first step.
        writes: name of the checkpoint that it claims to write, or "".
    """

    steps: int = 1
    seconds: float = 0.05
    children: int = 0
    failure: str = ""
    writes: str = ""

    @property
    def title(self) -> str:
        return f"Nap of {self.steps} steps"

    def check(self, places: Places, tasks: int = 1) -> None:
        if self.steps < 1:
            raise ConfigError("A nap has at least one step.")

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        forever = [sys.executable, "-c", "import time\nwhile True: time.sleep(1)"]
        for _ in range(self.children):
            subprocess.Popen(forever, start_new_session=True)
        done = folder / "steps.jsonl"
        for step in range(len(read_lines(done)), self.steps):
            progress("Sleeping", step, self.steps)
            began = time.time()
            time.sleep(self.seconds)
            place = {"slot": os.environ.get(SLOT), "visible": os.environ.get("CUDA_VISIBLE_DEVICES")}
            append_line(done, {"step": step, "pid": os.getpid(), "from": began, "to": time.time(), **place})
            if self.failure:
                raise ConfigError(self.failure)
        return (f"{self.steps} steps",)


@WORKS.register("toy")
@dataclass(frozen=True)
class Toy:
    """A real training, of a small network on made-up utterances.

    Attributes:
        name: of its checkpoint.
        epochs: so many.
        fill: whether it fills the disk of its folder after two of them.
        pause: seconds before each step.
    """

    name: str = "toy"
    epochs: int = 3
    fill: bool = False
    pause: float = 0.0

    @property
    def title(self) -> str:
        return "Toy"

    @property
    def writes(self) -> str:
        return self.name

    def check(self, places: Places, tasks: int = 1) -> None:
        pass

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        from training.made_up import UTTERANCES, MadeUpStore

        from emoviz.training import train

        options = {"hidden": 8, "dropout": 0.0}
        config = dataclasses.replace(UTTERANCES, name=self.name, epochs=self.epochs, options=options)

        def listener(stage: str, done: float, total: float) -> None:
            time.sleep(self.pause)
            if self.fill and stage.startswith("Training") and done >= 2:
                fill_disk(folder / "filler")
            progress(stage, done, total)

        train(config, MadeUpStore(), folder, Path(places.checkpoints), listener)
        return (self.name,)


def fill_disk(file: Path) -> None:
    """Write until no byte is left."""
    size = 2**20
    with file.open("ab", buffering=0) as target:
        while size:
            try:
                target.write(b" " * size)
            except OSError:
                size //= 2
