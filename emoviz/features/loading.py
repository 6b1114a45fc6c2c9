"""Networks with pretrained weights, loaded once and ready to encode on a device."""

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import EmovizError, FeatureError
from .weights import TENSORS, fingerprint


def device(wanted: str = "auto") -> str:
    """Return the device on which an encoder runs, ``cuda`` or ``cpu``; ``auto`` is CUDA where there is one.

    Raises:
        FeatureError: if there is no such device.
    """
    import torch

    if wanted not in ("auto", "cpu", "cuda"):
        raise FeatureError(f"An encoder's 'device' is auto, cpu or cuda, not '{wanted}'.")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise FeatureError("CUDA was asked for, but PyTorch finds no CUDA device here: 'device' is auto or cpu.")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


_loading = threading.Lock()
"""Held while transformers loads, as it changes defaults of the whole process meanwhile."""


def load_model(kind: str, folder: Path, place: str, **options: Any) -> Any:
    """Load a network of transformers, ready to encode, on CUDA in half precision; the last few are kept.

    Args:
        kind: name of its class in transformers, e.g. ``AutoModel``.
        folder: folder of its weights.
        place: device, ``cpu`` or ``cuda``.
        options: options of the network's constructor.

    Raises:
        FeatureError: if the weights are damaged or do not fit the config.
    """
    with _loading:
        return _load_model(kind, folder, fingerprint(folder), place, tuple(options.items()))


@functools.lru_cache(maxsize=8)
def _load_model(kind: str, folder: Path, weights: str, place: str, options: tuple[tuple[str, Any], ...]) -> Any:
    import torch
    import transformers

    _quiet()
    model, report = _attempt(
        folder,
        lambda: getattr(transformers, kind).from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
            **dict(options),
        ),
    )
    # A mask is drawn in training only, and what older files leave out of it is never read.
    lacking = sorted(name for name in report["missing_keys"] if not name.endswith("masked_spec_embed"))
    wrong = sorted(str(entry[0]) for entry in report["mismatched_keys"])
    if lacking or wrong:
        what = f"lack {lacking[0]}" if lacking else f"have another size in {wrong[0]}"
        more = f" and {len(lacking or wrong) - 1} more" if len(lacking or wrong) > 1 else ""
        raise FeatureError(
            f"The weights in {folder} {what}{more}, so they are not those of a {type(model).__name__} as "
            "config.json describes it; get them again."
        )
    model = model.eval().requires_grad_(False)
    return model.to(place, torch.float16) if place == "cuda" else model


def load_state(network: Callable[..., Any], folder: Path, place: str, *arguments: Any) -> Any:
    """Load a network of our own with the tensors of a folder, ready to encode, on CUDA in half precision.

    Args:
        network: class or function that makes the network.
        folder: folder of ``model.safetensors``, from which tensors that the network does not have are left out.
        place: device, ``cpu`` or ``cuda``.
        arguments: arguments of ``network``.

    Raises:
        FeatureError: if the file is damaged, or lacks a tensor of the network.
    """
    return _load_state(network, folder, fingerprint(folder), place, arguments)


@functools.lru_cache(maxsize=8)
def _load_state(network: Callable[..., Any], folder: Path, weights: str, place: str, arguments: tuple[Any, ...]) -> Any:
    import torch
    from safetensors.torch import load_file

    built = network(*arguments)
    state = _attempt(folder, lambda: load_file(folder / TENSORS))
    own = built.state_dict()
    wrong = [n for n, v in own.items() if n not in state or state[n].shape != v.shape]
    wrong = [name for name in wrong if not name.endswith("num_batches_tracked")]
    if wrong:
        raise FeatureError(
            f"The weights in {folder} lack '{wrong[0]}' or have it in another size, so they are not those of "
            f"{network.__name__} with torchvision's names; get them again."
        )
    built.load_state_dict({name: state[name] for name in own if name in state}, strict=False)
    built = built.eval().requires_grad_(False)
    return built.to(place, torch.float16) if place == "cuda" else built


def load_part(kind: str, folder: Path, **options: Any) -> Any:
    """Load a tokenizer or feature extractor of transformers; the last few are kept.

    Args:
        kind: name of its class in transformers, e.g. ``AutoTokenizer``.
        folder: folder of its files.
        options: options of its constructor.

    Raises:
        FeatureError: if its files are damaged.
    """
    with _loading:
        return _load_part(kind, folder, fingerprint(folder), tuple(options.items()))


@functools.lru_cache(maxsize=8)
def _load_part(kind: str, folder: Path, weights: str, options: tuple[tuple[str, Any], ...]) -> Any:
    import transformers

    _quiet()
    loader = getattr(transformers, kind).from_pretrained
    return _attempt(folder, lambda: loader(folder, local_files_only=True, trust_remote_code=False, **dict(options)))


def _attempt(folder: Path, load: Callable[[], Any]) -> Any:
    """Return the result of ``load``, or turn any error that a foreign file causes into one sentence."""
    try:
        return load()
    except EmovizError:
        raise
    except Exception as error:  # of many libraries' kinds: each reads its own file
        reason = str(error).strip().splitlines()[0][:200].rstrip(".") if str(error).strip() else type(error).__name__
        raise FeatureError(
            f"The weights in {folder} cannot be loaded, as a file is damaged or does not fit the others ({reason}); "
            "get them again."
        ) from error


def _quiet() -> None:
    """Silence the reports of transformers, which :func:`load_model` makes in its own words."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
