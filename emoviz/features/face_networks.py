"""Faces through pretrained convolutional networks: ResNet-50, VGGFace and VGG-16 of ImageNet.

Sources: K. He et al., "Deep Residual Learning", CVPR 2016; O. Parkhi et al., "Deep Face Recognition", BMVC 2015;
K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks", ICLR 2015.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import EXTRACTORS, FeatureStream
from .convolutional import VGG
from .convolutional import VGG16 as CONVOLUTIONS
from .loading import device, load_model, load_state
from .pictures import picture_stream, require_rate
from .preparation import IMAGENET, VGG_FACE, Preparation
from .weights import CONFIG, Weights, read_json

if TYPE_CHECKING:
    from ..media import ClipMedia


@EXTRACTORS.register("resnet50")
class ResNet50:
    """ResNet-50 on the speaker's face, average of its last block: half of paper 2's deep video features."""

    name = "resnet50"
    version = "1"
    modality = Modality.VIDEO

    def __init__(
        self, *, weights: str = "microsoft/resnet-50", rate: float = 10.0, whole: bool = False, device: str = "auto"
    ) -> None:
        require_rate(self.name, rate)
        self.needs = (Weights(weights, ("resnet",)),)
        self.rate, self.whole, self.device = rate, whole, device

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, the rate and the part of the picture."""
        return {"weights": self.needs[0].hash(self.name), "rate": self.rate, "whole": self.whole}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``resnet50.<number>``."""
        width = read_json(self.needs[0].folder(self.name) / CONFIG)["hidden_sizes"][-1]
        return tuple(f"{self.name}.{i:04d}" for i in range(width))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return features of the speaker's face, or of the picture; NaN where the face is not seen."""
        place = device(self.device)
        network = load_model("AutoModel", self.needs[0].folder(self.name), place)

        @torch.inference_mode()
        def encode(pictures: np.ndarray) -> np.ndarray:
            batch = IMAGENET(pictures).to(place, network.dtype)
            average: np.ndarray = network(batch).pooler_output.flatten(1).float().cpu().numpy()
            return average

        return picture_stream(
            media, self.channels, encode, rate=self.rate, side=IMAGENET.side, whole=self.whole, progress=progress
        )


class VGG16Faces:
    """Features of the speaker's face by VGG-16.

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
    depth = 2
    preparation: Preparation
    plan = CONVOLUTIONS

    def __init__(self, *, weights: str = "", rate: float = 0.0, device: str = "auto") -> None:
        require_rate(self.name, rate)
        self.needs = (Weights(weights or self.default, note=self.note),)
        self.rate, self.device = rate, device

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The weights by their content, and the rate."""
        return {"weights": self.needs[0].hash(self.name), "rate": self.rate}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``<feature>.<number>``."""
        return tuple(f"{self.name}.{i:04d}" for i in range(self.connected or max(self.plan)))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return features of the speaker's face; NaN where it is not seen."""
        place = device(self.device)
        network = load_state(VGG, self.needs[0].folder(self.name), place, self.connected, self.plan, self.depth)

        @torch.inference_mode()
        def encode(pictures: np.ndarray) -> np.ndarray:
            batch = self.preparation(pictures).to(place, next(network.parameters()).dtype)
            encoded: np.ndarray = network(batch).float().cpu().numpy()
            return encoded

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
    """VGG-16 of ImageNet on the speaker's face, first hidden layer: half of paper 2's deep video features."""

    name = "vgg16"
    version = "2"
    default = "vgg16-imagenet"
    note = (
        "turn torchvision's state file vgg16-397923af.pth into model.safetensors with "
        "`python -m emoviz encoders --convert FILE`"
    )
    connected = 4096
    depth = 1
    preparation = IMAGENET
