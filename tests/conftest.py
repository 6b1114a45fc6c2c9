"""How the tests run, and fixtures that all of them share."""

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on who else uses the machine.
settings.register_profile("emoviz", deadline=None)
settings.load_profile("emoviz")


MIDDLE_OF_BROWSER = "tests/browser/test_f"
LONGEST = (
    "tests/browser",
    "tests/prediction/test_served.py",
    "tests/notebooks/test_notebooks.py",
    "tests/prediction/test_cases.py",
    "tests/analysis/test_projection.py",
    "tests/jobs/test_training.py",
    "tests/docs/test_guides.py",
    "tests/training/test_world.py",
    "tests/prediction/test_clip.py",
    "tests/media/test_cases.py",
    "tests/jobs/test_local.py",
    "tests/cli/test_cli.py",
    "tests/ui/test_clip_analysis.py",
    "tests/media/test_hostile.py",
    "tests/training/test_papers_end_to_end.py",
    "tests/features/test_extractors.py",
    "tests/core/test_places.py",
    "tests/test_layers.py",
    "tests/prediction/test_kept.py",
    "tests/media/test_faces.py",
    "tests/training/test_protocols.py",
    "tests/training/test_loop.py",
)
"""What takes from a minute to ten seconds, longest first; the guides come once lint has filled the cache of types."""


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
    """What takes longest comes first, so that no process works on one file alone at the end."""
    folder = Path(__file__).parent.parent
    assert all((folder / name).exists() for name in LONGEST)
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item: pytest.Item) -> tuple[int, bool]:
        known = (place for place, name in enumerate(LONGEST) if item.nodeid.startswith(name))
        return next(known, len(LONGEST)), item.path not in slow

    items.sort(key=place)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Weights that a test draws do not depend on the tests before it, and UMAP's threads do not stay with torch."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
        if threads := os.environ.get("OMP_NUM_THREADS"):
            torch.set_num_threads(int(threads))


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """AppTest makes its page the main module, which every process that a later test starts would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session", autouse=True)
def installed_components() -> Iterator[None]:
    """Each run of an AppTest reads the manifests of all installed packages, which takes longer than most pages."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real corpora; tests that use it carry the mark ``corpora``."""
    folder = os.environ.get("EMOVIZ_DATA")
    if not folder:
        pytest.skip("EMOVIZ_DATA is not set: tests on real corpora do not run.")
    return Path(folder).resolve()
