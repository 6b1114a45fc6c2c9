"""Write constraints.txt: the versions of all that the requirements need in turn, as they are installed here."""

import re
from pathlib import Path

from emoviz.core.distributions import name_of, needed

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Versions of what the requirements need in turn, written by tools/lock.py. For CUDA torch pins its own.
"""


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


if __name__ == "__main__":
    (ROOT / "constraints.txt").write_text(lock(), encoding="utf-8")
