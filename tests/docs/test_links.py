"""The README is short, and whatever it and the docs lead to is there."""

import re

import pytest
from places import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
LONGEST = 10_000
"""Bytes."""


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for found in LINK.finditer(page.read_text("utf-8")):
        address = found[1] or found[2]
        if address.startswith(("http://", "https://")):
            continue
        name, _, anchor = address.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name} leads to {address}"
        assert not anchor or anchor in anchors(target.read_text("utf-8")), f"{page.name} leads to {address}"


def test_the_readme_is_short_and_leads_to_every_page_of_the_docs():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.encode()) < LONGEST
    for page in PAGES[1:]:
        assert f"(docs/{page.name})" in text, f"{page.name} is found by nobody"
