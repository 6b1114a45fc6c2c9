"""A part of a recording gives what a file of that part alone gives."""

import numpy as np
import pandas as pd
import pytest
from example import RATE, example_images, example_voice, write_wav

from emoviz.corpora.base import RECORDING_COLUMNS, Corpus
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia, Waveform
from emoviz.media.networks import LANDMARKS
from emoviz.media.part import part_of_faces, part_of_sound
from emoviz.media.tracks import FaceTimeline, FaceTrack

START, END = 0.4, 1.6


def test_the_sound_of_a_part_is_its_samples_and_gaps():
    samples = np.arange(40, dtype=np.float32)
    found = part_of_sound(Waveform(samples, 10, 1.0, ((2.0, 2.4), (4.5, 4.9))), 2.2, 4.0)
    np.testing.assert_array_equal(found.samples, samples[12:30])
    assert found.start == 0
    np.testing.assert_allclose(found.gaps, [(0.0, 0.2)], atol=1e-9)
    early = part_of_sound(Waveform(samples, 10, 1.0), 0.5, 1.5)
    np.testing.assert_array_equal(early.samples, samples[:5])
    assert early.start == 0.5


def test_the_faces_of_a_part_are_those_seen_in_it():
    def track(number, frames):
        count = len(frames)
        return FaceTrack(
            number,
            10,
            np.array(frames, np.int32),
            np.tile(np.array(frames, np.float32)[:, None], 4),
            np.zeros((count, LANDMARKS, 3), np.int16),
            1.0,
            np.zeros((count, 52), np.float32),
            np.zeros((count, 3), np.float32),
            np.ones(count, np.float32),
            np.zeros((count, 48, 48), np.uint8),
        )

    whole = FaceTimeline(np.arange(10) / 10, (64, 48), (track(1, [0, 1, 2]), track(2, [2, 3, 5, 9])))
    found = part_of_faces(whole, 0.3, 0.8)
    np.testing.assert_allclose(found.times, [0, 0.1, 0.2, 0.3, 0.4])
    (only,) = found.tracks
    assert only.id == 2 and only.length == 5
    assert only.frames.tolist() == [0, 2] and only.seen_boxes[:, 0].tolist() == [3, 5]


def test_features_of_a_part_are_those_of_a_file_of_it(tmp_path):
    voice = example_voice()
    whole = write_wav(tmp_path / "whole.wav", voice)
    cut = write_wav(tmp_path / "cut.wav", voice[int(START * RATE) : int(END * RATE)])
    rows = pd.DataFrame(index=pd.Index(["c/part", "c/rest", "c/cut"], name="id"), columns=list(RECORDING_COLUMNS))
    rows["audio"] = [str(whole), str(whole), str(cut)]
    rows["start"], rows["end"] = [START, END, None], [END, 2.4, None]
    store = FeatureStore(tmp_path / "store")
    store.add_corpus(Corpus("c", "C", "none", rows.astype(object).where(rows.notna(), None)), ["egemaps"])
    keys = store.corpus("c").recordings["key"]
    assert keys.nunique() == 3
    part, rest, alone = (store.stream(key, "egemaps") for key in keys)
    np.testing.assert_allclose(part.values, alone.values, atol=1e-4)
    assert part.start == alone.start
    assert len(rest.values) < len(part.values)


def test_a_part_is_as_long_as_it_is_and_its_pictures_start_with_it(tmp_path):
    from clips import write_clip

    path = tmp_path / "clip.mp4"
    write_clip(path, example_images()[:30], sound=example_voice()[: int(1.2 * RATE), None])
    part = ClipMedia(path).part(0.4, 0.8)
    assert part.info.duration == pytest.approx(0.4)
    times = [picture.time for picture in part.pictures()]
    assert len(times) == 10 and times[0] == pytest.approx(0, abs=0.04)
    assert part.key != ClipMedia(path).key
    assert part.waveform().duration == pytest.approx(0.4, abs=0.001)


def test_a_changed_clip_is_what_the_function_makes_of_its_sound(tmp_path):
    voice = example_voice()
    clip = ClipMedia(write_wav(tmp_path / "clip.wav", voice))
    changed = clip.changed("another key", lambda samples: np.tile(samples / 2, 2))
    np.testing.assert_array_equal(changed.waveform().samples, np.tile(clip.waveform().samples / 2, 2))
    assert changed.key == "another key" and changed.info.duration == pytest.approx(2 * clip.info.duration)
    assert len(changed.speech().voice) > 1.9 * len(clip.speech().voice)
