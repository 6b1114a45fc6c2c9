"""Bundled encoder weights, whose sha256 is checked before they are used."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from ..core.errors import MissingWeightsError


@dataclass(frozen=True)
class WeightsFile:
    """A bundled file of weights.

    Attributes:
        path: path of the file in the encoder folder.
        sha256: sha256 of its content, hex.
        source: command that puts the file there.
    """

    path: Path
    sha256: str
    source: str


_SOURCE = "python tools/bundle_face_models.py"
YUNET = WeightsFile(
    Path("yunet/face_detection_yunet_2023mar.onnx"),
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    _SOURCE,
)
FACE_LANDMARKER = WeightsFile(
    Path("face_landmarker/face_landmarker.task"),
    "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    _SOURCE,
)
SPEAKER_ENCODER = WeightsFile(
    Path("ge2e/model.safetensors"),
    "75ea12a158fc5f097b8e0871365f57fd1f8e6ba60c15d739e3954b29c1cdf778",
    "python tools/bundle_speaker_encoder.py",
)


@cache
def checked(weights: WeightsFile, encoders: Path) -> Path:
    """Return the path of a weights file after a check of its sha256.

    Raises:
        MissingWeightsError: if the file is missing, or its sha256 differs.
    """
    path = encoders / weights.path
    remedy = f"'{weights.source}' puts it there."
    if not path.is_file():
        raise MissingWeightsError(f"The weights file '{path}' is missing; {remedy}")
    if sha256(path.read_bytes()).hexdigest() != weights.sha256:
        raise MissingWeightsError(f"The weights file '{path}' is damaged: its sha256 differs; {remedy}")
    return path
