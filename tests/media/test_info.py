"""What is in a clip, and the sentence that a file gets which is none."""

import os
import re

import av
import numpy as np
import pytest
from clips import plain_frames, sine, write_clip, write_part, write_text
from PIL import Image

from emoviz.core.errors import MediaError
from emoviz.core.vocabulary import STILLS
from emoviz.media import ACCEPTED, ClipMedia, iterate_frames, probe, read_waveform

CONTAINERS = {
    "mp4": ("libx264", "aac"),
    "mov": ("libx264", "aac"),
    "mkv": ("libx264", "libopus"),
    "webm": ("libvpx-vp9", "libopus"),
    "avi": ("mpeg4", "libmp3lame"),
    "flv": ("flv", "libmp3lame"),
    "wav": (None, "pcm_s16le"),
    "flac": (None, "flac"),
    "mp3": (None, "libmp3lame"),
    "m4a": (None, "aac"),
    "ogg": (None, "libopus"),
}


@pytest.mark.parametrize("ending", [ending for ending in ACCEPTED if ending not in STILLS])
def test_every_accepted_container_is_read(tmp_path, ending):
    video, audio = CONTAINERS[ending]
    rate = 48000 if audio == "libopus" else 44100
    images = plain_frames(25) if video else ()
    clip = write_clip(
        tmp_path / f"clip.{ending}", images, sine(1, rate, 2), rate=rate, video_codec=video or "", audio_codec=audio
    )
    info = probe(clip)
    assert info.duration == pytest.approx(1, abs=0.06)
    assert info.audio is not None and (info.audio.rate, info.audio.channels) == (rate, 2)
    assert read_waveform(clip).duration == pytest.approx(1, abs=0.06)
    if video:
        assert info.video is not None and (info.video.width, info.video.height) == (64, 48)
        assert info.video.fps == pytest.approx(25, abs=0.01)
        assert len(list(iterate_frames(clip))) == 25
    else:
        assert info.video is None


def test_a_silent_clip_and_one_without_picture(tmp_path):
    silent = write_clip(tmp_path / "silent.mp4", plain_frames(3))
    speech = write_clip(tmp_path / "speech.wav", (), sine(0.5), audio_codec="pcm_s16le")
    assert probe(silent).audio is None and probe(speech).video is None
    with pytest.raises(MediaError, match="'silent.mp4' has no sound"):
        read_waveform(silent)
    with pytest.raises(MediaError, match="'speech.wav' has no picture"):
        next(iterate_frames(speech))
    with pytest.raises(MediaError, match="no picture"):
        ClipMedia(speech).faces()
    with pytest.raises(MediaError, match="no sound"):
        ClipMedia(silent).waveform()


def _empty(folder):
    (folder / "clip.mp4").touch()
    return folder / "clip.mp4"


def _cut_off(folder):
    """The index of an MP4 stands at its end."""
    whole = write_clip(folder / "whole.mp4", plain_frames(25), sine(1))
    return write_part(folder / "clip.mp4", whole, 0.8)


def _noise(folder):
    (folder / "clip.mp4").write_bytes(np.random.default_rng(0).bytes(50_000))
    return folder / "clip.mp4"


def _playlist(folder):
    """FFmpeg would open whatever files a playlist names."""
    write_clip(folder / "other.mp4", plain_frames(3))
    (folder / "clip.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    return folder / "clip.mp4"


def _pipe(folder):
    os.mkfifo(folder / "clip.mp4")
    return folder / "clip.mp4"


def _graphic(folder):
    """A moving GIF is neither a clip nor a single picture."""
    Image.new("RGB", (64, 48)).save(folder / "clip.gif")
    return folder / "clip.gif"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_empty, r"'clip.mp4' is empty \(0 bytes\)\. Accepted are mp4, .* and bmp\."),
        (lambda folder: write_text(folder / "clip.mp4"), "'clip.mp4' cannot be read as a clip: it is damaged, .*"),
        (_cut_off, "'clip.mp4' cannot be read as a clip: it is damaged, cut off or of another kind. Accepted are .*"),
        (_noise, "'clip.mp4' cannot be read as a clip: .*"),
        (_playlist, "'clip.mp4' cannot be read as a clip: .*"),
        (_graphic, "'clip.gif' cannot be read as a clip: .*"),
        (lambda folder: folder, "'.*' is a folder, not a clip. Accepted are .*"),
        (_pipe, "'.*clip.mp4' is no regular file, not a clip. Accepted are .*"),
        (lambda folder: folder / "none.mp4", "There is no file '.*none.mp4'."),
    ],
)
def test_what_is_no_clip_gets_one_sentence(tmp_path, make, sentence):
    path = make(tmp_path)
    for read in (probe, read_waveform, lambda clip: next(iterate_frames(clip)), ClipMedia):
        with pytest.raises(MediaError) as error:
            read(path)
        assert re.fullmatch(sentence, str(error.value))


def test_cover_art_is_no_picture(tmp_path):
    path = tmp_path / "song.mp3"
    write_clip(tmp_path / "plain.mp3", (), sine(1, 44100), rate=44100, audio_codec="libmp3lame")
    with av.open(str(tmp_path / "plain.mp3")) as source, av.open(str(path), "w") as target:
        audio = target.add_stream_from_template(source.streams.audio[0])
        cover = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        target.mux(cover.encode(av.VideoFrame.from_ndarray(plain_frames(1)[0], "rgb24")))
        target.mux(cover.encode(None))
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = audio
                target.mux(packet)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    assert probe(path).video is None


def test_the_duration_of_a_live_recording_is_counted(tmp_path):
    clip = write_clip(tmp_path / "live.webm", plain_frames(50), video_codec="libvpx-vp9", options={"live": "1"})
    assert probe(clip).duration == pytest.approx(2, abs=0.05)


def test_packets_are_counted_once_while_a_file_stays_as_it_is(tmp_path, monkeypatch):
    from emoviz.media import length

    counted = []
    packets = length.packets
    monkeypatch.setattr(length, "packets", lambda *given: counted.append(1) or packets(*given))
    clip = write_clip(tmp_path / "clip.wav", (), sine(2), audio_codec="pcm_s16le")
    lengths = [probe(clip).duration for _ in range(3)]
    once = len(counted)
    write_clip(clip, (), sine(3), audio_codec="pcm_s16le")
    assert lengths == [2.0] * 3 and once == 1
    assert probe(clip).duration == 3.0 and len(counted) == 2
