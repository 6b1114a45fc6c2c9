"""The house rules of docs/architecture.md, read from the source: who may import whom, and what nobody does."""

import ast
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from emoviz.models import MODELS

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted([*(ROOT / "emoviz").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"])
FILES = [file for file in FILES if file.exists()]

ORDER = (
    ("app", "pages", "__main__"),
    ("cli",),
    ("ui",),
    ("api",),
    ("jobs",),
    ("explain",),
    ("analysis",),
    ("studies",),
    ("training",),
    ("prediction",),
    ("annotation",),
    ("checkpoints",),
    ("evaluation",),
    ("models",),
    ("features",),
    ("corpora",),
    ("media",),
    ("plots",),
    ("core", "__init__"),
)
"""The house from top to bottom: each line may import only what stands below it."""
HEIGHT = {part: len(ORDER) - place for place, line in enumerate(ORDER) for part in line}

HEAVY = {"av", "cv2", "ai_edge_litert", "opensmile", "streamlit", "plotly"}
"""What a training node need not have."""
CORE = ("core", "training", "models", "evaluation", "checkpoints", "features/base", "features/store", "features/align")

NAMES_OF_ENTRIES = set(MODELS) - {"expression"}  # which is also a feature, and a word
NAMES_OF_ENTRIES |= {"German", "Hungarian", "Italian", "Pakistani", "North American", "Polish", "Korean"}
"""Models and cultures: data, never a branch of the code."""


def part_of(file: Path) -> str:
    """The part of the house that a file belongs to, e.g. ``media``, ``ui`` or ``app``."""
    inside = file.relative_to(ROOT).with_suffix("").parts
    return inside[1] if inside[0] == "emoviz" else inside[0]


def imports(tree: ast.AST, package: tuple[str, ...], *, lazy: bool) -> Iterator[tuple[str, ...]]:
    """Dotted names that a file imports, as tuples; with ``lazy`` also those inside functions.

    What stands under ``if TYPE_CHECKING`` is not imported and left out.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not lazy:
            continue
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = start + tuple((node.module or "").split(".") if node.module else ())
            yield from ((*module, alias.name) for alias in node.names)
        else:
            yield from imports(node, package, lazy=lazy)


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


@cache
def imported_by(file: Path, *, lazy: bool = True) -> set[tuple[str, ...]]:
    return set(imports(tree_of(file), file.relative_to(ROOT).parent.parts, lazy=lazy))


def assert_of_every_file(faults_of: Callable[[Path], Iterable[str]]) -> None:
    """All files in one test, as one for each would take as long to start as it takes to read the file."""
    faults = [f"{file.relative_to(ROOT)}: {fault}" for file in FILES for fault in faults_of(file)]
    assert not faults, "\n".join(faults)


def test_each_part_imports_only_what_stands_below_it():
    assert_of_every_file(_imports_from_above)


def _imports_from_above(file: Path) -> Iterator[str]:
    part = part_of(file)
    if part not in HEIGHT:
        yield f"{part} has no place in the house: docs/architecture.md says where things live"
        return
    for name in imported_by(file):
        if name[0] in ("emoviz", "pages", "app"):
            other = name[1] if name[0] == "emoviz" and len(name) > 1 else name[0]
            if name[0] == "emoviz" and not _is_module(other):
                other = "__init__"  # a name of emoviz/__init__.py, e.g. __version__
            if not (other == part or HEIGHT[other] < HEIGHT[part]):
                yield f"{part} must not import {'.'.join(name)}"


def test_no_module_imports_itself_by_way_of_others():
    """Also through imports inside functions, and within a package."""
    modules = {module_of(file): file for file in FILES if file.is_relative_to(ROOT / "emoviz")}
    graph = {module: _modules_imported(file, modules) - {module} for module, file in modules.items()}
    while free := {module for module, others in graph.items() if not others}:
        graph = {module: others - free for module, others in graph.items() if module not in free}
    assert not graph, "these import each other in a circle, or something that does: " + ", ".join(sorted(graph))


def test_pages_open_without_the_library_that_trains():
    """Lightning takes seconds to import, which each start of the app and of its tests would pay."""
    modules = {module_of(file): file for file in FILES}
    waiting = [module for module in modules if module.split(".")[0] in ("app", "pages")]
    seen: set[str] = set()
    while waiting:
        parts = waiting.pop().split(".")
        for module in ({".".join(parts[: n + 1]) for n in range(len(parts))} & set(modules)) - seen:
            seen.add(module)
            assert not {"lightning", "torchmetrics"} & {name[0] for name in imported_by(modules[module], lazy=False)}
            waiting += _modules_imported(modules[module], modules, lazy=False)
    assert {"emoviz.training", "emoviz.training.outlook", "emoviz.studies.reports"} <= seen


def module_of(file: Path) -> str:
    """Dotted name of a module, e.g. ``emoviz.media.info``, or of a package."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _modules_imported(file: Path, modules: Collection[str], *, lazy: bool = True) -> set[str]:
    """The modules that a file imports: ``emoviz.media`` itself where a name of its ``__init__`` is asked for."""
    dotted = {(".".join(name), ".".join(name[:-1])) for name in imported_by(file, lazy=lazy)}
    return {whole if whole in modules else parent for whole, parent in dotted} & set(modules)


def _is_module(name: str) -> bool:
    return (ROOT / "emoviz" / name).is_dir() or (ROOT / "emoviz" / f"{name}.py").is_file()


def test_libraries_stay_where_they_belong():
    assert_of_every_file(_misplaced_libraries)


def _misplaced_libraries(file: Path) -> Iterator[str]:
    part = part_of(file)
    everything = {name[0] for name in imported_by(file)}
    if part not in ("ui", "pages", "app") and "streamlit" in everything:
        yield "only pages and what they share import streamlit"
    if part in ("core", "plots", "evaluation") and "torch" in everything:
        yield f"{part} does without torch"
    if everything & {"pickle", "joblib", "dill", "shelve"}:
        yield "nothing is ever unpickled"
    if str(file.relative_to(ROOT / "emoviz") if part not in ("pages", "app") else "").startswith(CORE):
        for library in {name[0] for name in imported_by(file, lazy=False)} & HEAVY:
            yield f"a training node need not have {library}"


def test_no_branch_on_the_name_of_a_model_or_culture():
    assert_of_every_file(_branches_on_names)


def _branches_on_names(file: Path) -> Iterator[str]:
    if part_of(file) in ("models", "corpora"):
        return
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Compare):
            named = {c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
            if named & NAMES_OF_ENTRIES:
                yield f"line {node.lineno} asks for a name: {ast.unparse(node)}"


def test_faults_of_a_file_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / "emoviz" / "core" / "wrong.py"
    (tmp_path / "emoviz" / "media").mkdir(parents=True)
    file.parent.mkdir()
    file.write_text("import pickle, torch, streamlit, av\nfrom ..media import probe\nname = ''\nname == 'German'\n")
    assert list(_imports_from_above(file)) == ["core must not import emoviz.media.probe"]
    assert len(list(_misplaced_libraries(file))) == 5
    assert list(_branches_on_names(file)) == ["line 4 asks for a name: name == 'German'"]


def test_reader_of_imports_sees_what_it_must(tmp_path):
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import av\n"
        "from ..media import probe\ndef f():\n    import cv2\n    from . import store\n"
    )
    tree = ast.parse(source)
    package = ("emoviz", "features")
    assert set(imports(tree, package, lazy=False)) == {("typing", "TYPE_CHECKING"), ("emoviz", "media", "probe")}
    lazy = {("cv2",), ("emoviz", "features", "store")}
    assert set(imports(tree, package, lazy=True)) - set(imports(tree, package, lazy=False)) == lazy


def test_core_runs_without_media_and_page_libraries():
    """Imported in a fresh process in which those libraries cannot be found."""
    program = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"{{name}} is not on this machine", name=name)
sys.meta_path.insert(0, Absent())
import emoviz.training.config, emoviz.training.loop, emoviz.training.data
import emoviz.models, emoviz.evaluation.metrics, emoviz.models.losses, emoviz.checkpoints
import emoviz.features.store, emoviz.features.align
list(emoviz.models.MODELS)
assert not {HEAVY!r} & set(sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
