"""Shares of people who keep their names after they swapped, or left and returned, in clips of two faces.

    python -m benchmarks.returning_faces [--data FOLDER] [--validation] [--json FILE]

A face is that of CREMA-D's actor, who returns in another clip and emotion, or one of ten pictures of ``webfaces`` of
different people, moved as the examples are (``tools.make_examples``): it returns with another expression, light and
size. So the way in which real people look different from one shot to the next is known of one actor alone, whose clips
were also looked at when thresholds were chosen, with 25 other pictures (``--validation``).

What happens to two of them, side by side: they swap places at a cut, walk through each other, one leaves for three
seconds, both leave and return in each other's place, or somebody else comes where one has left. A person who is seen
before and after counts once: named alike, or otherwise. Two people count once: named apart, or taken for one.
"""

import argparse
import io
import itertools
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import pandas as pd
from PIL import Image

from emoviz.core.settings import Settings
from emoviz.media import ClipMedia, iterate_frames
from emoviz.prediction.persons.found import find_persons
from tools.make_examples import SIZE, Puppet, find_landmarks, moment

FPS = 15
WIDTH, HEIGHT, SIDE = 480, 270, 200
"""Pixels of a picture, and of the square that shows one person."""
LEFT, RIGHT, AWAY = 20, 260, -300
"""Places of a person's square: its left edge in pixels."""
BEFORE, ABSENT, AFTER, WALK = 2.0, 3.0, 2.0, 1.2
"""Seconds before an event, of an absence, after it, and in which somebody walks from one side to the other."""
CHOSEN_WITH = (
    *("web01628", "web01781", "web00878", "web00285", "web00593", "web00203", "web01165", "web01011", "web01101"),
    *("web01703", "web00326", "web01390", "web01443", "web01461", "web00567", "web01345", "web01245", "web01003"),
    *("web01413", "web01374", "web00854", "web00360", "web01450", "web00495", "web00977"),
)
"""Faces with which thresholds were chosen: seen from the front and sharp, no two of which look like one person."""
TESTED_WITH = (
    *("web00297", "web01789", "web01794", "web00895", "web00251", "web01411", "web00348", "web00769", "web00934"),
    "web01007",
)
"""Faces of which no take was looked at when they were chosen."""
EXPRESSIONS = ("neutral", "happy", "surprised", "sad", "angry")
SAME = 0.5
"""Share of a person's pictures that have one name, from which that is the person's."""

Place = Callable[[float], float]


class Person(NamedTuple):
    """A person who is seen in two takes, uint8 (T, SIDE, SIDE, 3) each."""

    name: str
    first: np.ndarray
    second: np.ndarray


class Part(NamedTuple):
    """A person in one part of a clip: the pictures, and the left edge at a time in seconds from its begin."""

    person: str
    take: np.ndarray
    place: Place


Scene = list[tuple[float, list[Part]]]
"""Parts of a clip: for how many seconds, and who is where."""


def picture_person(name: str, content: bytes, number: int) -> Person:
    """Return somebody of whom there is one picture, moved to two expressions."""
    still = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    random = np.random.default_rng(number)
    side = SIZE[1]
    edge = ((0, 0), ((SIZE[0] - side) // 2,) * 2, (0, 0))
    whole = np.pad(cv2.resize(still, (side, side), interpolation=cv2.INTER_CUBIC), edge, mode="edge")
    puppet = Puppet(whole, find_landmarks(whole))
    takes = []
    for expression, light in zip(random.choice(EXPRESSIONS, 2, replace=False), (1.0, 0.8), strict=True):
        loudness = random.random(round(BEFORE * FPS * 2))
        shown = round(side * random.uniform(0.85, 1.0))
        pictures = []
        for frame in range(round(BEFORE * FPS)):
            drawn = puppet.draw(*moment([str(expression)], [0.0], loudness, frame / FPS, 1.6))
            left, top = (SIZE[0] - shown) // 2, (side - shown) // 2
            cut = drawn[top : top + shown, left : left + shown]
            pictures.append(cv2.resize(cut, (SIDE, SIDE), interpolation=cv2.INTER_AREA) * light)
        takes.append(np.stack(pictures).astype(np.uint8))
    return Person(name, *takes)


def actor(clips: list[Path], number: int) -> Person:
    """Return CREMA-D's actor in two of the clips."""
    takes = []
    for clip in (clips[number % len(clips)], clips[(number + 1 + number // len(clips)) % len(clips)]):
        pictures = [frame.image for frame in iterate_frames(clip)]
        chosen = np.linspace(0, len(pictures) - 1, round(BEFORE * FPS)).astype(int)
        # The head and shoulders: the actor stands in the middle.
        takes.append(np.stack([cv2.resize(pictures[n][10:250, 110:350], (SIDE, SIDE)) for n in chosen]))
    return Person("actor", *takes)


def stays(place: float) -> Place:
    """Return a place in which somebody stays."""
    return lambda time: place


def walks(start: float, end: float) -> Place:
    """Return the way from one place to another."""
    return lambda time: start + (end - start) * min(time / WALK, 1.0)


def scenes(one: Person, other: Person, third: Person) -> dict[str, Scene]:
    """Return what happens to two people, and to a third who comes where one has left."""
    before = (BEFORE, [Part(one.name, one.first, stays(LEFT)), Part(other.name, other.first, stays(RIGHT))])
    stay = Part(other.name, other.first, stays(RIGHT))
    goes = [Part(one.name, one.first, walks(LEFT, AWAY))]
    comes = Part(one.name, one.second, walks(AWAY, LEFT))
    swapped = [Part(one.name, one.second, stays(RIGHT)), Part(other.name, other.second, stays(LEFT))]
    through = [Part(one.name, one.first, walks(LEFT, RIGHT)), Part(other.name, other.first, walks(RIGHT, LEFT))]
    return {
        "swap at a cut": [before, (AFTER, swapped)],
        "walk through each other": [before, (WALK, through), (AFTER, swapped)],
        "one leaves and returns": [before, (WALK, [*goes, stay]), (ABSENT, [stay]), (WALK + AFTER, [comes, stay])],
        "both leave, and return swapped": [before, (ABSENT, []), (AFTER, swapped)],
        "somebody else comes": [
            before,
            (WALK, [*goes, stay]),
            (ABSENT, [stay]),
            (WALK + AFTER, [Part(third.name, third.second, walks(AWAY, LEFT)), stay]),
        ],
    }


def drawn(scene: Scene) -> Iterator[tuple[np.ndarray, dict[str, float], int]]:
    """Yield each picture, where people are in it, and the number of the part."""
    for number, (seconds, parts) in enumerate(scene):
        for frame in range(round(seconds * FPS)):
            image = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
            where = {}
            for part in parts:
                left = round(part.place(frame / FPS))
                first, last = max(left, 0), min(left + SIDE, WIDTH)
                if last > first:
                    rows = slice(HEIGHT - SIDE, HEIGHT)
                    there = np.arange(len(part.take))
                    picture = part.take[np.concatenate([there, there[-2:0:-1]])[frame % (2 * len(there) - 2)]]
                    image[rows, first:last] = picture[:, first - left : last - left]
                where[part.person] = left + SIDE / 2
            yield image, where, number


def names_in(path: Path, scene: Scene) -> dict[str, list[str | None]]:
    """Return the name of each person in the first and in the last part of a scene, "" without one, None if away."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "superfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        truth = []
        for image, where, number in drawn(scene):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
            truth.append((where, number))
        container.mux(video.encode(None))
    media = ClipMedia(path)
    names = {face: person.name for person in find_persons(media).people for face in person.faces}
    tracks = [(names[track.id], track.boxes, track.present) for track in media.faces().tracks]
    found: dict[str, list[str | None]] = {}
    for part in (0, len(scene) - 1):
        counts: dict[str, Counter[str]] = {}
        for frame, (where, number) in enumerate(truth):
            for person, middle in where.items() if number == part else ():
                if 0 < middle < WIDTH:
                    near = [n for n, boxes, seen in tracks if seen[frame] and abs(_middle(boxes[frame]) - middle) < 80]
                    counts.setdefault(person, Counter())[near[0] if near else ""] += 1
        for person in {person for where, _ in truth for person in where}:
            own = counts.get(person, Counter())
            name, most = own.most_common(1)[0] if own else (None, 0)
            found.setdefault(person, []).append((name if most >= SAME * own.total() else "") if own else None)
    return found


def _middle(box: np.ndarray) -> float:
    return float(box[0] + box[2] / 2)


def cases(event: str, found: dict[str, list[str | None]]) -> Iterator[dict[str, object]]:
    """Yield whether each person keeps the name, and whether any two are taken for one."""
    for person, (before, after) in found.items():
        if before is not None and after is not None:
            yield {"event": event, "what": "kept", "who": person, "right": before == after != ""}
    for one, other in itertools.combinations(found, 2):
        shared = {*found[one]} & {*found[other]} - {None, ""}
        yield {"event": event, "what": "apart", "who": f"{one} {other}", "right": not shared}


def people(data: Path, *, test: bool) -> Iterator[tuple[Person, Person, Person]]:
    """Yield three different people for each scene."""
    table = pd.read_parquet(data / "faces" / "webfaces.parquet").set_index("file")
    clips = sorted((data / "clips" / "crema-d").glob("*.flv"))
    names = TESTED_WITH if test else CHOSEN_WITH
    own = [picture_person(name, table.image[name], number) for number, name in enumerate(names)]
    for number, one in enumerate(own):
        yield one, own[(number + 1) % len(own)], own[(number + 2) % len(own)]
    for number in range(len(clips)):
        place = 6 * int(test) + number
        yield actor(clips, place), own[number], own[number + 1]


def main() -> None:
    """Print the shares by event."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Settings.read().data, help="folder with the corpora")
    parser.add_argument("--validation", action="store_true", help="on the people with whom thresholds are chosen")
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, trio in enumerate(people(options.data, test=not options.validation)):
            for event, scene in scenes(*trio).items():
                rows += cases(event, names_in(Path(folder) / "scene.mkv", scene))
            print(number, json.dumps(rows[-1]), flush=True)
    table = pd.DataFrame(rows)
    for by in (["what"], ["what", "event"]):
        print(table.groupby(by)["right"].agg(["mean", "count"]).round(3).to_string(), "\n")
    if options.json:
        table.to_json(options.json, orient="records", indent=1)


if __name__ == "__main__":
    main()
