"""Planted models for comparisons, and their checkpoint folders."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd

from emoviz import checkpoints
from emoviz.analysis.comparison import Contender
from emoviz.core.vocabulary import CIRCUMPLEX, Emotion, Source, Task
from emoviz.evaluation import scores, tables
from emoviz.evaluation.scores import Result

CLASSES = ("angry", "happy", "sad")
DIMENSIONS = ("valence (derived)", "arousal (derived)")
COUNT = 60


def classifier(name: str, wrong: int, *, first: int = 0, count: int = COUNT, sure: float = 0.8) -> Contender:
    """Answers all but the first ``wrong`` recordings rightly, always as sure."""
    results = []
    for i in range(first, first + count):
        truth = np.eye(3)[i % 3]
        prediction = np.full(3, (1 - sure) / 2)
        prediction[(i + (i < wrong)) % 3] = sure
        culture = ("German", "Korean")[i % 2]
        results.append(Result(f"corpus/{i}", culture, f"s{i % 4}", CLASSES[i % 3], truth, prediction, np.empty(0)))
    return Contender(name, "emotion", False, CLASSES, {}, tuple(results), np.array([0.5, 0.3, 0.2]))


def tracer(name: str, noise: float, outputs: tuple[str, ...] = DIMENSIONS, *, frames: int = 40) -> Contender:
    """Follows the labels of emotions that change in the middle of each recording."""
    random = np.random.default_rng(7)
    results = []
    for i in range(12):
        emotions = [list(Emotion)[(i + k) % 3] for k in range(2)]
        truth = np.repeat([CIRCUMPLEX[e] for e in emotions], frames // 2, axis=0)
        prediction = truth + noise * random.normal(size=truth.shape)
        places = [DIMENSIONS.index(o) for o in outputs]
        label = " ".join(emotions)
        results.append(
            Result(
                f"r{i}",
                "German",
                f"s{i % 3}",
                label,
                truth[:, places].astype(np.float32),
                prediction[:, places],
                np.empty(0),
            )
        )
    return Contender(name, "dimension", True, outputs, {}, tuple(results), np.zeros(len(outputs)))


def rater(name: str, outputs: tuple[str, ...], truth: np.ndarray, prediction: np.ndarray) -> Contender:
    """States how strong the emotions of clips are: ``truth`` and ``prediction`` are (clips, outputs)."""
    results = tuple(
        Result(f"clip/{i}", "German", f"s{i % 4}", "", *pair, np.empty(0))
        for i, pair in enumerate(zip(truth, prediction, strict=True))
    )
    return Contender(name, "intensity", False, outputs, {}, results, truth.mean(0))


def write(folder: Path, contender: Contender) -> None:
    """The files of a contender's checkpoint, without weights."""
    folder.mkdir(parents=True, exist_ok=True)
    task = Task.FRAMES if contender.kind == "dimension" else Task.CLIP
    about = checkpoints.Description(
        name=folder.name,
        title=folder.name,
        source=Source.SPEECH,
        model="bi-gru",
        model_config={},
        task=task,
        kind=contender.kind,
        outputs=contender.outputs,
        derived=contender.derived,
        features=(),
        inputs=(),
        hop=0.02,
        window=3.0,
    )
    rows = scores.score_table(contender.results, contender.scores)
    figures = {"test": rows, "training_mean": contender.constant.tolist()} | dict(contender.metrics)
    (folder / checkpoints.CONFIG).write_text(json.dumps(dataclasses.asdict(about)))
    (folder / checkpoints.METRICS).write_text(json.dumps(figures))
    tables.prediction_table(contender.results, contender.outputs).to_parquet(folder / "predictions.parquet")


def row_of(table: pd.DataFrame, **wanted: str) -> pd.Series:
    """The one row of a table that has the wanted values."""
    found = table[np.all([table[column] == value for column, value in wanted.items()], axis=0)]
    assert len(found) == 1
    return found.iloc[0]
