"""A small corpus of one's own: real sound files and their table, for tests of imports, inventory and pages."""

import wave
from pathlib import Path

import numpy as np

EMOTIONS = {"anger": "angry", "joy": "happy", "neutral": "neutral", "sadness": "sad"}
"""Word of the table -> emotion."""
TABLE = "clips.csv"


def write_own(folder: Path, speakers: int = 4, takes: int = 2, seconds: float = 0.4) -> Path:
    """Clips in which each emotion has a pitch, and ``clips.csv`` with the columns file, label, actor and country."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["file,label,actor,country"]
    times = np.arange(round(16000 * seconds)) / 16000
    for speaker in range(speakers):
        for number, word in enumerate(EMOTIONS):
            for take in range(takes):
                name = f"s{speaker}-{word}-{take}.wav"
                pitch = 150 * (number + 1) + 7 * speaker + take
                sound = 0.4 * np.sin(2 * np.pi * pitch * times)
                with wave.open(str(folder / name), "wb") as file:
                    file.setparams((1, 2, 16000, 0, "NONE", ""))
                    file.writeframes((32767 * sound).astype("<i2").tobytes())
                lines.append(f"{name},{word},S{speaker},Here")
    (folder / TABLE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
