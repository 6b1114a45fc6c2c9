"""A browser's recording has neither length nor index until both are written to its beginning."""

from pathlib import Path

import av
import pytest
from clips import plain_frames, sine, write_clip, write_live

from emoviz.core.errors import MediaError
from emoviz.media import iterate_frames, probe
from emoviz.media.length import declared_length
from emoviz.media.seekable import ending_of, make_seekable


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of picture and sound in WebM."""
    path = tmp_path_factory.mktemp("seekable") / "whole.webm"
    return write_clip(path, plain_frames(25), sine(1, 48000), rate=48000, video_codec="libvpx", audio_codec="libopus")


@pytest.fixture
def recorded(whole: Path, tmp_path: Path) -> Path:
    """The same as a browser writes it while it records, under no ending."""
    return write_live(tmp_path / "recording", whole)


def pictures(path: Path) -> list[float]:
    return [round(frame.time, 3) for frame in iterate_frames(path)]


def length(path: Path) -> float | None:
    with av.open(str(path)) as container:
        return declared_length(container)


def test_a_recording_gets_its_length_and_keeps_every_picture(recorded: Path):
    before = pictures(recorded)
    assert length(recorded) is None and ending_of(recorded) == ".webm"
    make_seekable(recorded)
    assert length(recorded) == pytest.approx(1.0, abs=0.05) and pictures(recorded) == before and len(before) == 25
    assert probe(recorded).audio is not None


def test_a_recording_that_breaks_off_keeps_what_is_there(recorded: Path):
    content = recorded.read_bytes()
    recorded.write_bytes(content[: len(content) * 2 // 3])
    make_seekable(recorded)
    assert 0 < length(recorded) < 0.9 and 0 < len(pictures(recorded)) < 25


def test_a_file_that_knows_its_length_is_left_alone(whole: Path):
    before = whole.read_bytes()
    make_seekable(whole)
    assert whole.read_bytes() == before


def test_what_is_no_recording_is_one_sentence_and_stays(tmp_path: Path):
    path = tmp_path / "recording"
    path.write_bytes(b"\x1aE\xdf\xa3 and no more")
    with pytest.raises(MediaError, match="cannot be read as a clip"):
        make_seekable(path)
    assert path.read_bytes() == b"\x1aE\xdf\xa3 and no more"
    assert ending_of(write_clip(tmp_path / "clip.mp4", plain_frames(2))) == ".mp4"
