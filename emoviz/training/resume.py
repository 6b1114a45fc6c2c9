"""State of an interrupted training as safetensors and JSON, so that resuming unpickles nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..core.errors import CheckpointError
from ..core.files import raising, replacing_folder

TENSORS, TREE = "tensors.safetensors", "tree.json"


class SafetensorsIO(CheckpointIO):
    """Lightning's checkpoint dict as a folder: tensors in one file, the tree around them in another."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write the folder, whole or not at all.

        Raises:
            CheckpointError: if the disk is full or not writable.
        """
        tensors: dict[str, Tensor] = {}
        tree = _pack(checkpoint, tensors)
        target = Path(path)
        name = f"The state of the training in '{target}'"
        with raising(CheckpointError, target, name=name, setting="EMOVIZ_RUNS"), replacing_folder(target) as draft:
            save_file(tensors, draft / TENSORS)
            (draft / TREE).write_text(json.dumps(tree), encoding="utf-8")

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        """Read the folder.

        Raises:
            CheckpointError: if the folder is missing or damaged.
        """
        try:
            tensors = load_file(Path(path) / TENSORS)
            tree = json.loads((Path(path) / TREE).read_text(encoding="utf-8"))
            state: dict[str, Any] = _unpack(tree, tensors)
            return state
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise CheckpointError(
                f"The state of a training in '{path}' is damaged; train again from the start."
            ) from error

    def remove_checkpoint(self, path: Any) -> None:
        """Delete the folder if it is there."""
        shutil.rmtree(path, ignore_errors=True)


def _pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Return plain JSON for ``value`` and move its tensors to ``tensors``; keys of dicts keep their type."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_pack(k, tensors), _pack(v, tensors)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_pack(v, tensors) for v in value]}
    if isinstance(value, list):
        return [_pack(v, tensors) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise CheckpointError(f"The state of a training holds a {type(value).__name__}, which cannot be stored safely.")


def _unpack(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_unpack(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return torch.clone(tensors[content])
    if kind == "tuple":
        return tuple(_unpack(v, tensors) for v in content)
    return {_unpack(k, tensors): _unpack(v, tensors) for k, v in content}
