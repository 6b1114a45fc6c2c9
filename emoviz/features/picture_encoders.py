"""Faces and pictures through pretrained transformers: ViT, CLIP and VideoMAE (MARLIN).

Sources: A. Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021; A. Radford et al., "Learning Transferable
Visual Models From Natural Language Supervision", ICML 2021; Z. Tong et al., "VideoMAE", NeurIPS 2022, in whose form
the weights of Z. Cai et al., "MARLIN", CVPR 2023, can be saved.

A picture is the upright face that all parts of emoviz see, cut at the encoder's own size, or the middle square of
the whole picture; its values are scaled by the encoder's own mean and deviation.
"""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import EXTRACTORS, FeatureStream
from .loading import device, load_model
from .pictures import picture_stream, require_rate
from .preparation import Preparation
from .weights import CONFIG, PICTURE, Weights, read_json

if TYPE_CHECKING:
    from ..media import ClipMedia

RATE = 5.0
"""Frames per second, unless another rate is set: a facial expression lasts longer than a picture."""
Pooling = Literal["first", "mean"]


class PictureEncoder:
    """Features of faces or pictures: the states of a pretrained picture encoder.

    Args:
        weights: name on the Hub, or a folder.
        layer: block after which the states are taken: 1 for the first, 0 for its input, -1 for the last.
        pooling: pooling over a picture's patches: the ``first`` token, which stands for all, or their ``mean``.
        rate: pictures per second; 0 for all of them.
        whole: whether the middle square of the picture is read instead of the speaker's face.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the encoder computes in half precision.
    """

    name: str
    version = "1"
    modality = Modality.VIDEO
    default: str
    kinds: tuple[str, ...]
    network = "AutoModel"
    options: dict[str, Any] = {}
    frames = 1

    def __init__(
        self,
        *,
        weights: str = "",
        layer: int = -1,
        pooling: Pooling = "first",
        rate: float = RATE,
        whole: bool = False,
        device: str = "auto",
    ) -> None:
        require_rate(self.name, rate)
        self.needs: tuple[Weights, ...] = (Weights(weights or self.default, self.kinds, PICTURE),)
        self.layer, self.pooling, self.rate, self.whole, self.device = layer, pooling, rate, whole, device

    @property
    def config(self) -> dict[str, Any]:
        """The network's config.

        Raises:
            MissingWeightsError: if the weights are not on this machine.
            FeatureError: if the network has no such layer, or takes pictures of another size than prepared.
        """
        weights = self.needs[0]
        whole = read_json(weights.folder(self.name) / CONFIG)
        config: dict[str, Any] = whole.get("vision_config", whole)
        weights.layer(self.layer, config["num_hidden_layers"])
        return config

    def preparation(self, size: int | None = None) -> Preparation:
        """Return the preparation of pictures for the encoder.

        Args:
            size: side of the pictures in its config, None where it takes any size.

        Raises:
            FeatureError: if config and preparation contradict each other.
        """
        weights = self.needs[0]
        folder = weights.folder(self.name)
        values = read_json(folder / PICTURE[0])
        wanted = values.get("crop_size" if values.get("do_center_crop") else "size", {})
        side = wanted if isinstance(wanted, int) else wanted.get("height", wanted.get("shortest_edge", size))
        if size is not None and side != size:
            raise FeatureError(
                f"'{weights.name}' in {folder} prepares pictures of {side} pixels, but its network takes {size}: "
                f"{CONFIG} and {PICTURE[0]} are not of the same encoder."
            )
        mean, deviation = (tuple(values.get(key, (0.5,) * 3)) for key in ("image_mean", "image_std"))
        return Preparation(int(side), mean, deviation)

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, the layer, the pooling, the rate and the part of the picture."""
        layer = self.needs[0].layer(self.layer, self.config["num_hidden_layers"])
        weights = self.needs[0].hash(self.name)
        return {"weights": weights, "layer": layer, "pooling": self.pooling, "rate": self.rate, "whole": self.whole}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``<feature>.<number>``."""
        return tuple(f"{self.name}.{i:04d}" for i in range(self.config["hidden_size"]))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return features of the speaker's face, or of the picture; NaN where the face is not seen.

        Raises:
            MissingWeightsError: if the weights are not on this machine.
            FeatureError: if the weights are damaged.
        """
        channels, place = self.channels, device(self.device)
        preparation = self.preparation(self.config.get("image_size"))
        network = load_model(self.network, self.needs[0].folder(self.name), place, **self.options)

        @torch.inference_mode()
        def encode(pictures: np.ndarray) -> np.ndarray:
            batch = preparation(pictures).to(place, network.dtype)
            return self._states(network, batch).float().cpu().numpy()

        return picture_stream(
            media,
            channels,
            encode,
            rate=self.rate,
            side=preparation.side,
            whole=self.whole,
            frames=self.frames,
            progress=progress,
        )

    def _states(self, network: Any, batch: Tensor) -> Tensor:
        states: Tensor = network(pixel_values=batch, output_hidden_states=True).hidden_states[self.layer]
        return states[:, 0] if self.pooling == "first" else states.mean(1)


@EXTRACTORS.register("vit")
class ViT(PictureEncoder):
    """ViT on the speaker's face: paper 3's image stream."""

    name = "vit"
    default = "google/vit-base-patch16-224"
    kinds = ("vit",)
    options: dict[str, Any] = {"add_pooling_layer": False}


@EXTRACTORS.register("clip")
class CLIP(PictureEncoder):
    """CLIP's picture encoder on the speaker's face."""

    name = "clip"
    default = "openai/clip-vit-base-patch32"
    kinds = ("clip", "clip_vision_model")
    network = "CLIPVisionModel"


@EXTRACTORS.register("videomae")
class VideoMAE(PictureEncoder):
    """VideoMAE on 16 pictures of the face at a time; with MARLIN's weights paper 1's video features for classes."""

    name = "videomae"
    default = "MCG-NJU/videomae-base"
    kinds = ("videomae",)
    frames = 16

    def __init__(
        self,
        *,
        weights: str = "",
        layer: int = -1,
        pooling: Pooling = "mean",
        rate: float = 1.5625,
        whole: bool = False,
        device: str = "auto",
    ) -> None:
        super().__init__(weights=weights, layer=layer, pooling=pooling, rate=rate, whole=whole, device=device)
        if not rate:
            raise FeatureError("'rate' of 'videomae', in snippets per second, is positive.")
