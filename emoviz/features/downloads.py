"""Pretrained weights from the Hub, and older weight files as safetensors.

Weights are downloaded only for a user who asks for them by name (``python -m emoviz encoders --get NAME``). Nothing is
unpickled into objects: files of the older kind (``.bin``, ``.pth``) are turned into safetensors once, by
:func:`convert`, which reads tensors only.
"""

import shutil
from pathlib import Path

from ..core import places
from ..core.errors import EmovizError, FeatureError, MissingWeightsError
from ..core.files import replacing, replacing_folder
from .weights import STATE_FILES, TENSORS


def download(name: str, target: Path | None = None) -> Path:
    """Fetch tensors, configs and vocabularies, never code, from the Hub into :func:`~emoviz.core.places.weights`.

    Raises:
        MissingWeightsError: if the Hub cannot be reached, has no such weights, or the disk is full.
    """
    from huggingface_hub import snapshot_download

    folder = target or places.weights() / name
    endings = ("*.json", "*.txt", "*.model", "*.safetensors")
    try:
        with replacing_folder(folder) as draft:
            snapshot_download(name, local_dir=draft, allow_patterns=list(endings))
            if not list(draft.glob("*.safetensors")):
                snapshot_download(name, local_dir=draft, allow_patterns=["pytorch_model.bin", "model.bin"])
            if (draft / STATE_FILES[0]).is_file():
                convert(draft / STATE_FILES[0])
                (draft / STATE_FILES[0]).unlink()
            shutil.rmtree(draft / ".cache", ignore_errors=True)
    except EmovizError:
        raise
    except Exception as error:  # of httpx, huggingface_hub and the system alike
        reason = str(error).strip().splitlines()[0][:200].rstrip(".") if str(error).strip() else type(error).__name__
        raise MissingWeightsError(
            f"The weights '{name}' could not be downloaded ({reason}); with a browser, get them from "
            f"huggingface.co/{name} and put them into {folder}."
        ) from error
    return folder


def convert(state_file: Path) -> Path:
    """Turn a state file of PyTorch (``.bin``, ``.pth``) into ``model.safetensors`` beside it.

    Tensors are read by PyTorch's restricted reader, which runs no code.

    Raises:
        FeatureError: if the file is damaged, or holds more than named tensors.
    """
    import torch
    from safetensors.torch import save_file

    target = state_file.with_name(TENSORS)
    try:
        state = torch.load(state_file, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state) if isinstance(state, dict) else state
        if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
            raise ValueError("it holds something other than named tensors")
        with replacing(target) as draft:
            save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, draft)
    except Exception as error:  # of the reader, for each kind of damage another
        reason = str(error).strip().splitlines()[0][:120].rstrip(".") if str(error).strip() else type(error).__name__
        raise FeatureError(
            f"'{state_file}' is no file of named tensors that PyTorch can read safely ({reason})."
        ) from error
    return target
