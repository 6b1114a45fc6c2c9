"""A clip through all default streams and models: seconds per second of clip, first curves and memory of long clips.

The clip: 15 s, 1280 x 720, 25 frames per second, one face that moves about, a voice; made of the example clip.
Measured, on two cores:

- ``end to end``: all default models predict it and all five feature streams are extracted, face and speech
  at the same time, as the app does; beside it the sum of the parts, each run alone. The weights are loaded
  before. Without the bundled checkpoints (``checkpoints/``) there is nothing to measure.
- first curves: seconds from opening a clip of an hour, in a process of its own that has its models loaded, until the
  first value of speech and of the face is told; then the work is stopped, and the seconds until it ends.
- peak memory (VmHWM) of a process that predicts one minute, and of those that predict longer clips. Some 250 MB of it
  are mapped libraries and weights, as much for every length, so that the difference is what the length takes.

    python -m benchmarks.clip [--repeats 3] [--minutes 10 60] [--no-memory]

Times are wall-clock: run it on a machine that does nothing else; processor seconds stand beside them. An hour takes
some twenty minutes; ``--minutes 10`` leaves it out. The last line is a JSON object. Exits with 1 when a bound below is
missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import Cancelled
from emoviz.core.progress import silent
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Source
from emoviz.features import EXTRACTORS
from emoviz.features.align import frame_middles
from emoviz.media import ClipMedia, iterate_frames, read_waveform
from emoviz.prediction.assembly import ClipPrediction
from emoviz.prediction.clip import load_checkpoints, predict_clip
from emoviz.prediction.model import HOP, predict_streams

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "synthetic-english.mp4"
SECONDS, FPS, SIZE, RATE = 15, 25, (1280, 720), 44100
FACE = ("blendshapes", "face", "expression")
LARGEST_RATIO, MOST_MEGABYTES = 0.25, 150
LATEST_SPEECH, LATEST_FACE, LATEST_STOP = 5, 8, 1
"""Seconds."""


def make_clip(path: Path) -> None:
    """Make the clip of 15 s: the example, enlarged, drifting over a wider picture, its sound repeated."""
    images = [cv2.resize(frame.image, (960, 720), interpolation=cv2.INTER_CUBIC) for frame in iterate_frames(EXAMPLE)]
    sound = read_waveform(EXAMPLE, RATE).samples
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="mono")
        for number in range(SECONDS * FPS):
            picture = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
            left = round(160 + 150 * np.sin(number / 40))
            picture[:, left : left + 960] = images[_there_and_back(number, len(images))]
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        block = av.AudioFrame.from_ndarray(np.resize(sound, (1, SECONDS * RATE)), "fltp", "mono")
        block.sample_rate, block.pts, block.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(audio.encode(block))
        container.mux([*video.encode(), *audio.encode()])


def _there_and_back(number: int, length: int) -> int:
    """Forwards, then backwards, so that the face never jumps."""
    place = number % (2 * length - 2)
    return min(place, 2 * length - 2 - place)


def repeat_clip(source: Path, path: Path, times: int) -> None:
    """Repeat the clip several times in a row without encoding it again, 0.1 s apart."""
    with av.open(str(path), "w") as target:
        with av.open(str(source)) as first:
            streams = {stream.index: target.add_stream_from_template(stream) for stream in first.streams}
        for round_ in range(times):
            with av.open(str(source)) as container:
                for packet in container.demux():
                    if packet.dts is None:
                        continue
                    shift = round(round_ * (SECONDS + 0.1) / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    target.mux(packet)


def end_to_end(clip: Path, checkpoints: list[Checkpoint]) -> None:
    """Do what the app does with a clip (which extracts the speech streams), and extract the face streams beside it."""
    media = ClipMedia(clip)
    predict_clip(media, checkpoints)
    for name in FACE:
        EXTRACTORS[name]().extract(media)


def parts(clip: Path, checkpoints: list[Checkpoint]) -> dict[str, Callable[[], Any]]:
    """Return each part of the work, with what it needs of the others done before."""
    done = ClipMedia(clip)
    predict_clip(done, checkpoints)
    speech = [c for c in checkpoints if c.description.source == Source.SPEECH]
    streams = {name: EXTRACTORS[name]().extract(done) for name in ("whisper", "egemaps")}
    times = frame_middles(SECONDS, HOP)

    def fresh() -> ClipMedia:
        return done.with_face(None)  # shares what is decoded, and nothing else

    return {
        "decode picture": lambda: sum(1 for _ in iterate_frames(clip)),
        "decode picture and follow faces": lambda: ClipMedia(clip).faces(),
        "expression network": lambda: EXTRACTORS["face"]().extract(fresh()),
        "blendshapes": lambda: EXTRACTORS["blendshapes"]().extract(done),
        "decode sound": lambda: read_waveform(clip),
        "whisper": lambda: EXTRACTORS["whisper"]().extract(done),
        "egemaps": lambda: EXTRACTORS["egemaps"]().extract(done),
        "speech models": lambda: [predict_streams(checkpoint, streams, times) for checkpoint in speech],
    }


def measure(call: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Return the median wall-clock and processor seconds of a call."""
    walls, processors = [], []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return statistics.median(walls), statistics.median(processors)


def in_process(what: str, clip: Path) -> dict[str, float]:
    """Return what a process of its own measures of a clip."""
    command = [sys.executable, "-m", "benchmarks.clip", what, str(clip)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return found


def measure_memory(clip: Path) -> dict[str, float]:
    """Predict one clip in this process, and return its peak memory in MB."""
    predict_clip(
        ClipMedia(clip), load_checkpoints([], Settings.read().checkpoints), progress=silent, on_partial=lambda _: None
    )
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {"megabytes": int(line.split()[1]) / 1000}


def measure_first_curves(clip: Path) -> dict[str, float]:
    """Predict one clip until both sources are known, stop then, and return the seconds of each."""
    checkpoints = load_checkpoints([], Settings.read().checkpoints)
    found: dict[str, float] = {}
    start = time.perf_counter()

    def look(partial: ClipPrediction) -> None:
        for source in (Source.SPEECH, Source.FACE):
            if partial.table.filter(like=f"{source}.").notna().any(axis=None):
                found.setdefault(f"first_{source}", time.perf_counter() - start)

    def listen(stage: str, done: float, total: float) -> None:
        if len(found) == 2:
            raise Cancelled("Stopped.")

    try:
        predict_clip(ClipMedia(clip), checkpoints, progress=listen, on_partial=look)
    except Cancelled:
        found["stopped_after"] = time.perf_counter() - start - max(found.values())
    return found


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--minutes", type=int, nargs="*", default=[10, 60], help="lengths of the long clips")
    parser.add_argument("--no-memory", action="store_true", help="measure times only")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:2]))
    if options.memory or options.first:
        print(json.dumps(measure_memory(options.memory) if options.memory else measure_first_curves(options.first)))
        return 0
    checkpoints = load_checkpoints([], Settings.read().checkpoints)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        make_clip(clip)
        end_to_end(clip, checkpoints)  # loads weights and warms up
        wall, processor = measure(lambda: end_to_end(clip, checkpoints), options.repeats)
        alone = {name: measure(part, options.repeats) for name, part in parts(clip, checkpoints).items()}
        scores = _print_times(wall, processor, alone)
        scores |= _print_first_curves(clip, Path(folder) / "hour.mp4")
        if not options.no_memory:
            scores |= _print_memory(clip, Path(folder), options.minutes)
    print(json.dumps(scores))
    bounds = {"ratio": LARGEST_RATIO, "first_speech": LATEST_SPEECH, "first_face": LATEST_FACE}
    bounds |= {"stopped_after": LATEST_STOP} | {
        f"extra_megabytes_{minutes}": MOST_MEGABYTES for minutes in options.minutes
    }
    return int(any(scores.get(name, 0) > bound for name, bound in bounds.items()))


def _print_times(wall: float, processor: float, alone: dict[str, tuple[float, float]]) -> dict[str, float]:
    print(f"{SECONDS} s of {SIZE[0]} x {SIZE[1]} at {FPS} frames per second, one face, on two cores")
    print(f"{'':34}{'wall s':>8}{'cpu s':>8}{'wall / length':>15}")
    total = sum(w for name, (w, _) in alone.items() if name != "decode picture")  # it is part of following faces
    total_processor = sum(p for name, (_, p) in alone.items() if name != "decode picture")
    rows = {**alone, "sum of parts run alone": (total, total_processor), "end to end": (wall, processor)}
    for name, (w, p) in rows.items():
        print(f"{name:34}{w:8.2f}{p:8.2f}{w / SECONDS:15.3f}")
    return {
        "ratio": round(wall / SECONDS, 3),
        "ratio_of_parts": round(total / SECONDS, 3),
        "processor_ratio_per_core": round(processor / SECONDS / 2, 3),
    }


def _print_first_curves(clip: Path, long: Path) -> dict[str, float]:
    repeat_clip(clip, long, 3600 // SECONDS)
    found = in_process("--first", long)
    print(
        "a clip of an hour: "
        + ", ".join(f"{name.replace('_', ' ')} {seconds:.1f} s" for name, seconds in found.items())
    )
    return {name: round(seconds, 2) for name, seconds in found.items()}


def _print_memory(clip: Path, folder: Path, lengths: list[int]) -> dict[str, float]:
    """Memory of one minute, and what longer clips take beside it."""
    scores: dict[str, float] = {}
    for minutes in (1, *lengths):
        long = folder / f"{minutes}.mp4"
        repeat_clip(clip, long, minutes * 60 // SECONDS)
        peak = in_process("--memory", long)["megabytes"]
        least = scores.setdefault("minute_megabytes", round(peak))
        print(f"peak memory: {minutes} min {peak:.0f} MB, {peak - least:+.0f} MB")
        if minutes > 1:
            scores[f"extra_megabytes_{minutes}"] = round(peak - least)
    return scores


if __name__ == "__main__":
    sys.exit(main())
