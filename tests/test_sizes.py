"""A function fits a screen, and a module has one reason to exist, which shows in its length."""

import ast
from pathlib import Path

import pytest
from places import ROOT

LONGEST_FUNCTION, LONGEST_MODULE = 60, 400
"""Lines, with docstrings and comments."""
FILES = sorted(file for part in ("emoviz", "pages", "benchmarks") for file in (ROOT / part).rglob("*.py"))
FILES = [*FILES, ROOT / "app.py"]


def too_long(file: Path) -> list[str]:
    """The module, where it is too long, and each of its functions that is."""
    text = file.read_text("utf-8")
    functions = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {f"{one.name} in {file.name}": (one.end_lineno or 0) - one.lineno + 1 for one in functions}
    found = [f"{name} has {length} lines" for name, length in lengths.items() if length > LONGEST_FUNCTION]
    lines = len(text.splitlines())
    return [*found, *([f"{file.name} has {lines} lines"] if lines > LONGEST_MODULE else [])]


def test_functions_fit_a_screen_and_modules_have_one_reason_to_exist():
    found = [one for file in FILES for one in too_long(file)]
    assert not found, (
        f"A function has at most {LONGEST_FUNCTION} lines and a module {LONGEST_MODULE}, so split these along their "
        f"reasons to exist: {', '.join(found)}."
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f():\n" + "    x = 1\n" * 59 + "\n" * 340, []),
        ("@cache\ndef f():\n" + "    x = 1\n" * 60, ["f in module.py has 61 lines"]),
        ("class C:\n    async def g(self):\n" + "        x = 1\n" * 60, ["g in module.py has 61 lines"]),
        ("\n" * 401, ["module.py has 401 lines"]),
    ],
)
def test_what_is_too_long_is_found(tmp_path, text, found):
    (tmp_path / "module.py").write_text(text)
    assert too_long(tmp_path / "module.py") == found
