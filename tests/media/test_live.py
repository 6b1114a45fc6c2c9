"""A recording is read while it is written, from its first picture to its last sound."""

from pathlib import Path

import numpy as np
import pytest
from clips import plain_frames, sine, write_clip, write_live

from emoviz.core.errors import MediaError
from emoviz.media import Frame
from emoviz.media.live import RATE, Sound, follow


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of picture and sound as a browser records it."""
    folder = tmp_path_factory.mktemp("live")
    whole = write_clip(
        folder / "whole.webm", plain_frames(25), sine(1, 48000), rate=48000, video_codec="libvpx", audio_codec="libopus"
    )
    return write_live(folder / "live", whole).read_bytes()


def test_pictures_and_sound_come_while_the_file_grows(recorded: bytes, tmp_path: Path):
    path, parts = tmp_path / "growing", [recorded[i : i + 700] for i in range(0, len(recorded), 700)]
    path.write_bytes(parts.pop(0))
    left_at: list[int] = []

    def whole() -> bool:
        if parts:
            with path.open("ab") as file:
                file.write(parts.pop(0))
        return not parts

    found = []
    for one in follow(path, whole, 10):
        found.append(one)
        left_at.append(len(parts))
    pictures = [one for one in found if isinstance(one, Frame)]
    sound = np.concatenate([one.samples for one in found if isinstance(one, Sound)])
    assert left_at[0] > 0  # what comes first does not wait for the end
    assert pictures[0].time == 0 and 8 <= len(pictures) <= 11 and pictures[0].image.shape == (48, 64, 3)
    assert np.diff([one.time for one in pictures]).min() > 0.07
    assert len(sound) / RATE == pytest.approx(1.0, abs=0.1) and np.abs(sound[RATE // 2 :]).max() > 0.4


def test_what_is_no_recording_is_one_sentence(tmp_path: Path):
    (tmp_path / "recording").write_bytes(b"no recording at all")
    with pytest.raises(MediaError, match="cannot be read as a clip"):
        next(follow(tmp_path / "recording", lambda: True, 10))
