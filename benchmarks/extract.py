"""The time of extracting a corpus: two cores against one process of the bare encoder, and the cache's second run.

A made-up corpus of clips of speech-like sound goes through an encoder in three ways: by transformers alone, in one
process on one thread, clip after clip (``bare``); by the feature store, in one process for each core; and by the
feature store again, when all streams are there. The encoder has random weights in the size of Whisper tiny's encoder
unless ``--weights`` names real ones. The processes' start, which is the same for any corpus, is counted.

    python -m benchmarks.extract [--clips 200] [--seconds 4] [--processes 2] [--device cpu]
    python -m benchmarks.extract --feature hubert --weights facebook/hubert-large-ll60k --device cuda

Prints a table; the last line is a JSON object. Exits with 1 when, on a CPU with two cores or more, the store is less
than 1.7 times as fast as the bare encoder, or its second run less than 50 times as fast as its first.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from emoviz.corpora.base import RECORDING_COLUMNS, Corpus
from emoviz.features import make
from emoviz.features.loading import device
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia

LEAST = {"two cores": 1.7, "second run": 50.0}
WIDTH, LAYERS, HEADS = 384, 4, 6
"""Sizes of Whisper tiny's encoder."""


def write_corpus(folder: Path, clips: int, seconds: float) -> Corpus:
    """Write clips of a buzz with moving pitch and noise, all different."""
    random = np.random.default_rng(0)
    time_axis = np.arange(round(seconds * 16000)) / 16000
    paths = []
    for number in range(clips):
        phase = 2 * np.pi * np.cumsum(random.uniform(90, 250) + 30 * np.sin(5 * time_axis)) / 16000
        sound = 0.2 * sum(np.sin(k * phase) / k for k in range(1, 10)) + random.normal(0, 0.01, len(time_axis))
        paths.append(folder / f"{number:04d}.wav")
        with wave.open(str(paths[-1]), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())
    index = pd.Index([f"made-up/{n}" for n in range(clips)], name="id")
    recordings = pd.DataFrame({"audio": [str(path) for path in paths]}, index)
    return Corpus("made-up", "Made-up", "none", recordings.reindex(columns=list(RECORDING_COLUMNS)))


def save_random(folder: Path) -> Path:
    """Save HuBERT with random weights in the size of Whisper tiny's encoder."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    config = transformers.HubertConfig(
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH,
        conv_dim=(WIDTH,) * 7,
        do_stable_layer_norm=True,
        feat_extract_norm="layer",
    )
    transformers.HubertModel(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


@torch.inference_mode()
def bare(folder: Path, clips: Sequence[str], place: str) -> float:
    """Return the seconds of transformers alone: load, decode, prepare, encode."""
    import transformers

    begin = time.perf_counter()
    prepare = transformers.AutoFeatureExtractor.from_pretrained(folder)
    network = transformers.AutoModel.from_pretrained(folder).eval().to(place)
    for clip in clips:
        samples = ClipMedia(clip).waveform().samples
        values = prepare(samples, sampling_rate=16000, return_tensors="pt")["input_values"].to(place)
        network(values).last_hidden_state[0].cpu().numpy()
    return time.perf_counter() - begin


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Return the seconds of each way."""
    with tempfile.TemporaryDirectory(prefix="emoviz-") as name:
        root = Path(name)
        (root / "clips").mkdir()
        corpus = write_corpus(root / "clips", arguments.clips, arguments.seconds)
        place = device(arguments.device)
        weights = arguments.weights or str(save_random(root / "weights"))
        settings = {"weights": weights, "device": place}
        folder = make(arguments.feature, settings).needs[0].folder(arguments.feature)  # type: ignore[attr-defined]
        torch.set_num_threads(1)
        seconds = {"bare": bare(folder, corpus.recordings["audio"].tolist(), place)}
        processes = 1 if place == "cuda" else arguments.processes
        for run in ("first run", "second run"):
            begin = time.perf_counter()
            # What is there already needs no further processes.
            store = FeatureStore(root / "store")
            many = processes if run == "first run" else 1
            chosen = {arguments.feature: settings}
            store.add_corpus(corpus, [arguments.feature], settings=chosen, processes=many)
            seconds[run] = time.perf_counter() - begin
        return seconds


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description="What extraction of a corpus costs.")
    parser.add_argument("--feature", default="hubert", help="a speech encoder (default: %(default)s)")
    parser.add_argument("--weights", default="", help="name on the Hub or folder (default: random weights)")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    seconds = measure(arguments)
    ratios = {
        "two cores": seconds["bare"] / seconds["first run"],
        "second run": seconds["first run"] / seconds["second run"],
    }
    for name, value in seconds.items():
        print(f"{name:12} {value:8.2f} s   {arguments.clips * arguments.seconds / value:8.1f} x real time")
    for name, value in ratios.items():
        print(f"{name:12} {value:8.2f} x   (at least {LEAST[name]:g})")
    print(json.dumps({"seconds": seconds, "ratios": ratios, "device": arguments.device}))
    judged = ratios if arguments.device == "cpu" and (os.cpu_count() or 1) > 1 else {}
    return int(any(value < LEAST[name] for name, value in judged.items()))


if __name__ == "__main__":
    sys.exit(main())
