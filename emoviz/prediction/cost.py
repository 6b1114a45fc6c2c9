"""The cost of a model: parameters, operations, milliseconds and memory of one pass over ten seconds.

The model alone is measured, since its features cost the same for all models that read them.
"""

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ..checkpoints.folder import WEIGHTS, Checkpoint
from ..core.progress import Progress, silent
from .inputs import PICTURES

SECONDS = 10.0
"""Length of the input."""
PICTURES_PER_SECOND = 25
"""Frame rate of a video, for models that read pictures."""
REPEATS = 10
"""Number of timed passes, which follow one that is not timed."""


@dataclass(frozen=True)
class Complexity:
    """The cost of a model.

    Attributes:
        model: name of the model.
        parameters: number of trained values.
        megabytes: size of the file of weights.
        operations: floating-point operations of one pass over :data:`SECONDS`, where a multiplication and an addition
            count as two, as in ``torch.utils.flop_counter``.
        milliseconds: time of one pass on one core here, the median of :data:`REPEATS`; None where it was not measured.
        low: time of the fastest pass.
        high: time of the slowest pass.
        peak: largest number of bytes in tensors that one pass makes and holds at a time.
    """

    model: str
    parameters: int
    megabytes: float
    operations: int | None = None
    milliseconds: float | None = None
    low: float | None = None
    high: float | None = None
    peak: int | None = None


def size(checkpoint: Checkpoint) -> Complexity:
    """Return the parameters and the file size of a model, without running it."""
    return Complexity(
        checkpoint.name,
        sum(p.numel() for p in checkpoint.predictor.parameters()),
        _bytes(checkpoint.folder / WEIGHTS) / 1e6,
    )


def measure(checkpoint: Checkpoint, progress: Progress = silent) -> Complexity:
    """Measure a model on one core of this machine, where other work disturbs the measurement least.

    Args:
        checkpoint: the model.
        progress: listener.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measure(checkpoint, progress)
    finally:
        torch.set_num_threads(threads)


def _measure(checkpoint: Checkpoint, progress: Progress) -> Complexity:
    streams = silence(checkpoint)
    steps = REPEATS + 2
    progress(f"Measuring {checkpoint.name}", 0, steps)
    with FlopCounterMode(display=False) as counter:
        checkpoint(streams)
    progress(f"Measuring {checkpoint.name}", 1, steps)
    peak = peak_memory(lambda: checkpoint(streams))
    times = []
    for number in range(REPEATS):
        progress(f"Measuring {checkpoint.name}", 2 + number, steps)
        start = time.perf_counter()
        checkpoint(streams)
        times.append(1000 * (time.perf_counter() - start))
    return replace(
        size(checkpoint),
        operations=counter.get_total_flops(),
        milliseconds=float(np.median(times)),
        low=min(times),
        high=max(times),
        peak=peak,
    )


def silence(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """Return ten seconds of zeros in the shape that the model reads, since the cost does not depend on the values."""
    about = checkpoint.description
    pictures = any(feature.name == PICTURES for feature in about.features)
    frames = round(SECONDS * PICTURES_PER_SECOND) if pictures else round(SECONDS / about.hop)
    return {feature.name: np.zeros((frames, feature.width), np.float32) for feature in about.features}


def peak_memory(work: Callable[[], Any]) -> int:
    """Return the largest number of bytes in tensors that operations of torch made and held at a time.

    Memory that an operation needs inside itself is not counted.
    """
    held = _Held()
    with held:
        work()
    return held.peak


class _Held(TorchDispatchMode):
    """Counts the bytes of storages from the operation that makes them until they are freed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = 0
        self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for tensor in _tensors((args, kwargs)):  # weights and inputs, which were there before
            self._known.add(tensor.untyped_storage()._cdata)
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            storage = tensor.untyped_storage()
            if storage._cdata not in self._known:
                self._known.add(storage._cdata)
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._free, storage._cdata, storage.nbytes())
        return result

    def _free(self, identity: int, size: int) -> None:
        self.now -= size
        self._known.discard(identity)


def _tensors(values: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
