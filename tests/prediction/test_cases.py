"""The same recording gives the same curves in whatever shape it comes, and none where there is nothing to hear or see.

All are made from the bundled example: its face, its voice, in another shape. Tolerances are mean absolute differences
of all curves of a source, which are probabilities and a valence in [-1, 1]. Where samples are the same but for the
rounding of 16 bit, models of recorded sound differ by up to 0.013.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clips import write_clip
from example import (
    RATE,
    SECONDS,
    example_images,
    example_voice,
    write_mirrored,
    write_resized,
    write_tracks,
    write_two_pictures,
    write_variable,
    write_wav,
)
from places import ROOT

from emoviz.checkpoints.folder import Checkpoint
from emoviz.media import Choice, ClipMedia
from emoviz.prediction.clip import DEFAULT_MODELS, load_checkpoints, predict_clip

SPEECH = tuple(name for name in DEFAULT_MODELS if name.startswith("speech"))
FOLDER = ROOT / "checkpoints"
CONDITIONED = tuple(
    name
    for name in SPEECH
    if (FOLDER / name / "config.json").is_file()
    and all(
        feature.get("settings", {}).get("sound") == "conditioned"
        for feature in json.loads((FOLDER / name / "config.json").read_text(encoding="utf-8"))["features"]
    )
)
"""Default speech models that read conditioned sound; of recorded sound no model gives what the tests below want."""
pytestmark = pytest.mark.skipif(not (FOLDER / SPEECH[0]).is_dir(), reason="needs the bundled models")
SAME = 0.02
needs_conditioned = pytest.mark.skipif(not CONDITIONED, reason="no bundled speech model reads conditioned sound")


@pytest.fixture(scope="module")
def models() -> list[Checkpoint]:
    return load_checkpoints(SPEECH, [FOLDER])


@pytest.fixture(scope="module")
def conditioned() -> list[Checkpoint]:
    return load_checkpoints(CONDITIONED, [FOLDER])


@pytest.fixture(scope="module")
def face_model() -> list[Checkpoint]:
    return load_checkpoints(["face-expression"], [FOLDER])


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return example_voice()


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return example_images()


@pytest.fixture(scope="module")
def other_images() -> list[np.ndarray]:
    return example_images("german")


@pytest.fixture(scope="module")
def plain(tmp_path_factory, models, voice) -> pd.DataFrame:
    return curves(write_wav(tmp_path_factory.mktemp("plain") / "plain.wav", voice), models)


@pytest.fixture(scope="module")
def plain_conditioned(tmp_path_factory, conditioned, voice) -> pd.DataFrame:
    return curves(write_wav(tmp_path_factory.mktemp("plain") / "plain.wav", voice), conditioned)


@pytest.fixture(scope="module")
def upright(tmp_path_factory, face_model, images) -> pd.DataFrame:
    return curves(write_clip(tmp_path_factory.mktemp("upright") / "upright.mp4", images), face_model)


@pytest.fixture(scope="module")
def other(tmp_path_factory, face_model, other_images) -> pd.DataFrame:
    return curves(write_clip(tmp_path_factory.mktemp("other") / "other.mp4", other_images), face_model)


def curves(clip: Path | ClipMedia, models: list[Checkpoint]) -> pd.DataFrame:
    """The curves of models, index the time."""
    media = clip if isinstance(clip, ClipMedia) else ClipMedia(clip)
    return predict_clip(media, models).table.set_index("time")


def is_gone(part: pd.DataFrame) -> bool:
    """Whether nothing is said in a part of the curves, whatever its quality is."""
    return bool(part.filter(regex="^(face|speech|fused)[.]").isna().all(axis=None))


def difference(found: pd.DataFrame, expected: pd.DataFrame, shift: float = 0.0) -> float:
    """Mean absolute difference of curves, of which the found ones come later; at least 85 % of them must be there."""
    expected = expected[[c for c in expected if not c.startswith(("quality.", "action_units."))]]
    times = expected.index.to_numpy()
    moved = np.column_stack([np.interp(times + shift, found.index, found[column]) for column in expected])
    wanted = expected.notna().all(axis=1).to_numpy()
    both = wanted & ~np.isnan(moved).any(axis=1)
    assert both.sum() >= 0.85 * wanted.sum() > 0
    return float(np.abs(moved - expected.to_numpy())[both].mean())


def in_container(ending: str, codec: str) -> Callable[[Path, np.ndarray], Path]:
    rate = 48000 if codec == "libopus" else RATE

    def write(folder: Path, voice: np.ndarray) -> Path:
        sound = np.interp(np.arange(0, len(voice), RATE / rate), np.arange(len(voice)), voice).astype(np.float32)
        return write_clip(folder / f"clip.{ending}", (), sound[:, None], rate=rate, audio_codec=codec)

    return write


def with_nan(voice: np.ndarray) -> np.ndarray:
    sound = voice.copy()
    sound[len(sound) // 2] = np.nan
    return sound


SHAPES: dict[str, tuple[Callable[[Path, np.ndarray], Path], float]] = {
    "opposite phase": (lambda p, v: write_wav(p / "c.wav", np.stack([v, -v], 1)), SAME),
    "one of 9 channels": (lambda p, v: write_wav(p / "c.wav", np.eye(9, dtype=np.float32)[6] * v[:, None]), SAME),
    "9 channels": (lambda p, v: write_wav(p / "c.wav", np.repeat(v[:, None], 9, 1)), SAME),
    "one NaN": (lambda p, v: write_wav(p / "c.wav", with_nan(v), floating=True), SAME),
    "scale of 32,768": (lambda p, v: write_wav(p / "c.wav", v * 32768, floating=True), SAME),
    "flac": (in_container("flac", "flac"), SAME),
    "mkv": (in_container("mkv", "pcm_s16le"), SAME),
}
"""Name -> writer and tolerance of shapes that hold the very same sound."""
LOSSY: dict[str, tuple[Callable[[Path, np.ndarray], Path], float]] = {
    "offset of 2 %": (lambda p, v: write_wav(p / "c.wav", v + np.float32(0.02)), 0.03),
    "a tenth as loud": (lambda p, v: write_wav(p / "c.wav", v / 10), 0.03),
    "m4a": (in_container("m4a", "aac"), 0.1),
    "mp3": (in_container("mp3", "mp3"), 0.25),  # 24 kbit/s: 17 dB of signal over noise, which the models do hear
    "webm": (in_container("webm", "libopus"), 0.1),
}
"""Likewise, of shapes that change the sound as an ear does not mind."""


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_sound_in_another_shape_gives_the_same_curves(tmp_path, models, voice, plain, shape):
    write, tolerance = SHAPES[shape]
    assert difference(curves(write(tmp_path, voice), models), plain) < tolerance


@needs_conditioned
@pytest.mark.parametrize("shape", LOSSY)
def test_sound_that_an_ear_takes_for_the_same_gives_nearly_the_same_curves(
    tmp_path, conditioned, voice, plain_conditioned, shape
):
    write, tolerance = LOSSY[shape]
    assert difference(curves(write(tmp_path, voice), conditioned), plain_conditioned) < tolerance


def test_sound_that_ends_early_gives_its_curves_and_a_gap(tmp_path, models, images, voice, plain):
    clip = write_clip(
        tmp_path / "c.mkv", [*images, *images[-1:] * 20], voice[:, None], audio_codec="pcm_s16le", rate=RATE
    )
    found = curves(clip, models)
    assert found.index[-1] == pytest.approx(3.2, abs=0.05)
    assert difference(found, plain) < SAME and is_gone(found[found.index > SECONDS + 0.1])


def test_sound_that_starts_late_gives_its_curves_later(tmp_path, models, images, voice, plain):
    clip = write_clip(tmp_path / "c.mkv", images, voice[:, None], audio_codec="pcm_s16le", sound_start=0.8)
    found = curves(clip, models)
    assert difference(found, plain, 0.8) < 0.03 and is_gone(found[found.index < 0.7])


def test_the_default_sound_track_gives_the_curves_and_the_chosen_one_others(tmp_path, models, images, voice, plain):
    music = 0.3 * np.sin(2 * np.pi * 220 * np.arange(len(voice)) / RATE).astype(np.float32)
    clip = write_tracks(tmp_path / "c.mkv", images, [music, voice], default=1)
    assert difference(curves(clip, models), plain) < SAME
    chosen = curves(ClipMedia(clip, choice=Choice(audio=1)), models)
    assert is_gone(chosen) or np.abs(chosen.to_numpy() - plain.reindex(chosen.index)).mean(axis=None) > 0.1


@needs_conditioned
def test_speech_behind_a_long_silence_gives_its_curves_there_and_none_before(
    tmp_path, conditioned, voice, plain_conditioned
):
    noise = np.random.default_rng(0).normal(0, 0.3, 3 * RATE).clip(-1, 1)
    sound = np.concatenate([noise, np.zeros(20 * RATE), voice]).astype(np.float32)
    found = curves(write_variable(tmp_path / "c.mp3", sound), conditioned)
    assert found.index[-1] == pytest.approx(25.4, abs=0.2)
    assert difference(found, plain_conditioned, 23.0) < 0.15  # a quarter of a second of silence belongs to it
    assert is_gone(found[found.index < 22.0])


def test_a_mirrored_face_gives_the_curves_of_the_face(tmp_path, face_model, images, upright):
    clip = write_mirrored(tmp_path / "mirrored.mp4", write_clip(tmp_path / "c.mp4", images))
    assert difference(curves(clip, face_model), upright) < 0.05


def test_a_face_whose_picture_changes_its_size_gives_its_curves(tmp_path, face_model, images, upright):
    assert difference(curves(write_resized(tmp_path / "c.webm", images), face_model), upright) < 0.05


def test_a_face_upside_down_gives_the_curves_of_the_face(tmp_path, face_model, images, upright):
    clip = write_clip(tmp_path / "c.mp4", [image[::-1, ::-1] for image in images])
    assert difference(curves(clip, face_model), upright) < 0.05


def test_a_camera_behind_slides_gives_the_curves_of_the_face(tmp_path, face_model, images, voice, upright):
    slides = [np.full((360, 640, 3), 40 + number, np.uint8) for number in range(len(images))]
    clip = write_two_pictures(tmp_path / "c.mkv", slides, images, voice)
    assert difference(curves(clip, face_model), upright) < 0.05


def test_a_cut_gives_each_person_their_own_curves(tmp_path, face_model, images, other_images, upright, other):
    media = ClipMedia(write_clip(tmp_path / "c.mp4", [*images[:30], *other_images[30:]]))
    first, second = (curves(media.with_face(number), face_model) for number in (0, 1))
    assert difference(first, upright[upright.index < 1.2]) < 0.05 and is_gone(first[first.index > 1.2])
    assert difference(second, other[other.index > 1.2]) < 0.05 and is_gone(second[second.index < 1.2])


def test_two_who_swap_places_keep_their_own_curves(tmp_path, face_model, images, other_images, upright, other):
    def pair(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.hstack([left[:, 140:500], right[:, 140:500]])

    shown = [pair(a, b) if n < 30 else pair(b, a) for n, (a, b) in enumerate(zip(images, other_images, strict=True))]
    media = ClipMedia(write_clip(tmp_path / "c.mp4", shown))
    for number, expected in enumerate((upright, other)):
        assert difference(curves(media.with_face(number), face_model), expected) < 0.07
