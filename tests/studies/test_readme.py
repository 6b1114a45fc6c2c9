"""Reports as the tables of ``docs/results.md``."""

import itertools

import pytest
from places import ROOT

from emoviz.core.errors import ConfigError
from emoviz.core.words import insert
from emoviz.studies.readme import markdown
from emoviz.studies.reports import read_reports
from studies.rows import report, score, test


def test_markdown_is_a_table_of_systems_with_the_training_mean_on_top():
    group = [report("bad", [score(test(), 0.2, collapsed=True)]), report("good", [score(test(), 0.5)])]
    assert markdown(group) == (
        "**A made-up study** (`made-up`, cross-culture). Nothing is real.\n\n"
        "| UA | emotion |\n|---|---|\n| training mean | .250 |\n"
        "| bad | .200 [.150, .250], collapsed |\n| good | .500 [.450, .550] |\n"
    )


def test_markdown_has_a_matrix_where_there_are_many_pairs():
    pairs = list(itertools.product("ABC", repeat=2))
    rows = [score(test(a, b), 0.1 * n, collapsed=n == 0) for n, (a, b) in enumerate(pairs)]
    text = markdown([report("one", rows), report("two", rows)])
    assert "| A | .000\\* | .100 | .200 |" in text
    assert text.count("| | A | B | C |") == 2, "one for each system, as no mean stands for them"
    assert "\n\n\n" not in text


def test_a_page_takes_the_tables_and_can_be_renewed():
    readme = "# Title\n<!-- results -->\nold\n<!-- end of results -->\nrest\n"
    once = insert(readme, "results", "tables\n")
    assert once == "# Title\n<!-- results -->\ntables\n<!-- end of results -->\nrest\n"
    assert insert(once, "results", "tables\n") == once
    with pytest.raises(ConfigError, match="needs the lines"):
        insert("# Title\n", "results", "tables\n")


def test_the_docs_have_the_committed_scores():
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert insert(page, "results", markdown(read_reports(ROOT / "results"))) == page


def test_markdown_says_where_an_interval_rests_on_few_people():
    text = markdown([report("one", [score(test(), 0.5, unit="speakers", clusters=3, collapsed=True)])])
    assert "| one | .500 [.450, .550], rests on 3 people, collapsed |" in text


def test_no_matrix_repeats_what_stands_in_a_table():
    """Two pairs of three outputs are six columns, and no matrix of one of these."""
    rows = [score(test(*pair), 0.5, output=output) for pair in ("AB", "BA") for output in "xyz"]
    assert "trained on the row's culture" not in markdown([report("one", rows)])
