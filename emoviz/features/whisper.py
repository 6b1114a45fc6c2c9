"""Speech features from the encoder of Whisper tiny.en (bundled; 384 channels at 50 Hz).

Source: A. Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022,
arXiv:2212.04356, and its published code for the log-mel front end.

The features are the residual stream after the second of four blocks. The final norm is not applied: it was
trained for the last layer, and it changes little (EMO-DB, linear SVM on means and deviations, one speaker held
out at a time: unweighted accuracy .863 without, .869 with it).

Differences from Whisper's own use: a clip shorter than 30 s is not padded with silence, the
table of positions is cut instead; a longer one is encoded in windows of 30 s that start every
25 s and are cross-faded linearly over the 5 s that they share. Of conditioned sound each stretch
of speech is encoded as a clip of its own.
"""

import functools
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ..core import places
from ..core.errors import FeatureError, MissingWeightsError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import (
    EXTRACTORS,
    RATE,
    FeatureStream,
    Sound,
    heard,
    lacking_sound,
    missing_stream,
    sound_stream,
)
from .windows import apart_setting, cross_faded, encoded_apart

if TYPE_CHECKING:
    from ..media import ClipMedia

ENCODER = "whisper-tiny.en"
FFT = 400
MEL_HOP = 160
MELS = 80
WIDTH = 384
HEADS = 6
LAYERS = 4
POSITIONS = 1500
FRAME = 2 * MEL_HOP
"""Samples per encoder frame: the second convolution halves the 100 Hz of the mel spectrogram."""

WINDOW = POSITIONS
OVERLAP = 250
"""Encoder frames that two windows of a long clip share (5 s)."""


@EXTRACTORS.register("whisper")
class Whisper:
    """Features of sound: the hidden states of Whisper's encoder.

    Args:
        layer: block after which the features are taken, 1 to 4.
        sound: ``recorded``, or ``conditioned``: without offset, at one level, where somebody speaks, and each stretch
            of speech encoded by itself.
    """

    name = "whisper"
    version = "1"
    modality = Modality.AUDIO
    channels = tuple(f"whisper.{i:03d}" for i in range(WIDTH))
    hop = FRAME / RATE

    def __init__(self, *, layer: int = 2, sound: Sound = "recorded") -> None:
        if not 1 <= layer <= LAYERS:
            raise FeatureError(f"Whisper tiny.en has the layers 1 to {LAYERS}, not {layer}.")
        self.layer, self.sound = layer, sound

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The encoder and the layer."""
        return {"encoder": ENCODER, "layer": self.layer, **apart_setting(self.sound)}

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Extract features of the clip's sound; frame k is centred k hops after the sound's start.

        Raises:
            MissingWeightsError: if the encoder's weights are not there.
        """
        if note := lacking_sound(media, progress=progress):
            return missing_stream(self.channels, media.info.duration, self.hop, note)
        sound = heard(media, self.sound, progress)
        encoder = load_encoder(places.encoders() / ENCODER)
        times = sound.start + self.hop * np.arange(math.ceil(len(sound.samples) / FRAME))

        def encode_stretch(first: int, end: int, progress: Progress) -> np.ndarray:
            return encode(encoder, sound.samples, self.layer, progress, first=first, end=end)

        values = encoded_apart(times, sound, WIDTH, encode_stretch, progress)
        return sound_stream(values, sound.start, self.hop, self.channels, sound)


class Block(nn.Module):
    """A pre-norm transformer block: self-attention over all frames, then an MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.attention_out = nn.Linear(WIDTH, WIDTH)
        self.mlp_norm = nn.LayerNorm(WIDTH)
        self.mlp_in = nn.Linear(WIDTH, 4 * WIDTH)
        self.mlp_out = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to states (B, T, 384)."""
        batch, frames, _ = x.shape
        heads = self.query_key_value(self.attention_norm(x)).view(batch, frames, 3, HEADS, WIDTH // HEADS)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value)
        x = x + self.attention_out(attended.transpose(1, 2).reshape(batch, frames, WIDTH))
        encoded: Tensor = x + self.mlp_out(functional.gelu(self.mlp_in(self.mlp_norm(x))))
        return encoded


class Encoder(nn.Module):
    """Whisper's audio encoder in the size of tiny."""

    positions: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.register_buffer("positions", torch.zeros(POSITIONS, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, mel: Tensor, layer: int) -> Tensor:
        """Return the residual stream after ``layer`` blocks.

        Args:
            mel: log-mel spectrogram (B, 80, 2 T), T at most 1500.
            layer: number of blocks that are run.

        Returns:
            States (B, T, 384); the network's own output is ``norm`` of those of the last layer.
        """
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.positions[: x.shape[1]]
        for block in self.blocks[:layer]:
            x = block(x)
        return x


@functools.cache
def load_encoder(folder: Path) -> Encoder:
    """Load the encoder, which computes in float32 on weights stored as float16.

    Raises:
        MissingWeightsError: if the folder has no ``model.safetensors``.
    """
    file = folder / "model.safetensors"
    if not file.is_file():
        raise MissingWeightsError(
            f"The weights of Whisper tiny.en are missing: put model.safetensors into {folder}; "
            "tools/convert_whisper.py makes it."
        )
    encoder = Encoder()
    encoder.load_state_dict({name: weights.float() for name, weights in load_file(file).items()})
    return encoder.eval().requires_grad_(False)


def encode(
    encoder: Encoder,
    samples: np.ndarray,
    layer: int,
    progress: Progress = silent,
    *,
    first: int = 0,
    end: int | None = None,
) -> np.ndarray:
    """Encode sound of any length, or a stretch of it by itself.

    Args:
        encoder: the network.
        samples: sound, float32 (N,), mono at 16 kHz on [-1, 1], N at least 1.
        layer: block after which the features are taken.
        progress: listener that hears of every window.
        first: first frame of the stretch.
        end: frame behind its last, by default ceil(N / 320).

    Returns:
        States, float32 (end - first, 384).
    """
    behind = math.ceil(len(samples) / FRAME) if end is None else end

    def windows(starts: list[int]) -> list[Tensor]:
        spans = [(first + start, min(first + start + WINDOW, behind)) for start in starts]
        parts = [torch.from_numpy(samples[begin * FRAME : stop * FRAME]) for begin, stop in spans]
        return [encoder(log_mel(part)[None], layer)[0] for part in parts]

    return cross_faded(behind - first, WINDOW, OVERLAP, windows, progress=progress)


def log_mel(samples: Tensor) -> Tensor:
    """Compute Whisper's log-mel spectrogram.

    Hann window of 25 ms every 10 ms, centred on samples 0, 160, ...; power, 80 mel bands, log10 with
    a floor 8 below the clip's maximum, then (x + 4) / 4. Before the first sample the sound is
    mirrored, after the last one it is silent, as when Whisper pads a clip to 30 s.

    Args:
        samples: sound (N,), mono at 16 kHz, N at least 1.

    Returns:
        Spectrogram (80, M), M even, the smallest that covers the sound.
    """
    silence = -len(samples) % FRAME + FFT // 2
    padded = functional.pad(samples, (0, silence))
    padded = torch.cat([padded[1 : FFT // 2 + 1].flip(0), padded])
    spectrum = torch.stft(padded, FFT, MEL_HOP, window=torch.hann_window(FFT), center=False, return_complex=True)[
        :, :-1
    ]
    bands = mel_filters() @ spectrum.abs() ** 2
    level = bands.clamp(min=1e-10).log10()
    return (level.maximum(level.max() - 8) + 4) / 4


@functools.cache
def mel_filters(mels: int = MELS, fft: int = FFT) -> Tensor:
    """Return triangular filters on Slaney's mel scale, each of area one: (mels, fft / 2 + 1), 0 to 8000 Hz.

    The scale is linear below 1 kHz (15 mel, 200 Hz / 3 each) and logarithmic above (27 mel per factor 6.4);
    M. Slaney, "Auditory Toolbox", 1998.
    """
    knee, per_mel, step = 15.0, 200 / 3, math.log(6.4) / 27
    top = knee + math.log(8000 / 1000) / step
    places = np.linspace(0, top, mels + 2)
    edges = np.where(places < knee, places * per_mel, 1000 * np.exp((places - knee) * step))
    frequencies = np.linspace(0, RATE / 2, fft // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    filters = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return torch.from_numpy(filters.astype(np.float32))
