"""The example clips that the repository ships: what the app and its browser need of them."""

import pytest
from places import ROOT

from emoviz.media import probe

CLIPS = sorted((ROOT / "examples").glob("*.mp4"))


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_an_example_has_what_a_browser_plays(clip):
    info = probe(clip)
    assert 8 <= info.duration <= 12
    assert (info.video.codec, info.video.width, info.video.height, info.video.fps) == ("h264", 640, 480, 25)
    assert info.audio.codec == "aac"
    content = clip.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # the index first: it starts before it is loaded


def test_there_are_two_small_ones_and_a_readme_names_them():
    assert len(CLIPS) == 2
    assert sum(clip.stat().st_size for clip in CLIPS) < 3_000_000
    readme = (ROOT / "examples" / "README.md").read_text()
    assert all(clip.name in readme for clip in CLIPS)
    assert "synthetic" in readme
