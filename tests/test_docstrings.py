"""How public docstrings read: each first line and each entry says by itself what it is."""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from emoviz.core import errors

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "app.py"]
FILES += [file for folder in ("emoviz", "pages", "benchmarks") for file in sorted((ROOT / folder).rglob("*.py"))]
GUIDES = sorted((ROOT / "docs").glob("adding-*.md"))

VERBS = frozenset(
    """
    Add Adjust Align Analyse Append Apply Arrange Ask Assemble Assert Assign Attend Average Beat Begin Blur Bring
    Build Calibrate Cancel Change Check Choose Classify Clear Cluster Collect Colour Combine Compare Compile
    Complete Compute Condition Convert Copy Correct Correlate Count Cover Crop Cut Decide Decode Decorate Delete
    Describe Detect Divide Do Draw Dress Embed Encode End Estimate Evaluate Exchange Explain Export Extract Fetch
    Fill Filter Find Finish Fit Follow Forget Fuse Gather Get Give Go Group Hand Have Hold Import Interpolate Join
    Judge Keep Lay Learn Leave Let List Load Log Look Lower Make Mark Mask Match Measure Merge Mirror Mix Move Name
    Normalise Offer Open Optimise Pack Pad Parse Perform Place Play Poll Pool Predict Prepare Print Pull Push Put
    Queue Raise Rank Read Recognise Refuse Register Remember Remove Renew Repeat Replace Report Resume Return Round
    Run Sample Save Say Scale Score Search Seed Select Serve Set Share Show Smooth Sort Split Stack Start Stop Store
    Submit Suggest Summarise Tabulate Take Tell Test Time Track Train Transcribe Transform Turn Undo Update Wait
    Warn Weigh Weight Write Yield
    """.split()
)
"""Imperatives with which the docstring of a function begins; a new one is added here."""

DANGLING = frozenset(
    """
    after among as at before behind beneath beside between but by for from how if in into like likewise of on or
    over per so such than that there to under until upon what when where whereas which who whom whose why with
    within without
    """.split()
)
"""Words with which a text begins that only the text before it makes clear, or that stand in place of a noun."""

CALLED = frozenset("asks begins called decides gives keeps makes returns says takes tells told turns".split())
"""Words with which an entry begins that says what an argument does, but not what it is."""

RIDDLE = re.compile(r"\b(so many|than (which|whom)|[Oo]f more,)")
"""Words in which a reader of that line alone cannot know how many, than what, or how."""

EMPTY = re.compile(
    r"if (it|they|one|that|this|there) (is|are|does|do|has|have)( not| none| so)?\.|.* (cannot be|is none)\."
)
"""Texts under ``Raises`` that name no case."""

SHAPE = re.compile(r"\(|(float|u?int|bool)\d*\b")
"""Beginning of a text that tells a shape or a type before the thing that has it."""
SECTIONS = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
ENTRY = re.compile(r"    \*{0,2}(\w+): (.+)")
ERRORS = {name for place in (errors, builtins) for name, found in vars(place).items() if isinstance(found, type)}


@dataclass
class Text:
    """The docstring of one module, class or function."""

    place: str
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    doc: str
    page: bool = False

    @property
    def is_function(self) -> bool:
        """Whether it belongs to a function that is called, as properties are not."""
        if not isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        return not any(ast.unparse(one).split(".")[-1].endswith("property") for one in self.node.decorator_list)

    def entries(self, *sections: str) -> dict[str, str]:
        """The entries of some sections by their names."""
        found: dict[str, str] = {}
        section, name = "", ""
        for line in self.doc.splitlines():
            if head := SECTIONS.fullmatch(line):
                section, name = head[1], ""
            elif line and not line.startswith(" "):
                section, name = "", ""
            elif section in sections and (entry := ENTRY.fullmatch(line)):
                name = entry[1]
                found[name] = entry[2]
            elif section in sections and name:
                found[name] += " " + line.strip()
        return found


@cache
def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text())


def texts(tree: ast.Module, place: str) -> Iterator[Text]:
    """The docstrings of a file and of everything public in it; a missing one is empty."""
    page = place.startswith("pages/")
    yield Text(place, tree, ast.get_docstring(tree) or "", page)
    yield from inside(tree, place)


def inside(parent: ast.Module | ast.ClassDef, place: str) -> Iterator[Text]:
    """The docstrings of the public classes, functions and methods directly in a module or class, and in these."""
    for node in parent.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            name = f"{place}:{node.name}" if isinstance(parent, ast.Module) else f"{place}.{node.name}"
            yield Text(name, node, ast.get_docstring(node) or "")
            if isinstance(node, ast.ClassDef):
                yield from inside(node, name)


def of_source(source: str) -> Text:
    """The docstring of the one function or class of a source."""
    return list(texts(ast.parse(source), "made up"))[1]


def first_word(text: str) -> str:
    """The first word of a text, or nothing where it begins with a name, as code has it."""
    found = re.match(r"\(?([\w-]+)", text)
    return found[1] if found else ""


def first_line(text: Text) -> str:
    """What is wrong with the first line of a docstring, else nothing."""
    line = text.doc.split("\n\n")[0]
    if not line:
        return "has no docstring"
    if not line.endswith((".", "?") if text.page else "."):
        return f"does not end its first line with a full stop: {line}"
    if text.is_function and (line.split()[0].strip(",;.") not in VERBS or line.split()[1:2] == ["of"]):
        return f"does not begin with an imperative: {line}"
    if found := RIDDLE.search(line):
        return f"is a riddle at '{found[0]}': {line}"
    if text.is_function:
        return ""
    if first_word(line).lower() in DANGLING:
        return f"begins in the middle of a thought: {line}"
    if SHAPE.match(line):
        return f"tells the shape before the thing that has it: {line}"
    return ""


def wrong_entries(text: Text) -> list[str]:
    """The arguments and attributes of which an entry does not say what they are."""
    found = []
    for name, entry in text.entries("Args", "Attributes").items():
        if first_word(entry).lower() in DANGLING | CALLED:
            found.append(f"{name} is no noun: {entry}")
        elif SHAPE.match(entry):
            found.append(f"{name} has its shape before its noun: {entry}")
        elif not re.search(r"[A-Za-z]{3}", re.sub(r"``[^`]*``|\([^()]*\)", "", entry)):
            found.append(f"{name} has no words: {entry}")
    return found


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The names of a function's parameters, without those that Python passes itself."""
    given = node.args
    found = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [one.arg for one in found if one and one.arg not in ("self", "cls")]


def wrong_names(text: Text) -> str:
    """Whether the entries under ``Args`` are not those of the parameters: all of them, or none."""
    named = list(text.entries("Args"))
    if not named:
        return ""
    node: ast.AST | None = text.node
    if isinstance(node, ast.ClassDef):
        made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        if not made:
            return ""
        node = made[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef), f"{text.place} has no parameters"
    expected = parameters(node)
    return "" if named == expected else f"explains {named} of the parameters {expected}"


def wrong_raises(text: Text) -> list[str]:
    """The entries under ``Raises`` that name no exception, or do not say in which case it is raised."""
    found = [f"{name} is no exception" for name in text.entries("Raises") if name not in ERRORS]
    return found + [
        f"{name} is not said to be raised if something is wrong: {entry}"
        for name, entry in text.entries("Raises").items()
        if not entry.startswith(("if ", "of that kind, if ")) or EMPTY.fullmatch(entry)
    ]


def wrong_returns(text: Text) -> str:
    """Whether what is returned is described by a text that begins in the middle of a thought, or with a shape."""
    section = re.search(r"\n(?:Returns|Yields):\n((?:    .*\n?)+)", text.doc)
    described = section[1].strip() if section else ""
    wrong = first_word(described).lower() in DANGLING or SHAPE.match(described)
    return f"does not begin with what it returns: {described}" if wrong else ""


def problems(text: Text) -> list[str]:
    """All that is wrong with one docstring."""
    found = [first_line(text), *wrong_entries(text), wrong_names(text), *wrong_raises(text), wrong_returns(text)]
    return [f"{text.place} {problem}" for problem in found if problem]


def constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names of values that a module defines, and the texts beneath them."""
    for above, below in pairwise(tree.body):
        if isinstance(above, ast.Assign | ast.AnnAssign) and isinstance(below, ast.Expr):
            name = above.targets[0] if isinstance(above, ast.Assign) else above.target
            if isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
                yield ast.unparse(name), below.value.value.strip()


def test_public_docstrings_say_by_themselves_what_a_thing_does_or_is():
    texts_of_all = [text for file in FILES for text in texts(parsed(file), _place(file))]
    wrong = [problem for text in texts_of_all for problem in problems(text)]
    assert len(texts_of_all) > 1500 and not wrong, "\n".join(wrong)


def test_texts_beneath_values_say_by_themselves_what_the_values_are():
    found = [(_place(file), *one) for file in FILES for one in constants(parsed(file))]
    wrong = [
        f"{place}: {name} does not begin with its noun, or does not end: {text}"
        for place, name, text in found
        if first_word(text).lower() in DANGLING | CALLED or SHAPE.match(text) or not text.endswith(".")
    ]
    assert len(found) > 200 and not wrong, "\n".join(wrong)


def test_guides_write_docstrings_as_they_are_wanted():
    blocks = [
        (guide, block) for guide in GUIDES for block in re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL)
    ]
    found = [text for guide, block in blocks for text in texts(ast.parse(block), f"pages/, {guide.name}")]
    wrong = [problem for text in found if text.doc for problem in problems(text)]
    assert len(found) > 20 and not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def make(): pass", "no docstring"),
        ('def make():\n    """Make it"""', "full stop"),
        ('def made_of():\n    """From which a codebook is made; of more, so many are drawn."""', "imperative"),
        ('def owner():\n    """Whose recording one is, is as the first contender has it."""', "imperative"),
        ('def name():\n    """Name of the thing."""', "imperative"),
        ('class State:\n    """How a job stands."""', "middle of a thought"),
        ('class Boxes:\n    """float32 (F, 4): x and y."""', "shape"),
        ('def f(farther):\n    """Make it.\n\n    Args:\n        farther: (B, B), than whom.\n    """', "shape"),
        ('def f(seed):\n    """Make it.\n\n    Args:\n        seed: of the draw.\n    """', "no noun"),
        ('def f(draw):\n    """Make it.\n\n    Args:\n        draw: takes a sentence.\n    """', "no noun"),
        ('def f(width):\n    """Make it.\n\n    Args:\n        width: D.\n    """', "no words"),
        ('def f(a, b):\n    """Make it.\n\n    Args:\n        a: number of boxes.\n    """', "of the parameters"),
        ('def f():\n    """Make it.\n\n    Raises:\n        ConfigError: so.\n    """', "if something is wrong"),
        ('def f():\n    """Make it.\n\n    Raises:\n        ConfigError: if it is.\n    """', "if something is wrong"),
        ('def f():\n    """Make so many of them."""', "riddle at 'so many'"),
        (
            'def f():\n    """Make it.\n\n    Raises:\n        ConfigurationError: if it is late.\n    """',
            "no exception",
        ),
        ('def f():\n    """Make it.\n\n    Returns:\n        (N,).\n    """', "what it returns"),
    ],
)
def test_a_docstring_that_leaves_its_reader_guessing_is_found(source, problem):
    [found] = problems(of_source(source))
    assert problem in found


def test_a_docstring_as_the_house_wants_it_passes():
    source = """
class Bags:
    \"\"\"Bags of words, which count the words of a codebook.

    Args:
        frames: frames (N, D) of training speakers.
    \"\"\"

    def __init__(self, frames): ...

    @property
    def words(self):
        \"\"\"The number of words.\"\"\"

    def draw(self, count, *, seed=0):
        \"\"\"Return the frames on which a codebook is fitted.

        Args:
            count: number of frames.
            seed: seed of the draw.

        Returns:
            Frames (count, D).

        Raises:
            ConfigError: if there are fewer frames than that.
        \"\"\"
"""
    assert [problem for text in inside(ast.parse(source), "made up") for problem in problems(text)] == []


def _place(file: Path) -> str:
    return str(file.relative_to(ROOT))
