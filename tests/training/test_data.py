"""Samples: what they are made of, and that randomness depends on seed, epoch and number only."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.define import CIRCUMPLEX, Emotion, Split
from emoviz.errors import ConfigError, FeatureError
from emoviz.inputs import InputConfig
from emoviz.training.data import DATA, EpochSampler, augment_crops, collate, order_by_emotion
from emoviz.training.presets import preset

from .made_up import MadeUpStore

SEQUENCES = dataclasses.replace(
    preset("speech-bigru"), corpora=("made-up",), inputs=(InputConfig("toy", components=2),), window=1.0
)
UTTERANCES = dataclasses.replace(
    preset("speech-emotion"), corpora=("made-up",), inputs=(InputConfig("toy"),), window=0.2
)


@pytest.mark.parametrize("part", [Split.TRAIN, Split.TEST])
def test_sequences_cover_every_frame_with_its_own_target(part):
    data = DATA["sequences"](SEQUENCES, MadeUpStore())
    samples = data.parts[part]
    expected = {CIRCUMPLEX[Emotion(e)] for e in ("angry", "happy", "neutral", "sad")}
    for epoch in (0, 1):
        clips = [samples[(epoch, i)] for i in range(len(samples))]
        lengths = [len(c.target) for c in clips]
        assert lengths == [len(c.streams["toy"]) for c in clips]
        frames = np.concatenate([np.hstack([c.streams["toy"], c.target]) for c in clips])
        speakers = len(data.split[part])
        assert len(np.unique(frames, axis=0)) == speakers * 8 * 20
        if part is Split.TRAIN:
            assert set(lengths) == {50}
        else:
            assert sum(lengths) == speakers * 8 * 20
        np.testing.assert_allclose(np.unique(frames[:, 2:], axis=0), sorted(expected), atol=1e-6)


def test_sequences_hold_one_speaker_and_change_with_the_epoch_in_training_only():
    data = DATA["sequences"](SEQUENCES, MadeUpStore())
    train, test = data.parts[Split.TRAIN], data.parts[Split.TEST]
    first, again, other = train[(0, 0)], train[(0, 0)], train[(1, 0)]
    assert torch.equal(first.streams["toy"], again.streams["toy"])
    assert not torch.equal(first.streams["toy"], other.streams["toy"])
    assert torch.equal(test[(0, 0)].streams["toy"], test[(5, 0)].streams["toy"])
    assert {s.speaker for s in test} == set(data.split[Split.TEST])


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20), st.integers(0, 99))
def test_neighbours_differ_in_emotion_as_long_as_others_are_left(letters, seed):
    names = {"a": Emotion.ANGRY, "b": Emotion.HAPPY, "c": Emotion.SAD}
    emotions = pd.Series([names[x].value for x in letters], index=[str(i) for i in range(len(letters))])
    order = order_by_emotion(emotions, np.random.default_rng(seed))
    assert sorted(i for i, _ in order) == sorted(emotions.index)
    for k in range(1, len(order)):
        if order[k][1] == order[k - 1][1]:
            assert {e for _, e in order[k:]} == {order[k][1]}


def test_transform_is_fitted_on_training_speakers_only():
    store = MadeUpStore()
    data = DATA["utterances"](UTTERANCES, store)
    table = store.corpus("x").recordings
    training = table.index[table["speaker"].isin(data.split[Split.TRAIN])]
    frames = np.concatenate([store.stream(i, "toy").values for i in training])
    np.testing.assert_allclose(data.inputs["toy"].mean.numpy(), frames.mean(0), atol=1e-4)


def test_missing_values_become_the_training_mean():
    store = MadeUpStore(missing="Here/0/angry/0")
    data = DATA["utterances"](dataclasses.replace(UTTERANCES, window=9), store)
    found = [s for part in Split for s in data.parts[part] if s.id == "Here/0/angry/0"]
    assert len(found) == 1
    assert torch.equal(found[0].streams["toy"], torch.zeros_like(found[0].streams["toy"]))


def test_long_utterances_are_cropped_in_training_only():
    data = DATA["utterances"](UTTERANCES, MadeUpStore())
    assert {len(s.streams["toy"]) for s in data.parts[Split.TRAIN]} == {10}
    assert {len(s.streams["toy"]) for s in data.parts[Split.TEST]} == {20}


def test_balanced_sampling_evens_out_the_groups():
    data = DATA["utterances"](UTTERANCES, MadeUpStore())
    part = data.parts[Split.TRAIN]
    part.groups = ["rare" if i < 2 else "common" for i in range(len(part))]
    sampler = EpochSampler(part, seed=0, balanced=True)
    drawn = []
    for epoch in range(40):
        sampler.set_epoch(epoch)
        drawn += [part.groups[number] for _, number in sampler]
    assert 0.4 < drawn.count("rare") / len(drawn) < 0.6


def test_sequences_are_grouped_by_what_speakers_share():
    data = DATA["sequences"](dataclasses.replace(SEQUENCES, balance=("culture",)), MadeUpStore())
    part = data.parts[Split.TRAIN]
    assert part.groups == [part[(0, i)].culture for i in range(len(part))]


def test_collate_masks_padding():
    data = DATA["sequences"](SEQUENCES, MadeUpStore())
    samples = sorted(data.parts[Split.TRAIN], key=lambda s: -len(s.target))
    batch = collate([samples[0], samples[-1]])
    assert batch.mask.sum(1).tolist() == [len(samples[0].target), len(samples[-1].target)]
    assert torch.equal(batch.target[1][batch.mask[1]], samples[-1].target)


def test_kind_of_output_must_fit_the_data():
    with pytest.raises(ConfigError, match="predicts emotions"):
        DATA["utterances"](SEQUENCES, MadeUpStore())
    with pytest.raises(ConfigError, match="sequences predicts"):
        DATA["sequences"](UTTERANCES, MadeUpStore())


def test_a_stream_that_was_not_extracted_is_named():
    class Empty(MadeUpStore):
        def stream(self, key, name):
            raise FeatureError("extract it")

    with pytest.raises(FeatureError, match="extract it"):
        DATA["sequences"](SEQUENCES, Empty())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_augmented_crops_stay_faces(seed):
    torch.manual_seed(seed)
    crops = torch.rand(3, 1, 48 * 48)
    changed = augment_crops(crops)
    assert changed.shape == crops.shape
    assert changed.isfinite().all() and -0.5 < changed.min() and changed.max() < 1.5
    assert not torch.equal(changed, crops)
