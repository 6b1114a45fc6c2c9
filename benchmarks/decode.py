"""Autoregressive decode of the CATS-Transformer: kept keys and values against running the prefix again.

The model has the paper's shapes (128 audio and 512 video channels, width 64) and takes a step at each
of the 749 frames of a 15 s clip. Both decoders get the same encoder output; the naive one runs
all positions so far through the decoder at every step and keeps the last. Times are processor
seconds of one thread, so that other load counts little.

    python -m benchmarks.decode [--frames 749] [--repeats 3]

The last line is a JSON object. Exits with 1 when the ratio is below 20 or the outputs differ by more than 1e-5.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from emoviz.models import build
from emoviz.models.cats import CATS, PAPER
from emoviz.models.layers import Steps, positional_encoding

LEAST_RATIO = 20
LARGEST_DIFFERENCE = 1e-5


def naive_decode(model: CATS, memory: Tensor) -> Tensor:
    """Decode outputs (B, T, K), one per frame, each by a pass over all positions up to it."""
    frames = memory.shape[1]
    positions = positional_encoding(torch.arange(frames), model.config.width)
    start = model.start.expand(len(memory), 1, -1)
    outputs = memory.new_zeros(len(memory), 0, model.config.outputs)
    for frame in range(frames):
        x = torch.cat([start, model.embed_output(outputs)], 1) + positions[: frame + 1]
        for layer in model.decoder:
            x = layer(x, layer.cross.keys_values(memory), visible=None)
        outputs = torch.cat([outputs, model.mlp(x)[:, -1:]], 1)
    return outputs


def seconds(call: Callable[[], Tensor], repeats: int) -> tuple[float, Tensor]:
    """Return the least processor time of a call, as other load only adds to it, and its result."""
    durations = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        durations.append(time.process_time() - start)
    return min(durations), result


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=749)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build("cats", {"streams": {"audio": 128, "video": 512}, "outputs": 2, **PAPER}).eval()
    assert isinstance(model, CATS)
    mask = torch.ones(1, arguments.frames, dtype=torch.bool)
    with torch.inference_mode():
        memory = model.encode(torch.randn(1, arguments.frames, 640), mask)
        steps = Steps(mask, 1)
        cached_time, cached = seconds(lambda: model.decode(memory, steps)[1], arguments.repeats)
        naive_time, naive = seconds(lambda: naive_decode(model, memory), arguments.repeats)
    ratio, difference = naive_time / cached_time, (naive - cached).abs().max().item()
    print(f"{'decode of ' + str(arguments.frames) + ' frames':<24}{'seconds':>9}{'ms per frame':>14}")
    for name, duration in (("cached", cached_time), ("naive", naive_time)):
        print(f"{name:<24}{duration:>9.3f}{1000 * duration / arguments.frames:>14.3f}")
    figures = {"frames": arguments.frames, "cached_s": cached_time, "naive_s": naive_time}
    print(json.dumps({**figures, "ratio": round(ratio, 1), "largest_difference": difference}))
    return int(ratio < LEAST_RATIO or difference > LARGEST_DIFFERENCE)


if __name__ == "__main__":
    sys.exit(main())
