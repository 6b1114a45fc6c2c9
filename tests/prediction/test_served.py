"""What serves a bundled model gives the predictions from which the scores on its card were computed.

Features are extracted anew from the media of some recordings that each checkpoint did not see in training.
"""

import dataclasses
import random

import numpy as np
import pandas as pd
import pytest
from places import ROOT

from emoviz import checkpoints
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.vocabulary import Split, Task
from emoviz.corpora.reading import load
from emoviz.evaluation.confidence import tempered
from emoviz.evaluation.scores import score_table, scores_of
from emoviz.features.align import frame_middles, nearest
from emoviz.features.base import within
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia
from emoviz.prediction.corpus import predict_recording
from emoviz.prediction.inputs import PICTURES, frames_of, reads_clips, streams_of
from emoviz.prediction.model import predict_streams
from emoviz.prediction.windows import Windows
from emoviz.training.held_out import config_of, held_out

pytestmark = [pytest.mark.corpora, pytest.mark.slow]

FOLDERS = sorted(path.parent for path in (ROOT / "checkpoints").glob("**/config.json"))
ABOUT = {path.relative_to(ROOT / "checkpoints").as_posix(): checkpoints.read_description(path) for path in FOLDERS}
OF_CLIPS = [name for name, about in ABOUT.items() if reads_clips(about)]
GROUPED = [name for name in OF_CLIPS if "/" in name]
OF_SOUND = [
    name
    for name in OF_CLIPS
    if name not in set(GROUPED) - set(GROUPED[::12])
    and not any(feature.name == PICTURES for feature in ABOUT[name].features)
]
"""Every twelfth of a group of checkpoints, which is one of every second culture, and all others that hear."""
CONDITIONED = [name for name in OF_SOUND if all("sound" in feature.settings for feature in ABOUT[name].features)]
SAMPLE = 8
"""Recordings, or about as many sequences, of each checkpoint."""
ROUNDING = 2e-3
"""Predictions are kept as float16."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """An empty store, in which checkpoints share the features of recordings."""
    return FeatureStore(tmp_path_factory.mktemp("store"))


def put(store: FeatureStore, checkpoint: Checkpoint, data, chosen: pd.Index) -> dict[str, str]:
    """Extract what a checkpoint reads of some recordings anew; return the media of each."""
    features = {f.name: dict(f.chosen) for f in checkpoint.description.features}
    media: dict[str, str] = {}
    for name in checkpoint.description.training["corpora"]:
        corpus = load(name, data)
        own = corpus.recordings.index.intersection(chosen)
        if not len(own):  # a corpus has at least one recording
            seen = ~corpus.recordings["speaker"].isin(checkpoint.description.split[Split.TEST])
            own = corpus.recordings.index[seen][:1]
        part = dataclasses.replace(corpus, recordings=corpus.recordings.loc[own], labels=corpus.labels.loc[own])
        store.add_corpus(part, list(features), settings=features)
        paths = part.recordings["video"].fillna(part.recordings["audio"])
        media |= {str(identity): path for identity, path in paths.items()}
    return media


def small_speakers(checkpoint: Checkpoint, data) -> pd.Index:
    """Recordings of the speaker with the fewest in each of the two cultures where that is least."""
    about = checkpoint.description
    tables = [load(name, data) for name in about.training["corpora"]]
    known = pd.concat([c.recordings[c.labels["emotion"].notna()] for c in tables])
    known = known[known["speaker"].isin(about.split[Split.TEST])]
    sizes = known.groupby(["culture", "speaker"]).size().sort_values(kind="stable").reset_index()
    speakers = sizes.drop_duplicates("culture")["speaker"].iloc[:2]
    return known.index[known["speaker"].isin(speakers)]


@pytest.mark.parametrize("name", OF_SOUND)
def test_recordings_get_the_predictions_of_the_card(name, store, data):
    checkpoint = checkpoints.load(ROOT / "checkpoints" / name)
    about = checkpoint.description
    framewise = about.task == Task.FRAMES
    kept = checkpoint.table("predictions")
    if framewise:
        chosen = small_speakers(checkpoint, data)
    else:
        assert kept is not None
        chosen = pd.Index(random.Random(0).sample(sorted(kept.index), SAMPLE))
    media = put(store, checkpoint, data, chosen)
    results = {r.id: r for r in held_out(checkpoint, store)}
    assert results
    if kept is None:  # some keep embeddings alone
        embeddings = checkpoint.table("embeddings").filter(regex=r"^e\d+$")
        for identity in embeddings.index.intersection(list(results)):
            np.testing.assert_allclose(results[identity].embedding, embeddings.loc[identity], rtol=2e-2, atol=1e-2)
        assert len(embeddings.index.intersection(list(results)))
        return
    columns = [f"prediction.{output}" for output in about.outputs]
    for identity, result in results.items():
        stated = kept.loc[[identity], columns].to_numpy(float)
        np.testing.assert_allclose(np.atleast_2d(result.prediction), stated, atol=ROUNDING, err_msg=identity)
        if not framewise:
            served = predict_recording(checkpoint, streams_of(checkpoint, ClipMedia(media[identity])))
            np.testing.assert_allclose(np.atleast_2d(served), stated, atol=ROUNDING, err_msg=identity)


@pytest.mark.parametrize("name", [name for name in OF_SOUND if ABOUT[name].task == Task.FRAMES])
def test_pages_say_of_what_is_spoken_what_an_evaluation_says_and_nothing_else(name, store, data):
    checkpoint = checkpoints.load(ROOT / "checkpoints" / name)
    about = checkpoint.description
    chosen = small_speakers(checkpoint, data)
    chosen = pd.Index(random.Random(0).sample(sorted(chosen), min(SAMPLE, len(chosen))))
    media_of = put(store, checkpoint, data, chosen)
    tables = [store.corpus(corpus).recordings for corpus in about.training["corpora"]]
    keys = pd.concat(tables)["key"]
    compared = []
    for identity, path in media_of.items():
        media = ClipMedia(path)
        stored = {f.name: store.stream(keys[identity], f.name, f.chosen) for f in about.features}
        expected = predict_recording(checkpoint, stored)
        times = frame_middles(media.info.duration, about.hop)
        streams = streams_of(checkpoint, media)
        found, *_ = predict_streams(checkpoint, streams, times)
        spoken = within(times, [(a - about.hop / 2, b + about.hop / 2) for a, b in media.speech().spoken])
        said = ~np.isnan(found).any(1)
        assert not (said & ~spoken).any(), identity
        windows = Windows.over(about, streams, media.info.duration)
        if len(windows.kept) < len(expected) or len(windows.stretches) > 1:
            continue  # of 3,793 recordings 7 have a silence that is too long to be read as a whole
        compared.append(said.mean())
        at = nearest(times, frames_of(about, stored).times)  # of conditioned sound, only speech has frames
        np.testing.assert_allclose(found[at][said[at]], expected[said[at]], atol=1e-4, err_msg=identity)
    assert len(compared) >= 0.75 * len(media_of) and np.mean(compared) > 0.5


@pytest.mark.parametrize("name", [name for name in CONDITIONED if ABOUT[name].task != Task.FRAMES])
def test_held_out_recordings_give_the_scores_of_the_card(name, store, data):
    """Of every fourth recording each prediction is the kept one; of all, the kept ones give the card (test_bundled)."""
    checkpoint = checkpoints.load(ROOT / "checkpoints" / name)
    about = checkpoint.description
    kept = checkpoint.table("predictions")
    assert kept is not None
    chosen = kept.index.sort_values()[::4]
    put(store, checkpoint, data, chosen)
    found = {result.id: result for result in held_out(checkpoint, store) if result.id in chosen}
    assert sorted(found) == list(chosen)
    rows = kept.loc[list(found), [f"prediction.{output}" for output in about.outputs]].to_numpy(np.float32)
    stated = [dataclasses.replace(found[i], prediction=row) for i, row in zip(found, rows, strict=True)]
    for result, own in zip(found.values(), stated, strict=True):
        np.testing.assert_allclose(result.prediction, own.prediction, atol=ROUNDING, err_msg=result.id)
    scores = scores_of(about.kind, about.outputs, np.asarray(checkpoint.metrics["training_mean"]))
    tables = [score_table(results, scores) for results in (list(found.values()), stated)]
    key = ("culture", "output", "metric", "aggregation", "recordings")
    assert [[row[k] for k in key] for row in tables[0]] == [[row[k] for k in key] for row in tables[1]]
    assert [row["value"] for row in tables[0]] == pytest.approx([row["value"] for row in tables[1]], abs=5e-3)


@pytest.mark.parametrize("name", [n for n in OF_CLIPS if any(f.name == PICTURES for f in ABOUT[n].features)])
def test_pictures_get_the_predictions_of_the_card(name, store, data):
    checkpoint = checkpoints.load(ROOT / "checkpoints" / name)
    kept = checkpoint.table("predictions")
    (corpus,) = (load(own, data) for own in config_of(checkpoint.description).corpora)
    chosen = random.Random(0).sample(sorted(kept.index), 8 * SAMPLE)
    part = dataclasses.replace(corpus, recordings=corpus.recordings.loc[chosen], labels=corpus.labels.loc[chosen])
    store.add_corpus(part, [])
    crops = store.corpus(corpus.name).pictures.reshape(len(chosen), -1).astype(np.float32) / 255
    found = tempered(checkpoint.read({PICTURES: crops})[0], checkpoint.predictor.temperature)  # as clips are predicted
    columns = [f"prediction.{output}" for output in checkpoint.outputs]
    np.testing.assert_allclose(found, kept.loc[chosen, columns].to_numpy(float), atol=ROUNDING)
