"""The verdict on runs, whose intervals decide what is said."""

from pathlib import Path

import pytest

from emoviz.jobs.folder import State
from emoviz.jobs.runs import Run, Score
from emoviz.jobs.verdict import in_words


def run(name: str, ends: tuple | None, metric: str = "ua", corpus: str = "emodb", epochs=()) -> Run:
    tested = [] if ends is None else [
        {"culture": "all", "output": "emotion", "metric": metric, "value": ends[0], "low": ends[1], "high": ends[2],
         "recordings": 1200}
    ]  # fmt: skip
    settings = {"selection": metric, "corpora": [corpus]}
    return Run(name, State.FINISHED, Path(name), settings, tested=tested, epochs=epochs)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ([run("a", (0.5, 0.4, 0.55)), run("b", (0.7, 0.6, 0.8))],
         "**b is probably the best:** UA of emotion .70 [.60, .80] on 1,200 recordings, with an interval apart "
         "from all others."),
        ([run("a", (0.5, 0.4, 0.61)), run("b", (0.7, 0.6, 0.8)), run("c", (0.2, 0.1, 0.3))],
         "**Whether b is better than a cannot be told:** UA of emotion .70 [.60, .80] on 1,200 recordings, and"),
        ([run("a", (0.5, None, None)), run("b", (0.7, 0.6, 0.8))], "**Whether b is better than a cannot be told:**"),
        ([run("a", (1.5, 1.4, 1.6), "rmse"), run("b", (0.7, 0.6, 0.8), "rmse")], "**b is probably the best:**"),
        ([run("a", (0.5, 0.4, 0.6)), run("b", (0.7, 0.6, 0.8), corpus="ravdess")],
         "**Which of these runs is best cannot be told:** they were tested by other scores or on other data."),
        ([run("a", (0.5, 0.4, 0.6)), run("b", None)], "**Only a has a score to compare:** UA of emotion .50 [.40"),
        ([run("b", None)], "**None of these runs has such a score** on held-out recordings yet."),
    ],
)  # fmt: skip
def test_a_run_is_called_best_only_where_intervals_part(chosen, said):
    assert in_words(chosen).startswith(said)


def test_a_chosen_score_that_no_run_has_is_said_and_who_still_learns():
    epochs = [{"validation": 0.3}, {"validation": 0.4}]
    chosen = [run("a", (0.5, 0.4, 0.6), epochs=epochs), run("b", None, epochs=epochs[::-1])]
    assert in_words(chosen, Score("accuracy", "emotion")).startswith("**None of these runs")
    assert in_words(chosen).endswith(" a did best at the last epoch: more epochs may help.")
