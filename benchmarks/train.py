"""A step of every model through the training loop, against the same step in bare torch.

Each model has the sizes of its paper or of its bundled checkpoint where a CPU can train them, else smaller
ones, and trains on the same made-up batches in turn by ``emoviz.training.loop`` (Lightning, progress,
logging, a rate schedule, randomness by step) and by six lines of torch: zero the gradients, forward, loss,
backward, clip, step. A step lasts from one batch's start to the next one's, with the batch's collation in
both; the first step of a turn does not count. The loop goes first, so that both have whatever settings of
the allocator it makes. Times are medians on one thread; the ratio is of processor seconds, so that other
load counts little.

    python -m benchmarks.train [--models viper cats] [--steps 8] [--turns 4]
    python -m benchmarks.train --long

With ``--long`` it trains AED alone on whole recordings of 1,768 steps, as section 2 of its paper does, and tells the
largest memory that the process had.

The last line is a JSON object. Exits with 1 when a ratio is above 1.10, or the memory above 8 GB.
"""

import argparse
import dataclasses
import json
import resource
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from emoviz.checkpoints.folder import Predictor
from emoviz.core.vocabulary import FOUR_EMOTIONS, Source, Split
from emoviz.models import build
from emoviz.models.inputs import InputConfig, Inputs
from emoviz.models.losses import LOSSES
from emoviz.training.config import TrainingConfig
from emoviz.training.data import Data, Part, Sample, collate
from emoviz.training.feed import EpochSampler
from emoviz.training.loop import fit
from emoviz.training.presets import DERIVED_DIMENSIONS

LARGEST_RATIO = 1.10
LARGEST_MEMORY = 8.0
"""GB."""


@dataclass(frozen=True)
class Case:
    """The sizes with which a model is measured.

    Attributes:
        streams: number of channels of each stream.
        frames: number T of frames of every sample.
        batch: number of samples of a step.
        options: options of the model.
        outputs: dimensions of every frame, or emotions of the clip.
    """

    streams: dict[str, int]
    frames: int
    batch: int
    options: dict[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = FOUR_EMOTIONS


VIPER = {"latents": 16, "width": 64, "layers": 2, "heads": 4, "projection": 64}
AV_ATTENTION = {"bins": 64, "colours": 1, "frames": 8, "side": 56, "depth": 18, "backbone_width": 16, "width": 128}
DISTILBERT = {"vocabulary": 259, "width": 128, "layers": 2, "heads": 4, "feedforward": 512}

RECURRENT = Case({"audio": 128}, 300, 8, outputs=DERIVED_DIMENSIONS)
ATTENTION_RNN = Case({"audio": 386, "video": 153}, 300, 8, outputs=DERIVED_DIMENSIONS)
TWO_STREAMS = Case({"speech": 409, "face": 64}, 150, 16)
CASES = {
    **dict.fromkeys(("rnn", "lstm", "lstm-attention", "bi-lstm", "bi-gru"), RECURRENT),
    "cats": Case({"audio": 128, "video": 512}, 749, 4, outputs=DERIVED_DIMENSIONS),
    **dict.fromkeys(("eaf", "aed", "emafn"), ATTENTION_RNN),
    "viper": Case({"image": 768, "audio": 512, "text": 768, "fau": 27}, 300, 16, VIPER),
    **dict.fromkeys(("mdat", "mdat-baseline", "hcam", "safrlm", "av-fusion"), TWO_STREAMS),
    "av-attention": Case({"spectrogram": 64 * 100, "snippets": 8 * 56 * 56}, 6, 4, AV_ATTENTION),
    "expression": Case({"crop": 48 * 48}, 1, 32, {"depths": [1, 2, 2, 2, 2]}),
    "statistics-pooling": Case({"whisper": 384, "egemaps": 25}, 150, 32),
    "distilbert": Case({"text": 1}, 64, 16, DISTILBERT),
}


def made_up(name: str, case: Case, steps: int) -> tuple[TrainingConfig, Data, Predictor]:
    """Make up a model, its config, and data for ``steps`` steps per epoch of always the same batch."""
    streams = tuple(InputConfig(stream) for stream in case.streams)
    frames = case.outputs == DERIVED_DIMENSIONS
    config = TrainingConfig(
        name="benchmark",
        title="",
        source=Source.SPEECH,
        model=name,
        data="made-up",
        corpora=("made-up",),
        inputs=streams,
        outputs=case.outputs,
        loss="ccc_mse" if frames else "cross_entropy",
        selection="ccc" if frames else "ua",
        options=case.options,
        epochs=1,
        batch_size=case.batch,
        learning_rate=1e-4,
    )
    random = np.random.default_rng(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.from_numpy(random.normal(size=shape).astype(np.float32))

    def sample(number: int) -> Sample:
        values = {stream: normal(case.frames, width) for stream, width in case.streams.items()}
        target = normal(case.frames, len(case.outputs)) if frames else torch.eye(len(case.outputs))[number % 4]
        return Sample(str(number), None, None, None, "", values, target)

    samples = [sample(number) for number in range(case.batch)]
    part = Part(case.batch * steps, lambda epoch, number: samples[number % case.batch])
    parts = {Split.TRAIN: part}
    inputs = Inputs(streams, case.streams)
    data = Data(
        features=(),
        inputs=inputs,
        parts=parts,
        whole=parts,
        everyone=part,
        split={},
        split_note="",
        transformed=True,
        frames=frames,
        note="",
    )
    torch.manual_seed(0)
    model = build(name, {**case.options, "streams": case.streams, "outputs": len(case.outputs)})
    return config, data, Predictor(inputs, model)


def clock() -> tuple[float, float]:
    """Return processor and wall-clock seconds."""
    return time.process_time(), time.perf_counter()


def by_the_loop(config: TrainingConfig, data: Data, predictor: Predictor) -> list[tuple[float, float]]:
    """Train an epoch by the loop, and return when each batch started."""
    starts = []

    def listen(stage: str, done: float, total: float) -> None:
        starts.append(clock())

    fit(config, data, listen, start=predictor)
    return starts


def by_bare_torch(config: TrainingConfig, data: Data, predictor: Predictor) -> list[tuple[float, float]]:
    """Train an epoch by torch alone, and return when each batch started."""
    torch.use_deterministic_algorithms(False)  # the loop asks for them, and leaves it so
    model, loss = predictor.model, LOSSES[config.loss]
    optimiser = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    part = data.parts[Split.TRAIN]
    sampler = EpochSampler(part, config.seed, balanced=False)
    starts = []
    for batch in DataLoader(part, config.batch_size, sampler=sampler, collate_fn=collate):
        starts.append(clock())
        optimiser.zero_grad()
        prediction = model(batch.streams, batch.mask, batch.target).prediction
        loss(prediction, batch.target, batch.mask).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
        optimiser.step()
    return starts


def measure(name: str, steps: int, turns: int) -> dict[str, float]:
    """Return the median milliseconds of a step of both, and their ratios."""
    config, data, predictor = made_up(name, CASES[name], steps + 2)  # the first, and one that ends the last
    durations: dict[str, list[np.ndarray]] = {"loop": [], "bare": []}
    for _ in range(turns):
        for kind, train in (("loop", by_the_loop), ("bare", by_bare_torch)):
            predictor.train()  # the loop leaves it ready to predict
            durations[kind].append(np.diff(train(config, data, predictor), axis=0)[1:])
    (loop_processor, loop_wall), (bare_processor, bare_wall) = (
        (statistics.median(column) for column in np.concatenate(durations[kind]).T) for kind in ("loop", "bare")
    )
    return {
        "bare_ms": round(1000 * bare_processor, 2),
        "loop_ms": round(1000 * loop_processor, 2),
        "ratio": round(loop_processor / bare_processor, 3),
        "wall_ratio": round(loop_wall / bare_wall, 3),
    }


def measure_long() -> dict[str, float]:
    """Train two steps of AED on 16 recordings of 1,768 frames, and return a step's seconds and the memory in GB."""
    config, data, predictor = made_up("aed", dataclasses.replace(CASES["aed"], frames=1768, batch=16), 2)
    starts = by_the_loop(config, data, predictor)
    seconds = starts[1][1] - starts[0][1]
    return {"seconds": round(seconds, 2), "gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)}


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--steps", type=int, default=8, help="that count, per turn")
    parser.add_argument("--turns", type=int, default=4, help="of each of the two")
    parser.add_argument("--long", action="store_true", help="AED's memory on whole recordings instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.long:
        print(json.dumps(long := measure_long()))
        return int(long["gb"] > LARGEST_MEMORY)
    print(f"{'model':20}{'bare ms':>10}{'loop ms':>10}{'ratio':>8}{'by wall clock':>15}")
    figures = {}
    for name in arguments.models:
        figures[name] = row = measure(name, arguments.steps, arguments.turns)
        print(f"{name:20}{row['bare_ms']:10.2f}{row['loop_ms']:10.2f}{row['ratio']:8.3f}{row['wall_ratio']:15.3f}")
    largest = max(row["ratio"] for row in figures.values())
    print(json.dumps({"largest_ratio": largest, "models": figures}))
    return int(largest > LARGEST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
