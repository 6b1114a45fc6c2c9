"""Speech features from pretrained encoders, loaded by name: HuBERT, wav2vec 2.0, XLS-R, WavLM and Whisper.

Sources: W.-N. Hsu et al., "HuBERT", TASLP 29 (2021); A. Baevski et al., "wav2vec 2.0", NeurIPS 2020; A. Babu et al.,
"XLS-R", Interspeech 2022; S. Chen et al., "WavLM", JSTSP 16 (2022); A. Radford et al., "Robust Speech Recognition
via Large-Scale Weak Supervision", 2022. The networks are transformers' own.

A clip of up to 30 s goes through an encoder at once; a longer one in windows of 30 s that start every 25 s and are
cross-faded linearly over the 5 s that they share, so that memory does not grow with the clip. Of conditioned sound each
stretch of speech is encoded as a clip of its own.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

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
from .loading import device, load_model, load_part
from .weights import CONFIG, SOUND, Weights, read_json
from .windows import apart_setting, cross_faded, encoded_apart

if TYPE_CHECKING:
    from ..media import ClipMedia

WINDOW, OVERLAP = 1500, 250
"""Frames of 20 ms that an encoder sees at once, and that two windows share."""
BATCH = {"cpu": 1, "cuda": 16}
"""Windows that are encoded together; on a CPU more gain nothing."""

Pooling = Literal["none", "mean", "statistics"]


class SpeechEncoder:
    """Features of sound: the hidden states of a pretrained speech encoder.

    Args:
        weights: name on the Hub, or a folder.
        layer: block after which the states are taken: 1 for the first, 0 for its input, -1 for the last.
        pooling: ``none`` for every frame; ``mean`` or ``statistics`` (mean and standard deviation) over the clip.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the encoder computes in half precision.
        sound: ``recorded``, or ``conditioned``: without offset, at one level, where somebody speaks, and each stretch
            of speech encoded by itself.
    """

    name: str
    version = "1"
    modality = Modality.AUDIO
    default: str
    kinds: tuple[str, ...]
    network = "AutoModel"
    layers_field, width_field = "num_hidden_layers", "hidden_size"
    """The names of the numbers of layers and of channels in its config."""

    def __init__(
        self,
        *,
        weights: str = "",
        layer: int = -1,
        pooling: Pooling = "none",
        device: str = "auto",
        sound: Sound = "recorded",
    ) -> None:
        self.needs = (Weights(weights or self.default, self.kinds, SOUND),)
        self.layer, self.pooling, self.device, self.sound = layer, pooling, device, sound

    @property
    def config(self) -> dict[str, Any]:
        """The network's config.

        Raises:
            MissingWeightsError: if the weights are not on this machine.
            FeatureError: if the network has no such layer, or takes sound of another rate.
        """
        (weights,) = self.needs
        folder = weights.folder(self.name)
        config, rate = read_json(folder / CONFIG), read_json(folder / SOUND[0]).get("sampling_rate", RATE)
        weights.layer(self.layer, config[self.layers_field])
        if rate != RATE:
            raise FeatureError(f"'{weights.name}' takes sound of {rate} Hz; only encoders of {RATE} Hz can be used.")
        return config

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, layer and pooling."""
        layer = self.needs[0].layer(self.layer, self.config[self.layers_field])
        return {
            "weights": self.needs[0].hash(self.name),
            "layer": layer,
            "pooling": self.pooling,
            **apart_setting(self.sound),
        }

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``<feature>.<number>``; of statistics ``<feature>.mean.<number>`` and ``<feature>.std.<number>``."""
        numbers = range(self.config[self.width_field])
        if self.pooling == "statistics":
            return tuple(f"{self.name}.{what}.{i:04d}" for what in ("mean", "std") for i in numbers)
        return tuple(f"{self.name}.{i:04d}" for i in numbers)

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Extract features of the clip's sound.

        Raises:
            MissingWeightsError: if the weights are not on this machine.
            FeatureError: if the weights are damaged, or take sound of another rate.
        """
        channels, frame = self.channels, self._frame()
        hop = frame.step / RATE
        if note := lacking_sound(media, frame.length, f"'{self.name}' needs", progress):
            return missing_stream(channels, media.info.duration, hop, note)
        sound = heard(media, self.sound, progress)
        start, count = sound.start + frame.centre, (len(sound.samples) - frame.length) // frame.step + 1

        def encode(first: int, end: int, progress: Progress) -> np.ndarray:
            behind = (end - 1) * frame.step + max(frame.length, frame.step)
            return self.encode(sound.samples[first * frame.step : behind if end < count else None], progress)

        width = self.config[self.width_field]
        values = encoded_apart(start + hop * np.arange(count), sound, width, encode, progress)
        if self.pooling == "none":
            return sound_stream(values, start, hop, channels, sound)
        spoken = values[~np.isnan(values).all(1)]
        if not len(spoken):
            return missing_stream(channels, media.info.duration, hop, "Nobody speaks in the clip.")
        moments = [spoken.mean(0), spoken.std(0)] if self.pooling == "statistics" else [spoken.mean(0)]
        return FeatureStream(np.concatenate(moments)[None], sound.start + sound.duration / 2, sound.duration, channels)

    def encode(self, samples: np.ndarray, progress: Progress = silent) -> np.ndarray:
        """Encode sound of any length of at least one frame.

        Args:
            samples: sound float32 (N,), mono at 16 kHz.
            progress: listener, told of every batch of windows.

        Returns:
            Features float32 (T, D).
        """
        place, frame = device(self.device), self._frame()
        folder = self.needs[0].folder(self.name)
        network, prepare = load_model(self.network, folder, place), load_part("AutoFeatureExtractor", folder)
        values = self._prepare(samples, prepare)

        frames = (len(samples) - frame.length) // frame.step + 1
        length = (WINDOW - 1) * frame.step + max(frame.length, frame.step)

        @torch.inference_mode()
        def encode(starts: list[int]) -> list[Tensor]:
            parts = [values[start * frame.step :][:length] for start in starts]
            states = self._states(network, self._batch(parts, prepare).to(place, network.dtype))
            return list(states[:, : min(WINDOW, frames - starts[0])])

        return cross_faded(frames, WINDOW, OVERLAP, encode, batch=BATCH[place], progress=progress)

    def _frame(self) -> "Frame":
        """Return the frames that the convolutions before the encoder cut."""
        step, length = 1, 1
        for kernel, stride in zip(self.config["conv_kernel"], self.config["conv_stride"], strict=True):
            length += (kernel - 1) * step
            step *= stride
        return Frame(step, length, length / 2 / RATE)

    def _prepare(self, samples: np.ndarray, prepare: Any) -> np.ndarray:
        """Prepare the clip as the encoder wants it, e.g. with zero mean and unit spread."""
        prepared: np.ndarray = prepare(samples, sampling_rate=RATE, return_tensors="np")["input_values"][0]
        return prepared

    def _batch(self, parts: list[np.ndarray], prepare: Any) -> Tensor:
        """Stack windows of one length to a batch that the network takes."""
        return torch.from_numpy(np.stack(parts))

    def _states(self, network: Any, batch: Tensor) -> Tensor:
        """Return the states (B, T, D) of the wanted layer."""
        states: Tensor = network(batch, output_hidden_states=True).hidden_states[self.layer]
        return states


@dataclass(frozen=True)
class Frame:
    """The frame of an encoder: samples from one to the next, samples that it needs, and seconds to its middle."""

    step: int
    length: int
    centre: float


@EXTRACTORS.register("hubert")
class HuBERT(SpeechEncoder):
    """HuBERT; the large one is paper 1's audio stream."""

    name = "hubert"
    default = "facebook/hubert-large-ll60k"
    kinds = ("hubert",)


@EXTRACTORS.register("wav2vec2")
class Wav2Vec2(SpeechEncoder):
    """The encoder wav2vec 2.0, pretrained on English."""

    name = "wav2vec2"
    default = "facebook/wav2vec2-base"
    kinds = ("wav2vec2",)


@EXTRACTORS.register("xls-r")
class XLSR(SpeechEncoder):
    """XLS-R, wav2vec 2.0 pretrained on 128 languages: paper 4's audio stream."""

    name = "xls-r"
    default = "facebook/wav2vec2-xls-r-300m"
    kinds = ("wav2vec2",)


@EXTRACTORS.register("wavlm")
class WavLM(SpeechEncoder):
    """The encoder WavLM."""

    name = "wavlm"
    default = "microsoft/wavlm-large"
    kinds = ("wavlm",)


@EXTRACTORS.register("whisper-encoder")
class WhisperEncoder(SpeechEncoder):
    """Whisper's encoder of any size, as transformers runs it: every window is filled up with silence to 30 s.

    ``whisper`` is the bundled tiny.en, which is not.
    """

    name = "whisper-encoder"
    default = "openai/whisper-small"
    kinds = ("whisper",)
    network = "WhisperModel"
    layers_field, width_field = "encoder_layers", "d_model"

    def _frame(self) -> "Frame":
        return Frame(320, 1, 0.0)

    def _prepare(self, samples: np.ndarray, prepare: Any) -> np.ndarray:
        return samples

    def _batch(self, parts: list[np.ndarray], prepare: Any) -> Tensor:
        prepared: Tensor = prepare(parts, sampling_rate=RATE, return_tensors="pt")["input_features"]
        return prepared

    def _states(self, network: Any, batch: Tensor) -> Tensor:
        states: Tensor = network.get_encoder()(batch, output_hidden_states=True).hidden_states[self.layer]
        return states


@EXTRACTORS.register("wavlm-xvector")
class WavLMXVector:
    """WavLM's x-vector of fragments of the clip: paper 3's audio stream.

    As in that paper, section 3.2, the fragments tile the clip, centred on evenly spaced points of which the first and
    the last are its ends. A fragment is :data:`FRAGMENT` long at least, so those of a short clip overlap.

    Args:
        weights: name on the Hub, or a folder.
        fragments: number of fragments of a clip, at least 2.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the encoder computes in half precision.
        sound: ``recorded``, or ``conditioned``: without offset, at one level, where somebody speaks.
    """

    name = "wavlm-xvector"
    version = "1"
    modality = Modality.AUDIO

    def __init__(
        self,
        *,
        weights: str = "microsoft/wavlm-base-plus-sv",
        fragments: int = 32,
        device: str = "auto",
        sound: Sound = "recorded",
    ) -> None:
        if fragments < 2:
            raise FeatureError(f"'fragments' of '{self.name}' is at least 2, for a clip's ends, not {fragments}.")
        self.needs = (Weights(weights, ("wavlm",), SOUND),)
        self.fragments, self.device, self.sound = fragments, device, sound

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, and the number of fragments."""
        return {"weights": self.needs[0].hash(self.name), "fragments": self.fragments, **sound_setting(self.sound)}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``wavlm-xvector.<number>``."""
        width = read_json(self.needs[0].folder(self.name) / CONFIG)["xvector_output_dim"]
        return tuple(f"{self.name}.{i:03d}" for i in range(width))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Extract one vector per fragment of the clip's sound.

        Raises:
            MissingWeightsError: if the weights are not on this machine.
            FeatureError: if the weights are damaged.
        """
        channels, hop = self.channels, max(media.info.duration, 1e-3) / (self.fragments - 1)
        least = round(FRAGMENT * RATE)
        if note := lacking_sound(media, least, f"'{self.name}' needs", progress):
            return missing_stream(channels, media.info.duration, hop, note)
        sound = heard(media, self.sound, progress)
        samples = sound.samples
        place, folder = device(self.device), self.needs[0].folder(self.name)
        network, prepare = (
            load_model("AutoModelForAudioXVector", folder, place),
            load_part("AutoFeatureExtractor", folder),
        )
        prepared = prepare(samples, sampling_rate=RATE, return_tensors="np")["input_values"][0]
        step = len(samples) / (self.fragments - 1)
        vectors = []
        for number in range(self.fragments):
            progress("Encoding speech", number, self.fragments)
            half = max(step / 2, least / 2)
            first, last = max(0, round(number * step - half)), min(len(samples), round(number * step + half))
            first, last = max(0, min(first, last - least)), min(len(samples), max(last, first + least))
            with torch.inference_mode():
                batch = torch.from_numpy(prepared[None, first:last]).to(place, network.dtype)
                vectors.append(network(batch).embeddings[0].float().cpu().numpy())
        progress("Encoding speech", self.fragments, self.fragments)
        return FeatureStream(np.stack(vectors), sound.start, len(samples) / RATE / (self.fragments - 1), channels)


FRAGMENT = 0.5
"""Seconds; the network's own convolutions over time need 0.3."""
