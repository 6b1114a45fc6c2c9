"""The cost of the audio-video attention network from pixels and sound, and a check that it can learn from them.

    python -m benchmarks.pixels --data FOLDER [--depth 18] [--side 112] [--bf16]

Trains it on the six CREMA-D clips (one actor, six emotions) until all are right, as a network that works must be able
to: no figure of recognition, as there is nothing held out. Each step takes all six clips. Prints a table and one
JSON line. Times are those of the processor, so that whatever else runs does not count; the minutes per epoch are those
of RAVDESS' 1,440 clips at the median step, extraction left out. Exits with 1 when a clip is still wrong after the last
step.

``--bf16`` is for processors with AMX or AVX-512: where bfloat16 is emulated, as on AVX2 alone, one step takes minutes.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from emoviz.corpora import READERS
from emoviz.features.snippets import Snippets, Spectrogram
from emoviz.media import ClipMedia
from emoviz.models import Model, build

RAVDESS_CLIPS = 1440
PAPER = {"depth": 101, "side": 224, "minutes_per_epoch": 95, "milliseconds_per_clip": 235, "peak_gigabytes": 12}
"""Table 4, on an Nvidia 3090 Ti."""


def read_clips(data: Path, side: int) -> tuple[dict[str, Tensor], Tensor, tuple[str, ...], float]:
    """Return streams (B, N, D) of the clips, classes (B,), the classes' names, and the seconds of extraction."""
    corpus = READERS["crema-d"](data)
    extractors = (Spectrogram(), Snippets(side=side))
    streams: dict[str, list[Tensor]] = {extractor.name: [] for extractor in extractors}
    begin = time.process_time()
    for path in corpus.recordings["video"]:
        media = ClipMedia(path)
        for extractor in extractors:
            streams[extractor.name].append(torch.from_numpy(extractor.extract(media).values))
    seconds = time.process_time() - begin
    emotions = corpus.labels["emotion"].tolist()
    names = tuple(sorted(set(emotions)))
    classes = torch.tensor([names.index(emotion) for emotion in emotions])
    return {name: torch.stack(values) for name, values in streams.items()}, classes, names, seconds


def train(
    model: Model, streams: dict[str, Tensor], classes: Tensor, steps: int, rate: float, bf16: bool
) -> tuple[int, list[float]]:
    """Train until every clip is right in evaluation.

    Returns:
        Number of clips that are right at the end, and the processor seconds of each step.
    """
    mask = torch.ones(streams["snippets"].shape[:2], dtype=torch.bool)
    optimiser = torch.optim.Adam(model.parameters(), rate)
    right, seconds = 0, []
    print(f"{'step':>5}{'loss':>8}{'right':>7}{'seconds':>9}")
    for step in range(1, steps + 1):
        begin = time.process_time()
        model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            prediction = model(streams, mask).prediction
        loss = functional.cross_entropy(prediction.float(), classes)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seconds.append(time.process_time() - begin)
        right = int((prediction.argmax(-1) == classes).sum())
        if right == len(classes) or step == steps:  # in training; now as in use
            model.eval()
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                right = int((model(streams, mask).prediction.argmax(-1) == classes).sum())
        print(f"{step:5}{loss.item():8.3f}{right:5}/{len(classes)}{seconds[-1]:9.1f}", flush=True)
        if right == len(classes):
            break
    return right, seconds


def milliseconds_per_clip(model: Model, streams: dict[str, Tensor], bf16: bool, repeats: int = 3) -> float:
    """Return the median time of one clip alone, in evaluation."""
    clip = {name: values[:1] for name, values in streams.items()}
    mask = torch.ones(clip["snippets"].shape[:2], dtype=torch.bool)
    times = []
    model.eval()
    for _ in range(repeats + 1):
        begin = time.process_time()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            model(clip, mask)
        times.append(time.process_time() - begin)
    return 1000 * statistics.median(times[1:])


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clips/crema-d")
    parser.add_argument("--depth", type=int, default=18, choices=(18, 34, 50, 101))
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--steps", type=int, default=60, help="at most")
    parser.add_argument("--rate", type=float, default=1e-4, help="of learning; the paper's by default")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16")
    options = parser.parse_args()
    torch.manual_seed(0)
    streams, classes, names, extraction = read_clips(options.data, options.side)
    widths = {name: values.shape[-1] for name, values in streams.items()}
    size = {"depth": options.depth, "side": options.side}
    model = build("av-attention", {"streams": widths, "outputs": len(names), **size})
    right, seconds = train(model, streams, classes, options.steps, options.rate, options.bf16)
    step = statistics.median(seconds)
    figures = {
        **size,
        "bf16": options.bf16,
        "threads": torch.get_num_threads(),
        "parameters": sum(values.numel() for values in model.parameters()),
        "clips_right": right,
        "steps": len(seconds),
        "step_processor_seconds": round(step, 2),
        "extraction_seconds_per_clip": round(extraction / len(classes), 2),
        "milliseconds_per_clip": round(milliseconds_per_clip(model, streams, options.bf16)),
        "peak_gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "minutes_per_epoch": round(step / len(classes) * RAVDESS_CLIPS / 60, 1),
    }
    print(f"{'':30}{'here':>12}{'paper':>10}")
    for name, value in figures.items():
        print(f"{name:30}{value!s:>12}{PAPER.get(name, ''):>10}")
    print(json.dumps(figures))
    return int(right < len(classes))


if __name__ == "__main__":
    sys.exit(main())
