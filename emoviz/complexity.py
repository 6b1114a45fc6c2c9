"""How large and how fast is a model? Parameters, operations, milliseconds and memory of one pass over ten seconds.

What is measured is the model alone: what its features cost is the same for all models that read them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from .checkpoint import WEIGHTS, Checkpoint
from .predict import PICTURES
from .progress import Progress, silent

SECONDS = 10.0
"""Of the input."""
PICTURES_PER_SECOND = 25
"""Of a video, for models that see pictures."""
REPEATS = 10
"""Passes that are timed, after one that is not."""


@dataclass(frozen=True)
class Complexity:
    """What a model costs.

    Attributes:
        model: name.
        parameters: number of trained values.
        megabytes: of the file of weights.
        operations: floating-point operations of one pass over :data:`SECONDS`, a multiplication and an addition
            each counted, as ``torch.utils.flop_counter`` does.
        milliseconds: of one pass here, the median of :data:`REPEATS`; None where it was not measured.
        low: the fastest of them ...
        high: ... and the slowest.
        peak: largest number of bytes that one pass holds beside the weights.
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
    """What can be told without running the model."""
    return Complexity(
        checkpoint.name,
        sum(p.numel() for p in checkpoint.predictor.parameters()),
        _bytes(checkpoint.folder / WEIGHTS) / 1e6,
    )


def measure(checkpoint: Checkpoint, progress: Progress = silent) -> Complexity:
    """Run the model on this machine, with as many threads as torch has now.

    Args:
        checkpoint: the model.
        progress: listener.
    """
    streams = silence(checkpoint)
    steps = REPEATS + 2
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
    known = size(checkpoint)
    return Complexity(
        known.model,
        known.parameters,
        known.megabytes,
        counter.get_total_flops(),
        float(np.median(times)),
        min(times),
        max(times),
        peak,
    )


def silence(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """Ten seconds of zeros in the shape that the model reads; neither cost nor time depends on the values."""
    about = checkpoint.description
    pictures = any(feature.name == PICTURES for feature in about.features)
    frames = round(SECONDS * PICTURES_PER_SECOND) if pictures else round(SECONDS / about.hop)
    return {feature.name: np.zeros((frames, feature.width), np.float32) for feature in about.features}


def peak_memory(work: Callable[[], Any]) -> int:
    """Largest number of bytes that torch held at a time, beyond what it held before, on the CPU."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        work()
    assert found.profiler is not None and found.profiler.kineto_results is not None
    events = [e for e in found.profiler.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    held = np.cumsum([event.nbytes() for event in events])
    return int(held.max(initial=0))


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
