"""Every page has a place in the menu, and opens on the bundled models."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emoviz.ui import menu

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "pages").glob("*.py"))


def test_the_menu_has_the_pages_in_their_order():
    entries = menu.entries(ROOT / "pages")
    assert sorted(entry.path for entry in entries) == PAGES
    shown = {entry.section: [other.title for other in entries if other.section == entry.section] for entry in entries}
    wanted = {
        "": ["Home"],
        "See": ["Predict", "Explain"],
        "Understand": ["Attention", "Cultures", "Embeddings"],
        "Judge": ["Compare", "Results"],
        "Make": ["Data", "Train"],
        "Help": ["Guides"],
    }
    assert list(shown) == list(wanted)
    for section, titles in wanted.items():
        assert [title for title in shown[section] if title in titles] == titles


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_it_is(page):
    entry = menu.entry(page, 0)
    assert entry.title and entry.icon and entry.position > 0
    first = ast.get_docstring(ast.parse(page.read_text("utf-8"))).splitlines()[0]
    assert first.startswith(f"{entry.title}: ") and first.endswith("?"), "a page is one question"


def test_a_page_without_a_place_is_refused(tmp_path):
    page = tmp_path / "lost.py"
    page.write_text('"""Lost: where am I?"""\n')
    with pytest.raises(ValueError, match=r"lost.py needs PLACE = "):
        menu.entries(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_opens_on_the_bundled_models(page, monkeypatch, tmp_path):
    for name in ("STORE", "RUNS", "CHECKPOINTS"):
        monkeypatch.setenv(f"EMOVIZ_{name}", str(tmp_path / name.lower()))
    shown = AppTest.from_file(str(page), default_timeout=120).run()
    assert not shown.exception
    assert shown.title or shown.markdown
