"""Recordings as people really have them hold the same voice and face as the plain one, or say what is wrong.

All are made from the bundled example: its face, its voice, in another shape.
"""

import struct
from pathlib import Path

import numpy as np
import pytest
from clips import face_frames, portrait, write_clip, write_part
from example import (
    FRAMES,
    RATE,
    SECONDS,
    alike,
    example_images,
    example_voice,
    write_mirrored,
    write_resized,
    write_tagged,
    write_tracks,
    write_two_pictures,
    write_variable,
    write_wav,
)

from emoviz.core.errors import MediaError
from emoviz.media import Choice, ClipMedia, iterate_frames, playable, probe, read_waveform, track_faces
from emoviz.media.bounds import Bounds
from emoviz.media.voices import speech_probability, speech_spans
from emoviz.prediction.absence import absences_of_sound, sound_notes


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return example_voice()


@pytest.fixture(scope="module")
def other_voice() -> np.ndarray:
    return example_voice("german")


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return example_images()


@pytest.fixture(scope="module")
def other_images() -> list[np.ndarray]:
    return example_images("german")


@pytest.fixture(scope="module")
def base(tmp_path_factory, images, voice) -> Path:
    return write_clip(tmp_path_factory.mktemp("base") / "base.mp4", images, voice[:, None])


# 1 Picture and sound of other lengths or starts


def test_sound_that_ends_early_is_absent_after_its_end(tmp_path, images, voice):
    clip = write_clip(tmp_path / "clip.mp4", [*images, *images[-1:] * 20], voice[:, None])
    sound = read_waveform(clip)
    assert probe(clip).duration == pytest.approx(3.2, abs=0.05)
    assert sound.end == pytest.approx(SECONDS, abs=0.07) and alike(sound.samples, voice) > 0.9


def test_sound_that_starts_late_starts_late(tmp_path, images, voice):
    clip = write_clip(tmp_path / "clip.mkv", images, voice[:, None], sound_start=0.8, audio_codec="pcm_s16le")
    sound = read_waveform(clip)
    assert sound.start == pytest.approx(0.8, abs=0.01) and alike(sound.samples, voice) > 0.99
    assert probe(clip).duration == pytest.approx(3.2, abs=0.05)


def test_a_file_that_is_cut_off_gives_what_is_there_and_says_so(tmp_path, images, voice):
    whole = write_clip(tmp_path / "whole.mp4", images, voice[:, None], options={"movflags": "faststart"})
    clip = write_part(tmp_path / "clip.mp4", whole, 0.5)
    info = probe(clip)
    assert 0.2 < info.duration < 2.2
    assert any("cut off" in note and "2.4 s" in note for note in info.notes)


def test_sound_that_is_cut_off_before_it_begins_is_told_from_no_sound(tmp_path, images, voice):
    whole = write_clip(tmp_path / "whole.mkv", images, voice[:, None], sound_start=0.8, audio_codec="pcm_s16le")
    clip = write_part(tmp_path / "clip.mkv", whole, 0.15)
    media = ClipMedia(clip)
    assert media.info.video and 0.1 < media.info.duration < 0.8 and media.info.audio is None
    why = "Nothing of its sound can be read: the file is damaged, or cut off before it begins."
    assert why in media.info.notes and len(media.info.audio_tracks) == 1
    assert sound_notes(media) == ["Nothing of the clip's sound can be read, so there is no prediction from speech."]
    assert absences_of_sound(media)[0].reason == "nothing of the sound can be read"
    with pytest.raises(MediaError, match="Nothing of the picture and sound of 'none.mkv' can be read: .* cut off"):
        probe(write_part(tmp_path / "none.mkv", whole, 0.03))


# 2 The declared length is not the true one


@pytest.mark.parametrize("factor", [0.1, 2, 1e6])
def test_the_length_is_what_is_there_whatever_the_header_says(tmp_path, images, voice, factor):
    clip = write_clip(tmp_path / "clip.mkv", images, voice[:, None], audio_codec="pcm_s16le")
    content = bytearray(clip.read_bytes())
    place = content.find(b"\x44\x89\x88")
    assert place > 0
    stated = struct.unpack(">d", content[place + 3 : place + 11])[0]
    content[place + 3 : place + 11] = struct.pack(">d", stated * factor)
    clip.write_bytes(content)
    info = probe(clip)
    assert info.duration == pytest.approx(SECONDS, abs=0.05)
    assert any("header is wrong" in note for note in info.notes)


def test_an_mp3_of_a_variable_rate_is_read_to_its_end(tmp_path, voice):
    random = np.random.default_rng(0)
    loud = random.normal(0, 0.3, 3 * RATE).clip(-1, 1)
    sound = np.concatenate([loud, np.zeros(20 * RATE), voice]).astype(np.float32)
    clip = write_variable(tmp_path / "clip.mp3", sound)
    assert probe(clip).duration == pytest.approx(25.4, abs=0.2)
    assert read_waveform(clip).duration == pytest.approx(25.4, abs=0.2)


def test_chained_recordings_are_read_one_after_the_other(tmp_path, voice):
    one = write_clip(tmp_path / "one.ogg", (), voice[:, None], audio_codec="libopus")
    clip = tmp_path / "clip.ogg"
    clip.write_bytes(one.read_bytes() * 2)
    assert read_waveform(clip).duration == pytest.approx(2 * SECONDS, abs=0.2)
    assert probe(clip).duration == pytest.approx(2 * SECONDS, abs=0.2)


# 3 Which track


@pytest.mark.parametrize("ending", ["mkv", "mov"])
def test_the_default_sound_track_is_read_and_named_and_another_can_be_chosen(tmp_path, images, voice, ending):
    music = 0.3 * np.sin(2 * np.pi * 220 * np.arange(len(voice)) / RATE).astype(np.float32)
    clip = write_tracks(tmp_path / f"clip.{ending}", images, [music, voice], default=1)
    info = probe(clip)
    assert info.audio.track == 2 and any("2 sound tracks; track 2 (default" in note for note in info.notes)
    assert alike(read_waveform(clip).samples, voice) > 0.99
    assert alike(read_waveform(clip, choice=Choice(audio=1)).samples, music) > 0.99
    with pytest.raises(MediaError, match="no sound track 3; its sound tracks are 1 to 2"):
        probe(clip, Choice(audio=3))


def test_a_track_with_faces_is_preferred_to_slides(tmp_path, images, voice):
    slides = [np.full((360, 640, 3), 40 + i, np.uint8) for i in range(FRAMES)]
    clip = write_two_pictures(tmp_path / "clip.mkv", slides, images, voice)
    media = ClipMedia(clip)
    assert media.info.video.track == 2 and len(media.faces().tracks) == 1
    assert any("2 picture tracks; track 2" in note for note in media.info.notes)
    assert ClipMedia(clip, choice=Choice(video=1)).info.video.track == 1


def test_the_player_gets_the_tracks_that_are_analysed(tmp_path, images, voice):
    clip = write_tracks(tmp_path / "clip.mkv", images, [0 * voice, voice], default=1)
    made = playable(clip, tmp_path / "player")
    assert alike(read_waveform(made).samples[1000:], voice[1000:]) > 0.9 or read_waveform(made).samples.std() > 0.01
    assert len(probe(made).audio_tracks) == 1


# 4 and 5 Pictures


def test_a_change_of_the_pictures_size_keeps_one_face(tmp_path, images):
    clip = write_resized(tmp_path / "clip.webm", images)
    assert {frame.image.shape for frame in iterate_frames(clip)} == {(360, 640, 3)}
    (track,) = track_faces(clip).tracks
    assert len(track.frames) > 55


def test_a_mirrored_picture_is_shown_as_the_file_asks(tmp_path, base, images):
    clip = write_mirrored(tmp_path / "mirrored.mp4", base)
    shown, stored = next(iterate_frames(clip)).image, next(iterate_frames(base)).image
    np.testing.assert_array_equal(shown, stored[:, ::-1])
    assert probe(clip).video.mirrored and not probe(base).video.mirrored
    assert playable(clip, tmp_path / "player") != clip


def test_a_picture_upside_down_is_read_turned_and_says_so(tmp_path, base, images):
    clip = write_clip(tmp_path / "clip.mp4", [image[::-1, ::-1] for image in images])
    turned, upright = track_faces(clip), track_faces(base)
    assert any("turned by 180 degrees" in note for note in turned.notes) and not upright.notes
    (one,), (other,) = turned.tracks, upright.tracks
    assert len(one.frames) == len(other.frames)
    assert np.mean([alike(a.ravel(), b.ravel()) for a, b in zip(one.seen_crops, other.seen_crops, strict=True)]) > 0.97
    assert np.abs(one.seen_blendshapes - other.seen_blendshapes).mean() < 0.03


# 6 Identity


def test_a_cut_to_another_person_begins_another_track(tmp_path, images, other_images):
    clip = write_clip(tmp_path / "clip.mp4", [*images[:30], *other_images[30:]])
    timeline = track_faces(clip)
    assert [(track.frames[0], track.frames[-1]) for track in timeline.tracks] == [(0, 29), (30, 59)]
    assert any("change from one picture to the next at 1.2 s" in note for note in timeline.notes)


def test_two_who_swap_places_keep_their_tracks(tmp_path, images, other_images):
    def pair(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.hstack([left[:, 140:500], right[:, 140:500]])

    shown = [pair(a, b) if i < 30 else pair(b, a) for i, (a, b) in enumerate(zip(images, other_images, strict=True))]
    timeline = track_faces(write_clip(tmp_path / "clip.mp4", shown))
    assert [len(track.frames) for track in timeline.tracks] == [FRAMES, FRAMES]
    before, after = (timeline.tracks[0].boxes[i][0] for i in (10, 50))
    assert abs(before - after) > 200  # the first person went to the other side


def test_two_who_meet_are_unsure(tmp_path):
    def left(i: int) -> tuple[int, int]:
        return (4 * i, 60)

    def right(i: int) -> tuple[int, int]:
        return (320 - 4 * i, 60)

    clip = write_clip(tmp_path / "clip.mp4", face_frames(FRAMES, [left, right]))
    assert any("meet at" in note and "unsure" in note for note in track_faces(clip).notes)


def test_one_person_who_sits_still_is_one_track(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", [portrait()[:, :]] * 30)
    assert len(track_faces(clip).tracks) == 1 and not track_faces(clip).notes


# 7 Sound


def test_channels_that_cancel_each_other_are_not_mixed(tmp_path, voice):
    clip = write_wav(tmp_path / "clip.wav", np.stack([voice, -voice], 1))
    sound = read_waveform(clip)
    assert alike(sound.samples, voice) > 0.99 and any("would weaken the speech" in note for note in sound.notes)


def test_one_of_eight_microphones_is_found(tmp_path, voice):
    channels = np.random.default_rng(0).normal(0, 1e-4, (len(voice), 8)).astype(np.float32)
    channels[:, 5] += voice
    sound = read_waveform(write_wav(tmp_path / "clip.wav", channels))
    assert alike(sound.samples, voice) > 0.99 and any("channel 6 is read" in note for note in sound.notes)


def test_a_voice_beside_a_channel_of_noise_is_read_alone(tmp_path, voice):
    noise = np.random.default_rng(0).normal(0, 0.2, len(voice)).astype(np.float32)
    for place, name in ((0, "left"), (1, "right")):
        sound = np.stack([voice, noise] if place == 0 else [noise, voice], axis=1)
        found = read_waveform(write_wav(tmp_path / f"{name}.wav", sound))
        assert found.notes == (f"Of the 2 channels the {name} channel alone holds speech, so it is read.",)
        assert np.abs(found.samples - voice).max() < 1e-3


def test_two_people_on_two_channels_are_not_mixed_and_can_be_chosen(tmp_path, voice, other_voice):
    length = min(len(voice), len(other_voice))
    clip = write_wav(tmp_path / "clip.wav", np.stack([voice[:length], other_voice[:length]], 1))
    sound = read_waveform(clip)
    assert max(alike(sound.samples, voice), alike(sound.samples, other_voice)) > 0.99
    assert any("different voices" in note for note in sound.notes)
    assert alike(read_waveform(clip, choice=Choice(channel="left")).samples, voice) > 0.99
    assert alike(read_waveform(clip, choice=Choice(channel="2")).samples, other_voice) > 0.99
    with pytest.raises(MediaError, match="no channel '3'; accepted are mix, left, right and the numbers 1 to 2"):
        read_waveform(clip, choice=Choice(channel="3"))


def test_sound_of_one_channel_has_no_right_one_and_does_not_offer_it(tmp_path, voice):
    clip = write_wav(tmp_path / "clip.wav", voice)
    assert alike(read_waveform(clip, choice=Choice(channel="left")).samples, voice) > 0.99
    with pytest.raises(MediaError) as error:
        read_waveform(clip, choice=Choice(channel="right"))
    assert str(error.value) == "The sound has no channel 'right'; accepted are mix, left and the number 1."


@pytest.mark.parametrize("channels", [1, 2, 3, 8, 9, 11, 13, 17, 24, 64])
def test_any_number_of_channels_is_read(tmp_path, voice, channels):
    clip = write_wav(tmp_path / "clip.wav", np.repeat(voice[:, None], channels, 1))
    assert alike(read_waveform(clip).samples, voice) > 0.99 and not read_waveform(clip).notes


def test_a_sample_that_is_no_number_is_bridged_and_said(tmp_path, voice):
    broken = voice.copy()
    broken[8000], broken[9000] = np.nan, np.inf
    sound = read_waveform(write_wav(tmp_path / "clip.wav", broken, floating=True))
    assert np.isfinite(sound.samples).all() and alike(sound.samples, voice) > 0.99
    assert any("2 samples" in note and "no numbers" in note for note in sound.notes)


def test_the_scale_of_whole_numbers_is_brought_to_one_and_said(tmp_path, voice):
    sound = read_waveform(write_wav(tmp_path / "clip.wav", voice * 32768, floating=True))
    np.testing.assert_allclose(sound.samples, voice, atol=1e-4)
    assert any("scale of 32,768" in note for note in sound.notes)


# Bounds and tags


def test_what_exceeds_the_bounds_is_refused_in_one_sentence(tmp_path, base, voice):
    for bounds, words in (
        (Bounds(longest=1), "recordings up to .* hours are accepted"),
        (Bounds(side=320), "pictures of 640 x 360 pixels; up to 320 a side"),
        (Bounds(slowest=20000), "16000 samples per second; 20000 to"),
    ):
        with pytest.raises(MediaError, match=words):
            ClipMedia(base, bounds=bounds)
    clip = write_wav(tmp_path / "clip.wav", np.repeat(voice[:, None], 5, 1))
    with pytest.raises(MediaError, match="5 channels of sound; up to 4 are accepted"):
        probe(clip, bounds=Bounds(channels=4))


def test_tags_in_another_encoding_do_not_matter(tmp_path, voice):
    clip = write_tagged(tmp_path / "clip.wav", voice, "행복".encode("cp949"))
    assert probe(clip).duration == pytest.approx(SECONDS, abs=0.01)


@pytest.mark.parametrize("name", ["a" * 250 + ".wav", "%03d.wav", "😀 ü.wav", "a:b.wav", "pipe:1.wav"])
def test_any_name_of_a_file_is_read(tmp_path, voice, name):
    assert alike(read_waveform(write_wav(tmp_path / name, voice)).samples, voice) > 0.99


@pytest.mark.parametrize("name", ["a" * 300 + ".wav", "a\0b.wav", "..", ""])
def test_a_name_that_no_file_can_have_gets_a_sentence(tmp_path, name):
    with pytest.raises(MediaError):
        probe(f"{tmp_path}/{name}")


# Voice activity


def test_speech_is_found_and_noise_is_not(voice):
    random = np.random.default_rng(0)
    silence = np.zeros(2 * RATE, np.float32)
    noise = random.normal(0, 0.1, 3 * RATE).astype(np.float32)
    assert not speech_spans(speech_probability(noise)) and not speech_spans(speech_probability(silence))
    ((start, end),) = speech_spans(speech_probability(np.concatenate([silence, voice, silence])))
    assert 1.7 < start < 2.5 and 3.8 < end < 4.8


def test_voice_activity_block_by_block_is_that_of_the_whole(voice):
    from emoviz.media.voices import VoiceActivity

    activity = VoiceActivity()
    parts = [activity.add(part) for part in np.split(voice, [100, 5000, 5100, 20000])]
    np.testing.assert_allclose(np.concatenate([*parts, activity.finish()]), speech_probability(voice), atol=1e-5)
