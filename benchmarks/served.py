"""Scores of the bundled speech models as they are served, on recordings that they did not see in training.

    EMOVIZ_DATA=DATA python -m benchmarks.served [CHECKPOINT ...]

Utterances of held-out speakers, three in each of 18 draws, three draws per culture, are read off each model's curve, as
Predict shows it, in several shapes:

    whole      the utterance at once, as cards score utterances
    alone      the utterance as a clip of its own
    in a clip  three utterances of one speaker with a second of silence between them
    in hiss    the same with three seconds of hiss at -60 dB of full scale between them
    far apart  the same with twelve seconds of silence between them
    silence    a second of silence before and after
    offset     every sample moved by 2 % of full scale
    quiet      20 dB weaker

The score is the unweighted accuracy of the emotion that most frames of the utterance say, or the mean CCC of valence
and arousal over all frames. ``noise`` is the share of 20 clips without speech of which a model says something. Folders
of other checkpoints may be named instead of the bundled models. The last line is JSON.
"""

import json
import os
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from emoviz import checkpoints
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.vocabulary import CIRCUMPLEX, DERIVED_AXES, FOUR_EMOTIONS, Emotion, Source, Split
from emoviz.corpora.reading import load
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.evaluation.metrics.ua import unweighted_average_recall
from emoviz.features.align import frame_middles
from emoviz.features.base import FeatureStream
from emoviz.media import ClipMedia
from emoviz.media.waveform import read_waveform
from emoviz.prediction.corpus import predict_recording
from emoviz.prediction.inputs import reads_clips, streams_of
from emoviz.prediction.model import HOP, predict_streams

ROOT = Path(__file__).resolve().parent.parent
RATE = 16000
DRAWS = 3
"""Draws of three utterances per culture."""
NOISES = 20
SHAPES = ("whole", "alone", "in a clip", "in hiss", "far apart", "silence", "offset", "quiet")


@dataclass
class Utterance:
    """An utterance of a held-out speaker, and its samples at 16 kHz."""

    emotion: str
    samples: np.ndarray


@dataclass
class Answer:
    """The prediction (T, K) of one utterance, and its emotion."""

    emotion: str
    values: np.ndarray


def main() -> None:
    """Print a row per model."""
    data = Path(os.environ["EMOVIZ_DATA"]).resolve()
    folders = [Path(name) for name in sys.argv[1:]] or sorted(
        path.parent for path in (ROOT / "checkpoints").glob("*/config.json")
    )
    models = [checkpoints.load(folder) for folder in folders if serves_speech(folder)]
    answers: dict[tuple[int, str], list[Answer]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draws = list(drawn(models, data))
        for number, utterances in enumerate(draws):
            print(f"{number + 1} of {len(draws)} draws", file=sys.stderr, flush=True)
            for shape, clip, spans in clips(utterances, folder):
                for place, (whole, curve) in enumerate(said(models, clip)):
                    for utterance, start, end in spans:
                        own = curve[round(start / HOP) : round(end / HOP)]
                        answers.setdefault((place, shape), []).append(Answer(utterance.emotion, own))
                        if shape == "alone":
                            answers.setdefault((place, "whole"), []).append(Answer(utterance.emotion, whole))
        spoken = said_of_noise(models, folder)
    rows = [
        {"model": "/".join(model.folder.resolve().parts[-2:])}
        | {shape: round(score(model, answers[place, shape]), 3) for shape in SHAPES}
        | {"noise": round(spoken[place], 2)}
        for place, model in enumerate(models)
    ]
    print(pd.DataFrame(rows).to_string(index=False))
    print(json.dumps(rows))


def serves_speech(folder: Path) -> bool:
    """Return whether a checkpoint hears any clip."""
    about = checkpoints.read_description(folder)
    return about.source == Source.SPEECH and reads_clips(about)


def drawn(models: Sequence[Checkpoint], data: Path) -> Iterator[list[Utterance]]:
    """Draw utterances, three of one speaker at a time, whose emotions all models know and whom none of them knows."""
    speakers = set.intersection(*(set(m.description.split[Split.TEST]) for m in models))
    random = np.random.default_rng(0)
    for name in models[0].description.training["corpora"]:
        corpus = load(name, data)
        table = corpus.recordings.assign(emotion=corpus.labels["emotion"])
        table = table[table["speaker"].isin(speakers) & table["emotion"].isin(FOUR_EMOTIONS)]
        own = [rows for _, rows in table.groupby("speaker") if len(rows) >= 3]
        for _ in range(DRAWS):
            rows = own[int(random.integers(len(own)))]
            weights = 1 / rows.groupby("emotion")["emotion"].transform("size")
            chosen = rows.sample(3, weights=weights, random_state=int(random.integers(1 << 30)))
            paths = chosen["video"].fillna(chosen["audio"])
            yield [
                Utterance(str(emotion), read_waveform(path, RATE).samples)
                for emotion, path in zip(chosen["emotion"], paths, strict=True)
            ]


def clips(
    utterances: Sequence[Utterance], folder: Path
) -> Iterator[tuple[str, Path, list[tuple[Utterance, float, float]]]]:
    """Yield each shape of three utterances as a clip, with the utterances in it and their seconds."""
    pause = np.zeros(RATE, np.float32)
    hiss = 1e-3 * np.random.default_rng(0).normal(size=3 * RATE).astype(np.float32)
    for shape, between in (("in a clip", pause), ("in hiss", hiss), ("far apart", np.tile(pause, 12))):
        parts, spans, length = [], [], 0
        for utterance in utterances:
            spans.append((utterance, length / RATE, (length + len(utterance.samples)) / RATE))
            parts += [utterance.samples, between]
            length += len(utterance.samples) + len(between)
        yield shape, written(folder, np.concatenate(parts[:-1])), spans
    for utterance in utterances:
        own = utterance.samples
        end = len(own) / RATE
        yield "alone", written(folder, own), [(utterance, 0.0, end)]
        yield "silence", written(folder, np.concatenate([pause, own, pause])), [(utterance, 1.0, 1 + end)]
        yield "offset", written(folder, own + 0.02), [(utterance, 0.0, end)]
        yield "quiet", written(folder, own / 10), [(utterance, 0.0, end)]


def written(folder: Path, samples: np.ndarray) -> Path:
    """Write samples as a WAV file of 16 bits."""
    path = folder / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return path


def said(models: Sequence[Checkpoint], path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return what each model says of a clip as a whole, (K,) or (T, K), and its curve (T, K)."""
    media = ClipMedia(path)
    times = frame_middles(media.info.duration, HOP)
    extracted: dict[str, FeatureStream] = {}
    found = []
    for model in models:
        streams = streams_of(model, media, extracted=extracted)
        found.append((predict_recording(model, streams), predict_streams(model, streams, times)[0]))
    return found


def score(model: Checkpoint, answers: Sequence[Answer]) -> float:
    """Return the unweighted accuracy of emotions, or the mean CCC of dimensions over all frames that have a value."""
    outputs = list(model.outputs)
    if model.description.kind == "emotion":
        said = []
        for answer in answers:
            rows = np.atleast_2d(answer.values)
            rows = rows[~np.isnan(rows).any(1)]
            said.append(outputs[int(np.bincount(rows.argmax(1)).argmax())] if len(rows) else "nothing")
        return unweighted_average_recall(np.array([answer.emotion for answer in answers]), np.array(said))
    columns = [DERIVED_AXES[output] for output in outputs]
    truth = np.concatenate(
        [np.tile(np.array(CIRCUMPLEX[Emotion(a.emotion)])[columns], (len(a.values), 1)) for a in answers]
    )
    values = np.concatenate([a.values for a in answers])
    there = ~np.isnan(values).any(1)
    return float(np.mean([ccc(truth[there, k], values[there, k]) for k in range(len(columns))]))


def said_of_noise(models: Sequence[Checkpoint], folder: Path) -> list[float]:
    """Return the share of clips without speech of which each model says something."""
    random = np.random.default_rng(1)
    times = np.arange(3 * RATE) / RATE
    spoken = np.zeros(len(models))
    for number in range(NOISES):
        white = random.normal(size=len(times))
        walk = np.cumsum(white)
        kinds = (
            white,
            np.diff(walk, prepend=0) + 0.1 * (walk - walk.mean()) / walk.std(),
            np.sin(2 * np.pi * random.uniform(50, 400) * times),
            white * (random.random(len(times)) < 1e-3),
        )
        samples = kinds[number % len(kinds)]
        clip = written(folder, samples / np.abs(samples).max() * 10 ** random.uniform(-2, -0.3))
        spoken += [bool((~np.isnan(curve)).any()) for _, curve in said(models, clip)]
    return [float(share) for share in spoken / NOISES]


if __name__ == "__main__":
    main()
