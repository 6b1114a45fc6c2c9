"""Faces and pictures through pretrained encoders: ViT, CLIP, VideoMAE (MARLIN), ResNet and VGGFace.

Sources: A. Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021; A. Radford et al., "Learning Transferable
Visual Models From Natural Language Supervision", ICML 2021; Z. Tong et al., "VideoMAE", NeurIPS 2022, in whose form
the weights of Z. Cai et al., "MARLIN", CVPR 2023, can be saved; K. He et al., "Deep Residual Learning", CVPR 2016;
O. Parkhi et al., "Deep Face Recognition", BMVC 2015.

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
from .convolutional import VGG
from .convolutional import VGG16 as CONVOLUTIONS
from .pictures import picture_stream
from .weights import CONFIG, PICTURE, Weights, device, load_model, load_state, read_json

if TYPE_CHECKING:
    from ..media import ClipMedia

RATE = 5.0
"""Frames per second, unless told otherwise: a face's expression lasts longer than a picture."""
Pooling = Literal["first", "mean"]


class PictureEncoder:
    """States of a pretrained picture encoder.

    Args:
        weights: name on the Hub, or a folder.
        layer: after which block the states are taken: 1 for the first, 0 for what enters it, -1 for the last.
        pooling: over a picture's patches: the ``first`` token, which stands for all, or their ``mean``.
        rate: pictures per second; 0 for all of them.
        whole: the middle square of the picture instead of the speaker's face.
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
        _require_rate(self.name, rate)
        self.needs: tuple[Weights, ...] = (Weights(weights or self.default, self.kinds, PICTURE),)
        self.layer, self.pooling, self.rate, self.whole, self.device = layer, pooling, rate, whole, device

    @property
    def config(self) -> dict[str, Any]:
        """The network's config.

        Raises:
            MissingWeightsError: the weights are not on this machine.
            FeatureError: the network has no such layer, or takes pictures of another size than prepared.
        """
        weights = self.needs[0]
        config = read_json(weights.folder(self.name) / CONFIG)
        config = config.get("vision_config", config)
        weights.layer(self.layer, config["num_hidden_layers"])
        return config

    def preparation(self, size: int | None = None) -> "Preparation":
        """How the encoder wants its pictures.

        Args:
            size: what its config says, None where it takes any.

        Raises:
            FeatureError: config and preparation contradict each other.
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
        """The weights by their content, layer, pooling, rate and what of the picture."""
        layer = self.needs[0].layer(self.layer, self.config["num_hidden_layers"])
        weights = self.needs[0].hash(self.name)
        return {
            "weights": weights, "layer": layer, "pooling": self.pooling, "rate": self.rate, "whole": self.whole
        }  # fmt: skip

    @property
    def channels(self) -> tuple[str, ...]:
        """``<feature>.<number>``."""
        return tuple(f"{self.name}.{i:04d}" for i in range(self.config["hidden_size"]))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Features of the speaker's face, or of the picture; NaN where the face is not seen.

        Raises:
            MissingWeightsError: the weights are not on this machine.
            FeatureError: they are damaged.
        """
        channels, place = self.channels, device(self.device)
        preparation = self.preparation(self.config.get("image_size"))
        network = load_model(self.network, self.needs[0].folder(self.name), place, **self.options)

        @torch.inference_mode()
        def encode(pictures: np.ndarray) -> np.ndarray:
            batch = preparation(pictures).to(place, network.dtype)
            return self._states(network, batch).float().cpu().numpy()

        return picture_stream(
            media, channels, encode, rate=self.rate, side=preparation.side, whole=self.whole, frames=self.frames,
            progress=progress,
        )  # fmt: skip

    def _states(self, network: Any, batch: Tensor) -> Tensor:
        states = network(pixel_values=batch, output_hidden_states=True).hidden_states[self.layer]
        return states[:, 0] if self.pooling == "first" else states.mean(1)


class Preparation:
    """Scales pictures as an encoder wants them.

    Args:
        side: of a picture, in pixels.
        mean: of each colour in [0, 1].
        deviation: of each colour.
    """

    def __init__(self, side: int, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        self.side = side
        self.mean, self.deviation = torch.tensor(mean), torch.tensor(deviation)

    def __call__(self, pictures: np.ndarray) -> Tensor:
        """uint8 (..., H, W, 3) -> float32 (..., 3, H, W)."""
        scaled = (torch.from_numpy(pictures).float() / 255 - self.mean) / self.deviation
        return scaled.movedim(-1, -3)


def _require_rate(feature: str, rate: float) -> None:
    if rate < 0:
        raise FeatureError(f"'rate' of '{feature}' is not negative, unlike {rate:g}.")


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


@EXTRACTORS.register("resnet50")
class ResNet50:
    """ResNet-50 on the speaker's face, average of its last block: half of paper 2's deep video features."""

    name = "resnet50"
    version = "1"
    modality = Modality.VIDEO

    def __init__(
        self, *, weights: str = "microsoft/resnet-50", rate: float = 10.0, whole: bool = False, device: str = "auto"
    ) -> None:
        _require_rate(self.name, rate)
        self.needs = (Weights(weights, ("resnet",)),)
        self.rate, self.whole, self.device = rate, whole, device

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, rate and what of the picture."""
        return {"weights": self.needs[0].hash(self.name), "rate": self.rate, "whole": self.whole}

    @property
    def channels(self) -> tuple[str, ...]:
        """``resnet50.<number>``."""
        width = read_json(self.needs[0].folder(self.name) / CONFIG)["hidden_sizes"][-1]
        return tuple(f"{self.name}.{i:04d}" for i in range(width))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Features of the speaker's face, or of the picture; NaN where the face is not seen."""
        place = device(self.device)
        network = load_model("AutoModel", self.needs[0].folder(self.name), place)

        @torch.inference_mode()
        def encode(pictures: np.ndarray) -> np.ndarray:
            batch = IMAGENET(pictures).to(place, network.dtype)
            return network(batch).pooler_output.flatten(1).float().cpu().numpy()

        return picture_stream(
            media, self.channels, encode, rate=self.rate, side=IMAGENET.side, whole=self.whole, progress=progress
        )


IMAGENET = Preparation(224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
VGG_FACE = Preparation(224, (129.186 / 255, 104.762 / 255, 93.594 / 255), (1 / 255,) * 3)
"""The mean face of its training pictures (red, green, blue), from values up to 255."""


class VGG16Faces:
    """VGG-16 on the speaker's face.

    Args:
        weights: name of a folder under ``weights/``, or its path.
        rate: pictures per second; 0 for all of them.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the network computes in half precision.
    """

    name: str
    version = "1"
    modality = Modality.VIDEO
    default: str
    note: str
    connected: int
    preparation: Preparation
    plan = CONVOLUTIONS

    def __init__(self, *, weights: str = "", rate: float = 0.0, device: str = "auto") -> None:
        _require_rate(self.name, rate)
        self.needs = (Weights(weights or self.default, note=self.note),)
        self.rate, self.device = rate, device

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, and the rate."""
        return {"weights": self.needs[0].hash(self.name), "rate": self.rate}

    @property
    def channels(self) -> tuple[str, ...]:
        """``<feature>.<number>``."""
        return tuple(f"{self.name}.{i:04d}" for i in range(self.connected or max(self.plan)))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Features of the speaker's face; NaN where it is not seen."""
        place = device(self.device)
        network = load_state(VGG, self.needs[0].folder(self.name), place, self.connected, self.plan)

        @torch.inference_mode()
        def encode(pictures: np.ndarray) -> np.ndarray:
            batch = self.preparation(pictures).to(place, next(network.parameters()).dtype)
            return network(batch).float().cpu().numpy()

        return picture_stream(
            media, self.channels, encode, rate=self.rate, side=self.preparation.side, progress=progress
        )


@EXTRACTORS.register("vggface")
class VGGFace(VGG16Faces):
    """VGG-16 trained on faces, maxima of its last block: paper 1's video stream."""

    name = "vggface"
    default = "vggface-16"
    note = (
        "nobody publishes VGGFace's VGG-16 on the Hub: turn a state file of it, its tensors named as torchvision's, "
        "into model.safetensors with `python -m emoviz encoders --convert FILE`"
    )
    connected = 0
    preparation = VGG_FACE


@EXTRACTORS.register("vgg16")
class VGG16(VGG16Faces):
    """VGG-16 of ImageNet on the speaker's face, second hidden layer: half of paper 2's deep video features."""

    name = "vgg16"
    default = "vgg16-imagenet"
    note = (
        "turn torchvision's state file vgg16-397923af.pth into model.safetensors with "
        "`python -m emoviz encoders --convert FILE`"
    )
    connected = 4096
    preparation = IMAGENET
