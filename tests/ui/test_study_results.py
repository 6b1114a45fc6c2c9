"""The form that suits the scores of a study, and the score that is marked."""

import pandas as pd
import pytest
from studies.rows import mean, report, score, test

from emoviz.studies import tables
from emoviz.ui.study_results import Form, chosen_score, form_of

MANY = [test(a, b) for a in "ABCD" for b in "ABCD" if a != b]


@pytest.mark.parametrize(
    ("on", "form"),
    [
        ([test()], Form.SYSTEMS),
        (MANY[:5], Form.WIDE_SYSTEMS),
        (MANY, Form.MATRIX),
        ([*MANY, mean("mean")], Form.SYSTEMS),
        ([test("A", "B", k) for k in (0, 5)], Form.SHOTS),
    ],
)
def test_scores_are_drawn_in_the_form_that_suits_them(on: list[dict], form: Form) -> None:
    table = tables.scores([report("cats", [score(what, 0.5) for what in on])])
    assert form_of(table, tables.standing(table)) is form


def test_the_named_score_is_marked_or_else_the_first_of_the_best_system() -> None:
    systems = [report(name, [score(what, value) for what in MANY[:2]]) for name, value in (("bad", 0.1), ("good", 0.9))]
    table = tables.scores(systems)
    shown: pd.DataFrame = tables.standing(table)

    def marked(*named: str) -> tuple[str, str]:
        found = chosen_score(table, shown, named)
        return found["system"], found["test"]

    assert marked("bad", "A->C", "emotion") == ("bad", "A->C")
    assert marked("gone", "A->C", "emotion") == marked("", "", "") == ("good", "A->B")
