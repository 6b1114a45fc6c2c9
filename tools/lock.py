"""Write the lock: constraints.txt, and with ``--hashes`` requirements.lock.

    python -m tools.lock [--hashes]

constraints.txt has the versions of all that the requirements need in turn, as they are installed here.
requirements.lock has all that the app needs, with the sha256 of the files that pip's index offers for this system.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

from emoviz.core.distributions import name_of, needed

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Versions of what the requirements need in turn, written by tools/lock.py. For CUDA torch pins its own.
"""
HASHED = """# All that the app needs, with the sha256 of each file for Linux on x86-64 and Python 3.11, written by
# tools/lock.py --hashes. Torch, whose file depends on the GPU, is installed before: docs/installing.md.
"""
OF_ONES_OWN = re.compile(r"torch|triton|nvidia-(?!ml-py).*|cuda-.*")
"""Names of distributions whose files depend on the machine's GPU."""


def pins(*files: str) -> list[str]:
    """Return the lines of files that pin a version."""
    text = "\n".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    return re.findall(r"^[\w.-]+==\S+", text, flags=re.MULTILINE)


def lock() -> str:
    """Return the content of constraints.txt, without the versions that the requirements pin themselves."""
    own = pins("requirements.txt", "requirements-dev.txt")
    named = {name_of(pin.partition("==")[0]) for pin in pins("requirements.txt")}
    found = needed(pin.partition("==")[0] for pin in own)
    lines = [f"{name}=={one.version.partition('+')[0]}" for name, one in found.items() if name not in named]
    return HEAD + "\n".join(lines) + "\n"


def hashed() -> str:
    """Return the content of requirements.lock, for which pip looks at its index and installs nothing."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    done = subprocess.run([*command, "-r", "requirements.txt"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return hashed_of(json.loads(done.stdout))


def hashed_of(report: dict) -> str:
    """Return the content of requirements.lock from pip's report on what it would install."""
    lines = []
    for one in report["install"]:
        name, version = name_of(one["metadata"]["name"]), one["metadata"]["version"]
        if not OF_ONES_OWN.fullmatch(name):
            lines.append(f"{name}=={version} --hash=sha256:{one['download_info']['archive_info']['hashes']['sha256']}")
    return HASHED + "\n".join(sorted(lines)) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hashes", action="store_true", help="write requirements.lock, too")
    options = parser.parse_args()
    (ROOT / "constraints.txt").write_text(lock(), encoding="utf-8")
    if options.hashes:
        (ROOT / "requirements.lock").write_text(hashed(), encoding="utf-8")
