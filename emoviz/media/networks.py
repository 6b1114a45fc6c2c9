"""The face networks: YuNet finds faces; Google's face landmarker gives landmarks and blendshapes of a close crop.

Sources
    YuNet: W. Wu, H. Peng, S. Yu, "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20
    (2023) 656-665. Face landmarker: the graphs of MediaPipe (Apache-2.0), run here on LiteRT.
"""

import threading
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ..core import places
from ..core.quiet import without_notes
from .pose import FaceMesh, head_pose
from .weights import FACE_LANDMARKER, YUNET, checked

BLENDSHAPES: tuple[str, ...] = tuple(
    """_neutral browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft
    cheekSquintRight eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight
    eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight
    jawForward jawLeft jawOpen jawRight mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight
    mouthFunnel mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight mouthPucker mouthRight
    mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft mouthSmileRight mouthStretchLeft
    mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft noseSneerRight""".split()
)
"""Names of the 52 facial actions, in the network's order."""

LANDMARKS = 478
RIGHT_EYE, LEFT_EYE = 33, 263
"""Landmarks of the outer eye corners; the person's right is the picture's left."""

# The landmarks that the blendshape network looks at, in its order.
_BLENDSHAPE_POINTS = np.array(
    """0 1 4 5 6 7 8 10 13 14 17 21 33 37 39 40 46 52 53 54 55 58 61 63 65 66 67 70 78 80 81 82 84 87 88 91 93 95 103
    105 107 109 127 132 133 136 144 145 146 148 149 150 152 153 154 155 157 158 159 160 161 162 163 168 172 173 176 178
    181 185 191 195 197 234 246 249 251 263 267 269 270 276 282 283 284 285 288 291 293 295 296 297 300 308 310 311 312
    314 317 318 321 323 324 332 334 336 338 356 361 362 365 373 374 375 377 378 379 380 381 382 384 385 386 387 388 389
    390 397 398 400 402 405 409 415 454 466 468 469 470 471 472 473 474 475 476 477""".split(),
    dtype=int,
)
_CROP = 256  # side of the landmark network's picture
_MARGIN = 1.5  # side of its crop over the longer side of the face's box
_DETECTOR_LONGEST = 480  # finds faces from about a fiftieth of the picture's width
_DETECTOR_SCORE = 0.7


class Region(NamedTuple):
    """A square in a picture: its centre x and y and its side in pixels, and its clockwise rotation in radians."""

    x: float
    y: float
    side: float
    angle: float

    def to_square(self, size: int) -> np.ndarray:
        """Return the affine map, float32 (2, 3), from the picture to ``size`` x ``size`` pixels, for OpenCV."""
        scale = size / self.side
        cos, sin = scale * np.cos(self.angle), scale * np.sin(self.angle)
        half = (size - 1) / 2
        return np.array(
            [[cos, sin, half - cos * self.x - sin * self.y], [-sin, cos, half + sin * self.x - cos * self.y]],
            np.float32,
        )

    def cut(self, image: np.ndarray, size: int, grey: bool = False) -> np.ndarray:
        """Cut the square out of a picture, level; beyond the picture its border is repeated.

        Args:
            image: picture, uint8 (H, W, 3), RGB.
            size: side of the result in pixels.
            grey: whether the result is grey, which takes a fifth of the time.

        Returns:
            Square, uint8 (size, size, 3), RGB, or grey (size, size).
        """
        reach = self.side / 2 * (abs(np.cos(self.angle)) + abs(np.sin(self.angle))) + 2
        left, right = _span(self.x, reach, image.shape[1])
        top, bottom = _span(self.y, reach, image.shape[0])
        # OpenCV turns pictures of one or four channels several times as fast as those of three.
        part = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_RGB2GRAY if grey else cv2.COLOR_RGB2RGBA)
        to_square = self._replace(x=self.x - left, y=self.y - top).to_square(size)
        square = cv2.warpAffine(part, to_square, (size, size), borderMode=cv2.BORDER_REPLICATE)
        return square if grey else cv2.cvtColor(square, cv2.COLOR_RGBA2RGB)


def _span(middle: float, reach: float, length: int) -> tuple[int, int]:
    """First pixel and the one behind the last within reach of a place, at least one, of a row of so many."""
    first = int(min(max(middle - reach, 0), length - 1))
    return first, int(min(max(middle + reach + 2, first + 1), length))


class Detection(NamedTuple):
    """A face as YuNet finds it: box (x, y, width, height) and eye centres ((x, y) right, left) in pixels."""

    box: np.ndarray
    eyes: np.ndarray

    def region(self) -> Region:
        """Return the region in which the landmark network should look."""
        x, y, width, height = (float(value) for value in self.box)
        side = max(_MARGIN * max(width, height), 1.0)
        return Region(x + width / 2, y + height / 2, side, _angle(*self.eyes))

    def turned_back(self, turns: int, width: int, height: int) -> "Detection":
        """Return the same face in the picture before it was turned.

        Args:
            turns: number of quarters by which the picture was turned counterclockwise.
            width: width of the picture before, in pixels.
            height: height of the picture before, in pixels.
        """
        corners = _turn_back(np.stack([self.box[:2], self.box[:2] + self.box[2:]]), turns, width, height)
        low = corners.min(0)
        return Detection(np.concatenate([low, corners.max(0) - low]), _turn_back(self.eyes, turns, width, height))


def _turn_back(points: np.ndarray, turns: int, width: int, height: int) -> np.ndarray:
    x, y = points[:, 0], points[:, 1]
    places = {0: (x, y), 1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}
    return np.stack(places[turns % 4], axis=1)


class Face(NamedTuple):
    """The landmarks of one crop, float32 (478, 3) in pixels of the picture, and presence in [0, 1]."""

    landmarks: np.ndarray
    presence: float

    def box(self) -> np.ndarray:
        """Return x, y, width and height of the box around all landmarks, float32 (4,)."""
        low, high = self.landmarks[:, :2].min(0), self.landmarks[:, :2].max(0)
        return np.concatenate([low, high - low])

    def region(self) -> Region:
        """Return the region in which the landmark network should look in the next picture."""
        return level_square(self.landmarks, _MARGIN)


class FaceNetworks:
    """The loaded face networks; one instance serves all threads, and calls of the same network wait for each other.

    Args:
        encoders: folder with the bundled weights.

    Raises:
        MissingWeightsError: if a weights file is missing or damaged.
    """

    def __init__(self, encoders: Path) -> None:
        self._lock = threading.Lock()
        cv2.setNumThreads(1)  # its threads wait for work in a loop; the other cores decode and run networks
        self._detector = _quiet_detector(checked(YUNET, encoders))
        with zipfile.ZipFile(checked(FACE_LANDMARKER, encoders)) as bundle:
            self._landmarker = _Network(bundle.read("face_landmarks_detector.tflite"))
            self._actions = _Network(bundle.read("face_blendshapes.tflite"))
            self._mesh = FaceMesh.parse(bundle.read("geometry_pipeline_metadata_landmarks.binarypb"))

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Find the faces in a picture, uint8 (H, W, 3) RGB, the surest first."""
        height, width = image.shape[:2]
        scale = min(1.0, _DETECTOR_LONGEST / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        with self._lock:
            self._detector.setInputSize(size)
            _, faces = self._detector.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        if faces is None:
            return []
        stretch = np.array([width / size[0], height / size[1]], np.float32)
        faces = faces[np.argsort(-faces[:, -1])]
        return [Detection(face[:4] * np.tile(stretch, 2), face[4:8].reshape(2, 2) * stretch) for face in faces]

    def landmarks(self, image: np.ndarray, region: Region) -> Face:
        """Return the landmarks of the face in a region of a picture, uint8 (H, W, 3) RGB."""
        crop = region.cut(image, _CROP)
        with self._landmarker.lock:
            np.multiply(crop, np.float32(1 / 255), out=self._landmarker.input())
            points, logit = self._landmarker.outputs()[:2]
        points = points.reshape(LANDMARKS, 3)
        to_image = cv2.invertAffineTransform(region.to_square(_CROP))
        flat = points[:, :2] @ to_image[:, :2].T + to_image[:, 2]
        depth = points[:, 2:] * (region.side / _CROP)
        return Face(np.hstack([flat, depth]).astype(np.float32), float(1 / (1 + np.exp(-logit.item()))))

    def blendshapes(self, landmarks: np.ndarray) -> np.ndarray:
        """Return the facial actions :data:`BLENDSHAPES`, float32 (52,) in [0, 1], of (478, 3) landmarks."""
        with self._actions.lock:
            self._actions.input()[:] = _upright(landmarks)[_BLENDSHAPE_POINTS, :2]
            return np.asarray(self._actions.outputs()[0])

    def pose(self, landmarks: np.ndarray) -> np.ndarray:
        """Return the pose of a head, float32 (3,), see :func:`~emoviz.media.pose.head_pose`."""
        return head_pose(_upright(landmarks), self._mesh)


@cache
def face_networks() -> FaceNetworks:
    """Return the one instance of this process."""
    return FaceNetworks(places.encoders())


def level_square(landmarks: np.ndarray, margin: float, below: float = 0.0) -> Region:
    """Return the square around a face in which its eyes are level.

    Args:
        landmarks: landmarks (478, 2) or (478, 3), in pixels.
        margin: side of the square divided by the longer side of the face's box.
        below: distance of the box's centre below the square's, divided by the square's side.
    """
    angle = _angle(landmarks[RIGHT_EYE], landmarks[LEFT_EYE])
    cos, sin = np.cos(angle), np.sin(angle)
    to_level = np.array([[cos, sin], [-sin, cos]])
    level = landmarks[:, :2] @ to_level.T
    low, high = level.min(0), level.max(0)
    side = max(margin * float((high - low).max()), 1.0)
    x, y = ((low + high) / 2 - (0, below * side)) @ to_level
    return Region(float(x), float(y), side, angle)


def _upright(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks turned by the quarters that bring the line between the eyes nearest to level, the right eye left."""
    quarters = round(_angle(landmarks[RIGHT_EYE], landmarks[LEFT_EYE]) / (np.pi / 2)) % 4
    if not quarters:
        return landmarks
    turned = landmarks.copy()
    for _ in range(quarters):
        turned[:, 0], turned[:, 1] = turned[:, 1].copy(), -turned[:, 0]
    return turned


def _angle(right_eye: np.ndarray, left_eye: np.ndarray) -> float:
    """Radians, clockwise, by which the line between the eyes is tilted."""
    return float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))


class _Network:
    """One LiteRT network for a batch of one."""

    def __init__(self, model: bytes) -> None:
        self.lock = threading.Lock()
        # One thread is the fastest for networks this small; the other core decodes.
        with without_notes("INFO:"):  # LiteRT tells of its CPU delegate, which nobody asked
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]

    def input(self) -> np.ndarray:
        """The array of the input, without the batch axis. Let go of it before :meth:`outputs`."""
        return np.asarray(self._interpreter.tensor(self._input)()[0])

    def outputs(self) -> list[np.ndarray]:
        """Run the network: copies of its outputs."""
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _quiet_detector(path: Path) -> cv2.FaceDetectorYN:
    logging = cv2.utils.logging
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_ERROR)  # OpenCV 5 warns of a default of its own
    try:
        return cv2.FaceDetectorYN.create(str(path), "", (320, 320), _DETECTOR_SCORE)
    finally:
        logging.setLogLevel(level)
