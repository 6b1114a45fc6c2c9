"""Figures of a model on a stored corpus: which recordings count, against what truth."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from untrained import DIMENSIONS, save_face, save_speech

from emoviz import checkpoints
from emoviz.core.errors import CorpusError
from emoviz.core.files import write_bytes
from emoviz.core.vocabulary import CIRCUMPLEX, FER_EMOTIONS, FOUR_EMOTIONS, Emotion, Task
from emoviz.corpora.base import RECORDING_COLUMNS
from emoviz.evaluation.metrics.rmse import rmse
from emoviz.features import EXTRACTORS
from emoviz.features.base import FeatureStream
from emoviz.features.store import FeatureStore
from emoviz.features.stream_file import pack
from emoviz.prediction import corpus

SPLIT = {"train": ("a", "b"), "validation": ("c",), "test": ("d", "e")}
EMOTIONS = ("angry", "happy", "sad", "disgusted")


def put(store: FeatureStore, name: str, recordings: pd.DataFrame, labels: pd.DataFrame) -> None:
    """Write a corpus as the store keeps it."""
    folder = store.root / "corpora" / name
    folder.mkdir(parents=True)
    for table, values in (("recordings", recordings), ("labels", labels), ("traces", pd.DataFrame())):
        values.to_parquet(folder / f"{table}.parquet")
    (folder / "corpus.json").write_text(json.dumps({"name": name, "title": name, "licence": "", "limits": ""}))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FeatureStore:
    """Two corpora of noise: ``seen``, five speakers with four recordings each, and ``new``."""
    store = FeatureStore(tmp_path_factory.mktemp("store"))
    random = np.random.default_rng(0)
    for name, speakers in (("seen", "abcde"), ("new", "vw")):
        names = [f"{speaker}{emotion}" for speaker in speakers for emotion in EMOTIONS]
        recordings = pd.DataFrame(index=pd.Index(names, name="id"), columns=list(RECORDING_COLUMNS), dtype=object)
        recordings["speaker"] = [identity[0] for identity in names]
        recordings["culture"] = ["East" if identity[0] in "adv" else "West" for identity in names]
        recordings["key"] = [f"{name}-{identity}" for identity in names]
        put(store, name, recordings, pd.DataFrame({"emotion": [identity[1:] for identity in names]}, recordings.index))
        for key in recordings["key"]:
            for feature in ("whisper", "egemaps"):
                extractor = EXTRACTORS[feature]()
                channels = tuple(extractor.channels)
                values = random.normal(0, 3, (40, len(channels))).astype(np.float32)
                stream = FeatureStream(values, 0.0, 0.02, channels)
                write_bytes(store._path(extractor, key), b"".join(pack(stream)))
    return store


def untrained(folder, task, outputs, **options):
    options |= {"hidden": 4, "layers": 1}
    save_speech(folder, "model", "bi-gru", task, options, outputs, corpora=("seen",), split=SPLIT)
    return checkpoints.load(folder / "model")


def rows_of(rows):
    return {(row["culture"], row["output"], row["metric"], row["aggregation"]): row for row in rows}


def test_only_test_speakers_of_a_corpus_of_the_training_count(store, tmp_path):
    model = untrained(tmp_path, Task.CLIP, FOUR_EMOTIONS, pooling="mean")
    rows = rows_of(corpus.evaluate_corpus(model, store, "seen"))
    total = rows["all", "emotion", "ua", "pooled"]
    assert (total["recordings"], total["speakers"]) == (6, 2)  # d and e; the model does not know disgusted
    assert rows["East", "emotion", "ua", "pooled"]["speakers"] == 1


def test_all_of_a_new_corpus_counts(store, tmp_path):
    model = untrained(tmp_path, Task.CLIP, FOUR_EMOTIONS, pooling="mean")
    rows = rows_of(corpus.evaluate_corpus(model, store, "new"))
    assert rows["all", "emotion", "accuracy", "pooled"]["recordings"] == 6


def test_accuracy_is_that_of_the_model_s_own_predictions(store, tmp_path):
    model = untrained(tmp_path, Task.CLIP, FOUR_EMOTIONS, pooling="mean")
    right = []
    for speaker in "vw":
        for emotion in EMOTIONS[:3]:
            key = f"new-{speaker}{emotion}"
            values = {name: store.stream(key, name).values for name in ("whisper", "egemaps")}
            # the grid's frames lie halfway between those of the streams
            middles = {name: (v[:-1] + v[1:]) / 2 for name, v in values.items()}
            right.append(FOUR_EMOTIONS[int(model(middles).prediction.argmax())] == emotion)
    rows = rows_of(corpus.evaluate_corpus(model, store, "new"))
    assert rows["all", "emotion", "accuracy", "pooled"]["value"] == pytest.approx(np.mean(right))


def test_training_mean_is_that_of_the_training_speakers(store, tmp_path):
    model = untrained(tmp_path, Task.FRAMES, DIMENSIONS)
    mean = corpus.training_mean(model, store)
    np.testing.assert_allclose(mean, np.mean([CIRCUMPLEX[Emotion(e)] for e in EMOTIONS], axis=0))
    rows = rows_of(corpus.evaluate_corpus(model, store, "new"))
    truth = np.array([CIRCUMPLEX[Emotion(e)][0] for e in EMOTIONS])
    row = rows["all", DIMENSIONS[0], "rmse", "pooled"]
    assert row["training_mean"] == pytest.approx(rmse(truth, np.full(4, mean[0])))
    assert row["recordings"] == 8  # every class says something of valence


def test_a_checkpoint_that_states_its_training_mean_needs_no_corpus_of_its_training(store, tmp_path):
    model = untrained(tmp_path, Task.FRAMES, DIMENSIONS)
    about = dataclasses.replace(model.description, training={"corpora": ["gone"]})
    elsewhere = dataclasses.replace(model, description=about, metrics={"training_mean": [0.25, 0.5]})
    truth = np.array([CIRCUMPLEX[Emotion(e)][0] for e in EMOTIONS])
    row = rows_of(corpus.evaluate_corpus(elsewhere, store, "new"))["all", DIMENSIONS[0], "rmse", "pooled"]
    assert row["training_mean"] == pytest.approx(rmse(truth, np.full(4, 0.25)))
    with pytest.raises(CorpusError, match="emoviz extract gone"):
        corpus.evaluate_corpus(dataclasses.replace(elsewhere, metrics={}), store, "new")


def test_pictures_are_those_of_the_published_test_part(tmp_path):
    store = FeatureStore(tmp_path / "store")
    names = [f"p{i}" for i in range(8)]
    recordings = pd.DataFrame(index=pd.Index(names, name="id"), columns=[*RECORDING_COLUMNS, "key"], dtype=object)
    recordings["session"] = ["train"] * 4 + ["test"] * 4
    put(store, "faces", recordings, pd.DataFrame({"emotion": ["happy", "sad", "sad", None] * 2}, recordings.index))
    pictures = np.random.default_rng(0).integers(0, 255, (8, 48, 48), np.uint8)
    save_file({"pictures": pictures}, store.root / "corpora" / "faces" / "pictures.safetensors")
    save_face(tmp_path, corpora=("faces",))
    model = checkpoints.load(tmp_path / "face-expression")
    rows = rows_of(corpus.evaluate_corpus(model, store, "faces"))
    row = rows["all", "emotion", "accuracy", "pooled"]
    predicted = model({"crop": pictures[4:7].reshape(3, -1).astype(np.float32) / 255}).prediction.argmax(1)
    truth = [FER_EMOTIONS.index(Emotion(e)) for e in ("happy", "sad", "sad")]
    assert row["recordings"] == 3
    assert row["value"] == pytest.approx(np.mean(predicted.numpy() == truth))
    assert row["training_mean"] == pytest.approx(2 / 3)  # always sad


def test_what_cannot_be_compared_is_said(store, tmp_path):
    model = untrained(tmp_path, Task.CLIP, FOUR_EMOTIONS, pooling="mean")
    with pytest.raises(CorpusError, match="emoviz extract nowhere"):
        corpus.evaluate_corpus(model, store, "nowhere")
    recordings = store.corpus("new").recordings
    if not (store.root / "corpora" / "traced").exists():
        put(store, "traced", recordings, pd.DataFrame())
    with pytest.raises(CorpusError, match="has no emotion classes"):
        corpus.evaluate_corpus(model, store, "traced")
