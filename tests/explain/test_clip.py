"""Explanations of clips by untrained checkpoints: contributions add up over windows, and faces are framed."""

import dataclasses

import numpy as np
import pytest
from clips import face_frames, plain_frames, sine, write_clip
from untrained import DIMENSIONS, save_all

from emoviz.core.errors import ConfigError, FeatureError, UnknownNameError
from emoviz.core.vocabulary import FER_EMOTIONS
from emoviz.explain import Method, check_face, check_streams, explain_face, explain_film, explain_streams
from emoviz.features import EXTRACTORS, FeatureStream
from emoviz.features.align import frame_middles
from emoviz.media import ClipMedia
from emoviz.prediction.clip import load_checkpoints
from emoviz.prediction.windows import Windows, apply, predict_streams

SECONDS = 3.0
HOP = 0.02


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Untrained: pictures, frames in windows of 2 s, and windows of 1 s."""
    return load_checkpoints((), [save_all(tmp_path_factory.mktemp("untrained"))])


@pytest.fixture(scope="module")
def streams() -> dict[str, FeatureStream]:
    """Whisper with a gap that eGeMAPS shares from 1 to 1.2 s."""
    random, made = np.random.default_rng(0), {}
    for name in ("whisper", "egemaps"):
        channels = tuple(EXTRACTORS[name]().channels)
        values = random.normal(0, 3, (round(SECONDS / HOP), len(channels))).astype(np.float32)
        values[50:60] = np.nan
        made[name] = FeatureStream(values, HOP / 2, HOP, channels)
    return made


@pytest.mark.parametrize("number", [1, 2])
def test_value_is_the_mean_of_the_prediction(number, models, streams):
    model, (start, end) = models[number], (0.5, 1.5)
    output = model.description.outputs[1]
    found = explain_streams(model, streams, SECONDS, output, start=start, end=end, steps=4)
    times = frame_middles(SECONDS, HOP)
    windows = Windows.of(model.description, SECONDS)
    # Logits, as they are before the probabilities of a prediction.
    plain = dataclasses.replace(model, description=dataclasses.replace(model.description, kind="dimension"))
    said = predict_streams(plain, streams, times)[0][:, 1]
    assert len(windows.starts) > 1
    assert found.value == pytest.approx(np.nanmean(said[(times >= start) & (times < end)]), abs=1e-4)


@pytest.mark.parametrize("number", [1, 2])
def test_contributions_add_up_over_windows(number, models, streams):
    model = models[number]
    found = explain_streams(model, streams, SECONDS, model.description.outputs[0], steps=30)
    assert found.values.shape == (round(SECONDS / HOP), len(model.channels))
    assert found.completeness_error < 0.02
    assert found.values.sum(dtype=float) == pytest.approx(found.value - found.baseline, abs=0.02)
    assert found.channels.contribution.sum() == pytest.approx(found.times.contribution.sum(), abs=1e-4)
    assert set(found.channels.channel) == set(model.channels) and set(found.channels.modality) == {"audio"}
    assert found.channels.magnitude.is_monotonic_decreasing
    assert (found.values[50:60] == 0).all()
    np.testing.assert_allclose(found.times.time, frame_middles(SECONDS, HOP))


@pytest.mark.parametrize("number", [1, 2])
def test_occlusion_is_the_change_of_the_prediction(number, models, streams):
    """Hiding a channel of eGeMAPS from the model is giving it the mean of its training."""
    model = models[number]
    output = model.description.outputs[0]
    found = explain_streams(model, streams, SECONDS, output, method=Method.OCCLUSION, stretch=1.0)
    stream, channel = streams["egemaps"], 3
    values = stream.values.copy()
    mean = model.predictor.inputs["egemaps"].mean[channel].item()
    values[:, channel] = np.where(np.isnan(values[:, channel]), np.nan, mean)
    hidden = {**streams, "egemaps": dataclasses.replace(stream, values=values)}
    without = explain_streams(model, hidden, SECONDS, output, steps=1).value
    row = found.channels.set_index("channel").loc[stream.channels[channel]]
    assert row.contribution == pytest.approx(found.value - without, abs=1e-4)
    np.testing.assert_allclose(found.times.time, [0.5, 1.5, 2.5])
    assert found.values is None and np.isnan(found.completeness_error)


@pytest.mark.slow
def test_a_stretch_hidden_is_hidden_in_all_windows(models, streams):
    found = explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], method=Method.OCCLUSION, stretch=2.0)
    gap = {}
    for name, stream in streams.items():
        values = stream.values.copy()
        values[:100] = np.nan
        gap[name] = dataclasses.replace(stream, values=values)
    windows, wanted = Windows.of(models[1].description, SECONDS), np.ones(150, bool)
    wanted[50:60] = False
    said = [
        np.concatenate([apply(models[1], windows.aligned(s, batch)).prediction for batch in windows.batches()])
        for s in (streams, gap)
    ]
    change = [windows.join(values)[wanted, 0].mean() for values in said]
    assert found.times.contribution[0] == pytest.approx(change[0] - change[1], abs=1e-4)


@pytest.mark.slow
def test_only_windows_that_matter_are_explained(models, streams):
    counts = []
    for end in (0.2, SECONDS):
        reports: list[tuple] = []
        listener = lambda *report, heard=reports: heard.append(report)  # noqa: E731
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], steps=1, end=end, progress=listener)
        assert reports[-1][1:] == (len(reports) - 1,) * 2
        counts.append(len(reports) - 1)
    assert counts[0] == 1 < counts[1]


def test_bad_input_is_refused_in_one_sentence(models, streams):
    with pytest.raises(UnknownNameError, match="no output named 'joy'; known are: angry"):
        explain_streams(models[2], streams, SECONDS, "joy")
    with pytest.raises(FeatureError, match="^There is nothing to explain: .* from 5 s to the end.$"):
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], start=5)
    with pytest.raises(FeatureError, match="known from 1 s to 1.1 s.$"):
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], start=1, end=1.1)
    with pytest.raises(ConfigError, match="^A stretch of time is 0.02 s or more, not 0 s.$"):
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], stretch=0)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> ClipMedia:
    frames = face_frames(20, [lambda i: (150, 60)])
    return ClipMedia(write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, sine(0.8)))


def test_faces_stand_beneath_their_heat(models, media):
    found = explain_face(models[0], media, "happy", [0.49, 0.13, 99.0], side=96)
    assert found.heat.shape == (3, 96, 96) and found.heat.min() >= 0 and found.heat.max() <= 1
    assert found.pictures.shape == (3, 96, 96, 3) and found.pictures.dtype == np.uint8
    np.testing.assert_allclose(found.times, [0.48, 0.12, 0.76])
    track = media.face_track()
    frame = np.abs(media.faces().times - found.times[1]).argmin()
    crop = track.crops[frame].reshape(1, -1).astype(np.float32) / 255
    logits = models[0]({"crop": crop}).prediction[0]
    assert found.values[1] == pytest.approx(logits.softmax(0)[FER_EMOTIONS.index("happy")].item(), abs=1e-5)
    grey = found.pictures[1].mean(2)[::2, ::2].ravel()
    assert np.corrcoef(grey, track.crops[frame].ravel())[0, 1] > 0.95


def test_faces_that_are_not_there_are_refused_in_one_sentence(models, media, tmp_path):
    with pytest.raises(UnknownNameError, match="no output named 'joy'"):
        explain_face(models[0], media, "joy", [0.1])
    with pytest.raises(ConfigError, match="^Grad-CAM shows one moment"):
        explain_face(models[0], media, "happy", [])
    grey = ClipMedia(write_clip(tmp_path / "grey.mp4", plain_frames(5)))
    with pytest.raises(FeatureError, match="^There is nothing to explain: no face was found in the clip.$"):
        explain_face(models[0], grey, "happy", [0.1])


def test_a_film_is_the_faces_of_the_whole_clip(models, media):
    film = explain_film(models[0], media, "happy", pictures=4, side=48)
    frames = len(media.face_track().frames)
    assert film.heat.shape == (frames, 12, 12) and film.heat.min() >= 0 and film.heat.max() <= 1
    assert film.squares.shape == (frames, 3, 2) and film.hold == pytest.approx(0.04)
    one = explain_face(models[0], media, "happy", [film.times[3]])
    assert film.values[3] == pytest.approx(one.values[0], abs=1e-5)
    np.testing.assert_allclose(film.strip.times, [0.08, 0.28, 0.48, 0.68], atol=0.041)
    assert film.strip.pictures.shape == (4, 48, 48, 3) and film.strip.heat.shape == (4, 48, 48)


@pytest.mark.slow
def test_checks_judge_channels_times_and_faces(models, media, streams):
    checks = check_streams(models[1], streams, SECONDS, DIMENSIONS[0], method=Method.OCCLUSION, repetitions=1)
    assert checks.channels.sentence != checks.times.sentence
    assert list(checks.channels.table.randomised) == [1.0]
    assert check_face(models[0], media, "happy", pictures=2).sentence.startswith("The explanation ")
