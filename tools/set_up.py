"""Set up .venv with the packages that emoviz needs, and say meanwhile what is done.

``make`` calls this with a file of requirements; where there is no make, as on Windows, ``python tools/set_up.py`` does
the same. It needs Python alone.
"""

import os
import re
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)
# Files are compiled by all cores, and without those that are hardly imported: pip, on one core, takes twice as long.
UNUSED = r"/(tests?|torch/testing|transformers/models|_inductor|plotly/graph_objs|lexers|fontTools|altair|pip|mypyc?)/"
EVERY = 15.0
"""Seconds after which a stage that goes on is told again where nobody sees a line change."""
WIDTH = 78
"""Characters of the line."""


class Teller:
    """What is done and since when: one line that goes on, or a line now and then where the output is a file."""

    def __init__(self) -> None:
        self._start, self._stage, self._more = time.monotonic(), "", ""
        self._is_seen = sys.stdout.isatty()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._go_on, daemon=True)
        self._clock.start()

    def tell(self, stage: str, more: str = "") -> None:
        """Say what is done now."""
        is_new = stage != self._stage
        self._stage, self._more = stage, more
        if is_new or self._is_seen:
            self._print()

    def end(self, text: str) -> None:
        """Say how it ended."""
        self._ended.set()
        self._clock.join()
        print(f"{self._erase()}{text} after {time.monotonic() - self._start:.0f} s.", flush=True)

    def _go_on(self) -> None:
        while not self._ended.wait(1 if self._is_seen else EVERY):
            self._print()

    def _print(self) -> None:
        text = f"{time.monotonic() - self._start:6.0f} s  {self._stage} {self._more}"[:WIDTH]
        print(self._erase() + text, end="" if self._is_seen else "\n", flush=True)

    def _erase(self) -> str:
        return f"\r{' ' * WIDTH}\r" if self._is_seen else ""


def install(requirements: str, teller: Teller) -> None:
    """Install packages by pip, whose warnings are shown only when it fails."""
    command = [PYTHON, "-u", "-m", "pip", "install", "--no-compile", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*command, "--quiet", "--quiet", "--upgrade", "pip"])
    found, last = 0, [""]
    with subprocess.Popen(
        [*command, "-r", requirements], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last = [*last[-30:], line]
            if name := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.\[\]-]+)", line):
                found += 1
                teller.tell("fetching packages:", f"{found}, {name[1]}")
            elif line.startswith("Installing collected packages"):
                teller.tell("installing", f"{line.count(',') + 1} packages, which takes the longest")
    if pip.returncode:
        teller.end("Failed")
        print("".join(last))
        raise SystemExit(f"pip could not install {requirements}: the lines above say why.")


def main() -> None:
    """Make the environment where there is none, and bring its packages up to date."""
    requirements = sys.argv[1] if len(sys.argv) > 1 else "requirements.txt"
    if sys.version_info < OLDEST:
        raise SystemExit(
            f"emoviz needs Python {'.'.join(map(str, OLDEST))} or newer; this is {sys.version.split()[0]}."
        )
    print("Setting up emoviz in .venv, once: its packages take about 2 GB and a minute or two.", flush=True)
    teller = Teller()
    teller.tell("making an environment, and its pip a new one")
    if not PYTHON.exists():
        venv.create(FOLDER, with_pip=True)
    install(requirements, teller)
    teller.tell("compiling, so that the first start is a fast one")
    subprocess.run(
        [PYTHON, "-m", "compileall", "-q", "-j", "0", "-x", UNUSED, str(FOLDER), str(ROOT / "emoviz")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    teller.end("Ready")
    if not os.environ.get("MAKELEVEL"):
        print(f"Open the app: {PYTHON.relative_to(ROOT)} -m emoviz app")


if __name__ == "__main__":
    main()
