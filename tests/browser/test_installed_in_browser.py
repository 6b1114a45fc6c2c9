"""The wheel, installed into an empty environment without the checkout, opens the app and analyses the example."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import serving
from looking import VIDEO, lane, wait_until_done
from places import ROOT
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass(frozen=True)
class Installed:
    """An environment that has emoviz and what it depends on.

    Attributes:
        python: of the environment.
        command: ``emoviz``.
        folder: in which it is called; empty.
        home: of its user.
    """

    python: Path
    command: Path
    folder: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that say nothing of emoviz or the checkout."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("EMOVIZ_", "PYTHON", "XDG_"))}
        return kept | {"HOME": str(self.home), "OMP_NUM_THREADS": "1"}

    def run(self, *command: str | Path) -> str:
        """What a command prints."""
        found = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert found.returncode == 0, found.stderr
        return found.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel of this checkout in an environment of its own; other libraries are those of this one."""
    wheels, place = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("environment")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, ROOT], check=True)
    (wheel,) = wheels.glob("*.whl")
    venv.create(place)
    programs = place / ("Scripts" if sys.platform == "win32" else "bin")
    python = programs / "python"
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True)
    libraries = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    # Folders that a .pth file names are searched, but their own .pth files, as of an editable checkout, are not read.
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    folder = tmp_path_factory.mktemp("outside") / "leerer Ordner für Übungen"
    folder.mkdir()
    return Installed(python, programs / "emoviz", folder, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def address(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the installed app answers."""
    log = tmp_path_factory.mktemp("log") / "log.txt"
    with serving([installed.command, "app", "--port"], installed.folder, installed.environment, log) as address:
        yield address


def test_everything_comes_from_the_package(installed: Installed):
    imported = installed.run(installed.python, "-c", "import emoviz; print(emoviz.__file__, emoviz.__version__)")
    package, version = imported.split()
    assert not Path(package).is_relative_to(ROOT) and Path(package).is_relative_to(installed.python.parent.parent)
    assert installed.run(installed.command, "--version") == f"emoviz {version}\n"
    models = json.loads(installed.run(installed.command, "models", "--json"))
    assert {model["name"] for model in models} == {path.parent.name for path in ROOT.glob("checkpoints/*/config.json")}
    assert all(Path(model["folder"]).is_relative_to(Path(package).parent) and not model["error"] for model in models)
    assert "| svm |" in installed.run(installed.python, "-m", "emoviz", "results")


def test_the_example_is_analysed(installed: Installed, address: str, page: Page):
    page.goto(f"{address}/predict")
    page.locator(f"{lane('emotions-fused')} canvas").wait_for()
    wait_until_done(page)
    page.wait_for_function(f"{VIDEO}.duration > 0")
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("system-ui")
    page.goto(f"{address}/results")
    page.wait_for_selector("h1")
    assert list(installed.folder.iterdir()) == []
    assert list(installed.home.glob(".local/share/emoviz/store/*"))
