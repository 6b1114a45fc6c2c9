"""How the tests run, and fixtures that all of them share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on who else uses the machine.
settings.register_profile("emoviz", deadline=None)
settings.load_profile("emoviz")


MIDDLE_OF_BROWSER = "tests/browser/test_f"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Tests of one file share fixtures and so a process; those that drive the browser share two, each with an app."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # or the slowest, the browser, would wait for files of more tests

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            if not file.startswith("tests/browser/"):
                return file
            return "browser, first half" if file < MIDDLE_OF_BROWSER else "browser, second half"

    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process works on one alone at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Weights that a test draws do not depend on the tests before it."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """AppTest makes its page the main module, which every process that a later test starts would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real corpora; tests that use it carry the mark ``corpora``."""
    folder = os.environ.get("EMOVIZ_DATA")
    if not folder:
        pytest.skip("EMOVIZ_DATA is not set: tests on real corpora do not run.")
    return Path(folder).resolve()
