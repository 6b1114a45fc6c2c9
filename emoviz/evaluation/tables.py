"""Tables of held-out recordings, as checkpoints keep them: predictions, embeddings, channel weights, confusion."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .scores import Result

NOTHING = np.empty(0)


def confusion_table(results: Sequence[Result], outputs: Sequence[str]) -> list[list[int]]:
    """Count true (rows) against predicted (columns) classes in the order of ``outputs``."""
    truth = [r.truth.argmax() for r in results]
    prediction = [r.prediction.argmax() for r in results]
    counts: list[list[int]] = confusion(np.array(truth), np.array(prediction), range(len(outputs))).tolist()
    return counts


def confusion(truth: np.ndarray, prediction: np.ndarray, classes: Sequence[object]) -> np.ndarray:
    """Return the confusion matrix.

    Args:
        truth: true classes (N,).
        prediction: predicted classes (N,).
        classes: C classes, among them all that occur, in the order of rows and columns.

    Returns:
        Counts (C, C): rows are the truth, columns the prediction.
    """
    position = {label: i for i, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, ([position[t] for t in truth], [position[p] for p in prediction]), 1)
    return counts


def attention_table(results: Sequence[Result], channels: Sequence[str]) -> pd.DataFrame | None:
    """Tabulate channel weights per recording: culture, speaker, label, then one float16 column per channel."""
    if not results or results[0].channel is None:
        return None
    weights = np.stack([r.channel for r in results if r.channel is not None]).astype(np.float16)
    return pd.concat([_who(results), pd.DataFrame(weights, columns=list(channels), index=_ids(results))], axis=1)


MOST_NUMBERS = 180_000
"""Largest number of values in an embedding table, which bounds the size of a checkpoint: 350 recordings of width
512."""


def embedding_table(results: Sequence[Result], most: int = 1000) -> pd.DataFrame:
    """Tabulate embeddings of at most ``most`` recordings, evenly spaced, in float16 columns from ``e000`` on.

    Args:
        results: results of held-out recordings.
        most: largest number of recordings; of wide embeddings there are no more than :data:`MOST_NUMBERS` allows.
    """
    count = min(most, max(1, MOST_NUMBERS // results[0].embedding.size), len(results))
    kept = [results[i] for i in np.unique(np.linspace(0, len(results) - 1, count).astype(int))]
    values = np.stack([r.embedding for r in kept]).astype(np.float16)
    columns = [f"e{i:03d}" for i in range(values.shape[1])]
    return pd.concat([_who(kept), pd.DataFrame(values, columns=columns, index=_ids(kept))], axis=1)


def prediction_table(results: Sequence[Result], outputs: Sequence[str]) -> pd.DataFrame:
    """Tabulate truth and prediction of each recording, or of each of its frames in their order.

    Returns:
        Index id; columns culture, speaker, session where one is known, label, and per output ``truth.<output>``
        (float32) and ``prediction.<output>``: float16 for frames, float32 for classes, so that the likeliest class
        stays the same.
    """
    lengths = [np.atleast_2d(r.truth).shape[0] for r in results]
    truth = np.concatenate([np.atleast_2d(r.truth) for r in results]).astype(np.float32)
    exact = np.float32 if max(lengths) == 1 else np.float16
    prediction = np.concatenate([np.atleast_2d(r.prediction) for r in results]).astype(exact)
    table = _who(results).astype("category")
    table = table.iloc[np.repeat(np.arange(len(table)), lengths)]
    for kind, values in (("truth", truth), ("prediction", prediction)):
        table[[f"{kind}.{output}" for output in outputs]] = values
    return table


def results_of(table: pd.DataFrame, outputs: Sequence[str], *, frames: bool) -> list[Result]:
    """Return the results in a table of :func:`prediction_table`, without embeddings and channel weights.

    Args:
        table: table that :func:`prediction_table` returned.
        outputs: names of the model's outputs.
        frames: whether each recording has a row per frame; a rated clip has one row.
    """
    truth = table[[f"truth.{o}" for o in outputs]].to_numpy(np.float32)
    prediction = table[[f"prediction.{o}" for o in outputs]].to_numpy(np.float32)
    ids = table.index.to_numpy()
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    who = table.reindex(columns=["culture", "speaker", "label", "session"]).iloc[starts].astype(object).to_numpy()
    parts = zip(np.split(truth, starts[1:]), np.split(prediction, starts[1:]), strict=True)
    return [
        Result(
            str(i),
            _known(culture),
            _known(speaker),
            label,
            t if frames else t[0],
            p if frames else p[0],
            NOTHING,
            session=_known(session),
        )
        for i, (culture, speaker, label, session), (t, p) in zip(ids[starts], who, parts, strict=True)
    ]


def _known(value: Any) -> Any:
    """None for what is missing in a table."""
    return None if value is None or value != value else value


def _ids(results: Sequence[Result]) -> pd.Index:
    return pd.Index([r.id for r in results], name="id")


def _who(results: Sequence[Result]) -> pd.DataFrame:
    columns: dict[str, list[str | None]] = {
        "culture": [r.culture for r in results],
        "speaker": [r.speaker for r in results],
    }
    if any(r.session for r in results):
        columns["session"] = [r.session for r in results]
    return pd.DataFrame({**columns, "label": [r.label for r in results]}, index=_ids(results))


def curve_table(kept: Iterable[tuple[str, Sequence[Mapping[str, float]], str | None]]) -> pd.DataFrame:
    """Tabulate loss and validation score after each epoch of several trainings.

    Args:
        kept: name, epochs as a log has them, and registry name of the validation score of each training;
            trainings without epochs are left out.

    Returns:
        A table with the columns ``model`` (the name), ``epoch`` (from 1), ``loss``, ``validation`` and ``metric``.
    """
    columns = ["epoch", "loss", "validation"]
    parts = [
        pd.DataFrame(epochs).reindex(columns=columns).assign(model=name, metric=metric)
        for name, epochs, metric in kept
        if epochs
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*columns, "model", "metric"])
    return found.assign(epoch=found["epoch"] + 1)[["model", *columns, "metric"]]
