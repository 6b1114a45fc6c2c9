"""Many recordings beside each one alone: what a run over a folder adds, its memory, and how fast a second run is.

The recordings: 10 s, 640 x 480, 25 frames per second, one face, a voice; the example without its end, packed anew under
a title of its own each, so that no two files have one content. Measured, on two cores, with all default models:

- a process that predicts the folder, as ``python -m emoviz predict FOLDER --segments 5 --out TABLES`` does. Each time
  that a recording is done, the process predicts it once more by ``predict_clip`` alone, so that both meet the same load
  of the machine; that time is taken off. The start of the process, with Python, torch and the models, counts.
- resident memory after each recording: the mean of the last quarter of the recordings beside that of the second one.
- a second process on the same folder.

    python -m benchmarks.bulk [--clips 100]

A hundred clips take half an hour. The last line is a JSON object. Exits with 1 when a bound is missed; the second run's
is that of 100 clips, as most of it is the start of a process, whatever their number.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import psutil

from emoviz.core.settings import Settings
from emoviz.features.clip_store import kept_features
from emoviz.media import ClipMedia
from emoviz.prediction.bulk.listing import find
from emoviz.prediction.bulk.run import predict_all
from emoviz.prediction.clip import predict_clip
from emoviz.prediction.request import Request

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "synthetic-english.mp4"
SECONDS = 10
MOST_ADDED, MOST_AGAIN, MOST_GROWTH = 1.15, 0.02, 30
"""Bounds: seconds beside those alone, seconds of the second run beside the first, and MB from quarter to quarter."""


def make_clip(path: Path, title: str) -> None:
    """Write the first seconds of the example under a title, without encoding them again."""
    with av.open(str(EXAMPLE)) as source, av.open(str(path), "w") as target:
        target.metadata["title"] = title
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.dts * packet.time_base < SECONDS:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)


def measure(folder: Path, tables: Path, beside: bool) -> dict[str, Any]:
    """Predict a folder in this process, and each recording alone beside it where that is asked for.

    Returns:
        Seconds and processor seconds of the run and of the analyses alone, and MB of memory after each recording.
    """
    process, settings = psutil.Process(), Settings.read()
    alone, alone_processor, memory = 0.0, 0.0, []

    def look(name: str, said: object) -> None:
        nonlocal alone, alone_processor
        if not name or not beside:
            return
        memory.append(process.memory_info().rss / 1e6)
        wall, processor = time.perf_counter(), time.process_time()
        predict_clip(ClipMedia(folder / name), request.checkpoints)
        alone, alone_processor = alone + time.perf_counter() - wall, alone_processor + time.process_time() - processor

    request = Request.made([], settings.checkpoints, segments="5")
    listing = find([folder])
    store = kept_features(settings.store, settings.kept_mb)
    started, start_processor = time.time() - process.create_time(), time.process_time()
    outcome = predict_all(listing, request, tables, limit_mb=settings.upload_limit_mb, store=store, tell=look)
    outcome.require_all()
    whole = time.time() - process.create_time() - alone
    found = {"seconds": whole, "processor": time.process_time() - alone_processor, "predicted": outcome.predicted}
    found |= {"start": started, "start_processor": start_processor}
    return {**found, "alone": alone, "alone_processor": alone_processor, "memory": memory}


def in_process(folder: Path, *options: str) -> dict[str, Any]:
    """Return what a process of its own measures."""
    command = [sys.executable, "-m", "benchmarks.bulk", "--measure", str(folder), *options]
    environment = os.environ | {"EMOVIZ_STORE": str(folder.parent / "store")}
    result = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Measure, print what was found, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:2]))
    if options.measure:
        print(json.dumps(measure(options.measure, options.measure.parent / "tables", options.beside)))
        return 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "recordings"
        folder.mkdir()
        for number in range(options.clips):
            make_clip(folder / f"{number}.mp4", f"recording {number}")
        first = in_process(folder, "--beside")
        second = in_process(folder)
    quarter = max(1, options.clips // 4)
    memory = first["memory"]
    early, late = memory[quarter : 2 * quarter] or memory, memory[-quarter:]
    scores = {
        "clips": options.clips,
        "seconds": round(first["seconds"], 1),
        "alone": round(first["alone"], 1),
        "ratio": round(first["seconds"] / first["alone"], 3),
        "processor_ratio": round(first["processor"] / first["alone_processor"], 3),
        "start": round(first["start"], 1),
        "ratio_without_start": round((first["seconds"] - first["start"]) / first["alone"], 3),
        "processor_ratio_without_start": round(
            (first["processor"] - first["start_processor"]) / first["alone_processor"], 3
        ),
        "again": round(second["seconds"] / first["seconds"], 4),
        "again_seconds": round(second["seconds"], 1),
        "growth_megabytes": round(sum(late) / len(late) - sum(early) / len(early), 1),
    }
    print(f"{options.clips} recordings of {SECONDS} s, on two cores")
    print(f"all of them {scores['seconds']} s, each alone {scores['alone']} s, ratio {scores['ratio']}")
    print(
        f"the start of the process takes {scores['start']} s of them; ratio without it {scores['ratio_without_start']}"
    )
    print(f"again {scores['again_seconds']} s, in which {second['predicted']} are predicted")
    print(f"memory {memory[0]:.0f} MB after the first, {memory[-1]:.0f} MB after the last")
    print(json.dumps(scores))
    again = scores["again_seconds"] / (scores["alone"] / options.clips * 100)
    return int(scores["ratio"] > MOST_ADDED or again > MOST_AGAIN or scores["growth_megabytes"] > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
