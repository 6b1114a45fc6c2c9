"""Pictures come at their true times, upright, one by one."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from clips import plain_frames, sine, write_clip, write_damaged, write_part
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core.errors import Cancelled
from emoviz.media import iterate_frames, probe


def times_of(clip):
    return np.array([frame.time for frame in iterate_frames(clip)])


def number_of(frame) -> float:
    """Which of the plain frames this is, to one or two."""
    return (frame.image.mean() - 16) / 2


@settings(max_examples=10, deadline=None)
@given(steps=st.lists(st.integers(10, 400), min_size=1, max_size=12), ending=st.sampled_from(["mp4", "mkv", "mov"]))
def test_a_variable_frame_rate_keeps_its_times(tmp_path_factory, steps, ending):
    times = np.concatenate([[0], np.cumsum(steps)]) / 1000
    clip = write_clip(tmp_path_factory.mktemp("vfr") / f"clip.{ending}", plain_frames(len(times)), times=times)
    np.testing.assert_allclose(times_of(clip), times, atol=1e-3)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "flv"])
def test_pictures_that_start_after_the_sound_keep_their_distance(tmp_path, ending):
    times = 0.5 + np.arange(25) / 25
    clip = write_clip(tmp_path / f"clip.{ending}", plain_frames(25), sine(1.5, 44100), rate=44100, times=times)
    # FLV has no negative times for the encoder's 1024 samples of priming and shifts all by these.
    shift = 1024 / 44100 if ending == "flv" else 0
    np.testing.assert_allclose(times_of(clip), times + shift, atol=2e-3)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_time_is_0_where_the_clip_starts(tmp_path, ending):
    clip = write_clip(tmp_path / f"clip.{ending}", plain_frames(25), times=5 + np.arange(25) / 25)
    np.testing.assert_allclose(times_of(clip), np.arange(25) / 25, atol=1e-3)
    assert probe(clip).duration == pytest.approx(1, abs=0.05)


def test_an_edit_list_leaves_out_what_it_cuts(tmp_path):
    """MP4 cuts pictures before 0 by an edit list: they are stored and not shown."""
    clip = write_clip(tmp_path / "clip.mp4", plain_frames(25), times=np.arange(-5, 20) / 25)
    frames = list(iterate_frames(clip))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(20) / 25)
    assert number_of(frames[0]) == pytest.approx(5, abs=1) and number_of(frames[-1]) == pytest.approx(24, abs=1)


def test_a_negative_start_is_time_0(tmp_path):
    clip = write_clip(
        tmp_path / "clip.webm",
        plain_frames(25),
        times=np.arange(-5, 20) / 25,
        video_codec="libvpx-vp9",
        options={"avoid_negative_ts": "disabled"},
    )
    frames = list(iterate_frames(clip))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(25) / 25)
    assert number_of(frames[0]) == pytest.approx(0, abs=1)
    assert probe(clip).duration == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_metadata_turns_the_picture(tmp_path, rotation):
    image = np.zeros((48, 64, 3), np.uint8)
    image[:16, :16] = 255
    clip = write_clip(tmp_path / "clip.mp4", [image] * 2, rotation=rotation)
    frame = next(iterate_frames(clip))
    expected = np.rot90(image, rotation // 90)
    assert np.abs(frame.image.astype(int) - expected).mean() < 3
    info = probe(clip).video
    assert info is not None
    assert (info.height, info.width, info.rotation) == (*expected.shape[:2], rotation)


def test_large_pictures_are_reduced_on_request(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", plain_frames(2, (3840, 2160)))
    assert next(iterate_frames(clip)).image.shape == (2160, 3840, 3)
    assert next(iterate_frames(clip, longest=1280)).image.shape == (720, 1280, 3)
    assert next(iterate_frames(clip, longest=5000)).image.shape == (2160, 3840, 3)


def test_colours_stay_what_they_are(tmp_path):
    image = np.zeros((48, 96, 3), np.uint8)
    image[:, :32], image[:, 32:64], image[:, 64:] = (200, 30, 30), (30, 200, 30), (30, 30, 200)
    shown = next(iterate_frames(write_clip(tmp_path / "clip.mp4", [image]))).image
    assert np.abs(shown[:, [8, 48, 88]].astype(int) - image[:, [8, 48, 88]]).max() < 12


def test_one_frame(tmp_path):
    assert len(list(iterate_frames(write_clip(tmp_path / "clip.mp4", plain_frames(1))))) == 1


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_clip_that_breaks_off_gives_what_is_there(tmp_path, ending):
    whole = write_clip(
        tmp_path / f"whole.{ending}", plain_frames(100), options={"movflags": "faststart"} if ending == "mp4" else None
    )
    frames = list(iterate_frames(write_part(tmp_path / f"clip.{ending}", whole, 0.7)))
    assert 10 < len(frames) < 100
    assert [frame.time for frame in frames] == pytest.approx(np.arange(len(frames)) / 25, abs=1e-3)


def test_damaged_pictures_are_left_out_and_the_rest_keep_their_times(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (100, 48, 64, 3), dtype=np.uint8)
    whole = write_clip(tmp_path / "whole.mkv", noise, sine(4, 48000), rate=48000, audio_codec="libopus")
    times = times_of(write_damaged(tmp_path / "clip.mkv", whole, 0.45, 0.5))
    assert 50 < len(times) < 100
    assert times[-1] == pytest.approx(3.96, abs=0.01)
    assert set(np.round(times * 25)) <= set(range(100))


def test_frames_are_decoded_as_they_are_asked_for_and_a_stop_passes_through(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", plain_frames(100))
    seen = []

    def stop(stage, done, total):
        seen.append((stage, done, total))
        if done >= 1:
            raise Cancelled("Stopped.")

    first = list(itertools.islice(iterate_frames(clip, stop), 3))
    assert len(first) == len(seen) == 3
    assert seen[2] == ("Reading frames", pytest.approx(0.08), pytest.approx(4))
    with pytest.raises(Cancelled):
        list(iterate_frames(clip, stop))


def test_pictures_at_the_beginning_that_are_known_are_told_by_their_times_alone(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", plain_frames(6))
    whole, rest = list(iterate_frames(clip)), list(iterate_frames(clip, first=4))
    assert [frame.time for frame in rest] == [frame.time for frame in whole]
    assert [frame.image.size for frame in rest[:4]] == [0] * 4
    assert all(np.array_equal(one.image, own.image) for one, own in zip(whole[4:], rest[4:], strict=True))


def test_pictures_that_were_used_stay_no_longer_in_memory(tmp_path):
    pictures = (np.full((720, 1280, 3), number % 200, np.uint8) for number in range(300))
    clip = write_clip(tmp_path / "clip.mp4", pictures, options={"preset": "ultrafast"})
    begun = most = 0.0
    for number, _ in enumerate(iterate_frames(clip)):
        if number == 50:
            begun = anonymous_memory()
        elif number > 50:
            most = max(most, anonymous_memory() - begun)
    assert most < 60  # megabytes; 250 pictures take 345


def anonymous_memory() -> float:
    """Anonymous memory of this process in MB."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1000
