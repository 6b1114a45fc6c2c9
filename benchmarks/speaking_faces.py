"""Shares of speech that are given to the face that speaks, on clips put side by side of which one is heard.

    python -m benchmarks.speaking_faces [--data FOLDER]

The data are thin: six clips of CREMA-D, of one actor who says one sentence in about two seconds. Each recording made
of them has three clips after one another on the left, three others on the right, and the sound of the left or of the
right ones. Both mouths move all the time, and say the same words at nearly the same time. A control has the sound of a
synthetic voice, with which neither face speaks.
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from emoviz.core.settings import Settings
from emoviz.media import ClipMedia, iterate_frames, read_waveform
from emoviz.prediction.persons.found import find_persons

FPS = 30
RATE = 16000
CLIPS = 3
"""Clips after one another on each side."""
RECORDINGS = 10
EXAMPLE = Path(__file__).parents[1] / "examples" / "synthetic-english.mp4"


class Side(NamedTuple):
    """Clips after one another: pictures (F, H, W, 3) at 30 per second, and sound (N,) of the same length."""

    pictures: np.ndarray
    sound: np.ndarray


def side(clips: list[Path]) -> Side:
    """Put clips after one another."""
    pictures, sounds = [], []
    for clip in clips:
        frames = list(iterate_frames(clip))
        times = np.array([frame.time for frame in frames])
        count = round((times[-1] + 1 / FPS) * FPS)
        nearest = np.abs(times[:, None] - np.arange(count) / FPS).argmin(0)
        pictures += [frames[number].image for number in nearest]
        wave = read_waveform(clip)
        sound = np.zeros(round(count / FPS * RATE), np.float32)
        first = round(wave.start * RATE)
        part = wave.samples[: max(0, len(sound) - first)]
        sound[first : first + len(part)] = part
        sounds.append(sound)
    return Side(np.stack(pictures), np.concatenate(sounds))


def write(path: Path, left: np.ndarray, right: np.ndarray, sound: np.ndarray) -> Path:
    """Write two sequences of pictures side by side, with one sound, as long as the shortest of them."""
    count = min(len(left), len(right), int(len(sound) / RATE * FPS))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "superfast", "crf": "18"})
        video.height, video.width = left.shape[1], left.shape[2] + right.shape[2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for one, other in zip(left[:count], right[:count], strict=True):
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.hstack([one, other]), "rgb24")))
        container.mux(video.encode(None))
        samples = (np.clip(sound[: round(count / FPS * RATE)], -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.sample_rate = RATE
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def given(path: Path) -> dict[str, float]:
    """Return the seconds of speech that are given to the left face, to the right one, and to none."""
    media = ClipMedia(path)
    persons, timeline = find_persons(media, 1), media.faces()
    seconds = {"left": 0.0, "right": 0.0, "none": 0.0}
    for turn in persons.turns:
        faces = next(person.faces for person in persons.people if turn.voice in person.voices)
        spoken = (timeline.times >= turn.start) & (timeline.times < turn.end)
        where = np.full(int(spoken.sum()), "none", "U5")
        for face in faces:
            track = timeline.track(face)
            middle = (track.boxes[:, 0] + track.boxes[:, 2] / 2)[spoken]
            seen = ~np.isnan(middle)
            where[seen] = np.where(middle[seen] < timeline.size[0] / 2, "left", "right")
        for name in seconds:
            seconds[name] += float((where == name).mean()) * (turn.end - turn.start)
    return seconds


def orders(clips: list[Path]) -> Iterator[tuple[list[Path], list[Path]]]:
    """Yield clips for the left and for the right, no clip on both sides."""
    halves = list(itertools.combinations(clips, CLIPS))
    for number in range(RECORDINGS):
        random = np.random.default_rng(number)
        left = [halves[number][place] for place in random.permutation(CLIPS)]
        rest = [clip for clip in clips if clip not in left]
        yield left, [rest[place] for place in random.permutation(len(rest))]


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Settings.read().data, help="folder with the corpora")
    clips = sorted((parser.parse_args().data / "clips" / "crema-d").glob("*.flv"))
    elsewhere = read_waveform(EXAMPLE).samples[:]
    sums = {name: np.zeros(3) for name in ("one is heard", "neither is heard")}
    with tempfile.TemporaryDirectory() as folder:
        for number, (one, other) in enumerate(orders(clips)):
            left, right = side(one), side(other)
            heard = ("left", "right")[number % 2]
            path = Path(folder) / f"{number}.mkv"
            found = given(write(path, left.pictures, right.pictures, (left if heard == "left" else right).sound))
            print(number, heard, {name: round(seconds, 2) for name, seconds in found.items()}, flush=True)
            wrong = found["right" if heard == "left" else "left"]
            sums["one is heard"] += (found[heard], wrong, found["none"])
            found = given(write(path, left.pictures, right.pictures, elsewhere))
            sums["neither is heard"] += (0.0, found["left"] + found["right"], found["none"])
    for name, (to_right, to_wrong, none) in sums.items():
        total = to_right + to_wrong + none
        print(f"{name}: right face {to_right / total:.1%}, wrong face {to_wrong / total:.1%}, none {none / total:.1%}")


if __name__ == "__main__":
    main()
