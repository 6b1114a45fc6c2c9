"""One GPU at work: whether trainings, predictions and the queue of jobs do on it what they do on the processor.

For a machine with CUDA, on which it takes under eight minutes. Elsewhere it says so in a sentence, and exits with 2.

- steps: a training step of every model in bf16 through the training loop, beside the same step in bare torch;
- use: share of the moments of these steps in which the GPU computed, and the largest memory that was taken;
- features: the largest difference of what each encoder gives on the GPU, where it computes in half precision, from what
  it gives on the processor, with tiny random weights of its architecture;
- predictions: the largest difference of each model's answers on the GPU from those of the processor, in float32;
- memory: a training that does not fit into the GPU is refused in a sentence, and the next one runs;
- queue: two jobs for one GPU run one after the other, each with that GPU alone in sight;
- wrong places: a GPU that is not there is refused, and a Mac's GPU is recognised where torch has one.

    python -m benchmarks.gpu [--models viper cats] [--steps 8]

The last line is a JSON object. Exits with 1 when something is not as it should be.
"""

import argparse
import copy
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch.accelerators import MPSAccelerator
from torch.utils.data import DataLoader

from emoviz.checkpoints.folder import Predictor
from emoviz.core.errors import EmovizError
from emoviz.core.files import read_lines
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Modality, Split
from emoviz.features import EXTRACTORS, make
from emoviz.features.base import accepted_settings
from emoviz.jobs.devices import gpu_usage
from emoviz.jobs.folder import State
from emoviz.jobs.interface import Jobs
from emoviz.jobs.local import Local
from emoviz.media import ClipMedia
from emoviz.models.losses import LOSSES
from emoviz.training.config import TrainingConfig
from emoviz.training.data import Data, collate
from emoviz.training.feed import EpochSampler
from emoviz.training.loop import fit

from .server import ROOT
from .train import CASES, made_up

LARGEST_RATIO, LARGEST_DIFFERENCE, LARGEST_OF_HALF = 1.25, 1e-3, 0.05
"""Bounds of a step by the loop beside the bare one, of an answer on the GPU beside that of the processor, and of a
feature in half precision."""
ABSENT = "There is no GPU here that torch can use by CUDA, so nothing was measured."
GPU = "cuda:0"
FAR = "cuda:99"
PATIENCE = 120


def by_the_loop(config: TrainingConfig, data: Data, predictor: Predictor) -> tuple[list[float], list[float]]:
    """Train an epoch by the loop, and return when each batch started and how busy the GPU was then, in percent."""
    starts, busy = [], []

    def listen(stage: str, done: float, total: float) -> None:
        starts.append(time.perf_counter())
        busy.append(gpu_usage().get("gpu_load", float("nan")))

    fit(config, data, listen, start=predictor)
    return starts, busy


def by_bare_torch(config: TrainingConfig, data: Data, predictor: Predictor, device: str) -> list[float]:
    """Train an epoch by torch alone in bf16, and return when each batch started."""
    torch.use_deterministic_algorithms(False)
    model, loss = predictor.model.to(device).train(), LOSSES[config.loss]
    optimiser = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    part = data.parts[Split.TRAIN]
    sampler = EpochSampler(part, config.seed, balanced=False)
    starts = []
    for batch in DataLoader(part, config.batch_size, sampler=sampler, collate_fn=collate):
        starts.append(time.perf_counter())
        streams = {name: values.to(device) for name, values in batch.streams.items()}
        target, mask = batch.target.to(device), batch.mask.to(device)
        optimiser.zero_grad()
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            prediction = model(streams, mask, target).prediction
        loss(prediction.float(), target, mask).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
        optimiser.step()
    return starts


def difference(name: str, device: str) -> float:
    """Return the largest difference of a model's answers on a device from those of the processor, in float32."""
    config, data, predictor = made_up(name, CASES[name], 1)
    part = data.parts[Split.TRAIN]
    batch = collate([part[0, number] for number in range(config.batch_size)])
    answers = []
    for place in ("cpu", device):
        model = copy.deepcopy(predictor.model).to(place).eval()
        streams = {stream: values.to(place) for stream, values in batch.streams.items()}
        with torch.no_grad():
            answers.append(model(streams, batch.mask.to(place)).prediction.float().cpu())
    return float((answers[0] - answers[1]).abs().max())


def steps(name: str, number: int) -> dict[str, float]:
    """Return the median milliseconds of a step by the loop and in bare torch, their ratio, and the GPU's use."""
    config, data, predictor = made_up(name, CASES[name], number + 2)
    torch.cuda.reset_peak_memory_stats()
    starts, busy = by_the_loop(config, data, copy.deepcopy(predictor))
    bare = by_bare_torch(config, data, predictor, GPU)
    loop_ms, bare_ms = (1000 * statistics.median(np.diff(one)[1:]) for one in (starts, bare))
    return {
        "bare_ms": round(bare_ms, 2),
        "loop_ms": round(loop_ms, 2),
        "ratio": round(loop_ms / bare_ms, 3),
        "busy": round(float(np.nanmean(busy)), 1),
        "memory_mb": round(torch.cuda.max_memory_allocated() / 1e6, 1),
    }


def extracted(own: Path, device: str) -> dict[str, float]:
    """Return the largest difference of the values of each encoder on a device from those on the processor.

    Args:
        own: folder for tiny random weights of every encoder.
        device: device of an encoder, ``cuda`` or ``cpu``.
    """
    import encoders

    os.environ["EMOVIZ_WEIGHTS"] = str(encoders.save_all(own))
    clip = ClipMedia(ROOT / "examples" / "synthetic-english.mp4")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        encoders.shrink(patch)
        for name in EXTRACTORS:
            if "device" in accepted_settings(name) and EXTRACTORS[name].modality != Modality.TEXT:
                cpu, other = (make(name, {"device": place}).extract(clip).values for place in ("cpu", device))
                found[name] = float(np.nanmax(np.abs(cpu - other)))
    return found


def refused_for_memory(name: str) -> bool:
    """Return whether a training that does not fit into the GPU is refused in a sentence, and the next one runs."""
    config, data, predictor = made_up(name, CASES[name], 3)
    torch.cuda.set_per_process_memory_fraction(1e-4)
    try:
        fit(config, data, start=copy.deepcopy(predictor))
        return False
    except EmovizError as error:
        if "not enough memory" not in str(error):
            return False
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    fit(config, data, start=predictor)
    return True


def one_after_the_other(slot: str, own: Path) -> bool:
    """Run two jobs for one device, and return whether the second waited, and each saw the same device alone."""
    os.environ |= {"EMOVIZ_PLUGINS": "jobs.kinds", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    from jobs.kinds import Nap

    jobs = Jobs(Settings(None, own / "store", (own / "checkpoints",), own / "runs", slots=(slot,)))
    both = [jobs.submit(Nap(steps=3, seconds=0.1), Local(slot)).id for _ in range(2)]
    until = time.monotonic() + PATIENCE
    while any(jobs.state(one).state in (State.QUEUED, State.RUNNING) for one in both) and time.monotonic() < until:
        time.sleep(0.2)
    first, second = (read_lines(jobs.root / one / "steps.jsonl") for one in both)
    seen = {(line["slot"], line["visible"]) for line in [*first, *second]}
    return len(first) == len(second) == 3 and first[-1]["to"] <= second[0]["from"] and len(seen) == 1


def refuses(slot: str, own: Path) -> bool:
    """Return whether a job for a device that is not there is refused in a sentence."""
    from jobs.kinds import Nap

    jobs = Jobs(Settings(None, own / "store", (own / "checkpoints",), own / "runs"))
    try:
        jobs.submit(Nap(), Local(slot))
    except EmovizError as error:
        return slot in str(error) and not jobs.list()
    return False


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--steps", type=int, default=8)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print(ABSENT)
        return 2
    sys.path.insert(0, str(ROOT / "tests"))  # has small encoders and small jobs
    models: dict[str, dict[str, float]] = {}
    for name in options.models:
        models[name] = row = steps(name, options.steps) | {"difference": difference(name, GPU)}
        print(f"{name:20}" + "  ".join(f"{what} {value:.4g}" for what, value in row.items()), flush=True)
    with tempfile.TemporaryDirectory() as own:
        features = extracted(Path(own) / "weights", "cuda")
        print("  ".join(f"{name} {value:.2g}" for name, value in features.items()), flush=True)
        found = {
            "features agree": bool(features) and max(features.values()) <= LARGEST_OF_HALF,
            "too large refused": refused_for_memory(options.models[0]),
            "queued": one_after_the_other(GPU, Path(own)),
            "wrong place refused": refuses(FAR, Path(own)),
            "mps recognised": MPSAccelerator.is_available() == torch.backends.mps.is_available(),
        }
    ratio, far = (max(row[what] for row in models.values()) for what in ("ratio", "difference"))
    print(
        json.dumps({"largest_ratio": ratio, "largest_difference": far, **found, "features": features, "models": models})
    )
    return int(ratio > LARGEST_RATIO or far > LARGEST_DIFFERENCE or not all(found.values()))


if __name__ == "__main__":
    sys.exit(main())
