"""Scores of the bundled models on held-out recordings as they are, and as practice leaves them.

    EMOVIZ_DATA=DATA python -m benchmarks.corruptions [CHECKPOINT ...] [--every N] [--out FILE] [--store FOLDER]

Every recording that no model of its kind (speech, or faces) was trained on is corrupted in each way at a mild and a
strong level (``emoviz.media.corruptions``) and predicted as cards score it. The score is the unweighted accuracy of
emotions, or the mean CCC of valence and arousal, with a 95 % bootstrap interval over people; ``drop`` is how much it
lies below that of the recordings as they are; ``floor`` is the same score for always predicting the mean of the
training labels. Beside the accuracy of a model of emotions stands its mean confidence, which equals it where the model
knows what it does not know. Folders of other checkpoints may be named instead of the bundled models.
"""

import argparse
import functools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.served import serves_speech, written
from emoviz import checkpoints
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.vocabulary import CIRCUMPLEX, DERIVED_AXES, FOUR_EMOTIONS, Emotion, Modality, Source, Split
from emoviz.corpora.base import clips_of
from emoviz.corpora.reading import load
from emoviz.evaluation.scores import ALL, MEAN, Result, score_table, scores_of
from emoviz.features.base import FeatureStream
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia
from emoviz.media.corruptions import CORRUPTIONS, Scene
from emoviz.media.corruptions.base import kinds
from emoviz.prediction.corpus import predict_recording
from emoviz.prediction.inputs import PICTURES, streams_of

ROOT = Path(__file__).resolve().parent.parent
OTHERS = 24
"""Recordings whose voices are heard in babble."""
Said = Callable[[np.ndarray], list[np.ndarray]]
"""Function that gives the prediction of each model for a recording."""


@dataclass(frozen=True)
class Condition:
    """The recordings as they are (without a kind), or a kind of corruption at a level."""

    kind: str = ""
    level: float = 0.0

    @property
    def title(self) -> str:
        """The condition in words."""
        return CORRUPTIONS[self.kind].title.format(level=self.level) if self.kind else "as recorded"

    def of(self, values: np.ndarray, number: int, others: Sequence[Callable[[], np.ndarray]]) -> np.ndarray:
        """Return the recording of a number under this condition."""
        if not self.kind:
            return values
        place = [*CORRUPTIONS].index(self.kind)
        return CORRUPTIONS[self.kind](values, self.level, Scene(np.random.default_rng([number, place]), others))


@dataclass(frozen=True)
class Recording:
    """A held-out recording, who is in it, and the function that reads it."""

    id: str
    speaker: str | None
    culture: str | None
    emotion: str
    read: Callable[[], np.ndarray]


def main() -> None:
    """Print a row per model and condition."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", type=Path, metavar="CHECKPOINT")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every n-th recording alone")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the rows as JSON")
    parser.add_argument("--store", type=Path, metavar="FOLDER", help="keep what is extracted for a next run")
    options = parser.parse_args()
    data = Path(os.environ["EMOVIZ_DATA"]).resolve()
    bundled = sorted(path.parent for path in (ROOT / "checkpoints").glob("*/config.json"))
    folders = options.checkpoints or bundled
    speech = [checkpoints.load(folder) for folder in folders if serves_speech(folder)]
    faces = [checkpoints.load(folder) for folder in folders if reads_pictures(folder)]
    store = FeatureStore(options.store) if options.store else None
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        for models, found, said, modality in (
            (speech, spoken, functools.partial(said_of_sound, speech, Path(name), store), Modality.AUDIO),
            (faces, pictured, functools.partial(said_of_picture, faces), Modality.VIDEO),
        ):
            if models:
                rows += scored(models, list(found(models, data))[:: options.every], said, modality)
    print(pd.DataFrame(rows).to_string(index=False))
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def reads_pictures(folder: Path) -> bool:
    """Return whether a checkpoint reads pictures of faces."""
    about = checkpoints.read_description(folder)
    return about.source == Source.FACE and [feature.name for feature in about.features] == [PICTURES]


def spoken(models: Sequence[Checkpoint], data: Path) -> Iterator[Recording]:
    """Yield the recordings of four emotions whose speakers are held out of the training of all models."""
    speakers = set.intersection(*(set(model.description.split[Split.TEST]) for model in models))
    for name in models[0].description.training["corpora"]:
        corpus = load(name, data)
        emotions = corpus.labels["emotion"]
        rows = corpus.recordings[corpus.recordings["speaker"].isin(speakers) & emotions.isin(FOUR_EMOTIONS)]
        for (identity, row), clip in zip(rows.iterrows(), clips_of(rows), strict=True):
            media = functools.partial(_sound, clip.file, clip.part)
            yield Recording(str(identity), row["speaker"], row["culture"], str(emotions[identity]), media)


def _sound(file: str, part: tuple[float, float] | None) -> np.ndarray:
    """Read the samples of a clip."""
    media = ClipMedia(file) if part is None else ClipMedia(file).part(*part)
    return media.waveform().samples


def pictured(models: Sequence[Checkpoint], data: Path) -> Iterator[Recording]:
    """Yield the pictures of the published test parts, whose persons are unknown."""
    for name in models[0].description.training["corpora"]:
        corpus = load(name, data)
        assert corpus.pictures is not None
        emotions = corpus.labels["emotion"]
        known = emotions.isin(models[0].outputs) & (corpus.recordings["session"] == Split.TEST)
        for identity in corpus.recordings.index[known]:
            read = functools.partial(_picture, corpus.pictures[identity])
            yield Recording(str(identity), None, None, str(emotions[identity]), read)


def _picture(content: bytes) -> np.ndarray:
    """Decode a grey picture."""
    import cv2

    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE))


def said_of_sound(
    models: Sequence[Checkpoint], folder: Path, store: FeatureStore | None, samples: np.ndarray
) -> list[np.ndarray]:
    """Predict sound by all models, which share the features that several of them read."""
    media = ClipMedia(written(folder, samples))
    extracted: dict[str, FeatureStream] = {}
    return [predict_recording(model, streams_of(model, media, store=store, extracted=extracted)) for model in models]


def said_of_picture(models: Sequence[Checkpoint], picture: np.ndarray) -> list[np.ndarray]:
    """Predict a picture by all models."""
    crop = picture.reshape(1, -1).astype(np.float32) / 255
    return [model.predictor.probabilities(model({PICTURES: crop}).prediction)[0].numpy() for model in models]


def scored(
    models: Sequence[Checkpoint], recordings: Sequence[Recording], said: Said, modality: Modality
) -> list[dict[str, Any]]:
    """Predict recordings under all conditions and score each model.

    Args:
        models: models of one kind.
        recordings: recordings that none of them was trained on.
        said: function that predicts a recording by all models.
        modality: kind of recording.
    """
    levels = [Condition(kind, level) for kind in kinds(modality) for level in CORRUPTIONS[kind].levels]
    conditions = [Condition(), *levels]
    beside = [recording.read for recording in recordings[:: max(1, len(recordings) // OTHERS)]]
    results: dict[tuple[int, Condition], list[Result]] = {}
    for number, recording in enumerate(recordings):
        print(f"{number + 1} of {len(recordings)} recordings", file=sys.stderr, flush=True)
        values = recording.read()
        for condition in conditions:
            for place, values_said in enumerate(said(condition.of(values, number, beside))):
                truth = truth_of(models[place], recording.emotion)
                who = recording.id, recording.culture, recording.speaker, recording.emotion
                result = Result(*who, np.broadcast_to(truth, values_said.shape), values_said, np.empty(0))
                results.setdefault((place, condition), []).append(result)
    rows = []
    for place, model in enumerate(models):
        clean = row_of(model, Condition(), results[place, Condition()])
        for condition in conditions:
            row = row_of(model, condition, results[place, condition])
            rows.append({**row, "drop": round(clean["score"] - row["score"], 3)})
    return rows


def truth_of(model: Checkpoint, emotion: str) -> np.ndarray:
    """Return the target (K,) of an emotion: its class, or the dimensions that it stands for."""
    if model.description.kind == "emotion":
        return np.array([float(output == emotion) for output in model.outputs])
    return np.array(CIRCUMPLEX[Emotion(emotion)])[[DERIVED_AXES[output] for output in model.outputs]]


def row_of(model: Checkpoint, condition: Condition, results: Sequence[Result]) -> dict[str, Any]:
    """Score a model under one condition."""
    kind = model.description.kind
    constant = model.metrics.get("training_mean", np.ones(len(model.outputs)))  # of classes, UA is the same for any
    table = score_table(results, scores_of(kind, model.outputs, np.asarray(constant)))
    wanted = {"metric": "ua"} if kind == "emotion" else {"metric": "ccc", "output": MEAN, "aggregation": "pooled"}
    (score,) = (row for row in table if row["culture"] == ALL and wanted.items() <= row.items())
    row = {
        "model": "/".join(model.folder.resolve().parts[-2:]),
        "condition": condition.title,
        "kind": condition.kind,
        "level": condition.level,
        "score": round(score["value"], 3),
        "low": None if score["low"] is None else round(score["low"], 3),
        "high": None if score["high"] is None else round(score["high"], 3),
        "floor": round(score["training_mean"], 3),
        "recordings": score["recordings"],
        "people": score["speakers"],
    }
    if kind == "emotion":
        probabilities = np.stack([result.prediction for result in results])
        right = probabilities.argmax(1) == np.stack([result.truth for result in results]).argmax(1)
        row |= {"accuracy": round(float(right.mean()), 3), "confidence": round(float(probabilities.max(1).mean()), 3)}
    return row


if __name__ == "__main__":
    main()
