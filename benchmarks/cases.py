"""Recordings as people have them, each compared with the plain one: predictions of the default models, and notes.

    python -m benchmarks.cases FOLDER [--only PART] [--json FILE]

The folder holds ``base.mp4`` and the same face and voice in other shapes. One row per recording: its length, the number
of face tracks, and for face and speech the strongest emotion with its mean probability and the mean valence, the
correlation of the source's curves with those of ``base.mp4`` (speech moved to where the voice is), and the seconds
without a value. A recording that is refused has the sentence in place of these. Nothing is kept between recordings.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import correlate

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import EmovizError
from emoviz.core.settings import Settings
from emoviz.media import ClipMedia
from emoviz.prediction.assembly import ClipPrediction
from emoviz.prediction.clip import load_checkpoints, predict_clip

BASE = "base.mp4"
SOURCES = ("face", "speech")
ENDINGS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wav", ".flac", ".mp3", ".m4a", ".ogg"}


def run(path: Path, checkpoints: list[Checkpoint]) -> tuple[ClipMedia, ClipPrediction]:
    """Predict one recording."""
    media = ClipMedia(path)
    return media, predict_clip(media, checkpoints)


def shift_of(media: ClipMedia, base: ClipMedia) -> float:
    """Return by how many seconds the voice of a recording comes later than in the plain one."""
    if media.info.audio is None:
        return 0.0
    sound, plain = media.waveform(), base.waveform()
    values = np.nan_to_num(sound.samples.astype(np.float64))
    likeness = np.abs(correlate(values - values.mean(), plain.samples.astype(np.float64), "full", "fft"))
    return sound.start - plain.start + (int(likeness.argmax()) - len(plain.samples) + 1) / sound.rate


def likeness(found: pd.DataFrame, plain: pd.DataFrame, columns: list[str], shift: float) -> float:
    """Correlate some curves of two recordings, over the frames that both have; NaN where there are none."""
    common = [column for column in columns if column in found and column in plain]
    if not common:
        return np.nan
    moved = np.column_stack([np.interp(plain.time + shift, found.time, found[c], np.nan, np.nan) for c in common])
    own, other = moved.ravel(), plain[common].to_numpy().ravel()
    both = ~np.isnan(own) & ~np.isnan(other)
    return float(np.corrcoef(own[both], other[both])[0, 1]) if both.sum() > 2 else np.nan


def row(path: Path, checkpoints: list[Checkpoint], plain: tuple[ClipMedia, ClipPrediction]) -> dict[str, Any]:
    """Return everything that is shown of one recording."""
    began = time.perf_counter()
    try:
        media, prediction = run(path, checkpoints)
    except EmovizError as error:
        return {"case": path.name, "seconds": time.perf_counter() - began, "notes": [str(error)]}
    except Exception as error:
        return {"case": path.name, "seconds": time.perf_counter() - began, "notes": [f"TRACEBACK {error!r}"]}
    found = {"case": path.name, "duration": media.info.duration, "seconds": time.perf_counter() - began}
    found["tracks"] = len(prediction.faces.tracks) if prediction.faces else 0
    table, outputs = prediction.table, prediction.outputs
    hop = float(table.time.diff().median())
    for source in SOURCES:
        rows = outputs[outputs.source == source]
        if rows.empty:
            continue
        emotions = table[list(rows[rows.kind == "emotion"].column)].mean()
        if emotions.notna().any():
            best = str(emotions.idxmax())
            found[source] = f"{rows.set_index('column').output[best]} {emotions[best]:.2f}"
        valence = rows[rows.output.isin(["valence", "valence (derived)"])].column
        found[f"{source}_valence"] = float(table[list(valence)].mean().mean()) if len(valence) else np.nan
        shift = shift_of(media, plain[0]) if source == "speech" else 0.0
        found[f"{source}_likeness"] = likeness(table, plain[1].table, list(rows.column), shift)
        found[f"{source}_gap"] = float(table[list(rows.column)].isna().all(axis=1).sum()) * hop
    found["notes"] = list(dict.fromkeys([*getattr(media.info, "notes", ()), *prediction.notes]))
    return found


def as_line(found: dict[str, Any]) -> str:
    """Return a row of the table, as Markdown."""
    cells = [found["case"], _number(found.get("duration")), str(found.get("tracks", ""))]
    for source in SOURCES:
        cells += [found.get(source, ""), _number(found.get(f"{source}_valence"), "+.2f")]
        cells += [_number(found.get(f"{source}_likeness"), ".3f"), _number(found.get(f"{source}_gap"))]
    return "| " + " | ".join([*cells, " ".join(found["notes"]), _number(found["seconds"])]) + " |"


def _number(value: float | None, form: str = ".1f") -> str:
    return "" if value is None or np.isnan(value) else format(value, form)


def main() -> int:
    """Predict all recordings, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the recordings, with base.mp4")
    parser.add_argument("--only", default="", help="part of the names of those to predict")
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    checkpoints = load_checkpoints([], Settings.read().checkpoints)
    plain = run(options.folder / BASE, checkpoints)
    head = [f"{source}{what}" for source in SOURCES for what in ("", " valence", " likeness", " gap s")]
    names = ["recording", "s", "tracks", *head, "notes", "took s"]
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    rows = []
    for path in sorted(options.folder.iterdir()):
        if path.suffix.lower() in ENDINGS and options.only in path.name:
            rows.append(row(path, checkpoints, plain))
            print(as_line(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    return int(any("TRACEBACK" in note for found in rows for note in found["notes"]))


if __name__ == "__main__":
    sys.exit(main())
