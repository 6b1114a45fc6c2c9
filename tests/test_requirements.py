"""What is imported is pinned: a fresh machine has nothing else."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = {
    "PIL": "pillow",
    "ai_edge_litert": "ai-edge-litert",
    "faster_whisper": "faster-whisper",
    "cv2": "opencv-python-headless",
    "pynvml": "nvidia-ml-py",
    "pympi": "pympi-ling",
    "webvtt": "webvtt-py",
    "huggingface_hub": "huggingface-hub",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "xdist": "pytest-xdist",
    "yaml": "PyYAML",
}
"""Where a distribution has another name than its module."""
TESTS = ROOT / "tests"
OWN = {"emoviz", "benchmarks", *(path.stem for path in [*TESTS.rglob("*.py"), *TESTS.glob("*/")])}


def pinned(*files: str) -> set[str]:
    lines = "\n".join((ROOT / file).read_text() for file in files)
    return set(re.findall(r"^([A-Za-z0-9-]+)==", lines, flags=re.MULTILINE))


def imported(*places: str) -> set[str]:
    files = [
        path for place in places for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    names = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.split(".")[0])
    return {DISTRIBUTIONS.get(name, name) for name in names - OWN - set(sys.stdlib_module_names)}


@pytest.mark.parametrize(
    ("places", "files"),
    [
        (("app.py", "pages", "emoviz"), ("requirements.txt",)),
        (("tests", "benchmarks"), ("requirements.txt", "requirements-dev.txt")),
    ],
)
def test_every_import_is_pinned(places: tuple[str, ...], files: tuple[str, ...]):
    assert imported(*places) - pinned(*files) == set()


def test_the_package_depends_on_what_is_pinned_in_ranges_that_begin_there():
    pins = dict(re.findall(r"^([A-Za-z0-9-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = dict(re.fullmatch(r"([A-Za-z0-9-]+)>=(.+)", line).groups() for line in project["dependencies"])
    assert set(ranges) == set(pins)
    for name, bounds in ranges.items():
        lowest, _, bound = bounds.partition(",<")
        assert f"{pins[name]}.".startswith(f"{lowest}."), f"{name}: {bounds} does not begin with {pins[name]}"
        assert not bound or int(bound) == int(lowest.split(".")[0]) + 1
