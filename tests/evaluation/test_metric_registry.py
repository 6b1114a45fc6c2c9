"""What holds for every metric, and that nothing else knows titles and directions."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from emoviz.evaluation.metrics import METRICS, Metric
from emoviz.evaluation.metrics.aggregation import AGGREGATIONS
from emoviz.evaluation.metrics.base import score_title
from emoviz.evaluation.scores import scores_of

ROOT = Path(__file__).parents[2]
JUDGED = {(kind, how, name) for name in METRICS for kind, hows in METRICS[name].scores.items() for how in hows}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_says_what_it_is_and_has_a_file_of_its_own(name: str) -> None:
    metric = METRICS[name]
    assert metric.title and metric.unit and metric.heading[0] == metric.heading[0].upper()
    assert (ROOT / "emoviz" / "evaluation" / "metrics" / f"{name}.py").is_file()
    assert set(metric.scores) <= {"dimension", "emotion", "intensity"}
    assert {how for hows in metric.scores.values() for how in hows} <= set(AGGREGATIONS)
    assert metric.written(0.614, 0.55, 0.66) == ".61 [.55, .66]"


@pytest.mark.parametrize("name", METRICS)
def test_perfect_predictions_are_no_worse_than_others_in_the_direction_that_is_stated(name: str) -> None:
    metric = METRICS[name]
    truth = np.array([0, 1, 0, 1])
    perfect = metric.value(truth, truth)
    wrong = metric.value(truth, truth[::-1])
    assert not metric.no_better(perfect, wrong) and metric.no_better(wrong, perfect)
    assert metric.error(perfect) == pytest.approx(0) and metric.error(wrong) > 0
    assert math.isnan(metric.value(np.empty(0), np.empty(0)))


def test_scores_of_a_kind_are_those_of_the_registry() -> None:
    kinds = {"dimension": ("v",), "emotion": ("a", "b"), "intensity": ("x",)}
    found = {
        (kind, score.aggregation, score.metric)
        for kind, outputs in kinds.items()
        for score in scores_of(kind, outputs, np.full(len(outputs), 0.5))
    }
    assert found == JUDGED


def test_a_new_metric_judges_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mae = Metric(
        title="MAE",
        unit="that of the labels",
        direction="lower",
        scores={"dimension": ("pooled",)},
        value=lambda truth, prediction: float(np.abs(truth - prediction).mean()),
    )
    monkeypatch.setitem(METRICS._entries, "mae", mae)
    assert "mae" in [score.metric for score in scores_of("dimension", ("v",), np.zeros(1))]
    assert score_title("mae", "per_recording") == "MAE per recording" and mae.error_title == "MAE"
    assert METRICS["ccc"].error_title == "1 - CCC"


@pytest.mark.parametrize(
    "pattern", [r"metric\W*\w*\W* [=!]= \"(rmse|ccc|ua|accuracy)\"", r"\"(CCC|UA|RMSE)\"", r"Pearson r\b"]
)
def test_titles_and_directions_are_read_from_the_registry(pattern: str) -> None:
    everywhere = [*(ROOT / "pages").glob("*.py"), *(ROOT / "emoviz").rglob("*.py")]
    apart = [path for path in everywhere if path.parent.name != "metrics" and path.name != "glossary.py"]
    found = [str(path.relative_to(ROOT)) for path in apart if re.search(pattern, path.read_text("utf-8"))]
    assert found == []
