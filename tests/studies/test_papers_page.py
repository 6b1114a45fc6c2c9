"""docs/papers.md is current, and what it names is there."""

import dataclasses
import shlex

import pytest
from places import ROOT

from emoviz.cli.command import COMMANDS
from emoviz.core.settings import Settings
from emoviz.studies.catalogue import study
from emoviz.studies.papers import PAPERS
from emoviz.studies.papers_page import COMMAND, MISSING, papers_page
from emoviz.studies.reports import read_reports
from emoviz.training.papers import PAPERS as PRESETS

PARTS = [pytest.param(part, id=f"{paper.number}: {part.name}") for paper in PAPERS for part in paper.parts]


def test_the_page_is_that_of_the_reports():
    page = papers_page(read_reports(ROOT / "results"))
    assert (ROOT / "docs" / "papers.md").read_text(encoding="utf-8") == page, f"renew it: {COMMAND}"
    assert MISSING not in page and MISSING in papers_page(())


@pytest.mark.parametrize("part", PARTS)
def test_a_part_names_files_commands_and_pages_that_are_there(part):
    assert all((ROOT / path).exists() for path in part.where)
    assert not part.page or (ROOT / "pages" / f"{part.page.lower()}.py").is_file()
    assert part.where or part.note
    words = shlex.split(part.command)
    if words:
        assert words[0] in COMMANDS
    if "--study" in words:
        chosen = study(words[words.index("--study") + 1])
        plan = chosen.plans[words[1]]
        systems = [word for before, word in zip(words, words[1:], strict=False) if before == "--system"]
        assert {*systems} <= {*plan.systems}
        for ours in part.ours:  # the command makes the very scores that stand beside it
            assert ours.report.startswith(f"{chosen.name}.{words[1]}.")
    if "--preset" in words:
        assert words[words.index("--preset") + 1] in PRESETS


def test_every_paper_has_its_presets():
    named = {name for paper in PAPERS for name in paper.presets}
    assert named <= {*PRESETS} and {name.partition("-")[0] for name in named} == {f"paper{n}" for n in range(1, 6)}


def test_the_command_prints_and_writes_the_page(tmp_path, capsys):
    settings = dataclasses.replace(Settings.read(), results=(ROOT / "results",))
    COMMANDS["papers"].run(type("Options", (), {"write": tmp_path / "papers.md"}), settings)
    COMMANDS["papers"].run(type("Options", (), {"write": None}), settings)
    assert capsys.readouterr().out == (tmp_path / "papers.md").read_text(encoding="utf-8")
