"""Samples: what they are made of, and that randomness depends on seed, epoch and number only."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core.binary import shares_of
from emoviz.core.errors import ConfigError, CorpusError, FeatureError, SplitError
from emoviz.core.progress import silent
from emoviz.core.vocabulary import BINARY, CIRCUMPLEX, FOUR_EMOTIONS, Dimension, Emotion, Split, intensity
from emoviz.corpora.base import RECORDING_COLUMNS
from emoviz.features.base import FeatureStream
from emoviz.features.stored_corpus import WHOLE, StoredCorpus
from emoviz.models.av_attention import augment_snippets
from emoviz.models.inputs import InputConfig
from emoviz.training.data import DATA, collate, load_recordings, on_disk
from emoviz.training.data.base import training_mean
from emoviz.training.data.people import people_in
from emoviz.training.data.pictures import augment_crops, or_copy
from emoviz.training.data.recordings import trace_step
from emoviz.training.data.sequences import ids_by_emotion, order_by_emotion
from emoviz.training.data.standardise import standardise
from emoviz.training.feed import EpochSampler
from emoviz.training.presets import preset
from emoviz.training.protocols import PROTOCOLS, Options

from .made_up import HOP, RATED, SYSTEMS, TRACES, MadeUpStore, RatedStore, TracedStore

SEQUENCES = dataclasses.replace(
    preset("speech-bigru"), corpora=("made-up",), inputs=(InputConfig("toy", components=2),), window=1.0, copies=0
)
UTTERANCES = dataclasses.replace(
    preset("speech-emotion"),
    data="utterances",
    corpora=("made-up",),
    inputs=(InputConfig("toy"),),
    window=0.2,
    copies=0,
)


class PartsStore(MadeUpStore):
    """Answers like a FeatureStore of clips of many lengths, each cut into six parts of pictures of 2 x 2 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def stream(self, key, name, settings=None):
        self.read.append(key)
        random = np.random.default_rng([*key.encode()])
        hop = random.uniform(1, 20) / 6
        width = 3 * 4 * 4 if name == "snippets" else 5
        values = random.random((6, width)).astype(np.float32)
        return FeatureStream(values, hop / 2, hop, tuple(map(str, range(width))))


PARTS = dataclasses.replace(
    UTTERANCES,
    inputs=(InputConfig("toy"), InputConfig("snippets", standardise=False, settings={"frames": 4, "side": 2})),
    resample="none",
    hop=0.5,
    window=1.0,
)


def test_each_clip_has_its_very_parts_in_training_too():
    store = PartsStore()
    data = DATA["utterances"](PARTS, store)
    for part in Split:
        for number in range(len(data.parts[part])):
            sample = data.parts[part][(3, number)]
            raw = store.stream(sample.id, "snippets").values
            np.testing.assert_array_equal(sample.streams["snippets"], raw)


def test_pictures_are_augmented_in_training_and_nothing_else_is():
    data = DATA["utterances"](PARTS, PartsStore())
    batch = collate([data.whole[Split.TRAIN][(0, number)] for number in range(4)])
    torch.manual_seed(0)
    changed = data.augment(batch.streams)
    torch.manual_seed(0)
    expected = augment_snippets(batch.streams["snippets"], (3, 4, 2, 2))
    assert torch.equal(changed["snippets"], expected) and not torch.equal(expected, batch.streams["snippets"])
    assert torch.equal(changed["toy"], batch.streams["toy"])
    standardised = dataclasses.replace(
        PARTS, inputs=tuple(InputConfig(i.feature, settings=i.settings) for i in PARTS.inputs)
    )
    plain = DATA["utterances"](standardised, PartsStore())
    assert torch.equal(plain.augment(batch.streams)["snippets"], batch.streams["snippets"])


def test_streams_that_would_fill_the_memory_are_read_by_batches(monkeypatch):
    inside = DATA["utterances"](PARTS, PartsStore())
    store = PartsStore()
    monkeypatch.setattr(on_disk, "IN_MEMORY", 10_000)
    data = DATA["utterances"](PARTS, store)
    assert data.size == inside.size == 80 * 6 * (48 + 5) * 4
    assert len({*store.read}) == len(inside.whole[Split.TRAIN])  # one to know the size, then those that train, to fit
    np.testing.assert_allclose(training_mean(data.whole[Split.TRAIN]), training_mean(inside.whole[Split.TRAIN]))
    store.read.clear()
    for part in Split:
        for a, b in zip(data.whole[part], inside.whole[part], strict=True):
            assert a.id == b.id and all(torch.equal(a.streams[name], b.streams[name]) for name in a.streams)
    assert len(store.read) == 2 * 80 and len(store.read) == 2 * len({*store.read})  # each stream once, none is kept
    monkeypatch.setattr(on_disk, "FITTED", 5_000)
    DATA["utterances"](PARTS, few := PartsStore())
    assert len({*few.read}) < 10


def test_frames_that_are_not_resampled_are_those_of_utterances():
    with pytest.raises(ConfigError, match="can have frames that are not resampled, not 'windows'"):
        dataclasses.replace(PARTS, data="windows")


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
    order = order_by_emotion(ids_by_emotion(emotions), np.random.default_rng(seed))
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


def test_a_recording_without_values_is_kept_and_its_frames_are_missing():
    store = MadeUpStore(missing="Here/0/angry/0")
    data = DATA["utterances"](dataclasses.replace(UTTERANCES, window=9), store)
    found = [s for part in Split for s in data.parts[part] if s.id == "Here/0/angry/0"]
    assert len(found) == 1
    assert len(found[0].streams["toy"]) and found[0].streams["toy"].isnan().all()


def test_long_utterances_are_cropped_in_training_only():
    data = DATA["utterances"](UTTERANCES, MadeUpStore())
    assert {len(s.streams["toy"]) for s in data.parts[Split.TRAIN]} == {10}
    assert {len(s.streams["toy"]) for s in data.parts[Split.TEST]} == {20}


def test_windows_are_cut_from_one_utterance_or_around_it_between_two_others_of_its_speaker():
    config = dataclasses.replace(UTTERANCES, data="windows", window=0.6)
    data, whole = (DATA[kind](config, MadeUpStore()) for kind in ("windows", "utterances"))
    own = {s.id: s for s in whole.parts[Split.TRAIN]}
    lengths, mixed = set(), 0
    for epoch in range(3):
        for number in range(len(own)):
            sample = data.parts[Split.TRAIN][(epoch, number)]
            again = data.parts[Split.TRAIN][(epoch, number)]
            assert torch.equal(sample.streams["toy"], again.streams["toy"])
            assert sample.target.sum() == pytest.approx(1)
            lengths.add(len(sample.streams["toy"]))
            theirs = {i: s for i, s in own.items() if s.speaker == sample.speaker}
            frames = torch.cat([s.streams["toy"] for s in theirs.values()])
            targets = torch.cat([s.target.expand(20, -1) for s in theirs.values()])
            found = (sample.streams["toy"][:, None] == frames).all(-1)
            assert found.any(1).all()
            torch.testing.assert_close(sample.target, targets[found.float().argmax(1)].mean(0))
            mixed += float(sample.target.max()) < 0.999
    assert lengths == {20, 30} and 0.2 < mixed / (3 * len(own)) < 0.6
    assert [s.id for s in data.parts[Split.TEST]] == [s.id for s in whole.parts[Split.TEST]]
    assert {len(s.streams["toy"]) for s in data.parts[Split.TEST]} == {20}


@pytest.mark.parametrize("preset_name", ["speech-emotion", "speech-cats"])
@pytest.mark.parametrize(
    ("sound", "said"), [("recorded", "over all of a recording"), ("conditioned", "over each stretch of speech between")]
)
def test_cards_say_over_what_features_are_computed_in_use(preset_name, sound, said):
    config = preset(preset_name)
    toy = dataclasses.replace(config.inputs[0], feature="toy", components=None, settings={"sound": sound})
    config = dataclasses.replace(config, inputs=(toy,), corpora=UTTERANCES.corpora, copies=0)
    assert said in DATA[config.data](config, MadeUpStore()).note


class CopiedStore(MadeUpStore):
    """Answers like a FeatureStore with corrupted copies, whose values are moved by 100 for each number of the copy."""

    root = "a store"

    def stream(self, key, name, settings=None):
        identity, _, number = key.partition("-copy")
        stream = super().stream(identity, name, settings)
        moved = stream.values + np.float32(100 * int(number.partition("-")[0] or 0))
        return dataclasses.replace(stream, values=moved)

    def count(self, keys, name, settings=None):
        return sum(not key.startswith(self.missing or "?") for key in keys)


COPIES = dataclasses.replace(UTTERANCES, inputs=(InputConfig("egemaps", standardise=False),), copies=2, window=0.6)


@pytest.mark.parametrize("kind", ["utterances", "windows"])
def test_half_of_the_training_samples_are_corrupted_copies(kind):
    data = DATA[kind](dataclasses.replace(COPIES, data=kind), CopiedStore())
    train = data.parts[Split.TRAIN]
    samples = [train[(epoch, number)] for epoch in range(20) for number in range(len(train))]
    numbers = np.concatenate([np.rint(s.streams["egemaps"][:, 2].numpy() / 100) for s in samples])
    assert [(numbers == copy).mean() for copy in (0, 1, 2)] == pytest.approx([0.5, 0.25, 0.25], abs=0.05)


def test_an_epoch_is_selected_on_recordings_and_their_copies_and_tested_on_recordings():
    data = DATA["utterances"](COPIES, CopiedStore())
    count = len(data.whole[Split.VALIDATION])
    samples = list(data.parts[Split.VALIDATION])
    copies = [round(float(s.streams["egemaps"][:, 2].mean()) / 100) for s in samples]
    assert copies == [0] * count + [1] * count + [2] * count
    assert [s.id for s in samples] == 3 * [s.id for s in data.whole[Split.VALIDATION]]
    assert len(data.parts[Split.VALIDATION].groups) == len(samples)
    assert all(float(s.streams["egemaps"].max()) < 50 for s in data.parts[Split.TEST])
    assert "as they are and 2 so corrupted of each" in data.note


class ShorterCopiesStore(CopiedStore):
    """Answers like a CopiedStore whose copies have lost the second half of their frames."""

    def stream(self, key, name, settings=None):
        stream = super().stream(key, name, settings)
        kept = len(stream.values) // 2 if "-copy" in key else None
        return dataclasses.replace(stream, values=stream.values[:kept])


def test_half_of_the_utterances_of_sequences_are_corrupted_copies_of_any_length():
    config = dataclasses.replace(SEQUENCES, inputs=COPIES.inputs, copies=2)
    data = DATA["sequences"](config, ShorterCopiesStore())
    train, validation = data.parts[Split.TRAIN], list(data.parts[Split.VALIDATION])
    frames = [train[(epoch, number)].streams["egemaps"][:, 2] for epoch in range(20) for number in range(len(train))]
    assert {len(own) for own in frames} == {50}
    numbers = np.rint(np.concatenate(frames) / 100)
    assert [(numbers == copy).mean() for copy in (0, 1, 2)] == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=0.05)
    numbers = np.rint(np.concatenate([s.streams["egemaps"][:, 2] for s in validation]) / 100)
    once = sum(len(s.target) for s in data.whole[Split.VALIDATION])
    assert numbers.tolist() == [0.0] * once + [1.0] * (once // 2) + [2.0] * (once // 2)
    assert all(float(s.streams["egemaps"].max()) < 50 for s in data.parts[Split.TEST])


def test_copies_that_are_not_there_or_cannot_be_are_refused():
    with pytest.raises(FeatureError, match=r"lacks egemaps of corrupted copies.*--copies 2"):
        DATA["utterances"](COPIES, CopiedStore(missing="Here/0/angry/0"))
    tested = DATA["utterances"](COPIES, CopiedStore()).split[Split.TEST][0]
    assert len(DATA["utterances"](COPIES, CopiedStore(missing=tested)).parts[Split.TEST])
    with pytest.raises(ConfigError, match="'toy' takes no 'copies'"):
        DATA["utterances"](dataclasses.replace(COPIES, inputs=(InputConfig("toy"),)), CopiedStore())
    with pytest.raises(ConfigError, match="'copies' or 'standardise_by'"):
        DATA["utterances"](dataclasses.replace(COPIES, standardise_by="speaker"), CopiedStore())
    with pytest.raises(ConfigError, match="'toy' takes no 'copies'"):
        DATA["sequences"].check(dataclasses.replace(SEQUENCES, copies=1))
    with pytest.raises(ConfigError, match="alone take 'copies', not 'traces'"):
        DATA["traces"].check(dataclasses.replace(TRACES, copies=1))


def test_people_are_counted_as_the_tables_tell_who_they_are():
    data = DATA["utterances"](UTTERANCES, MadeUpStore())
    parts = {str(part): len(names) // 2 for part, names in data.split.items()}
    nobody_told = {"language": None, "people": 5, "female": 0, "male": 0, "recordings": 40, **parts}
    assert data.people == ({"culture": "Here", **nobody_told}, {"culture": "There", **nobody_told})
    ids = pd.Index(["a", "b", "c", "d", "e"])
    speakers, genders = ["1", "1", "2", "3", "4"], ["female", "female", "male", None, "female"]
    table = pd.DataFrame({"speaker": speakers, "gender": genders, "culture": "Here", "language": "deu"}, ids)
    (row,) = people_in(table, {Split.TRAIN: ids[:3], Split.TEST: ids[3:4]})
    told = {"culture": "Here", "language": "deu", "people": 3, "female": 1, "male": 1}
    assert row == {**told, "recordings": 4, "train": 2, "test": 1}


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
        def stream(self, key, name, settings=None):
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


def test_half_of_the_pictures_are_one_of_their_copies_which_stay_the_same():
    crop = torch.randint(0, 256, (1, 48 * 48), dtype=torch.uint8)
    random = np.random.default_rng(0)
    drawn = [or_copy(crop, "one", 2, random) for _ in range(60)]
    others = {tuple(found[0].tolist()) for found in drawn if not torch.equal(found, crop)}
    assert len(others) == 2 and all(found.dtype == torch.uint8 and found.shape == crop.shape for found in drawn)
    assert 18 <= sum(torch.equal(found, crop) for found in drawn) <= 42
    assert all(or_copy(crop, "one", 0, random) is crop for _ in range(5))


def two_recordings(**columns):
    """Recordings of one channel with the means 2 and 7 and the variances 1 and 4."""
    streams = {"a": {"toy": np.array([[1.0], [3.0]])}, "b": {"toy": np.array([[5.0], [9.0]])}}
    return streams, pd.DataFrame({"culture": ["A", "A"], "speaker": ["x", "y"], **columns}, index=["a", "b"])


def test_recordings_of_a_culture_are_brought_to_one_level_and_spread_between_and_within_apart():
    streams, table = two_recordings()
    found = standardise(streams, table, "culture")
    within = np.sqrt((1 + 4) / 2)
    np.testing.assert_allclose(found["a"]["toy"][:, 0], [-1 - 1 / within, -1 + 1 / within], rtol=1e-6)
    np.testing.assert_allclose(found["b"]["toy"][:, 0], [1 - 2 / within, 1 + 2 / within], rtol=1e-6)
    assert found["a"]["toy"].dtype == np.float32
    np.testing.assert_array_equal(streams["a"]["toy"], [[1], [3]])  # the raw ones stay


def test_a_speakers_level_and_spread_are_drawn_towards_the_cultures():
    streams, table = two_recordings()
    weight = 3.0
    found = standardise(streams, table, "speaker", weight)
    level = (2 + weight * 4.5) / (1 + weight)
    square = (2**2 + weight * (2**2 + 7**2) / 2) / (1 + weight)
    within = np.sqrt((1 + weight * 2.5) / (1 + weight))
    between = np.sqrt(square - level**2)
    expected = (2 - level) / between + np.array([-1, 1]) / within
    np.testing.assert_allclose(found["a"]["toy"][:, 0], expected, rtol=1e-6)
    alone = standardise(streams, table, "speaker", 0.0)
    np.testing.assert_allclose(alone["b"]["toy"][:, 0], [-1, 1], rtol=1e-6)
    almost = standardise(streams, table, "speaker", 1e9)
    np.testing.assert_allclose(almost["b"]["toy"], standardise(streams, table, "culture")["b"]["toy"], rtol=1e-5)


def test_missing_frames_are_left_out_and_stay_missing():
    streams, table = two_recordings()
    streams["a"]["toy"] = np.array([[1.0], [np.nan], [3.0]])
    found = standardise(streams, table, "culture")
    whole = standardise(*two_recordings(), "culture")
    np.testing.assert_allclose(found["a"]["toy"][[0, 2]], whole["a"]["toy"])
    assert np.isnan(found["a"]["toy"][1])


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from(["culture", "speaker"]))
def test_after_standardisation_all_groups_are_alike_and_no_other_group_had_a_say(seed, by):
    random = np.random.default_rng(seed)
    ids = [f"{c}/{s}/{k}" for c in "AB" for s in "xy" for k in range(4)]
    columns = {"culture": [i[0] for i in ids], "speaker": [i[:3] for i in ids]}
    table = pd.DataFrame(columns, index=ids)
    streams = {i: {"toy": random.normal(random.normal(), 1 + random.random(), (6, 3))} for i in ids}
    found = standardise(streams, table, by)
    for _, rows in table.groupby(by):
        values = [found[i]["toy"] for i in rows.index]
        means = np.array([v.mean(0) for v in values])
        np.testing.assert_allclose(means.mean(0), 0, atol=1e-4)
        np.testing.assert_allclose(means.std(0), 1, atol=1e-3)
        np.testing.assert_allclose(np.mean([v.var(0) for v in values], axis=0), 1, atol=1e-4)
    changed = {i: {"toy": s["toy"] * (3 if i[0] == "B" else 1)} for i, s in streams.items()}
    again = standardise(changed, table, by)
    assert all(np.array_equal(found[i]["toy"], again[i]["toy"]) for i in ids if i[0] == "A")


def test_adaptation_reads_the_tested_recordings_but_no_labels():
    config = dataclasses.replace(UTTERANCES, standardise_by="culture", outputs=FOUR_EMOTIONS)
    store = MadeUpStore()
    found = load_recordings(config, store)
    raw = load_recordings(dataclasses.replace(config, standardise_by="none"), store)
    shuffled = raw.table.assign(emotion=raw.table["emotion"].to_numpy()[::-1])
    expected = standardise(raw.streams, shuffled, "culture")
    assert all(np.array_equal(found.streams[i]["toy"], expected[i]["toy"]) for i in raw.table.index)


def test_features_come_onto_a_coarser_grid_by_averaging_or_interpolation():
    store = MadeUpStore()
    raw = store.stream("Here/0/angry/0", "toy").values
    assert raw.shape == (20, 4)  # a value every 0.02 s, from 0.01 s on
    streams = {}
    for method in ("mean", "linear"):
        config = dataclasses.replace(UTTERANCES, hop=5 * HOP, resample=method)
        streams[method] = load_recordings(config, store).streams["Here/0/angry/0"]["toy"]
    np.testing.assert_allclose(streams["mean"], raw.reshape(4, 5, 4).mean(1), atol=1e-6)
    np.testing.assert_allclose(streams["linear"], raw[2::5], atol=1e-6)  # those in the middle of each frame
    shifted = dataclasses.replace(UTTERANCES, hop=4 * HOP)
    between = load_recordings(shifted, store).streams["Here/0/angry/0"]["toy"]
    np.testing.assert_allclose(between, (raw[1::4] + raw[2::4]) / 2, atol=1e-6)


class ShippingStore(MadeUpStore):
    """Its corpus comes with a value per recording, ``whole``, and a stream, ``timed``."""

    def corpus(self, name):
        corpus = super().corpus(name)
        whole, timed = {}, {}
        for n, identity in enumerate(corpus.recordings.index):
            whole[identity] = FeatureStream(np.full((1, 2), n, np.float32), 0.0, WHOLE, ("w.0", "w.1"))
            timed[identity] = FeatureStream(np.full((10, 1), n, np.float32), HOP / 2, HOP, ("t.0",))
        return dataclasses.replace(corpus, shipped={"whole": whole, "timed": timed})


def test_features_that_a_corpus_ships_stand_beside_extracted_ones():
    inputs = (InputConfig("timed"), InputConfig("toy"), InputConfig("whole"))
    found = load_recordings(dataclasses.replace(UTTERANCES, inputs=inputs), ShippingStore())
    assert [(f.name, f.channels, f.width) for f in found.features] == [
        ("timed", ("t.0",), 1),
        ("toy", tuple(f"toy.{i}" for i in range(4)), 4),
        ("whole", ("w.0", "w.1"), 2),
    ]
    for n, i in enumerate(found.table.index):
        assert {name: values.shape for name, values in found.streams[i].items()} == {
            "timed": (10, 1),
            "toy": (10, 4),
            "whole": (10, 2),
        }
        assert (found.streams[i]["whole"] == n).all()
        assert (found.streams[i]["timed"] == n).all()


def test_what_is_known_of_recordings_as_a_whole_alone_is_one_frame():
    config = dataclasses.replace(UTTERANCES, inputs=(InputConfig("whole"),))
    for method in ("linear", "mean"):
        found = load_recordings(dataclasses.replace(config, resample=method), ShippingStore())
        assert [float(s["whole"][0, 1]) for s in found.streams.values()] == list(range(80))
        assert {s["whole"].shape for s in found.streams.values()} == {(1, 2)}


def test_a_feature_that_neither_media_nor_the_corpus_have_is_named():
    with pytest.raises(FeatureError, match="^'toy' neither comes with a recording nor can be extracted from it"):
        load_recordings(dataclasses.replace(TRACES, inputs=(InputConfig("toy"),)), TracedStore())


STRENGTHS = dataclasses.replace(
    UTTERANCES, outputs=tuple(intensity(e) for e in FOUR_EMOTIONS), loss="mse", selection="pearson", balance=()
)


def test_the_intensity_of_an_emotion_is_that_stated_and_of_all_others_none():
    data = DATA["utterances"](STRENGTHS, MadeUpStore())
    samples = [s for part in Split for s in data.whole[part]]
    assert len(samples) == 80
    for sample in samples:
        _, _, emotion, number = sample.id.split("/")
        expected = [{"0": 0.5, "1": 1.0}[number] * (e == emotion) for e in FOUR_EMOTIONS]
        np.testing.assert_allclose(sample.target, expected)


class Unspecified(MadeUpStore):
    """Utterances of which those of some emotions are of no stated intensity, as most of CREMA-D's."""

    def __init__(self, *emotions: Emotion) -> None:
        super().__init__()
        self.emotions = emotions

    def corpus(self, name: str) -> StoredCorpus:
        corpus = super().corpus(name)
        labels = corpus.labels.copy()
        labels.loc[labels["emotion"].isin(self.emotions), "intensity"] = None
        labels.loc["Here/1/sad/0", "intensity"] = None
        return dataclasses.replace(corpus, labels=labels)


def test_utterances_without_a_stated_intensity_are_left_out_and_counted():
    data = DATA["utterances"](STRENGTHS, Unspecified(Emotion.HAPPY))
    samples = {s.id: s for part in Split for s in data.whole[part]}
    assert len(samples) == 80 - 20 - 1 and "Here/1/sad/0" not in samples
    assert {s.label for s in samples.values()} == {"angry", "neutral", "sad"}
    assert data.note.endswith("21 recordings do not state their intensity and are left out.")


def test_an_emotion_that_is_not_predicted_has_no_intensity_of_the_others():
    config = dataclasses.replace(STRENGTHS, outputs=(intensity(Emotion.ANGRY), intensity(Emotion.SAD)))
    data = DATA["utterances"](config, Unspecified(Emotion.NEUTRAL))
    samples = {s.id: s for part in Split for s in data.whole[part]}
    assert len(samples) == 79
    assert samples["Here/1/neutral/0"].target.tolist() == samples["Here/1/happy/1"].target.tolist() == [0, 0]
    assert samples["Here/1/angry/1"].target.tolist() == [1, 0]


def test_a_corpus_that_states_no_intensity_is_refused():
    with pytest.raises(CorpusError, match="^No recording of made-up has one of the outputs as its label.$"):
        DATA["utterances"](STRENGTHS, Unspecified(*FOUR_EMOTIONS))


def test_clips_rated_as_a_whole_have_those_ratings_and_the_unrated_are_left_out():
    store = RatedStore()
    labels = store.corpus("made-up").labels
    data = DATA["utterances"](RATED, store)
    samples = {s.id: s for part in Split for s in data.whole[part]}
    assert set(samples) == set(labels.index) - {labels.index[1]}
    assert not data.frames and {s.label for s in samples.values()} == {""}
    for identity, sample in samples.items():
        expected = labels.loc[identity].to_numpy(float)
        np.testing.assert_allclose(sample.target.numpy(), expected, rtol=1e-6)
    assert samples[labels.index[0]].target.isnan().tolist() == [True, False]


def test_derived_dimensions_are_no_ratings():
    with pytest.raises(ConfigError, match="for derived ones use 'sequences'"):
        DATA["utterances"].check(dataclasses.replace(RATED, outputs=("valence (derived)",)))


def test_without_any_rating_there_is_nothing_to_train_on():
    with pytest.raises(CorpusError, match="has one of the outputs as its label"):
        DATA["utterances"](RATED, MadeUpStore())


def test_traces_are_whole_recordings_but_windows_in_training():
    data = DATA["traces"](TRACES, TracedStore())
    assert data.frames
    assert {s.target.shape for part in Split for s in data.whole[part]} == {(40, 2)}
    train = data.parts[Split.TRAIN]
    assert len(train) == 2 * len(data.whole[Split.TRAIN])  # two windows fill a recording
    assert {train[(0, n)].target.shape for n in range(len(train))} == {(20, 2)}
    assert any(not torch.equal(train[(0, n)].target, train[(1, n)].target) for n in range(len(train)))
    assert all(s.trace is None for s in data.whole[Split.TEST])


HIGH_OR_LOW = dataclasses.replace(
    UTTERANCES, outputs=BINARY[Dimension.AROUSAL], threshold=-0.25, neutral=0.05, balance=()
)
STRETCHES = dataclasses.replace(
    HIGH_OR_LOW, data="stretches", inputs=TRACES.inputs, hop=0.2, window=1.0, resample="mean", threshold=0.1
)


def test_ratings_are_high_or_low_and_those_near_the_threshold_are_left_out():
    ratings = np.array([-1, 0.19, 0.2, 0.3, 0.4, 0.41, np.nan])
    expected = [[1, 0], [1, 0], [np.nan] * 2, [np.nan] * 2, [np.nan] * 2, [0, 1], [np.nan] * 2]
    np.testing.assert_array_equal(shares_of(ratings, 0.3, 0.1), np.array(expected))
    np.testing.assert_array_equal(shares_of(np.array([0.0, 0.1]), 0.0, 0.0), [[np.nan] * 2, [0, 1]])

    store = RatedStore()  # arousal of -.5, -.1 and .1
    arousal = store.corpus("made-up").labels["arousal"].dropna().astype(float)
    data = DATA["utterances"](HIGH_OR_LOW, store)
    samples = {s.id: s for part in Split for s in data.whole[part]}
    assert set(samples) == set(arousal.index) and not data.frames
    assert all(s.target.tolist() == [float(arousal[i] < -0.25), float(arousal[i] > -0.25)] for i, s in samples.items())
    near = DATA["utterances"](dataclasses.replace(HIGH_OR_LOW, threshold=-0.2, neutral=0.15), store)
    assert {s.id for part in Split for s in near.whole[part]} == set(arousal.index[(arousal - -0.2).abs() > 0.15])
    with pytest.raises(CorpusError, match="is 'high arousal': of 79 whose .*, 79 lie beyond 0.9 ± 0.1; change 'thr"):
        DATA["utterances"](dataclasses.replace(HIGH_OR_LOW, threshold=0.9, neutral=0.1), store)
    corpus = store.corpus("made-up")
    store.corpus = lambda name: dataclasses.replace(corpus, labels=corpus.labels.assign(arousal=float("nan")))
    with pytest.raises(CorpusError, match="No recording of made-up has a rating of arousal, .* import the corpus with"):
        DATA["utterances"](HIGH_OR_LOW, store)


def test_shots_are_drawn_of_high_and_of_low():
    table = load_recordings(HIGH_OR_LOW, RatedStore()).table
    shots = [few for fold in PROTOCOLS["k-shot"](table, Options(shots=(0, 2), draws=1)) for few in fold.further]
    assert [dict(table["label"][few.train].value_counts()) for few in shots] == 2 * [
        dict.fromkeys(HIGH_OR_LOW.outputs, 2)
    ]
    assert all(set(table["label"][ids]) == set(HIGH_OR_LOW.outputs) for few in shots for ids in few.tests.values())
    with pytest.raises(SplitError, match="for each class, but these recordings have no class"):
        PROTOCOLS["k-shot"](table.assign(label=None), Options())


def test_stretches_of_traced_recordings_are_high_or_low_on_average():
    store = TracedStore(seconds=4.3)  # four stretches, and .3 s that are left over
    traced = store.corpus("x").traces.groupby("id")["arousal"]
    traces = {i: own.to_numpy()[:40].reshape(4, 10).mean(1) for i, own in traced}
    data = DATA["stretches"](STRETCHES, store)
    samples = {s.id: s for part in Split for s in data.whole[part]}
    means = {f"{i}#{k}": mean for i, own in traces.items() for k, mean in enumerate(own)}
    assert set(samples) == {i for i, mean in means.items() if abs(mean - 0.1) > 0.05}
    for identity, sample in samples.items():
        assert sample.target.tolist() == [float(means[identity] < 0.1), float(means[identity] > 0.1)]
        assert sample.speaker == identity.partition("#")[0] and sample.streams["said"].shape == (5, 4)
    said = store.corpus("x").shipped["said"]["Here/0"].values[20:30].reshape(5, 2, 4).mean(1)
    recordings = DATA["stretches"].load(STRETCHES, store, silent)
    np.testing.assert_allclose(recordings.streams["Here/0#2"]["said"], said, atol=1e-5)
    plain = {"outputs": RATED.outputs, "threshold": 0.0, "neutral": 0.0, "selection": "ccc", "loss": "mse"}
    rated = dataclasses.replace(STRETCHES, **plain)
    target = {s.id: s.target for part in Split for s in DATA["stretches"](rated, store).whole[part]}["There/1#3"]
    assert target[1].item() == pytest.approx(traces["There/1"][3], abs=1e-5)


def test_stretches_that_cannot_be_are_refused():
    for changes, error, message in (
        ({"window": 5.0}, CorpusError, "^No recording of made-up lasts 5 s.$"),
        ({"window": 0.5}, ConfigError, "has a whole number of frames, not 0.5 s with a frame every 0.2 s"),
        ({"outputs": FOUR_EMOTIONS, "threshold": 0.0, "neutral": 0.0}, ConfigError, "dimensions, or high and low"),
        ({"voices": 0.5}, ConfigError, "alone take 'voices', not 'stretches'"),
    ):
        with pytest.raises(error, match=message):
            DATA["stretches"](dataclasses.replace(STRETCHES, **changes), TracedStore())
    with pytest.raises(CorpusError, match="has no trace of labels"):
        DATA["stretches"](dataclasses.replace(STRETCHES, inputs=UTTERANCES.inputs), MadeUpStore())


@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_in_training_a_frame_has_the_label_that_raters_gave_later(delay):
    config = dataclasses.replace(TRACES, label_delay=delay)
    data = DATA["traces"](config, TracedStore(noise=0.0))  # in which each stream is the label
    frames = round(delay / config.hop)
    columns = [SYSTEMS.index("heard.arousal"), SYSTEMS.index("heard.valence")]
    for number in range(len(data.parts[Split.TRAIN])):
        sample = data.parts[Split.TRAIN][(0, number)]
        said = sample.streams["said"][:, columns]
        assert len(said) == len(sample.target) == 20
        np.testing.assert_allclose(sample.target[: 20 - frames], said[frames:], atol=1e-5)
    for sample in data.parts[Split.TEST]:
        np.testing.assert_allclose(sample.target, sample.streams["said"][:, columns], atol=1e-5)


def test_a_label_delay_leaves_something_of_each_recording():
    with pytest.raises(ConfigError, match="^'label_delay' is shorter than each recording, unlike 4 s.$"):
        DATA["traces"](dataclasses.replace(TRACES, label_delay=4.0), TracedStore())


def test_labels_that_no_rater_gave_have_no_delay():
    with pytest.raises(ConfigError, match="^'label_delay' makes up for raters"):
        DATA["sequences"](dataclasses.replace(SEQUENCES, label_delay=1.0), MadeUpStore())


def test_on_a_coarser_grid_labels_are_averaged_and_the_finer_ones_kept_for_the_figures():
    store = TracedStore(seconds=4.2)  # 42 labels: 8 frames of five, and two that are left over
    data = DATA["traces"](dataclasses.replace(TRACES, hop=0.5, resample="mean"), store)
    finer = {i: rows[["arousal", "valence"]].to_numpy()[:40] for i, rows in store.corpus("x").traces.groupby("id")}
    samples = list(data.whole[Split.TEST])
    for sample in samples:
        np.testing.assert_allclose(sample.trace, finer[sample.id], atol=1e-6)
        np.testing.assert_allclose(sample.target, finer[sample.id].reshape(8, 5, 2).mean(1), atol=1e-6)
        assert sample.streams["said"].shape == (8, 4)
    train = data.parts[Split.TRAIN]
    assert all(train[(0, n)].trace is None for n in range(len(train)))
    assert collate(samples).target.shape[1:] == (8, 2)


@pytest.mark.parametrize("hop", [0.15, 0.05, 0.04])
def test_a_frame_spans_a_whole_number_of_labels(hop):
    trace = TracedStore().corpus("x").traces.query("id == 'Here/0'")
    assert trace_step(dataclasses.replace(TRACES, hop=0.3), trace) == 3
    with pytest.raises(ConfigError, match=f"^The traces have a value every 0.1 s, so 'hop' is a multiple .* not {hop}"):
        trace_step(dataclasses.replace(TRACES, hop=hop), trace)


def test_traces_refuse_other_outputs_and_recordings_without_any():
    with pytest.raises(ConfigError, match="predicts valence, arousal, liking, not"):
        DATA["traces"](dataclasses.replace(UTTERANCES, data="traces"), MadeUpStore())
    with pytest.raises(CorpusError, match="^The recording 'Here/0/angry/0' has no trace of labels; train on corpora"):
        DATA["traces"](dataclasses.replace(TRACES, inputs=(InputConfig("toy"),)), MadeUpStore())


@pytest.mark.parametrize("kind", DATA)
def test_a_kind_of_data_is_a_module_of_its_name(kind):
    assert DATA[kind].make.__module__ == f"emoviz.training.data.{kind}"


def test_pictures_alone_are_samples_of_a_single_frame():
    assert [kind for kind in DATA if not DATA[kind].windows] == ["pictures"]


class DialogueStore(MadeUpStore):
    """Answers like a FeatureStore whose first culture was recorded in one session per speaker, the other in none."""

    def corpus(self, name):
        corpus = super().corpus(name)
        session = corpus.recordings["speaker"].where(corpus.recordings["culture"] == "Here", None)
        return dataclasses.replace(corpus, recordings=corpus.recordings.assign(session=session))


@pytest.mark.parametrize("config", [UTTERANCES, SEQUENCES], ids=lambda config: config.data)
def test_a_sample_knows_its_session_under_a_name_that_no_other_corpus_has(config):
    sessions = {(s.speaker, s.session) for s in DATA[config.data](config, DialogueStore()).everyone}
    assert sessions == {(f"Here/{k}", f"made-up/Here/{k}") for k in range(5)} | {(f"There/{k}", None) for k in range(5)}


def test_speakers_of_one_and_the_same_recording_share_a_session():
    class Store(MadeUpStore):
        def corpus(self, name):
            corpus = super().corpus(name)
            keys = corpus.recordings["key"].replace({"Here/3/sad/0": "Here/1/sad/0"})
            return dataclasses.replace(corpus, recordings=corpus.recordings.assign(key=keys))

    sessions = {s.id: s.session for s in DATA["utterances"](UTTERANCES, Store()).everyone if s.session}
    assert {*sessions} == {"Here/1/sad/0", "Here/3/sad/0"} and len({*sessions.values()}) == 1


def test_a_clip_of_utterances_from_several_sessions_has_none():
    class Store(MadeUpStore):
        def corpus(self, name):
            corpus = super().corpus(name)
            return dataclasses.replace(corpus, recordings=corpus.recordings.assign(session=corpus.recordings.index))

    assert {s.session for s in DATA["sequences"](SEQUENCES, Store()).everyone} == {None}


FACES = dataclasses.replace(preset("face-expression"), corpora=("own",), outputs=("happy", "sad"), copies=0)


class PictureStore:
    """Answers like a FeatureStore with one corpus of pictures of one's own, in which one emotion is no output."""

    def __init__(self, parts: str, people: str) -> None:
        index = pd.Index([f"own/{n}" for n in range(len(parts))], name="id")
        recordings = pd.DataFrame(index=index, columns=list(RECORDING_COLUMNS), dtype=object)
        recordings["split"] = [{"r": "train", "v": "validation", "t": "test"}[part] for part in parts]
        recordings["speaker"] = list(people)
        labels = pd.DataFrame({"emotion": (["happy", "sad", "angry"] * len(parts))[: len(parts)]}, index)
        pictures = np.zeros((len(parts), 48, 48), np.uint8)
        self.made = StoredCorpus("own", "Own", "none", "Posed.", recordings, labels, pd.DataFrame(), pictures)

    def corpus(self, name: str) -> StoredCorpus:
        return self.made


def test_own_pictures_are_trained_on_in_the_split_that_they_come_with():
    data = DATA["pictures"](FACES, PictureStore("rrrvvtt", "aabccdd"))
    train = data.parts[Split.TRAIN]
    assert [len(data.parts[part]) for part in Split] == [2, 2, 1]  # angry is no output of the model
    assert [train[0, n].target.tolist() for n in range(2)] == [[1, 0], [0, 1]]
    assert data.split_note == "The parts are those that Own comes with, and no person stands in two."


@pytest.mark.parametrize(
    ("parts", "people", "said"),
    [
        ("rrr", "aab", "'own' has no pictures for validation and test"),
        ("rrvt", "abcb", "person 'b' stands in train and"),
    ],
)
def test_own_pictures_without_a_split_that_keeps_people_apart_are_refused(parts, people, said):
    with pytest.raises((CorpusError, SplitError), match=said):
        DATA["pictures"](FACES, PictureStore(parts, people))
