"""Single pictures are read as they are shown, or refused in a sentence."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from emoviz.core.errors import MediaError
from emoviz.core.vocabulary import STILLS
from emoviz.media import Choice, ClipMedia, iterate_frames, playable, probe
from emoviz.media.bounds import Bounds
from emoviz.media.stills import MOMENT, is_still, read_still

PORTRAIT = Path(__file__).parent / "astronaut.jpg"


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.open(PORTRAIT).convert("RGB").reduce(4)


def turned(picture: Image.Image, folder: Path, tag: int) -> Path:
    exif = Image.Exif()
    exif[0x0112] = tag
    picture.save(path := folder / f"{tag}.png", exif=exif)
    return path


def shown(path: Path) -> np.ndarray:
    (frame,) = iterate_frames(path)
    return frame.image


@pytest.mark.parametrize("ending", STILLS)
def test_a_picture_is_a_recording_of_one_moment(tmp_path, picture, ending):
    picture.crop((0, 0, 100, 60)).save(path := tmp_path / f"one.{ending}")
    info = probe(path)
    assert is_still(path) and info.still and info.audio is None and info.duration == MOMENT
    assert info.video is not None and (info.video.width, info.video.height) == (100, 60)
    assert shown(path).shape == (60, 100, 3)
    assert info.without_sound == "A single picture has no sound"


@pytest.mark.parametrize("tag", range(1, 9))
def test_a_picture_stands_upright_as_the_camera_was_held(tmp_path, picture, tag):
    path = turned(picture, tmp_path, tag)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    np.testing.assert_array_equal(shown(path), expected)
    assert (probe(path).video.height, probe(path).video.width) == expected.shape[:2]


@pytest.mark.parametrize(
    ("mode", "name"), [("L", "a.png"), ("P", "a.png"), ("1", "a.tiff"), ("CMYK", "a.jpg"), ("CMYK", "a.tiff")]
)
def test_colours_of_every_kind_become_rgb(tmp_path, picture, mode, name):
    picture.convert(mode).save(path := tmp_path / name)
    np.testing.assert_array_equal(shown(path), np.asarray(Image.open(path).convert("RGB")))


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "tiff_adobe_deflate"])
def test_compressed_tiff_keeps_its_colours(tmp_path, picture, compression):
    picture.save(path := tmp_path / "a.tiff", compression=compression)
    assert np.abs(shown(path).astype(int) - np.asarray(picture)).mean() < 5


def test_sixteen_bits_are_reduced_and_what_is_transparent_is_white(tmp_path):
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1024
    Image.fromarray(values).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(shown(tmp_path / "deep.png")[..., 1], values >> 8)
    Image.new("RGBA", (9, 9), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (shown(tmp_path / "clear.png") == 255).all()
    Image.fromarray(np.ones((8, 8), np.float32)).save(tmp_path / "numbers.tiff")
    with pytest.raises(MediaError, match=r"'numbers\.tiff' has values beyond 16 bits, which are no colours"):
        probe(tmp_path / "numbers.tiff")


@given(size=st.tuples(st.integers(1, 200), st.integers(1, 200)), longest=st.integers(1, 250))
def test_a_large_picture_is_reduced_and_a_small_one_stays(tmp_path_factory, size, longest):
    path = tmp_path_factory.getbasetemp() / "sized.png"
    Image.new("RGB", size).save(path)
    height, width, _ = read_still(path, longest)[0].shape
    assert max(width, height) == min(longest, max(size))


def test_of_several_pictures_the_first_is_read_and_that_is_said(tmp_path, picture):
    grey = ImageOps.grayscale(picture).convert("RGB")
    picture.save(path := tmp_path / "two.tiff", save_all=True, append_images=[grey])
    np.testing.assert_array_equal(shown(path), np.asarray(picture))
    assert probe(path).notes == ("The file holds 2 pictures; the first is read.",)
    with pytest.raises(MediaError, match="is a single picture, so it has no other tracks"):
        probe(path, Choice(video=2))


def test_what_a_file_is_decides_its_content(tmp_path, picture):
    picture.save(tmp_path / "a.png")
    os.rename(tmp_path / "a.png", wrongly := tmp_path / "a%03d.mp4")
    assert shown(wrongly).shape == np.asarray(picture).shape


@pytest.mark.parametrize("kept", [3, 12, 300, 0.5, 0.98])
def test_a_cut_picture_is_refused(tmp_path, kept):
    content = PORTRAIT.read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: kept if kept > 1 else int(kept * len(content))])
    with pytest.raises(MediaError, match=r"'cut\.jpg' cannot be read as a picture: it is damaged or cut off"):
        probe(tmp_path / "cut.jpg")


@given(at=st.integers(0, 20_000), value=st.integers(0, 255))
def test_a_damaged_picture_is_read_or_refused_in_a_sentence(tmp_path_factory, at, value):
    path = tmp_path_factory.getbasetemp() / "damaged.tiff"
    if not path.exists():
        Image.open(PORTRAIT).reduce(4).save(path, compression="tiff_lzw")
        path.with_suffix(".whole").write_bytes(path.read_bytes())
    content = bytearray(path.with_suffix(".whole").read_bytes())
    content[at % len(content)] = value
    path.write_bytes(content)
    try:
        assert shown(path).ndim == 3
    except MediaError as error:
        assert str(error).count("\n") == 0


def test_too_large_a_picture_is_refused_by_its_header(tmp_path):
    Image.new("1", (9000, 8)).save(path := tmp_path / "wide.png")
    with pytest.raises(
        MediaError, match=r"'wide\.png' has 9000 x 8 pixels; pictures of up to 8192 a side are accepted"
    ):
        probe(path)
    assert probe(path, bounds=Bounds(side=9000)).still
    Image.new("1", (30_000, 30_000)).save(path)
    with pytest.raises(MediaError, match="has 30000 x 30000 pixels"):
        probe(path)


def test_the_face_of_a_picture_is_found_and_a_player_gets_a_copy(tmp_path):
    media = ClipMedia(PORTRAIT)
    track = media.face_track()
    assert track is not None and track.length == 1
    assert playable(PORTRAIT, tmp_path).suffix == ".mp4"


def test_motion_jpeg_with_exif_is_read_by_its_rotation(tmp_path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=exif)
    with av.open(str(tmp_path / "clip.mov"), "w") as container:
        stream = container.add_stream("mjpeg", 10)
        stream.width, stream.height = picture.size
        stream.pix_fmt = "yuvj420p"
        for number in range(2):
            packet = av.Packet((tmp_path / "a.jpg").read_bytes())
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 10)
            container.mux(packet)
    info = probe(tmp_path / "clip.mov")
    assert not info.still and (info.video.width, info.video.height) == picture.size[::-1]
    upright = np.asarray(picture.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert all(np.abs(frame.image - upright).mean() < 9 for frame in iterate_frames(tmp_path / "clip.mov"))
