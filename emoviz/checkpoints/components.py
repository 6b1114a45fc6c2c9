"""The principal components that a trained model reads, which show whether two models read the same channels."""

from hashlib import sha256
from pathlib import Path

from safetensors import SafetensorError, safe_open

from .folder import WEIGHTS

PREFIX, SUFFIX = "inputs.", ".components"
"""Beginning and end of the names of their tensors."""


def fit_of(folder: Path) -> str:
    """Return the digest, hex, of all principal components of a model; two models of one digest read the same channels.

    It is empty where a model has none, or its weights are missing or damaged.
    """
    try:
        with safe_open(folder / WEIGHTS, "numpy") as file:
            names = sorted(name for name in file.keys() if name.startswith(PREFIX) and name.endswith(SUFFIX))
            values = {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError):
        return ""
    found = b"".join(name.encode() + value.tobytes() for name, value in values.items() if value.size)
    return sha256(found).hexdigest() if found else ""
