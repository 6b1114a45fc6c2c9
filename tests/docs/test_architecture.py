"""docs/architecture.md shows the tree as it is, and the layer test's own list."""

import re
from pathlib import Path

import pytest
from test_layers import ORDER

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def rows() -> list[list[str]]:
    """The parts on each line of the page's list, from top to bottom."""
    (block,) = re.findall(r"^```\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
    lines = [re.split(r"  +", line, maxsplit=1) for line in block.splitlines()]
    assert all(len(line) == 2 and line[1] for line in lines), "each part has a sentence"
    return [[part.removesuffix("/").removesuffix(".py") for part in names.split()] for names, _ in lines]


def test_the_page_has_the_order_of_the_layer_test():
    assert [set(row) for row in rows()] == [set(line) - {"__main__", "__init__"} for line in ORDER]


def test_every_package_is_on_the_page_and_nothing_else():
    packages = {path.parent.name for path in (ROOT / "emoviz").glob("*/__init__.py")}
    assert {part for row in rows()[1:] for part in row} == packages
    assert not [path.name for path in (ROOT / "emoviz").glob("*.py") if path.name not in ("__init__.py", "__main__.py")]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_/]+(?:\.py|/))`", PAGE))))
def test_every_file_that_the_page_names_is_there(name):
    assert any((folder / name).exists() for folder in (ROOT, ROOT / "emoviz")), f"there is no {name}"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", PAGE))))
def test_every_link_leads_somewhere(target):
    assert (ROOT / "docs" / target).is_file()


def test_every_registry_is_named():
    """A registry with a home is a kind of thing of which the page speaks."""
    homes = set()
    for file in (ROOT / "emoviz").rglob("*.py"):
        homes |= set(re.findall(r'Registry\(\s*"[^"]+",\s*(?:home=)?"(emoviz\.[a-z_.]+)"', file.read_text("utf-8")))
    assert len(homes) >= 10
    said = PAGE[PAGE.index("Whatever exists in several kinds") : PAGE.index("## The way of a clip")]
    words = {
        "models": "models",
        "losses": "losses",
        "metrics": "metrics",
        "features": "extractors",
        "corpora": "readers",
        "protocols": "protocols",
        "floors": "floors",
        "fusion": "fusion rules",
        "data": "kinds of data",
        "kinds": "kinds of jobs",
        "formats": "export formats",
        "loggers": "loggers",
        "cli": "commands",
        "corruptions": "corruptions",
        "checkpoints": "models",
    }
    for home in homes:
        assert words[home.rpartition(".")[2]] in said, f"the page does not speak of the registry of {home}"
