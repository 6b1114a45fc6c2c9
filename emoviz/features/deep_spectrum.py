"""Deep spectrum: sound as a picture, encoded by networks that were trained on photographs.

Source: S. Amiriparian et al., "Snore Sound Classification Using Image-based Deep Spectrum Features", Interspeech 2017;
in paper 2 (bibliography) with VGG-16, AlexNet, DenseNet-121 and DenseNet-201. A second of sound is a
mel spectrogram of 128 bands, its power in decibels down to 80 below the clip's loudest, in the colours of viridis,
224 pixels a side; features are the second hidden fully connected layer, of DenseNet the average of its last block.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..core.errors import FeatureError
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
    sound_setting,
    sound_stream,
)
from .convolutional import VGG, AlexNet, DenseNet
from .loading import device, load_state
from .preparation import IMAGENET
from .weights import Weights
from .whisper import mel_filters

if TYPE_CHECKING:
    from ..media import ClipMedia

FFT, STEP, BANDS = 1024, 160, 128
RANGE = 80.0
"""Decibels between the darkest colour and the brightest."""
BATCH = 16


class DeepSpectrum:
    """Deep spectrum features, a network's view of the sound's mel spectrogram.

    Args:
        weights: name of a folder under ``weights/``, or its path.
        window: length of the sound of a picture, in seconds.
        hop: seconds from one picture to the next.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the network computes in half precision.
        sound: ``recorded``, or ``conditioned``: without offset, at one level, where somebody speaks.
    """

    name: str
    version = "1"
    modality = Modality.AUDIO
    default: str
    state_file: str
    network: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    width = 4096

    def __init__(
        self,
        *,
        weights: str = "",
        window: float = 1.0,
        hop: float = 0.1,
        device: str = "auto",
        sound: Sound = "recorded",
    ) -> None:
        if min(window, hop) <= 0:
            raise FeatureError(f"'window' and 'hop' of '{self.name}' are positive, not {window:g} and {hop:g}.")
        note = (
            f"turn torchvision's state file {self.state_file} into model.safetensors with "
            "`python -m emoviz encoders --convert FILE`"
        )
        self.needs = (Weights(weights or self.default, note=note),)
        self.window, self.hop, self.device, self.sound = window, hop, device, sound

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, window and hop."""
        return {
            "weights": self.needs[0].hash(self.name),
            "window": self.window,
            "hop": self.hop,
            **sound_setting(self.sound),
        }

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``<feature>.<number>``."""
        return tuple(f"{self.name}.{i:04d}" for i in range(self.width))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Extract features of the clip's sound.

        Raises:
            MissingWeightsError: if the weights are not on this machine.
            FeatureError: if the weights are damaged, or belong to another network.
        """
        if note := lacking_sound(media, progress=progress):
            return missing_stream(self.channels, media.info.duration, self.hop, note)
        sound = heard(media, self.sound, progress)
        place = device(self.device)
        network = load_state(type(self).network, self.needs[0].folder(self.name), place, *self.arguments)
        grey = mel_picture(np.asarray(sound.samples))
        width, hop = max(round(self.window * RATE / STEP), 1), self.hop * RATE / STEP
        count = max(round(grey.shape[1] / hop), 1)
        values = np.empty((count, self.width), np.float32)
        for first in range(0, count, BATCH):
            progress("Looking at the spectrum", first, count)
            middles = (np.arange(first, min(first + BATCH, count)) + 0.5) * hop
            pictures = np.stack([coloured(_around(grey, int(middle), width)) for middle in middles])
            with torch.inference_mode():
                batch = IMAGENET(pictures).to(place, next(network.parameters()).dtype)
                values[first : first + len(pictures)] = network(batch).float().cpu().numpy()
        progress("Looking at the spectrum", count, count)
        return sound_stream(values, sound.start + self.hop / 2, self.hop, self.channels, sound)


def mel_picture(samples: np.ndarray) -> np.ndarray:
    """Draw the mel spectrogram in grey values, uint8 (128, T): white is loudest, a column is 10 ms.

    Args:
        samples: sound float32 (N,) mono at 16 kHz, N at least 1.
    """
    spectrum = torch.stft(
        torch.from_numpy(samples),
        FFT,
        STEP,
        window=torch.hann_window(FFT),
        pad_mode="constant",
        return_complex=True,
    )
    power = mel_filters(BANDS, FFT) @ spectrum.abs() ** 2
    level = 10 * power.clamp(min=1e-10).log10()
    grey = ((level - level.max()) / RANGE + 1).clamp(0, 1) * 255
    return grey.round().to(torch.uint8).numpy()[::-1]


def coloured(grey: np.ndarray) -> np.ndarray:
    """Colour grey values (H, W) by viridis: uint8 RGB (224, 224, 3)."""
    import cv2

    resized = cv2.resize(grey, (IMAGENET.side, IMAGENET.side), interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(cv2.applyColorMap(resized, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)


def _around(grey: np.ndarray, middle: int, width: int) -> np.ndarray:
    """Return the columns around one column, black beyond the clip's ends."""
    first = middle - width // 2
    before, after = max(-first, 0), max(first + width - grey.shape[1], 0)
    return np.ascontiguousarray(np.pad(grey[:, max(first, 0) : first + width], ((0, 0), (before, after))))


@EXTRACTORS.register("deep-spectrum-vgg16")
class DeepSpectrumVGG16(DeepSpectrum):
    """Deep spectrum by VGG-16: part of paper 2's deep audio features."""

    name = "deep-spectrum-vgg16"
    default = "vgg16-imagenet"
    state_file = "vgg16-397923af.pth"
    network = VGG


@EXTRACTORS.register("deep-spectrum-alexnet")
class DeepSpectrumAlexNet(DeepSpectrum):
    """Deep spectrum by AlexNet: part of paper 2's deep audio features."""

    name = "deep-spectrum-alexnet"
    default = "alexnet-imagenet"
    state_file = "alexnet-owt-7be5be79.pth"
    network = AlexNet


@EXTRACTORS.register("deep-spectrum-densenet121")
class DeepSpectrumDenseNet121(DeepSpectrum):
    """Deep spectrum by DenseNet-121: part of paper 2's deep audio features."""

    name = "deep-spectrum-densenet121"
    default = "densenet121-imagenet"
    state_file = "densenet121-a639ec97.pth"
    network = DenseNet
    arguments = ((6, 12, 24, 16),)
    width = 1024


@EXTRACTORS.register("deep-spectrum-densenet201")
class DeepSpectrumDenseNet201(DeepSpectrum):
    """Deep spectrum by DenseNet-201: part of paper 2's deep audio features."""

    name = "deep-spectrum-densenet201"
    default = "densenet201-imagenet"
    state_file = "densenet201-c1103571.pth"
    network = DenseNet
    arguments = ((6, 12, 48, 32),)
    width = 1920
