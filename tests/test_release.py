"""A release is one command, which refuses what would be wrong and leaves the next version open."""

import re
import subprocess

import pytest
from places import ROOT

from tools import release
from tools.release import CHANGELOG, CITATION, MODULE, Refused

LOG = "# Changelog\n\n## 0.2.0 (unreleased)\n\nA thing.\n\n## 0.1.0 (2026-01-01)\n\nThe first.\n"
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "emoviz"
dynamic = ["version"]
requires-python = ">=3.11"
[tool.hatch.version]
path = "emoviz/__init__.py"
"""


@pytest.fixture
def clone(tmp_path):
    """A small clone of a project, and a function that runs git in it."""

    def git(*command: str) -> str:
        own = ["-c", "user.name=a", "-c", "user.email=a@lab.example", *command]
        return subprocess.run(["git", *own], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    (tmp_path / "emoviz").mkdir()
    for file, text in {
        CHANGELOG: LOG,
        MODULE: '__version__ = "0.2.0.dev0"\n',
        CITATION: "cff-version: 1.2.0\nversion: 0.2.0.dev0\n",
        "pyproject.toml": PROJECT,
        ".gitignore": "build/\n",
    }.items():
        (tmp_path / file).write_text(text)
    git("init", "-q", "-b", "main")
    for name, value in (("name", "a"), ("email", "a@lab.example")):
        git("config", f"user.{name}", value)
    git("add", "-A")
    git("commit", "-qm", "Begin")
    return tmp_path, git


def test_a_release_is_built_tagged_and_leaves_the_next_version_open(clone):
    root, git = clone
    assert str(release.release(root, "", dry=True)) == "0.2.0" and not git("tag")
    assert str(release.release(root, "", dry=False)) == "0.2.0"
    assert [path.name for path in (root / "build").glob("*.whl")] == ["emoviz-0.2.0-py3-none-any.whl"]
    assert git("tag") == "v0.2.0" and git("status", "--porcelain") == ""
    assert git("show", f"v0.2.0:{MODULE}") == '__version__ = "0.2.0"'
    released = git("show", f"v0.2.0:{CHANGELOG}")
    assert re.search(r"^## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n\nA thing", released, re.MULTILINE)
    assert "unreleased" not in released and (root / CITATION).read_text().endswith("version: 0.3.0.dev0\n")
    assert "## 0.3.0 (unreleased)\n\n## 0.2.0 (" in (root / CHANGELOG).read_text()
    assert "cff-version: 1.2.0" in (root / CITATION).read_text()
    with pytest.raises(Refused, match=r"says nothing about 0\.3\.0"):
        release.release(root, "", dry=False)


def test_what_cannot_be_released_is_refused_in_a_sentence(clone):
    root, git = clone
    with pytest.raises(Refused, match="does not come after"):
        release.release(root, "0.1.5", dry=False)
    (root / "notes").write_text("")
    with pytest.raises(Refused, match=r"These files are not committed: notes\."):
        release.release(root, "", dry=False)
    for log, present, tags, message in (
        ("## 0.2.0\n", "0.2.0", [], "has no heading"),
        (LOG.replace("0.2.0", "new"), "0.2.0", [], "opens 'new', which is no version"),
        (LOG, "0.3.0.dev0", [], "says 0.3.0.dev0, and CHANGELOG.md opens 0.2.0"),
        (LOG, "0.2.0.dev0", ["v0.2.0"], "is there already"),
    ):
        with pytest.raises(Refused, match=message):
            release.opened(log, present, tags)


def test_the_version_stands_in_one_place_and_the_changelog_has_it_open():
    (present,) = re.findall(release.VERSIONS[MODULE], (ROOT / MODULE).read_text("utf-8"))
    cited = re.findall(release.VERSIONS[CITATION], (ROOT / CITATION).read_text("utf-8"), re.MULTILINE)
    assert cited == [present]
    assert release.opened((ROOT / CHANGELOG).read_text("utf-8"), present, []).base_version == present.split(".dev")[0]


def test_hosted_checks_call_the_targets_that_people_call():
    hosted = (ROOT / ".github" / "workflows" / "checks.yml").read_text("utf-8")
    assert set(re.findall(r"run: make (\w+)", hosted)) == {"lint", "test", "docs"}
    assert "doctor" in (ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml").read_text("utf-8")
