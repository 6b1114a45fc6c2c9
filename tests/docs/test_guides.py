"""Whoever follows a guide of ``docs/adding-*.md`` adds one file and its test, and the build stays green.

The guides are carried out on one scratch copy of the checkout, since each adds a file that no other knows: the files
whose code the pages show are written, then lint and the tests that cover all entries of the registries run there.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("adding-*.md"))
CODE = re.compile(r"`([\w./-]+\.py)`[^`]*?:\n\n```python\n(.*?)```", re.DOTALL)
"""A file's name, which ends a paragraph with a colon, and the block of code that follows it."""

REGISTRY_TESTS = {
    "a-command": "tests/cli/test_commands.py",
    "a-corpus": "tests/corpora/test_readers.py",
    "a-job-kind": "tests/jobs/test_kinds.py",
    "a-metric": "tests/evaluation/test_metric_registry.py",
    "a-model": "tests/models/test_registry.py",
    "a-page": "tests/pages/test_every_page.py",
    "a-protocol": "tests/training/test_protocols.py",
    "an-extractor": "tests/features/test_extractors.py",
}
"""Name of a guide -> the tests of all entries of its registry."""
LONG = {"a-corpus", "a-model", "a-page", "a-protocol", "an-extractor"}
"""Guides of whose registry the new entry alone is tested, as the tests of all entries take long."""


def name_of(page: Path) -> str:
    """The name of a guide, e.g. ``a-model``."""
    return page.stem.removeprefix("adding-")


def files_of(page: Path) -> dict[str, str]:
    """The files that a guide adds, with their code."""
    return dict(CODE.findall(page.read_text("utf-8")))


def copy_checkout(to: Path) -> None:
    """Copy the files that git knows; checkpoints, examples and results are linked, as nothing writes there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            linked = name.startswith(("checkpoints/", "examples/", "results/"))
            (os.link if linked and _same_disk(to) else shutil.copy)(ROOT / name, to / name)


def _same_disk(folder: Path) -> bool:
    return folder.stat().st_dev == ROOT.stat().st_dev


def run(folder: Path, *module: str) -> None:
    """Run a module of Python in a folder; what it prints is the message of a failure."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *module]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{' '.join(module)}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"


def test_every_guide_is_carried_out():
    assert {name_of(page) for page in PAGES} == set(REGISTRY_TESTS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_guide_adds_one_file_and_its_test(page):
    files = files_of(page)
    assert len(files) == 2 and page.read_text("utf-8").count("```python\n") == 2
    (added,) = (name for name in files if not name.startswith("tests/"))
    (tested,) = (name for name in files if name.startswith("tests/"))
    assert not (ROOT / added).exists() and not (ROOT / tested).exists()
    assert Path(tested).name.startswith("test_")


@pytest.mark.slow
def test_guides_carried_out_leave_the_build_green(tmp_path):
    copy_checkout(tmp_path)
    added, tests, entries = [], ["tests/test_layers.py"], ["no_module_imports_itself"]
    for page in PAGES:
        files, guide = files_of(page), name_of(page)
        for name, code in files.items():
            (tmp_path / name).write_text(code, "utf-8")
            (tests if name.startswith("tests/") else added).append(name)
        tests.append(REGISTRY_TESTS[guide])
        entries.append(Path(added[-1]).stem)
        entries += [] if guide in LONG else [Path(REGISTRY_TESTS[guide]).stem]
    run(tmp_path, "ruff", "check", "--quiet")
    run(tmp_path, "ruff", "format", "--check", "--quiet")
    run(tmp_path, "mypy", f"--cache-dir={ROOT / '.mypy_cache'}", *added)  # which `make lint` has filled
    run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "-k", f"not corpora and ({' or '.join(entries)})", *tests)
