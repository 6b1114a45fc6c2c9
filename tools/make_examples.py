"""Build the example clips in examples/: a portrait that moves its face and speaks.

    .venv/bin/pip install --target build/scikit-image --no-deps scikit-image==0.26.0
    .venv/bin/python tools/make_examples.py --portrait build/scikit-image/skimage/data/astronaut.png

Picture: NASA's portrait of Eileen Collins (public domain), as scikit-image carries it. Its face is moved by the
478 points that ``emoviz.media`` finds in it: the plane is cut into triangles, and each frame maps every triangle
to its moved corners. Voice: espeak-ng (a system package, needed for this script only), each phrase with a pitch
and a pace of its own. Everything is synthetic; the same input gives the same clips.
"""

import argparse
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from scipy.io import wavfile
from scipy.spatial import Delaunay

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emoviz.core.files import replacing  # noqa: E402

FPS = 25
SIZE = (640, 480)
RATE = 44100
TAIL = 0.35  # s of stillness after the last phrase
INNER_LIPS = (  # (upper, lower) from one corner to the other
    *((191, 95), (80, 88), (81, 178), (82, 87), (13, 14)),
    *((312, 317), (311, 402), (310, 318), (415, 324)),
)
MOUTH_CORNERS = (78, 308)
EYELIDS = (  # (row above the lid, upper lid, lower lid)
    *((247, 246, 7), (30, 161, 163), (29, 160, 144), (27, 159, 145), (28, 158, 153), (56, 157, 154), (190, 173, 155)),
    *((467, 466, 249), (260, 388, 390), (259, 387, 373), (257, 386, 374)),
    *((258, 385, 380), (286, 384, 381), (414, 398, 382)),
)
FOLDS = ((129, 203, 206, 216, 212, 202), (358, 423, 426, 436, 432, 422))  # from the nose down past the mouth
MESH_POINTS = 468  # the ten after them are the irises, which the lids cover
FACE_EDGES = (234, 454)  # their distance is the unit of every movement
MOUTH_COLOUR = (38, 20, 60)

Muscle = tuple[tuple[int, int, float, float], ...]
"""Handles: a landmark, its mirror, and how far they go sideways (away from the middle) and down, in face widths."""
MUSCLES: dict[str, Muscle] = {
    "smile": ((61, 291, 0.055, -0.045), (50, 280, 0.01, -0.025)),
    "brow_raise": ((105, 334, 0.0, -0.075), (66, 296, 0.0, -0.075), (70, 300, 0.0, -0.055)),
    "brow_lower": ((107, 336, -0.035, 0.06), (105, 334, -0.015, 0.045), (70, 300, 0.0, -0.01)),
    "inner_brow_raise": ((107, 336, -0.015, -0.055), (105, 334, 0.0, -0.01), (70, 300, 0.0, 0.03)),
    "sneer": ((98, 327, 0.01, -0.03), (37, 267, 0.0, -0.015)),
    "frown": ((61, 291, 0.03, 0.05), (17, 17, 0.0, -0.03)),
}
REACH = 0.1  # face widths at which a muscle's pull has fallen to 0.6


@dataclass(frozen=True)
class Pose:
    """What a face does at one moment: pull of each muscle, and the three that are not muscles here."""

    muscles: dict[str, float] = field(default_factory=dict)
    lips: float = 0.0  # distance between the lips, face widths
    lids: float = 0.0  # 0 as in the portrait, 1 closed, negative wider
    nod: float = 0.0  # down, radians


POSES = {
    "neutral": Pose({"smile": -1.9, "frown": 0.25}, lips=0.005),
    "happy": Pose({"smile": 0.35, "brow_raise": 0.15}, lips=0.075, lids=0.12),
    "surprised": Pose({"smile": -1.7, "brow_raise": 1.1}, lips=0.14, lids=-0.3, nod=-0.05),
    "angry": Pose({"smile": -1.8, "brow_lower": 1.3, "sneer": 0.9, "frown": 0.7}, lids=0.1, nod=0.06),
    "sad": Pose({"smile": -1.7, "inner_brow_raise": 1.1, "frown": 1.1}, lids=0.35, nod=0.12),
}


@dataclass(frozen=True)
class Phrase:
    """One spoken phrase and the face that goes with it."""

    pose: str
    text: str
    pitch: int  # 0 to 99
    words_per_minute: int
    loudness: int  # 0 to 200


@dataclass(frozen=True)
class Clip:
    """One example: its file, its voice (espeak-ng), its phrases, and how the picture is changed."""

    file: str
    voice: str
    phrases: tuple[Phrase, ...]
    crop: tuple[int, int, int, int]  # x, y, width, height of the part of the portrait that is shown
    mirrored: bool = False
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)  # blue, green, red
    sway: float = 1.0  # head movement, relative


CLIPS = (
    Clip(
        "synthetic-english.mp4",
        "en-us+f3",
        (
            Phrase("neutral", "I came home, and the door was open.", 45, 165, 90),
            Phrase("surprised", "Oh! What is that?", 85, 175, 130),
            Phrase("happy", "All my friends are here! How wonderful!", 75, 185, 130),
            Phrase("sad", "But tomorrow they must leave again.", 22, 115, 55),
        ),
        crop=(62, 5, 320, 240),
    ),
    Clip(
        "synthetic-german.mp4",
        "de+f2",
        (
            Phrase("neutral", "Der Zug fährt um acht Uhr.", 45, 165, 90),
            Phrase("angry", "Nein! Das darf nicht wahr sein! Schon wieder zu spät!", 60, 200, 180),
            Phrase("sad", "Jetzt stehe ich hier allein.", 20, 115, 55),
            Phrase("happy", "Da kommt er ja doch! Wie schön!", 80, 185, 130),
        ),
        crop=(84, 8, 272, 204),
        mirrored=True,
        tint=(1.08, 1.0, 0.95),
        sway=1.6,
    ),
)


def main() -> None:
    """Build all clips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--portrait", type=Path, required=True, help="astronaut.png of scikit-image")
    parser.add_argument("--out", type=Path, default=ROOT / "examples")
    arguments = parser.parse_args()
    if not shutil.which("espeak-ng"):
        sys.exit("espeak-ng is not installed; it is needed to rebuild the examples, not to use them.")
    portrait = cv2.imread(str(arguments.portrait))
    if portrait is None:
        sys.exit(f"{arguments.portrait} is not a picture; the portrait is astronaut.png of scikit-image.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for clip in CLIPS:
        build(clip, portrait, arguments.out / clip.file)
        print(f"{clip.file}: {(arguments.out / clip.file).stat().st_size / 1e6:.2f} MB")


def build(clip: Clip, portrait: np.ndarray, out: Path) -> None:
    """Write one clip."""
    sound, starts = speak(clip)
    picture = prepare(portrait, clip)
    puppet = Puppet(picture, find_landmarks(picture))
    loudness = envelope(sound)
    names = [phrase.pose for phrase in clip.phrases]
    frames = (
        label(puppet.draw(*moment(names, starts, loudness, frame / FPS, clip.sway)))
        for frame in range(math.ceil(len(sound) / RATE * FPS))
    )
    write(out, frames, sound)


def prepare(portrait: np.ndarray, clip: Clip) -> np.ndarray:
    """The part of the portrait that is shown, (H, W, 3) BGR, mirrored and tinted as the clip says."""
    x, y, width, height = clip.crop
    picture = cv2.resize(portrait[y : y + height, x : x + width], SIZE, interpolation=cv2.INTER_CUBIC)
    if clip.mirrored:
        picture = cv2.flip(picture, 1)
    return np.clip(picture * np.array(clip.tint), 0, 255).astype(np.uint8)


def speak(clip: Clip) -> tuple[np.ndarray, list[float]]:
    """Sound of all phrases, int16 at :data:`RATE`, and the second at which each starts."""
    parts: list[np.ndarray] = []
    starts = []
    with tempfile.TemporaryDirectory() as folder:
        for phrase in clip.phrases:
            wav = Path(folder) / "phrase.wav"
            command = ["espeak-ng", "-v", clip.voice, "-w", str(wav), "-p", str(phrase.pitch)]
            command += ["-s", str(phrase.words_per_minute), "-a", str(phrase.loudness), phrase.text]
            subprocess.run(command, check=True)
            rate, samples = wavfile.read(wav)
            resampled = np.interp(np.arange(0, len(samples), rate / RATE), np.arange(len(samples)), samples)
            starts.append(sum(map(len, parts)) / RATE)
            parts.append(np.concatenate([np.zeros(RATE // 4), resampled]))
    sound = np.concatenate([*parts, np.zeros(int(TAIL * RATE))])
    return (sound / np.abs(sound).max() * 0.8 * 32767).astype(np.int16), starts


def envelope(sound: np.ndarray) -> np.ndarray:
    """Loudness on [0, 1] for every video frame, smoothed over three."""
    hop = RATE // FPS
    padded = np.pad(sound.astype(float), (0, -len(sound) % hop)).reshape(-1, hop)
    loudness = np.convolve(np.sqrt((padded**2).mean(1)), [0.25, 0.5, 0.25], mode="same")
    return np.clip(loudness / np.quantile(loudness, 0.95), 0, 1) ** 0.7


def moment(
    names: list[str], starts: list[float], loudness: np.ndarray, time: float, sway: float
) -> tuple[Pose, tuple[float, float, float]]:
    """Pose at a time, and the head's (yaw, roll, nod) in radians."""
    shares: dict[str, float] = {}
    previous = 1.0
    for name, start in reversed(list(zip(names, starts, strict=True))):  # each phrase fades in over the one before
        risen = 1.0 if start == 0 else _smooth((time - start) / 0.5)
        shares[name] = shares.get(name, 0.0) + previous * risen
        previous *= 1 - risen
    pose = mix(shares)
    talking = loudness[min(int(time * FPS), len(loudness) - 1)]
    blink = max(_smooth(1 - abs(time % 2.7 - 1.9) / 0.12), 0.0)
    pose = Pose(pose.muscles, pose.lips * (0.6 + 0.4 * talking) + 0.06 * talking, max(pose.lids, blink), pose.nod)
    yaw = sway * (0.10 * math.sin(1.1 * time) + 0.03 * math.sin(2.9 * time + 1))
    roll = sway * (0.02 * math.sin(0.8 * time + 2) + 0.008 * math.sin(3.1 * time))
    return pose, (yaw, roll, pose.nod + 0.03 * math.sin(1.7 * time) + 0.02 * talking)


def mix(shares: dict[str, float]) -> Pose:
    """Weighted mean of the named poses."""
    muscles = {m: sum(w * POSES[name].muscles.get(m, 0.0) for name, w in shares.items()) for m in MUSCLES}
    lips, lids, nod = (
        sum(w * getattr(POSES[name], part) for name, w in shares.items()) for part in ("lips", "lids", "nod")
    )
    return Pose(muscles, lips, lids, nod)


def _smooth(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def find_landmarks(picture: np.ndarray) -> np.ndarray:
    """(468, 3) points of the one face, in pixels, as the app's own face tracker finds them."""
    from emoviz.media import track_faces

    with tempfile.TemporaryDirectory() as folder:
        still = Path(folder) / "still.mkv"
        with av.open(str(still), "w") as container:
            stream = container.add_stream("ffv1", rate=FPS)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
            for packet in [*stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")), *stream.encode()]:
                container.mux(packet)
        (face,) = track_faces(still).tracks
    return face.landmarks[0, :MESH_POINTS].astype(float)


class Puppet:
    """A still face that can be drawn in another pose."""

    def __init__(self, picture: np.ndarray, landmarks: np.ndarray) -> None:
        self.picture = picture
        self.unit = float(np.linalg.norm(np.subtract(*landmarks[list(FACE_EDGES), :2])))
        self.middle = landmarks[list(FACE_EDGES), :2].mean(0)
        around = self._points_around(landmarks)
        self.points = np.concatenate([landmarks[:, :2], around])
        # Only what stands out from the rim of the face moves apart from it: no seam towards the hair.
        rim = landmarks[list(FACE_EDGES), 2].mean()
        self.depth = np.concatenate([np.minimum(landmarks[:, 2] - 0.5 * rim, 0), np.zeros(len(around))])
        self.triangles = Delaunay(self.points).simplices
        upper, lower = zip(*INNER_LIPS, strict=True)
        self.lips = [MOUTH_CORNERS[0], *upper, MOUTH_CORNERS[1], *reversed(lower)]
        self.in_mouth: np.ndarray = np.isin(self.triangles, self.lips).all(1)
        self.mouth, self.skin, self.relaxed_skin = self._mouth_and_skin(np.round(landmarks[:, :2]).astype(np.int32))
        self.belongs_to_head = self._head_weight()

    def draw(self, pose: Pose, head: tuple[float, float, float]) -> np.ndarray:
        """The picture (H, W, 3) with the face in another pose and the head turned by (yaw, roll, nod) radians."""
        moved = self._turn(self._pose(pose), head)
        corners, targets = self.points[self.triangles], moved[self.triangles]
        relaxed = min(max(-pose.muscles.get("smile", 0.0), 0.0), 1.0)
        # Inside the mouth nothing is stretched: the upper teeth go with the upper lip, hidden but for a smile.
        shift = (moved - self.points)[INNER_LIPS[4][0]] - [0, 0.05 * relaxed * self.unit]
        targets_of_map = np.where(self.in_mouth[:, None, None], corners + shift, targets)
        inverse = np.linalg.solve(
            np.concatenate([targets_of_map, np.ones((len(targets), 3, 1))], 2) + 1e-6 * np.eye(3), corners
        )
        owner = np.zeros(self.picture.shape[:2], np.int32)
        for order in (np.flatnonzero(~self.in_mouth), np.flatnonzero(self.in_mouth)):
            for index in order:
                cv2.fillConvexPoly(owner, np.round(targets[index] * 16).astype(np.int32), int(index), shift=4)
        rows, columns = np.indices(owner.shape)
        source = np.einsum("hwk,hwkc->chw", np.stack([columns, rows, np.ones_like(rows)], 2), inverse[owner])
        source = source.astype(np.float32)
        skin = cv2.addWeighted(self.skin, 1 - relaxed, self.relaxed_skin, relaxed, 0)
        face = cv2.remap(skin, *source, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        mouth = cv2.remap(self.mouth, *source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        edge = cv2.GaussianBlur(self.in_mouth[owner].astype(np.float32), (5, 5), 0)[..., None]
        return (edge * mouth + (1 - edge) * face).astype(np.uint8)

    def _points_around(self, landmarks: np.ndarray) -> np.ndarray:
        """A grid over the rest of the picture, so that hair and neck can follow the head."""
        width, height = SIZE
        grid = np.stack(np.meshgrid(np.linspace(-1, width, 33), np.linspace(-1, height, 25)), -1).reshape(-1, 2)
        hull = cv2.convexHull(landmarks[:, :2].astype(np.float32))
        outside = [cv2.pointPolygonTest(hull, (float(x), float(y)), True) < -10 for x, y in grid]
        return grid[outside]

    def _mouth_and_skin(self, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The picture three times: the teeth alone on dark, without the teeth, and without the folds of a smile too."""
        empty = np.zeros(self.picture.shape[:2], np.uint8)
        mask = cv2.fillPoly(empty.copy(), [landmarks[self.lips]], 255)
        teeth = cv2.GaussianBlur(cv2.erode(mask, np.ones((3, 3))), (7, 7), 0)[..., None] / 255
        mouth = (teeth * self.picture + (1 - teeth) * np.array(MOUTH_COLOUR)).astype(np.uint8)
        skin = cv2.inpaint(self.picture, cv2.dilate(mask, np.ones((3, 3))), 3, cv2.INPAINT_TELEA)
        width = round(0.11 * self.unit)
        lines = [landmarks[list(fold)] for fold in FOLDS]
        folds = cv2.polylines(empty.copy(), lines, False, 255, width)
        filled = cv2.GaussianBlur(cv2.inpaint(skin, folds, 5, cv2.INPAINT_TELEA), (0, 0), 0.03 * self.unit)
        grain = skin.astype(float) - cv2.GaussianBlur(skin, (0, 0), 2)
        soft = cv2.GaussianBlur(folds, (0, 0), 0.03 * self.unit)[..., None] / 255
        soft = soft * (1 - cv2.GaussianBlur(cv2.dilate(mask, np.ones((9, 9))), (9, 9), 0)[..., None] / 255)
        relaxed = soft * (filled + 0.5 * grain) + (1 - soft) * skin
        return mouth, skin, np.clip(relaxed, 0, 255).astype(np.uint8)

    def _head_weight(self) -> np.ndarray:
        """1 on face and hair, falling to 0 on shoulders and background."""
        offset = (self.points - self.middle - [0, -0.15 * self.unit]) / self.unit
        distance = np.hypot(offset[:, 0], np.where(offset[:, 1] > 0, offset[:, 1] * 0.95, offset[:, 1] * 0.8))
        x = np.clip((1.75 - distance) / 0.95, 0, 1)
        return x * x * (3 - 2 * x)

    def _pose(self, pose: Pose) -> np.ndarray:
        moved = self.points + sum(
            (amount * self._pull(MUSCLES[name]) for name, amount in pose.muscles.items()), np.zeros_like(self.points)
        )
        self._set_lips(moved, pose.lips * self.unit)
        for above, upper, lower in EYELIDS:
            way = pose.lids * 0.9 * (moved[lower] - moved[upper])
            moved[upper] += way
            moved[above] += 0.5 * way
        return moved

    def _pull(self, muscle: Muscle) -> np.ndarray:
        """Displacement of every point by one muscle: the mean of its handles' pulls, fading with distance."""
        handles, pulls = [], []
        for landmark, mirror, sideways, down in muscle:
            for index in {landmark, mirror}:
                side = np.sign(self.points[index, 0] - self.middle[0]) if landmark != mirror else 0.0
                handles.append(self.points[index])
                pulls.append((side * sideways * self.unit, down * self.unit))
        distance = np.linalg.norm(self.points[:, None] - np.array(handles), axis=2) / self.unit
        weight = np.exp(-0.5 * (distance / REACH) ** 2)
        pull = weight @ np.array(pulls) / np.maximum(weight.sum(1, keepdims=True), 1)
        pull[np.array(EYELIDS)] *= 0.2
        pull[MESH_POINTS:] = 0
        return pull

    def _set_lips(self, moved: np.ndarray, opening: float) -> None:
        """Put the lower lip ``opening`` pixels under the upper one; closing brings the upper one down as well."""
        upper, lower = (list(lip) for lip in zip(*INNER_LIPS, strict=True))
        closed = max(0.0, 1 - opening / (0.08 * self.unit))
        down = 0.3 * closed * np.abs(moved[lower, 1] - moved[upper, 1])
        profile = 1 - np.linspace(-1, 1, len(upper) + 2)[1:-1] ** 2
        needed = moved[upper, 1] + down + opening * profile - moved[lower, 1]
        self._drag(moved, lower, needed, side=1, reach=0.45)
        self._drag(moved, upper, down, side=-1, reach=0.1)

    def _drag(self, moved: np.ndarray, lip: list[int], distance: np.ndarray, side: int, reach: float) -> None:
        """Move a lip down by a distance per point; the skin on its side (1 below, -1 above) follows ever less."""
        knots = [MOUTH_CORNERS[0], *lip, MOUTH_CORNERS[1]]
        order = np.argsort(self.points[knots, 0])
        lip_x, lip_y = self.points[knots][order].T
        x, y = self.points[:MESH_POINTS].T
        pull = np.interp(x, lip_x, np.array([0, *distance, 0])[order])
        away = side * (y - np.interp(x, lip_x, lip_y))
        moved[:MESH_POINTS, 1] += np.where(away >= -1, pull * np.exp(-np.maximum(away, 0) / (reach * self.unit)), 0)

    def _turn(self, moved: np.ndarray, head: tuple[float, float, float]) -> np.ndarray:
        """Turn the head about the neck, as far as a flat picture with known depth allows."""
        yaw, roll, nod = head
        neck = self.middle + [0, 0.9 * self.unit]
        offset = moved - neck
        parallax = -self.depth[:, None] * np.array([math.sin(yaw), math.sin(nod)])
        lean = np.array([0.12 * math.sin(yaw), 0.25 * math.sin(nod)]) * self.unit
        turned = offset @ np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])
        return moved + self.belongs_to_head[:, None] * (turned - offset + parallax + lean)


def label(picture: np.ndarray) -> np.ndarray:
    """Say on the picture what it is."""
    text, place = "synthetic: moved portrait, computer voice", (10, SIZE[1] - 12)
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA)
    return picture


def write(out: Path, frames: Iterable[np.ndarray], sound: np.ndarray) -> None:
    """Write H.264 and AAC, the index first so that a browser starts at once."""
    with replacing(out) as draft:
        with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            video = container.add_stream("libx264", rate=FPS, options={"crf": "23", "preset": "slow"})
            video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
            audio = container.add_stream("aac", rate=RATE, layout="mono", bit_rate=64000)
            for picture in frames:
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            block = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = RATE, 0, Fraction(1, RATE)
            container.mux(audio.encode(block))
            container.mux(video.encode() + audio.encode())


if __name__ == "__main__":
    main()
