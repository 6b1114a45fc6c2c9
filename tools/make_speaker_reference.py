"""Make ``tests/features/speaker_reference.npz``: what Resemblyzer's own code says of one synthetic sound.

    pip install --no-deps resemblyzer==0.1.4 && pip install librosa torch
    python tools/make_speaker_reference.py

The sound is made again in the test, so that it needs neither package. Resemblyzer's detector of speech is not used.
"""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "tests" / "features" / "speaker_reference.npz"


def sound() -> np.ndarray:
    """(40000,) float32: 2.5 s of a voice-like buzz with moving pitch."""
    time = np.arange(40000) / 16000
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.7 * time)) / 16000
    return np.asarray(0.02 * sum(np.sin(k * phase) / k for k in range(1, 24)), np.float32)


def main() -> None:
    """Encode the sound with the package that stands for the truth."""
    for name in ("webrtcvad", "scipy.ndimage.morphology"):
        sys.modules[name] = ModuleType(name)
    vars(sys.modules["scipy.ndimage.morphology"])["binary_dilation"] = None
    from resemblyzer import VoiceEncoder
    from resemblyzer.audio import wav_to_mel_spectrogram

    encoder = VoiceEncoder("cpu", verbose=False)
    _, voices, slices = encoder.embed_utterance(sound(), return_partials=True, rate=2)
    mel = wav_to_mel_spectrogram(sound())
    starts = [one.start for one in slices]
    np.savez_compressed(TARGET, mel=mel[:: len(mel) // 8], step=len(mel) // 8, voices=voices, starts=starts)
    print(f"{TARGET}: mel {mel.shape}, voices {voices.shape} at {starts}")


if __name__ == "__main__":
    main()
