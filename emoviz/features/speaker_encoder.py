"""The speaker encoder of GE2E: it maps voices of one person to near points, and those of different people to far ones.

Source: L. Wan, Q. Wang, A. Papir, I. Lopez Moreno, "Generalized end-to-end loss for speaker verification", ICASSP 2018,
arXiv:1710.10467; the weights are those of Resemblyzer (Apache-2.0), trained on LibriSpeech, VoxCeleb 1 and 2.

The network reads the power in 40 mel bands every 10 ms, not its logarithm, so the level of the sound matters.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core import places
from ..core.progress import Progress, silent
from .base import RATE
from .whisper import mel_filters

if TYPE_CHECKING:
    from ..media import Waveform

FFT = 400
MEL_HOP = 160
MELS = 40
WIDTH = 256
LAYERS = 3
LEVEL = 10 ** (-7 / 20)
"""Factor from conditioned sound, at -23 dB of full scale, to the level of the training, -30 dB."""
WINDOW = 160
"""Number of frames of the windows on which the network was trained: 1.6 s."""
BATCH = 64
"""Number of windows that are encoded together."""


class SpeakerEncoder(nn.Module):
    """A network of three recurrent layers, which maps the last state onto the positive part of a sphere."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(MELS, WIDTH, LAYERS, batch_first=True)
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, mels: Tensor) -> Tensor:
        """Return the voices (B, 256), each of length 1, in mel spectrograms (B, T, 40)."""
        _, (states, _) = self.lstm(mels)
        return functional.normalize(functional.relu(self.linear(states[-1])), dim=1)


@cache
def load_encoder(encoders: Path) -> SpeakerEncoder:
    """Load the encoder, which computes in float32 on weights stored as float16.

    Args:
        encoders: folder of the bundled encoders.

    Raises:
        MissingWeightsError: if its weights are missing or damaged.
    """
    from safetensors.torch import load_file

    from ..media.weights import SPEAKER_ENCODER, checked  # a training node need not have what reads media

    file = checked(SPEAKER_ENCODER, encoders)
    encoder = SpeakerEncoder()
    encoder.load_state_dict({name: weights.float() for name, weights in load_file(file).items()})
    return encoder.eval().requires_grad_(False)


def mel_power(samples: Tensor) -> Tensor:
    """Return the power in 40 mel bands in Hann windows of 25 ms centred on samples 0, 160, ...

    Args:
        samples: sound (N,), mono at 16 kHz, beyond whose ends there is silence.

    Returns:
        Powers (N // 160 + 1, 40).
    """
    spectrum = torch.stft(
        functional.pad(samples, (FFT // 2, FFT // 2)),
        FFT,
        MEL_HOP,
        window=torch.hann_window(FFT),
        center=False,
        return_complex=True,
    )
    return (mel_filters(MELS, FFT) @ spectrum.abs() ** 2).T


def voices_in(sound: "Waveform", windows: Sequence[tuple[float, float]], progress: Progress = silent) -> np.ndarray:
    """Return the voice in each of some windows of a sound.

    Args:
        sound: sound, mono at 16 kHz, at the level of conditioned sound.
        windows: start and end of each window in seconds of the clip; the network was trained on 1.6 s.
        progress: listener, told of every batch.

    Returns:
        Voices, float32 (W, 256), each of length 1; the cosine of two voices is their similarity.

    Raises:
        MissingWeightsError: if the encoder's weights are missing or damaged.
    """
    found = np.zeros((len(windows), WIDTH), np.float32)
    if not windows:
        return found
    encoder = load_encoder(places.encoders())
    frames = np.array([round((end - start) * RATE / MEL_HOP) for start, end in windows])
    batches = [
        own[first : first + BATCH]
        for own in (np.flatnonzero(frames == length) for length in np.unique(frames))  # the same in each batch
        for first in range(0, len(own), BATCH)
    ]
    for number, batch in enumerate(batches):
        progress("Comparing voices", number, len(batches))
        length = int(frames[batch[0]]) * MEL_HOP
        starts = [round((windows[one][0] - sound.start) * RATE) for one in batch]
        parts = [LEVEL * sound.samples[start : start + length] for start in starts]
        mels = [mel_power(functional.pad(torch.from_numpy(part), (0, length - len(part))))[:-1] for part in parts]
        found[batch] = encoder(torch.stack(mels)).numpy()
    return found
