"""The glossary: whole, sorted, on pages that exist, and the same in the docs."""

import re

import pytest
from places import ROOT

from emoviz import cli
from emoviz.core import glossary
from emoviz.core.errors import UnknownNameError
from emoviz.core.vocabulary import Dimension, Weighting
from emoviz.evaluation.metrics import METRICS
from emoviz.ui import menu

NAMES = [term.name for term in glossary.TERMS]


def test_terms_are_sorted_told_once_and_in_whole_short_sentences():
    assert sorted(NAMES, key=str.lower) == NAMES and len({*NAMES}) == len(NAMES)
    for term in glossary.TERMS:
        assert term.text.endswith(".") and len(term.text) < 300, term.name
        assert len(re.findall(r"[.:;]( |$)", term.text)) <= 4, f"{term.name} is told at too great length"


def test_whatever_pages_write_of_metrics_dimensions_and_weights_is_told():
    written = [METRICS[name].title for name in METRICS]
    assert {*written, *Dimension, *Weighting} <= {*NAMES}


def test_terms_stand_on_pages_that_are_there():
    titles = {entry.title for entry in menu.entries(ROOT / "pages")}
    assert {page for term in glossary.TERMS for page in term.pages} <= titles
    assert [term.name for term in glossary.terms_of("Embeddings")][:2] == ["bootstrap", "culture"]
    assert glossary.terms_of("Storage") == []


def test_the_page_of_the_docs_is_the_glossary(tmp_path):
    cli.main(["glossary", "--write", str(tmp_path / "page.md")])
    page = (tmp_path / "page.md").read_text("utf-8")
    assert page == (ROOT / "docs" / "glossary.md").read_text("utf-8"), "renew it by `python -m emoviz glossary --write`"
    assert all(f"**{name}**: " in page for name in NAMES)


def test_a_term_is_found_whatever_its_case(capsys):
    cli.main(["glossary", "ccc"])
    assert capsys.readouterr().out.startswith("The concordance correlation coefficient")
    with pytest.raises(UnknownNameError, match="term"):
        glossary.term("nonsense")


def test_a_text_says_which_terms_it_names():
    assert [term.name for term in glossary.mentioned("CCC, valence .00; RMSE")] == ["CCC", "RMSE", "valence"]
    assert glossary.mentioned("QUAD") == []
