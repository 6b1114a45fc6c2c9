"""Every page leads to its guides, and the app shows them without a request to another server."""

import re

import pytest
from places import ROOT
from streamlit.testing.v1 import AppTest

from emoviz.core import places
from emoviz.core.errors import UnknownNameError
from emoviz.ui import documentation, menu


def test_pages_lead_to_guides_that_are_there():
    pages = {entry.title for entry in menu.entries(ROOT / "pages")}
    assert set(documentation.MORE) <= pages and len(documentation.MORE) >= 13
    assert all(documentation.MORE.values())
    assert {name for names in documentation.MORE.values() for name in names} <= set(documentation.titles())


def test_all_guides_of_the_docs_are_offered_by_their_titles():
    titles = documentation.titles()
    assert set(titles) == {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert titles["how-sure"] and titles["glossary"] == "Glossary"
    assert list(titles.values()) == sorted(titles.values(), key=str.lower)


@pytest.mark.parametrize("name", sorted(documentation.titles()))
def test_links_of_a_guide_lead_to_guides(name):
    outside = re.sub(r"^ *```.*?```", "", documentation.text(name), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)]+)\)", outside):
        found = re.fullmatch(r"guides\?guide=([\w-]+)(#[\w-]+)?|https?://\S+|#[\w-]+", target)
        assert found and (not found[1] or found[1] in documentation.titles()), target
    assert not re.search(r"^# |<!--", outside, re.MULTILINE)


def test_links_headings_and_code_of_a_guide(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    content = (
        "# One\n<!-- made -->\n[two](two.md#part), [code](../a.py), [net](https://a/c.md)\n```\n# [x](two.md)\n```\n"
    )
    (tmp_path / "docs" / "one.md").write_text(content)
    (tmp_path / "docs" / "two.md").write_text("# Two\n")
    monkeypatch.setattr(places, "bundled", lambda: tmp_path)
    said = documentation.text("one").splitlines()
    assert said[:2] == ["## One", "[two](guides?guide=two#part), code, [net](https://a/c.md)"]
    assert said[3].startswith("# "), "a comment in code is no heading"
    with pytest.raises(UnknownNameError, match="guide"):
        documentation.text("three")


def test_the_page_shows_the_guide_of_its_link():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["guide"] = "camera"
    page.switch_page("pages/guides.py").run()
    assert not page.exception and page.title[0].value == "Guides"
    assert page.selectbox[0].value == "camera" and page.markdown[-1].value.startswith("## Record with the camera")


def test_a_link_to_an_unknown_guide_says_so():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["guide"] = "cooking"
    page.switch_page("pages/guides.py").run()
    assert not page.exception and page.info[0].value == "There is no guide 'cooking': choose one below."
