"""Release the version that CHANGELOG.md has open: write it, build the wheel, commit and tag it, and open the next one.

    python -m tools.release [--next 0.3.0] [--dry-run]

Nothing is published: the wheel lies in ``build/``, commits and tag are this clone's.
"""

import argparse
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG, MODULE, CITATION = "CHANGELOG.md", "emoviz/__init__.py", "CITATION.cff"
OPEN = re.compile(r"^## (\S+) \(unreleased\)\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
VERSIONS = {MODULE: r'(?<=__version__ = ")[^"]+', CITATION: r"(?<=^version: ).+"}
"""Where the version stands, by file; the package and the app read it from the module."""


class Refused(Exception):  # noqa: N818 - the reason, in one sentence
    """A release that cannot be made."""


def opened(changelog: str, present: str, tags: list[str]) -> Version:
    """Return the version that a changelog has open.

    Args:
        changelog: text of the changelog.
        present: version that the package says.
        tags: tags of the repository.

    Raises:
        Refused: if none is open, it says nothing, it is not the package's, or it was released before.
    """
    found = OPEN.search(changelog)
    if not found:
        raise Refused(f"{CHANGELOG} has no heading '## X.Y.Z (unreleased)' above a released version.")
    try:
        version = Version(found[1])
    except InvalidVersion as error:
        raise Refused(f"{CHANGELOG} opens '{found[1]}', which is no version such as 0.2.0.") from error
    if not found[2].strip():
        raise Refused(f"{CHANGELOG} says nothing about {version}.")
    if Version(present).base_version != version.base_version:
        raise Refused(f"{MODULE} says {present}, and {CHANGELOG} opens {version}.")
    if f"v{version}" in tags:
        raise Refused(f"The tag v{version} is there already.")
    return version


def with_version(root: Path, version: str) -> None:
    """Write a version wherever one stands."""
    for file, pattern in VERSIONS.items():
        text = (root / file).read_text("utf-8")
        (root / file).write_text(re.sub(pattern, version, text, flags=re.MULTILINE), "utf-8")


def release(root: Path, following: str, *, dry: bool) -> Version:
    """Release the open version, and return it.

    Args:
        root: folder of the clone.
        following: version that is opened next; "" is the next minor one.
        dry: whether nothing is written.

    Raises:
        Refused: if a file is not committed, or the open version cannot be released.
    """

    def git(*command: str) -> str:
        done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    if changed := git("status", "--porcelain"):
        raise Refused(f"These files are not committed: {', '.join(line.split()[-1] for line in changed.splitlines())}.")
    changelog = (root / CHANGELOG).read_text("utf-8")
    (present,) = re.findall(VERSIONS[MODULE], (root / MODULE).read_text("utf-8"))
    version = opened(changelog, present, git("tag").split())
    upcoming = Version(following or f"{version.major}.{version.minor + 1}.0")
    if upcoming <= version:
        raise Refused(f"{upcoming} does not come after {version}.")
    if dry:
        return version
    closed = changelog.replace(f"## {version} (unreleased)", f"## {version} ({date.today().isoformat()})", 1)
    (root / CHANGELOG).write_text(closed, "utf-8")
    with_version(root, str(version))
    try:
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "build"], cwd=root, check=True)
    except BaseException:
        git("checkout", "--", CHANGELOG, *VERSIONS)
        raise
    git("commit", "-qam", f"Release {version}")
    git("tag", "-a", f"v{version}", "-m", f"emoviz {version}")
    before, _, rest = closed.partition(f"## {version} ")
    (root / CHANGELOG).write_text(f"{before}## {upcoming} (unreleased)\n\n## {version} {rest}", "utf-8")
    with_version(root, f"{upcoming}.dev0")
    git("commit", "-qam", f"Open {upcoming}")
    return version


def main() -> None:
    """Release, and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--next", default="", metavar="X.Y.Z", help="version that is opened next (the next minor one)")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    options = parser.parse_args()
    try:
        version = release(ROOT, options.next, dry=options.dry_run)
    except Refused as error:
        raise SystemExit(str(error)) from error
    print(f"{version} can be released." if options.dry_run else f"Released {version}: build/, tag v{version}.")


if __name__ == "__main__":
    main()
