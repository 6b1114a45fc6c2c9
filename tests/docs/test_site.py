"""The site of `make docs` has every page of docs/ and every module, and refers to nothing outside the repository."""

import importlib.util
import re
import sys
from types import SimpleNamespace

import pytest
import yaml
from places import ROOT

CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))


def load(name):
    """A module of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(nav):
    """The files of a nav, at any depth."""
    for entry in nav:
        for part in entry.values() if isinstance(entry, dict) else [entry]:
            yield from pages(part) if isinstance(part, list) else [part]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    site, folder = load("site"), tmp_path_factory.mktemp("site")
    site.BUILD, site.CONFIG = folder / "docs", folder / "mkdocs.yml"
    site.main()
    return folder


def test_the_nav_has_every_page_once_and_no_other(built):
    named = list(pages(yaml.safe_load((built / "mkdocs.yml").read_text("utf-8"))["nav"]))
    there = [str(page.relative_to(built / "docs")) for page in (built / "docs").rglob("*.md")]
    assert sorted(named) == sorted(there)
    assert {page.name for page in (ROOT / "docs").glob("*.md")} <= set(named)
    assert "reference/emoviz/evaluation/metrics/ccc.md" in named and "reference/emoviz/api/index.md" in named


def test_links_of_gathered_pages_lead_to_gathered_pages(built):
    for page in (built / "docs").rglob("*.md"):
        for target in re.findall(r"\]\(([^)\s#]+)", page.read_text("utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name} leads to {target}"


def test_the_bibliography_has_the_sources_of_docstrings(built):
    text = (built / "docs" / "bibliography.md").read_text("utf-8")
    assert "- L. I.-K. Lin, Biometrics 45 (1989) 255-268. [`evaluation.metrics.ccc`](reference/" in text


def test_nothing_is_loaded_from_the_network_and_nothing_refers_outside():
    assert CONFIG["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css", "hooks"} & set(CONFIG)
    files = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", *(ROOT / "emoviz").rglob("*.py")]
    assert not [file for file in files if re.search(r"\bspec/\w+\.md", file.read_text("utf-8"))]


def test_marks_of_docstrings_become_links_and_equations(monkeypatch):
    """Without the libraries of the site's own environment."""
    monkeypatch.setitem(sys.modules, "griffe", SimpleNamespace(Extension=object, Object=object, Alias=object))
    drawn = SimpleNamespace(convert=lambda latex, display: f"<math {display}>{latex}</math>")
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", drawn)
    turned = load("docstrings").turned
    link = '<autoref optional identifier="emoviz.core.words.number"><code>number</code></autoref>'
    assert (
        turned(":func:`~emoviz.core.words.number`", "emoviz") == link == turned(":func:`number`", "emoviz.core.words")
    )
    text = turned("As\n\n.. math::\n    x =\n    y\n\nwhere :math:`x` is.\n\n  .. math:: z\n\nSo.", "emoviz")
    block, other = ("<div><math block>x = y</math></div>", "<div><math block>z</math></div>")
    assert text == f"As\n\n{block}\n\nwhere <math inline>x</math> is.\n\n  {other}\n\nSo."
