"""One model on one clip: windows that cover it, predictions that join, gaps and channel weights."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from untrained import save_speech

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.vocabulary import Task
from emoviz.evaluation.familiarity import fit_familiarity
from emoviz.features import FeatureStream
from emoviz.features.align import frame_middles
from emoviz.prediction.clip import load_checkpoints
from emoviz.prediction.corpus import predict_recording
from emoviz.prediction.model import apply, predict_streams
from emoviz.prediction.windows import Windows, cross_fade, window_starts


def stream(values: np.ndarray, hop: float = 0.02) -> FeatureStream:
    channels = tuple(str(i) for i in range(values.shape[1]))
    return FeatureStream(values.astype(np.float32), hop / 2, hop, channels)


def random_streams(checkpoint: Checkpoint, frames: int) -> dict[str, FeatureStream]:
    random = np.random.default_rng(1)
    return {f.name: stream(random.normal(0, 3, (frames, f.width))) for f in checkpoint.description.features}


def test_a_clip_within_one_window_is_predicted_at_once(models):
    frames = 90  # of a window of 100
    streams = random_streams(models[1], frames)
    values, *_ = predict_streams(models[1], streams, frame_middles(frames * 0.02, 0.02))
    whole = models[1]({name: s.values for name, s in streams.items()}).prediction[0]
    np.testing.assert_allclose(values, whole, atol=1e-5)


def test_a_window_of_a_clip_level_model_counts_for_its_centre(models):
    frames, window, start = 200, 50, 24  # 1 s windows, one every 12 frames (0.25 s to the frame)
    streams = random_streams(models[2], frames)
    times = frame_middles(frames * 0.02, 0.02)
    values, *_ = predict_streams(models[2], streams, times)
    output = models[2]({name: s.values[start : start + window] for name, s in streams.items()})
    centre = start + (window - 1) / 2
    between = values[[int(centre), int(centre) + 1]].mean(0)
    np.testing.assert_allclose(between, torch.softmax(output.prediction, -1)[0], atol=1e-3)
    np.testing.assert_allclose(values[:20], np.tile(values[0], (20, 1)), atol=1e-6)  # before the first centre


def test_predictions_come_as_late_as_the_raters_whom_the_model_learned_from(models):
    late = {**models[1].description.training, "label_delay": 0.1}
    model = dataclasses.replace(models[1], description=dataclasses.replace(models[1].description, training=late))
    streams, times = random_streams(models[1], 300), frame_middles(6, 0.02)
    values, *_ = predict_streams(models[1], streams, times)
    delayed, *_ = predict_streams(model, streams, times)
    np.testing.assert_array_equal(delayed[5:], values[:-5])


def test_channel_weights_of_each_stream_alone_stand_side_by_side(tmp_path):
    save_speech(tmp_path, "eaf", "eaf", Task.FRAMES, {"hidden": 4, "layers": 1})
    (model,) = load_checkpoints(["eaf"], [tmp_path])
    streams = random_streams(model, 90)
    _, table, _ = predict_streams(model, streams, frame_middles(1.8, 0.02))
    attention = model({name: s.values for name, s in streams.items()}).attention
    assert len(table) == 4 + len(streams["egemaps"].channels)
    for stream, rows in (("whisper", table[:4]), ("egemaps", table[4:])):
        np.testing.assert_allclose(rows.weight, attention[f"channel.{stream}"][0], rtol=1e-5)


def test_frames_without_any_feature_are_gaps(models):
    streams = random_streams(models[1], 300)
    for s in streams.values():
        s.values[120:150] = np.nan
    values, *_ = predict_streams(models[1], streams, frame_middles(6, 0.02))
    assert np.isnan(values[120:150]).all()
    assert np.isfinite(np.delete(values, np.s_[120:150], axis=0)).all()


@pytest.mark.parametrize(("number", "windows"), [(1, 1), (2, 2)], ids=["per frame", "per clip"])
def test_a_pause_parts_the_windows_of_a_model_of_clips_alone(models, number, windows):
    streams = random_streams(models[number], 90)
    for own in streams.values():
        own.values[30:55] = np.nan  # half a second
    laid = Windows.over(models[number].description, streams, 90 * 0.02)
    assert [len(laid.of_window(k)) for k in range(len(laid.starts))] == ([65] if windows == 1 else [30, 35])


def test_a_missing_stream_alone_is_no_gap(models):
    streams = random_streams(models[1], 80)
    streams["egemaps"].values[:] = np.nan
    values, *_ = predict_streams(models[1], streams, frame_middles(1.6, 0.02))
    assert np.isfinite(values).all()


def spoken_in(streams: dict[str, FeatureStream], *spoken: tuple[float, float]) -> dict[str, FeatureStream]:
    return {name: dataclasses.replace(own, spoken=spoken) for name, own in streams.items()}


def changed(streams: dict[str, FeatureStream], frames: slice) -> dict[str, FeatureStream]:
    found = {name: dataclasses.replace(own, values=own.values.copy()) for name, own in streams.items()}
    for own in found.values():
        own.values[frames] += 3
    return found


def test_of_silence_that_is_read_as_in_training_nothing_is_said(models):
    streams, times = random_streams(models[1], 300), frame_middles(6, 0.02)
    everywhere, *_ = predict_streams(models[1], streams, times)
    values, *_ = predict_streams(models[1], spoken_in(streams, (2.0, 4.0)), times)
    np.testing.assert_array_equal(~np.isnan(values).any(1), (times > 2) & (times < 4))
    np.testing.assert_allclose(values[100:200], everywhere[100:200], atol=1e-6)


@pytest.mark.parametrize(("number", "read"), [(1, [False, True, True]), (2, [False, False, True])])
def test_a_model_of_frames_alone_reads_silence_and_only_near_speech(models, number, read):
    streams, times = random_streams(models[number], 500), frame_middles(10, 0.02)
    spoken = (4.0, 10.0)
    values, *_ = predict_streams(models[number], spoken_in(streams, spoken), times)
    parts = (slice(0, 99), slice(105, 195), slice(210, 250))  # far from speech, near it, in it
    found = [predict_streams(models[number], spoken_in(changed(streams, part), spoken), times)[0] for part in parts]
    assert [not np.allclose(one[200:], values[200:], atol=1e-6) for one in found] == read


def test_of_less_than_half_a_second_of_speech_nothing_is_said(models):
    streams, times = random_streams(models[1], 500), frame_middles(10, 0.02)
    values, *_ = predict_streams(models[1], spoken_in(streams, (1.0, 1.4), (4.0, 6.0)), times)
    assert np.isnan(values[:195]).all() and np.isfinite(values[200:300]).all()


@pytest.mark.parametrize("number", [1, 2])
def test_features_of_a_whole_clip_stand_for_all_that_is_spoken_in_it(models, number):
    about = models[number].description
    streams = {
        f.name: FeatureStream(np.ones((1, f.width), np.float32), 2.0, 4.0, f.names, spoken=((0.0, 1.5), (2.5, 4.0)))
        for f in about.features
    }
    times = frame_middles(4, 0.02)
    values, *_ = predict_streams(models[number], streams, times)
    np.testing.assert_array_equal(np.isnan(values).all(1), (times > 1.5) & (times < 2.5))


@pytest.mark.parametrize(("fewer", "read"), [(3, 87), (50, 90)])
def test_streams_are_read_up_to_where_the_first_ends_unless_it_ends_much_earlier(models, fewer, read):
    streams = random_streams(models[1], 90)
    short = streams["egemaps"]
    streams["egemaps"] = dataclasses.replace(short, values=short.values[:-fewer])
    values, *_ = predict_streams(models[1], streams, frame_middles(1.8, 0.02))
    cut = {name: dataclasses.replace(own, values=own.values[:read]) for name, own in streams.items()}
    missing = np.full((read - len(cut["egemaps"].values), short.values.shape[1]), np.nan, np.float32)
    cut["egemaps"] = dataclasses.replace(short, values=np.concatenate([cut["egemaps"].values, missing]))
    expected = predict_streams(models[1], cut, frame_middles(0.02 * read, 0.02))[0]
    np.testing.assert_allclose(values[:read], expected, atol=1e-6)
    np.testing.assert_array_equal(values[read:], np.repeat(expected[-1:], 90 - read, 0))
    if fewer == 3:
        np.testing.assert_allclose(values[:read], predict_recording(models[1], streams), atol=1e-6)


@given(st.integers(1, 400), st.integers(1, 120), st.data())
def test_windows_cover_every_frame(length, window, data):
    window = min(window, length)
    hop = data.draw(st.integers(1, window))
    starts = window_starts(length, window, hop)
    covered = np.zeros(length, bool)
    for start in starts:
        assert 0 <= start <= length - window
        covered[start : start + window] = True
    assert covered.all()


@given(st.integers(1, 200), st.integers(1, 60), st.data())
def test_cross_fade_of_the_pieces_of_a_series_is_the_series(length, window, data):
    window = min(window, length)
    starts = window_starts(length, window, data.draw(st.integers(1, window)))
    series = np.random.default_rng(length).normal(size=(length, 2))
    joined = cross_fade(np.stack([series[s : s + window] for s in starts]), starts, length)
    np.testing.assert_allclose(joined, series, atol=1e-9)


@pytest.mark.parametrize("number", [1, 2])
def test_shares_of_windows_give_the_mean_of_the_joined_series(number, models):
    windows = Windows.of(models[number].description, 7.3)
    random = np.random.default_rng(0)
    wanted = random.random(len(windows.times)) < 0.3
    shape = (len(windows.starts), windows.width, 1) if number == 1 else (len(windows.starts), 1)
    values = random.normal(size=shape)
    shares = windows.shares(wanted)
    assert shares.sum() == pytest.approx(1)
    assert (shares * values.reshape(shares.shape)).sum() == pytest.approx(windows.join(values)[wanted].mean())


@pytest.mark.parametrize("number", [1, 2])
def test_windows_far_from_the_training_are_told_and_gaps_stay_gaps(models, number):
    streams, times = random_streams(models[number], 400), frame_middles(8, 0.02)
    usual = predict_streams(models[number], streams, times)
    assert usual.unlike is None
    windows = Windows.over(models[number].description, streams, 8.0)
    embedded = np.concatenate(
        [
            apply(models[number], windows.aligned(streams, n), windows.mask(n)).embedding.numpy()
            for n in windows.batches()
        ]
    )
    random = np.random.default_rng(0)
    near = np.concatenate([embedded + 1e-3 * random.normal(size=embedded.shape) for _ in range(40)])
    familiarity = fit_familiarity(near, {1.0: near, 2.0: near})
    model = dataclasses.replace(models[number], familiarity=familiarity)
    told = predict_streams(model, streams, times)
    np.testing.assert_array_equal(told.values, usual.values)
    assert told.unlike.shape == (400,) and (told.unlike < 1).mean() > 0.9
    strange = {name: dataclasses.replace(s, values=s.values * 5 + 7) for name, s in streams.items()}
    assert (predict_streams(model, spoken_in(strange, (2.0, 6.0)), times).unlike[110:290] > 1).all()
    quiet = predict_streams(model, spoken_in(strange, (2.0, 6.0)), times)
    np.testing.assert_array_equal(np.isnan(quiet.unlike), np.isnan(quiet.values[:, 0]))


@pytest.mark.parametrize("duration", [1.3, 3.82, 11.0])
def test_a_model_of_a_clip_s_parts_reads_them_all_at_once_as_its_training_does(models, duration):
    about = models[2].description
    parts = dataclasses.replace(about, hop=2.5, window=15.0, training={**about.training, "resample": "none"})
    model = dataclasses.replace(models[2], description=parts)
    hop, random = duration / 6, np.random.default_rng(0)
    streams = {f.name: stream(random.normal(size=(6, f.width)), hop) for f in parts.features}
    windows = Windows.over(parts, streams, duration - 0.01)  # of a page's grid, which ends a little before the clip
    assert (len(windows.starts), windows.lengths.tolist()) == (1, [6])
    for name, values in windows.aligned(streams, np.array([0])).items():
        np.testing.assert_array_equal(values[0], streams[name].values)
    shown, *_ = predict_streams(model, streams, frame_middles(duration, 0.1))
    whole = predict_recording(model, streams)
    np.testing.assert_allclose(shown, np.tile(whole, (len(shown), 1)), atol=1e-6)
