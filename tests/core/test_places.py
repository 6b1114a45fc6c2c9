"""A checkout keeps everything in its folder, an installed emoviz in the user's; no module decides."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from places import ROOT

from emoviz.core import places
from emoviz.core.errors import ConfigError
from emoviz.core.settings import Settings


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package: it carries what comes with it, and nothing else is known of the machine."""
    package = tmp_path / "site-packages" / "emoviz"
    (package / places.INSIDE).mkdir(parents=True)
    monkeypatch.setattr(places, "PACKAGE", package)
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "user" / "emoviz")
    for name in [name for name in os.environ if name.startswith("EMOVIZ_")]:
        monkeypatch.delenv(name)
    return package


def test_a_checkout_keeps_everything_in_its_folder():
    settings = Settings.read({})
    assert places.checkout() == places.bundled({}) == places.home() == places.import_folder() == ROOT
    assert (settings.store, settings.runs) == (ROOT / "store", ROOT / "runs")
    assert settings.checkpoints == (ROOT / "checkpoints",) and settings.results == (ROOT / "results",)
    assert places.weights({}) == ROOT / "weights"


def test_an_installed_emoviz_keeps_a_users_own_in_the_users_folder(package, tmp_path):
    settings, user = Settings.read(), tmp_path / "user" / "emoviz"
    bundled = package / places.INSIDE
    assert places.checkout() is None and places.bundled() == bundled and places.import_folder() == package.parent
    assert (settings.store, settings.runs, places.weights()) == (user / "store", user / "runs", user / "weights")
    assert settings.checkpoints == (bundled / "checkpoints", user / "checkpoints")
    assert settings.results == (bundled / "results", user / "results")
    assert Settings(None, Path("a"), (), Path("b")).results == settings.results


def test_settings_name_other_folders(package, tmp_path):
    named = {f"EMOVIZ_{name}": str(tmp_path / name) for name in ("STORE", "RUNS", "CHECKPOINTS", "RESULTS", "BUNDLED")}
    settings = Settings.read(named)
    assert (settings.store, settings.runs) == (tmp_path / "STORE", tmp_path / "RUNS")
    assert settings.checkpoints == (tmp_path / "BUNDLED" / "checkpoints", tmp_path / "CHECKPOINTS")
    assert settings.results == (tmp_path / "BUNDLED" / "results", tmp_path / "RESULTS")
    assert places.weights({"EMOVIZ_WEIGHTS": str(tmp_path / "w")}) == tmp_path / "w"


def test_who_may_not_write_to_the_project_folder_works_in_the_users(monkeypatch, tmp_path):
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "user")
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != ROOT)
    settings = Settings.read({})
    assert settings.store == tmp_path / "user" / "store"
    assert settings.checkpoints == (ROOT / "checkpoints", tmp_path / "user" / "checkpoints")


def test_who_may_write_nowhere_works_in_a_temporary_folder(package, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "file" / "emoviz")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temporary"))
    assert Settings.read().store == tmp_path / "temporary" / f"emoviz-{places.user_name()}" / "store"


def test_a_limit_that_is_no_number_is_refused():
    with pytest.raises(ConfigError, match="EMOVIZ_UPLOAD_LIMIT_MB is a positive whole number of megabytes, not 'much'"):
        Settings.read({"EMOVIZ_UPLOAD_LIMIT_MB": "much"})
    assert dataclasses.replace(Settings.read({}), upload_limit_mb=7).imports == ROOT / "store" / "imported"


def test_half_the_cores_analyse_unless_a_setting_says_how_many(monkeypatch):
    for cores, analyses in ((1, 1), (None, 1), (8, 4)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert Settings.read({}).analyses == analyses
    assert Settings.read({"EMOVIZ_ANALYSES": "3"}).analyses == 3
    with pytest.raises(ConfigError, match="EMOVIZ_ANALYSES is a positive whole number of analyses at once, not '0'"):
        Settings.read({"EMOVIZ_ANALYSES": "0"})


def test_what_is_kept_of_recordings_is_a_setting_that_may_be_nothing():
    assert Settings.read({}).kept_mb == 4000
    assert Settings.read({"EMOVIZ_KEPT_MB": "0"}).kept_mb == 0
    shared = {"EMOVIZ_ADDRESS": "0.0.0.0"}
    assert Settings.read(shared).kept_mb == 0 and Settings.read(shared | {"EMOVIZ_KEPT_MB": "7"}).kept_mb == 7
    for wrong in ("-1", "much", "1.5", "²", ""):
        with pytest.raises(ConfigError, match=f"0 to keep nothing, not '{wrong}'"):
            Settings.read({"EMOVIZ_KEPT_MB": wrong})


@pytest.mark.parametrize("other", ["EMOVIZ_ADDRESS=0.0.0.0", f"EMOVIZ_TOKEN={'t' * 16}", "EMOVIZ_NO_LOGIN=1"])
def test_where_others_reach_the_app_pages_read_the_folders_that_are_named(other, tmp_path):
    own = {"EMOVIZ_STORE": str(tmp_path / "store")}
    assert Settings.read(own).readable is None
    shared = own | dict([other.split("=")])
    assert Settings.read(shared).readable == (tmp_path / "store",)
    more = {"EMOVIZ_DATA": str(tmp_path / "data"), "EMOVIZ_FOLDERS": str(tmp_path / "clips")}
    for environment in (shared, own):
        readable = Settings.read(environment | more).readable
        assert readable == (tmp_path / "clips", tmp_path / "data", tmp_path / "store")


SPY = """
import importlib, json, os, pkgutil, signal, sys
from pathlib import Path
def import_all():
    import emoviz
    for found in pkgutil.walk_packages(emoviz.__path__, "emoviz."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
package, reads = Path(sys.argv[1]) / "emoviz", set()
read = os._Environ.__getitem__
def spy(self, key):
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "") in ("os", "collections.abc", "_collections_abc", "posixpath", "ntpath"):
        frame = frame.f_back
    if frame.f_globals.get("__name__", "").startswith("emoviz"):
        reads.add(f"{frame.f_globals['__name__']} reads {key}")
    return read(self, key)
os._Environ.__getitem__ = spy
import_all()
def paths(value, depth=2):
    if isinstance(value, Path):
        yield value
    elif isinstance(value, dict) and depth:
        for one in value.values():
            yield from paths(one, depth - 1)
    elif isinstance(value, (tuple, list, set, frozenset)) and depth:
        for one in value:
            yield from paths(one, depth - 1)
    elif callable(value) and (getattr(value, "__module__", None) or "").startswith("emoviz"):
        yield from paths([getattr(value, "__defaults__", None) or (), getattr(value, "__kwdefaults__", None) or {}])
        if isinstance(value, type) and depth:
            yield from paths(list(vars(value).values()), depth - 1)
for name, module in list(sys.modules.items()):
    if name.startswith("emoviz"):
        for key, value in list(vars(module).items()):
            for path in paths(value):
                if path.is_absolute() and not path.is_relative_to(package):
                    reads.add(f"{name}.{key} keeps {path}")
print(json.dumps(sorted(reads)), flush=True)
"""
"""Prints what the modules read of the environment, and which absolute paths they keep, when they are imported."""

ELSEWHERE = """
for name in [name for name in sys.modules if name.startswith("emoviz")]:
    del sys.modules[name]
for name in ("fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "posix"):
    sys.modules[name] = None
for name in ("setsid", "killpg", "getpgid", "fork", "getuid", "geteuid", "fchmod", "chown", "uname", "nice",
             "sched_getaffinity", "sched_setaffinity", "mkfifo", "wait3", "wait4", "getloadavg"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "pthread_sigmask"):
    if hasattr(signal, name):
        delattr(signal, name)
sys.platform = "win32"
import_all()
print(json.dumps("imported"))
"""
"""Imports the modules once more, on another system; what the libraries need of this one is theirs."""


@pytest.fixture(scope="module")
def imported() -> subprocess.CompletedProcess[str]:
    """A process that imports everything, which takes it seconds, first as it is and then elsewhere."""
    command = [sys.executable, "-c", SPY + ELSEWHERE, str(ROOT)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_no_module_reads_a_setting_or_keeps_a_path_when_it_is_imported(imported):
    assert imported.stdout.startswith("[]\n"), imported


def test_every_module_is_imported_where_the_system_is_no_posix(imported):
    assert imported.returncode == 0 and imported.stdout.endswith('"imported"\n'), imported.stderr


def test_folders_that_pages_may_read_are_parted_as_in_path(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    named = os.pathsep.join(["", str(tmp_path / "link"), str(tmp_path / "a"), str(tmp_path / "b")])
    assert Settings.read({"EMOVIZ_FOLDERS": named}).folders == (tmp_path / "a", tmp_path / "b")
    assert Settings.read({}).folders == ()
