"""Scores of the bundled models on held-out recordings as they are, and as practice leaves them, and how sure they are.

    EMOVIZ_DATA=DATA python -m benchmarks.corruptions [CHECKPOINT ...] [--every N] [--store FOLDER] [--out FILE]
                                                      [--keep]

Every recording that no model of its kind (speech, or faces) was trained on is corrupted in each way at a mild and a
strong level (``emoviz.media.corruptions``) and predicted as cards score it. The score is the unweighted accuracy of
emotions, or the mean CCC of valence and arousal, with a 95 % bootstrap interval over people; ``drop`` is how much it
lies below that of the recordings as they are; ``floor`` is the same score for always predicting the mean of the
training labels.

Of a model of emotions, ``error`` is the calibration error: how far its ``confidence`` lies from its ``accuracy``.
``auroc`` tells how well "unlike the training" (``emoviz.evaluation.familiarity``) parts the condition from the
recordings as they are, .5 being chance, and ``told`` the share of which it is said. A model that was trained without a
corpus of another language is also asked whether it finds that language strange.

With a store, features are kept, and a second run with other models takes minutes. ``--out`` puts the result beside
those of other models in a file, ``--keep`` into the cards of the models. Folders of other checkpoints may be named
instead of the bundled models.
"""

import argparse
import functools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.conditions import (
    Condition,
    Recording,
    beside,
    conditions,
    features_of,
    held_out_pictures,
    held_out_speech,
    of_other_languages,
    streams_under,
)
from benchmarks.served import serves_speech
from emoviz import checkpoints
from emoviz.checkpoints.card import CORRUPTIONS, write_card
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.vocabulary import CIRCUMPLEX, DERIVED_AXES, Emotion, Modality, Source
from emoviz.evaluation.confidence import judged_confidence
from emoviz.evaluation.scores import ALL, Result, score_table, scores_of
from emoviz.explain.held_out import selection_score
from emoviz.features.store import FeatureStore
from emoviz.prediction.corpus import predict_recording
from emoviz.prediction.inputs import PICTURES, frames_of
from emoviz.training.rescoring import stated

ROOT = Path(__file__).resolve().parent.parent
NOTHING = np.empty(0)


@dataclass(frozen=True)
class Answer:
    """The prediction of a recording, and how unlike the training its middle window is; NaN where nothing tells."""

    result: Result
    unlike: float


Said = Callable[[Recording, Condition], list[Answer]]
"""Function that gives the answer of each model to a recording under a condition."""
Answers = dict[tuple[int, Condition], list[Answer]]
"""Answers by the number of the model, and the condition."""


def main() -> None:
    """Print a row per model and condition, and what they come to per model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", type=Path, metavar="CHECKPOINT")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every n-th recording alone")
    parser.add_argument("--store", type=Path, metavar="FOLDER", help="keep what is extracted for a next run")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the result into this JSON")
    parser.add_argument("--keep", action="store_true", help="write the result into the cards of the models")
    options = parser.parse_args()
    data = Path(os.environ["EMOVIZ_DATA"]).resolve()
    bundled = sorted(path.parent for path in (ROOT / "checkpoints").glob("*/config.json"))
    folders = options.checkpoints or bundled
    speech = [checkpoints.load(folder) for folder in folders if serves_speech(folder)]
    faces = [checkpoints.load(folder) for folder in folders if reads_pictures(folder)]
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        if speech:
            found += of_sound(speech, data, FeatureStore(options.store or Path(name)), options.every)
        if faces:
            recordings = held_out_pictures(faces, data)[:: options.every]
            said = functools.partial(said_of_picture, faces)
            found += judged(faces, answered(recordings, conditions(Modality.VIDEO), said), options.every)
    print(pd.DataFrame([{"model": one["model"], **row} for one in found for row in one["rows"]]).to_string(index=False))
    print(pd.DataFrame([{"model": one["model"], **one["summary"]} for one in found]).T.to_string(header=False))
    if options.out:
        write(options.out, found)
    if options.keep:
        for model, one in zip([*speech, *faces], found, strict=True):
            keep(model, one)


def reads_pictures(folder: Path) -> bool:
    """Return whether a checkpoint reads pictures of faces."""
    about = checkpoints.read_description(folder)
    return about.source == Source.FACE and [feature.name for feature in about.features] == [PICTURES]


def of_sound(models: Sequence[Checkpoint], data: Path, store: FeatureStore, every: int) -> list[dict[str, Any]]:
    """Judge models of speech on their held-out recordings, and on languages that one of them did not hear."""
    recordings = held_out_speech(models, data)
    others = beside(recordings)
    said = functools.partial(said_of_sound, models, store, others)
    found = judged(models, answered(recordings[::every], conditions(Modality.AUDIO), said), every)
    for place, model in enumerate(models):
        for name, strange in of_other_languages(model, data).items():
            alone = functools.partial(said_of_sound, [model], store, others)
            own = answered(strange[::every], [Condition()], alone)[0, Condition()]
            clean = [answer for r in recordings[::every] for answer in alone(r, Condition())]
            row = row_of(model, Condition(), own, clean)
            found[place]["summary"] |= {
                f"{key} of {name}": row[key] for key in ("score", "auroc", "told") if key in row
            }
    return found


def said_of_sound(
    models: Sequence[Checkpoint],
    store: FeatureStore,
    others: Sequence[Callable[[], np.ndarray]],
    recording: Recording,
    condition: Condition,
) -> list[Answer]:
    """Predict a recording with sound by all models, which share the features that several of them read."""
    answers = []
    features = {id(model): features_of([model]) for model in models}
    streams = streams_under(recording, condition, features_of(models), store, others)
    for model in models:
        own = {feature.name: streams[identity] for identity, feature in features[id(model)].items()}
        values = predict_recording(model, own)
        unlike = unlike_of(model, frames_of(model.description, own).values)
        answers.append(Answer(result_of(model, recording, values), unlike))
    return answers


def unlike_of(model: Checkpoint, frames: Mapping[str, np.ndarray]) -> float:
    """Return how unlike a model's training the middle window of a recording is."""
    if model.familiarity is None:
        return np.nan
    about = model.description
    length, most = len(next(iter(frames.values()))), max(1, round(about.window / about.hop))
    first = max(0, (length - most) // 2)
    output = model({name: values[first : first + most] for name, values in frames.items()})
    return float(model.familiarity.unlike(output.embedding.numpy(), np.array([min(length, most) * about.hop]))[0])


def said_of_picture(models: Sequence[Checkpoint], recording: Recording, condition: Condition) -> list[Answer]:
    """Predict a picture by all models."""
    picture = condition.of(recording.pixels(), recording.key, ())
    crop = picture.reshape(1, -1).astype(np.float32) / 255
    answers = []
    for model in models:
        output = model({PICTURES: crop})
        values = model.predictor.probabilities(output.prediction)[0].numpy()
        known = model.familiarity
        unlike = np.nan if known is None else float(known.unlike(output.embedding.numpy(), np.zeros(1))[0])
        answers.append(Answer(result_of(model, recording, values), unlike))
    return answers


def answered(recordings: Sequence[Recording], under: Sequence[Condition], said: Said) -> Answers:
    """Predict recordings under some conditions by all models."""
    found: Answers = {}
    for number, recording in enumerate(recordings):
        print(f"{number + 1} of {len(recordings)} recordings", file=sys.stderr, flush=True)
        for condition in under:
            for place, answer in enumerate(said(recording, condition)):
                found.setdefault((place, condition), []).append(answer)
    return found


def result_of(model: Checkpoint, recording: Recording, values: np.ndarray) -> Result:
    """Set a prediction against the truth: the recording's emotion, or the dimensions that it stands for."""
    if model.description.kind == "emotion":
        truth = np.array([float(output == recording.emotion) for output in model.outputs])
    else:
        truth = np.array(CIRCUMPLEX[Emotion(recording.emotion)])[[DERIVED_AXES[output] for output in model.outputs]]
    who = recording.id, recording.culture, recording.speaker, recording.emotion
    return Result(*who, np.broadcast_to(truth, values.shape), values, NOTHING)


def judged(models: Sequence[Checkpoint], answers: Answers, every: int) -> list[dict[str, Any]]:
    """Return, for each model, ``every``, a row per condition and a summary."""
    found = []
    for place, model in enumerate(models):
        own = {condition: some for (number, condition), some in answers.items() if number == place}
        clean = own[Condition()]
        rows = [row_of(model, condition, some, clean) for condition, some in own.items()]
        rows = [{**row, "drop": rounded(rows[0]["score"] - row["score"])} for row in rows]
        name = "/".join(model.folder.resolve().parts[-2:])
        found.append({"model": name, "every": every, "rows": rows, "summary": summary_of(model, rows, own)})
    return found


def row_of(
    model: Checkpoint, condition: Condition, answers: Sequence[Answer], clean: Sequence[Answer]
) -> dict[str, Any]:
    """Score a model under one condition, whose answers are set beside those to clean recordings."""
    score = score_of(model, [answer.result for answer in answers])
    row = {
        "condition": condition.title,
        "kind": condition.kind,
        "level": condition.level,
        "metric": score["metric"],
        "score": rounded(score["value"]),
        "low": rounded(score["low"]),
        "high": rounded(score["high"]),
        "floor": rounded(score["training_mean"]),
        "recordings": score["recordings"],
        "people": score["speakers"],
    }
    return row | sureness(model, answers) | strangeness(answers, clean)


def score_of(model: Checkpoint, results: Sequence[Result]) -> dict[str, Any]:
    """Return the row over all people of the unweighted accuracy of emotions, or the mean CCC of dimensions."""
    if model.description.kind == "emotion":
        any_class = np.ones(len(model.outputs))  # the floor of the unweighted accuracy is the same for any class
        table = score_table(results, scores_of("emotion", model.outputs, any_class))
        return next(row for row in table if (row["culture"], row["metric"]) == (ALL, "ua"))
    table = score_table(results, [selection_score(model)])
    return {**table[0], "training_mean": 0.0}  # the CCC of a constant


def sureness(model: Checkpoint, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return how sure a model of emotions is, and how often it is right."""
    if model.description.kind != "emotion":
        return {}
    found = judged_confidence([answer.result for answer in answers])
    names = {"accuracy": "accuracy", "confidence": "confidence", "error": "value", "error_floor": "floor"}
    return {name: rounded(found[key]) for name, key in names.items()}


def strangeness(answers: Sequence[Answer], clean: Sequence[Answer]) -> dict[str, Any]:
    """Return how well the distance from the training parts recordings from clean ones, and of how many it is told."""
    own, usual = (np.array([answer.unlike for answer in some]) for some in (answers, clean))
    if np.isnan([*own, *usual]).any():
        return {}
    area = roc_auc_score(np.r_[np.zeros(len(usual)), np.ones(len(own))], np.r_[usual, own])
    return {"auroc": rounded(area), "told": rounded(float((own > 1).mean()))}


def summary_of(
    model: Checkpoint, rows: Sequence[Mapping[str, Any]], answers: Mapping[Condition, Sequence[Answer]]
) -> dict[str, Any]:
    """Return what the rows of a model come to: mean and worst drop, and how sure it is under all corruptions."""
    clean, *corrupted = rows
    worst = max(corrupted, key=lambda row: row["drop"])
    by_kind = pd.DataFrame(corrupted).groupby("kind")["drop"].mean()
    summary = {
        "score": clean["score"],
        "corrupted": rounded(float(np.mean([row["score"] for row in corrupted]))),
        "drop": rounded(float(np.mean([row["drop"] for row in corrupted]))),
        "worst_drop": worst["drop"],
        "worst": worst["condition"],
        "worst_kind_drop": rounded(float(by_kind.max())),
        "worst_kind": by_kind.idxmax(),
        "recordings": clean["recordings"],
        "people": clean["people"],
    }
    for name, chosen in {
        "clean": [condition for condition in answers if not condition.kind],
        "mild": [condition for condition in answers if condition.kind and not condition.strong],
        "strong": [condition for condition in answers if condition.strong],
        "corrupted": [condition for condition in answers if condition.kind],
    }.items():
        own = [answer for condition in chosen for answer in answers[condition]]
        told = sureness(model, own) | strangeness(own, answers[Condition()])
        summary |= {f"{key}_{name}": value for key, value in told.items()}
    return summary


def rounded(value: float | None) -> float | None:
    """Round a score as it is printed and kept."""
    return None if value is None else round(float(value), 3)


def write(file: Path, found: Sequence[dict[str, Any]]) -> None:
    """Write judgements into a file, in which those of other models stay."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    every = {one["model"]: one for one in [*known, *found]}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([every[name] for name in sorted(every)], indent=1) + "\n", encoding="utf-8")


def keep(model: Checkpoint, judgement: Mapping[str, Any]) -> None:
    """Write a judgement into the scores and the card of a model."""
    metrics, origin = stated(model.folder)
    metrics[CORRUPTIONS] = {key: value for key, value in judgement.items() if key != "model"}
    checkpoints.write_scores(model.folder, metrics, write_card(model.description, metrics, origin))


if __name__ == "__main__":
    main()
