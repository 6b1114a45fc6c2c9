"""What is imported is pinned: a fresh machine has nothing else."""

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from emoviz.core import extras
from emoviz.core.distributions import name_of, needed
from tools.lock import OF_ONES_OWN

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = {
    "PIL": "pillow",
    "axe_playwright_python": "axe-playwright-python",
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
OWN = {"emoviz", "benchmarks", "tools", *(path.stem for path in [*TESTS.rglob("*.py"), *TESTS.glob("*/")])}


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
    lines = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    assert lines.count("emoviz[formats,train]") == 1, "the extra app brings the others, too"
    lines.remove("emoviz[formats,train]")
    ranges = dict(re.fullmatch(r"([A-Za-z0-9-]+)>=(.+)", line).groups() for line in lines)
    assert len(ranges) == len(lines)
    assert set(ranges) == set(pins)
    for name, bounds in ranges.items():
        lowest, _, bound = bounds.partition(",<")
        assert f"{pins[name]}.".startswith(f"{lowest}."), f"{name}: {bounds} does not begin with {pins[name]}"
        assert not bound or int(bound) == int(lowest.split(".")[0]) + 1


def test_the_modules_of_extras_are_those_of_their_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras.EXTRAS) == set(project["optional-dependencies"])
    for extra, modules in extras.EXTRAS.items():
        packages = {line.partition(">=")[0].lower() for line in project["optional-dependencies"][extra]}
        assert {DISTRIBUTIONS.get(one, one).lower() for one in modules} == packages - {"emoviz[formats,train]"}


WITHOUT = """
import sys
sys.modules |= dict.fromkeys(sys.argv[1].split(","))
from emoviz import cli
from emoviz.cli.command import COMMANDS
import emoviz.prediction.clip, emoviz.features.store, emoviz.jobs.interface, emoviz.training, emoviz.api
print(len(list(COMMANDS)))
sys.exit(cli.main(["app"]))
"""


def test_without_extras_commands_are_there_and_name_the_extra_that_they_need():
    """As on a GPU node, where the pages' libraries are not installed."""
    modules = ",".join(one for modules in extras.EXTRAS.values() for one in modules)
    done = subprocess.run([sys.executable, "-c", WITHOUT, modules], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and int(done.stdout) > 30, done.stderr
    assert done.stderr == (
        """emoviz: This needs the package 'streamlit'; in the project folder, `pip install ".[app]"` brings it.\n"""
    )


def test_the_lock_is_whole():
    """Every distribution that is installed for emoviz and its tests is pinned at the version that is tested."""
    files = ("requirements.txt", "requirements-dev.txt", "constraints.txt")
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", "\n".join((ROOT / file).read_text() for file in files), re.MULTILINE))
    pins = {name_of(name): version for name, version in pins.items()}
    found = {name: one.version.partition("+")[0] for name, one in needed(pins).items()}
    wrong = {name: version for name, version in found.items() if pins.get(name) != version}
    assert len(found) > 120 and not wrong, "tools/lock.py writes constraints.txt anew"
    assert pins["torch"] == "2.13.0"


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "constraints.txt"])
def test_requirements_name_no_machine(file):
    """A line is a comment, another file of the project, or a version of a distribution."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"-[rc] [\w-]+\.txt|[\w.-]+==[\w.]+", line)] == []


def test_the_lock_with_hashes_has_all_that_the_app_needs_but_torch():
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    found = dict(re.fullmatch(r"([\w.-]+)==(\S+) --hash=sha256:[0-9a-f]{64}", line).groups() for line in lines)
    pins = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    app = {name: one.version for name, one in needed(name for name, _ in pins).items()}
    assert found == {name: version for name, version in app.items() if not OF_ONES_OWN.fullmatch(name)}
