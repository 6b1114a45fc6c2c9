"""Captions of pictures: the sentence that CLIP finds nearest to each picture, as the vector of a text encoder.

Source: L. Vaiani et al., "ViPER", MuSe 2022, section 3: the text stream of paper 3. Its 53 sentences, templates over
seven emotional reactions and neutral, are not printed; these are our own, in the same number.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import EXTRACTORS, FeatureStream
from .loading import device, load_model, load_part
from .pictures import picture_stream
from .preparation import Preparation
from .weights import CONFIG, PICTURE, TOKENIZER, Weights, read_json

if TYPE_CHECKING:
    from ..media import ClipMedia

REACTIONS = {
    "adoration": "adores what they see",
    "amusement": "is amused",
    "anxiety": "is anxious",
    "disgust": "is disgusted",
    "empathic pain": "feels another's pain",
    "fear": "is afraid",
    "surprise": "is surprised",
}
TEMPLATES = (
    "A person who {}.",
    "A close picture of somebody who {}.",
    "The face of someone who {}.",
    "In front of the camera sits a person who {}.",
    "Someone watches a video and {}.",
    "You can see in this face that the person {}.",
    "The look of a viewer who {}.",
)
NEUTRAL = (
    "A person without any visible emotion.",
    "A calm face that shows no reaction.",
    "Somebody watches a video with a neutral look.",
    "The relaxed face of a person who does not react.",
)
CAPTIONS = tuple(template.format(what) for what in REACTIONS.values() for template in TEMPLATES) + NEUTRAL
"""The 53 sentences: seven for each of seven reactions, four without a reaction."""


@EXTRACTORS.register("captions")
class Captions:
    """The caption nearest to each picture, as RoBERTa's vector: paper 3's text stream.

    Args:
        weights: weights of CLIP: name on the Hub, or a folder.
        encoder: encoder of the captions, BERT or its kin: name on the Hub, or a folder.
        rate: pictures per second.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the networks compute in half precision.
    """

    name = "captions"
    version = "1"
    modality = Modality.TEXT

    def __init__(
        self,
        *,
        weights: str = "openai/clip-vit-base-patch32",
        encoder: str = "FacebookAI/roberta-base",
        rate: float = 5.0,
        device: str = "auto",
    ) -> None:
        if rate <= 0:
            raise FeatureError(f"'rate' of 'captions' is positive, not {rate:g}.")
        self.needs = (
            Weights(weights, ("clip",), (*PICTURE, TOKENIZER)),
            Weights(encoder, ("roberta", "bert", "xlm-roberta"), (TOKENIZER,)),
        )
        self.rate, self.device = rate, device

    @property
    def settings(self) -> dict[str, str | int | float]:
        """Both encoders by their content, and the rate."""
        clip, encoder = (weights.hash(self.name) for weights in self.needs)
        return {"weights": clip, "encoder": encoder, "rate": self.rate}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``captions.<number>``."""
        width = read_json(self.needs[1].folder(self.name) / CONFIG)["hidden_size"]
        return tuple(f"{self.name}.{i:04d}" for i in range(width))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return the vector of the nearest caption at each moment.

        Raises:
            MissingWeightsError: if the weights of one of the encoders are not on this machine.
            FeatureError: if such weights are damaged.
        """
        place = device(self.device)
        clip_folder, folder = (weights.folder(self.name) for weights in self.needs)
        clip = load_model("CLIPModel", clip_folder, place)
        encoder = load_model("AutoModel", folder, place, add_pooling_layer=False)
        prepared = read_json(clip_folder / PICTURE[0])
        preparation = Preparation(
            clip.config.vision_config.image_size, tuple(prepared["image_mean"]), tuple(prepared["image_std"])
        )
        with torch.inference_mode():
            words = load_part("AutoTokenizer", folder)(list(CAPTIONS), padding=True, return_tensors="pt")
            vectors = encoder(**words.to(place)).last_hidden_state[:, 0].float().cpu().numpy()
            tokens = load_part("AutoTokenizer", clip_folder)(list(CAPTIONS), padding=True, return_tensors="pt")
            captions = clip.text_projection(clip.text_model(**tokens.to(place)).pooler_output)
            captions = captions / captions.norm(dim=-1, keepdim=True)

        @torch.inference_mode()
        def encode(pictures: np.ndarray) -> np.ndarray:
            batch = preparation(pictures).to(place, clip.dtype)
            seen = clip.visual_projection(clip.vision_model(batch).pooler_output)
            nearest: np.ndarray = vectors[(seen @ captions.T).argmax(1).cpu().numpy()]
            return nearest

        return picture_stream(
            media, self.channels, encode, rate=self.rate, side=preparation.side, whole=True, progress=progress
        )
