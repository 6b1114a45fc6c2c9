"""The verdict on the systems of a study, in words that a student understands."""

import pytest

from emoviz.studies import tables
from emoviz.studies.verdict import best_of, in_words
from studies.rows import compared, report, score, test

ON = test("A", "B")


def verdict(*rows: dict, value: float = 0.5, **other: object) -> str:
    systems = [
        report("svm", [score(ON, 0.3)], compared=[]),
        report("cats", [score(ON, value, **other)], compared=list(rows)),
    ]
    best = best_of(tables.standing(tables.scores(systems)))
    return in_words(best, "UA", tables.comparisons(systems, best))


def test_the_best_is_named_with_what_takes_no_skill() -> None:
    said = verdict()
    assert "**cats does best** on A->B: UA .50; always answering the same gets .25." in said
    assert "Whether that is more than luck was not tested." in said


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (compared(ON), "It is better than svm by more than luck."),
        (compared(ON, low=-0.01), "Whether it is better than svm cannot be told."),
    ],
)
def test_luck_is_told_from_skill(row: dict, told: str) -> None:
    assert told in verdict(row)


def test_a_difference_that_another_system_states_counts_the_other_way() -> None:
    systems = [
        report("cats", [score(ON, 0.5)], compared=[]),
        report("svm", [score(ON, 0.3)], compared=[compared(ON, against="cats", difference=-0.2, low=-0.3, high=-0.1)]),
    ]
    best = best_of(tables.standing(tables.scores(systems)))
    assert "better than svm by more than luck" in in_words(best, "UA", tables.comparisons(systems, best))


def test_few_people_and_no_skill_are_said() -> None:
    assert "It rests on 2 people." in verdict(unit="speakers", clusters=2)
    assert "No system has learnt this" in verdict(collapsed=True)
