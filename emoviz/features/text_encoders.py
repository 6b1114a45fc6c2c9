"""Features of spoken words, by the pretrained text encoders BERT, DistilBERT, RoBERTa and XLM-R.

Sources: J. Devlin et al., "BERT", NAACL 2019; V. Sanh et al., "DistilBERT", 2019; Y. Liu et al., "RoBERTa", 2019;
A. Conneau et al., "Unsupervised Cross-lingual Representation Learning at Scale", ACL 2020. The networks are
transformers' own; the words are those of :mod:`emoviz.features.transcripts`.

On the time grid a word's vector, the mean of its tokens' states, stands from the word's start to its end; between
words nothing is said, and the frame is missing. A text of more tokens than the encoder reads goes through it in
pieces of whole words.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from . import transcripts
from .base import EXTRACTORS, FeatureStream, lacking_sound, missing_stream
from .loading import device, load_model, load_part
from .transcripts import ENGLISH, RECOGNISER, Transcript, transcribe
from .weights import CONFIG, TOKENIZER, Weights, read_json

if TYPE_CHECKING:
    from ..media import ClipMedia

HOP = 0.1
Pooling = Literal["words", "mean", "first"]


class TextEncoder:
    """Features of words: the hidden states of a pretrained text encoder.

    Args:
        weights: weights of the encoder: name on the Hub, or a folder.
        recogniser: recogniser of the words: name on the Hub, or a folder, in CTranslate2's form.
        language: two-letter code of the spoken language, or ``auto`` to find out.
        translate: whether what is said is first translated to English by the recogniser, as in paper 1.
        languages: codes of the languages that the encoder knows, separated by commas; empty for all languages.
        layer: block after which the states are taken: 1 for the first, 0 for its input, -1 for the last.
        pooling: ``words`` over time; one vector for the clip: ``mean`` over its tokens, or that of the ``first``.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the encoder computes in half precision.
    """

    name: str
    version = "1"
    modality = Modality.TEXT
    default: str
    kinds: tuple[str, ...]
    known: str = ENGLISH
    options: dict[str, Any] = {"add_pooling_layer": False}
    tokenizer_options: dict[str, Any] = {}

    def __init__(
        self,
        *,
        weights: str = "",
        recogniser: str = RECOGNISER,
        language: str = "auto",
        translate: bool = False,
        languages: str | None = None,
        layer: int = -1,
        pooling: Pooling = "words",
        device: str = "auto",
    ) -> None:
        self.needs = (Weights(weights or self.default, self.kinds, (TOKENIZER,)), transcripts.recogniser(recogniser))
        self.language, self.translate = language, translate
        self.languages = tuple(filter(None, (self.known if languages is None else languages).split(",")))
        self.layer, self.pooling, self.device = layer, pooling, device

    @property
    def config(self) -> dict[str, Any]:
        """The network's config.

        Raises:
            MissingWeightsError: if the weights are not on this machine.
            FeatureError: if the network has no such layer.
        """
        weights = self.needs[0]
        config = read_json(weights.folder(self.name) / CONFIG)
        for name, own in (("num_hidden_layers", "n_layers"), ("hidden_size", "dim")):  # DistilBERT's words for them
            if own in config:
                config.setdefault(name, config[own])
        weights.layer(self.layer, config["num_hidden_layers"])
        return config

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The encoder and the recogniser by their content, the language, the layer and the pooling."""
        layer = self.needs[0].layer(self.layer, self.config["num_hidden_layers"])
        encoder, words = (weights.hash(self.name) for weights in self.needs)
        return {
            "weights": encoder,
            "recogniser": words,
            "language": self.language,
            "layer": layer,
            "pooling": self.pooling,
            **({"translate": True} if self.translate else {}),
        }

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``<feature>.<number>``."""
        return tuple(f"{self.name}.{i:04d}" for i in range(self.config["hidden_size"]))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return features of the words in the clip; NaN and a note where nobody speaks.

        Raises:
            MissingWeightsError: if the weights of the encoder or of the recogniser are not on this machine.
            FeatureError: if the weights are damaged, or the encoder does not know the language.
        """
        channels, duration = self.channels, media.info.duration
        if note := lacking_sound(media, progress=progress):
            return missing_stream(channels, duration, HOP, note)
        transcript = transcribe(
            media,
            self.needs[1],
            self.language,
            translate=self.translate,
            feature=self.name,
            place=self.device,
            progress=progress,
        )
        if not transcript.words:
            return missing_stream(channels, duration, HOP, "No words were recognised in the clip's sound.")
        if self.pooling != "words":
            return FeatureStream(self.encode(transcript)[None], duration / 2, max(duration, HOP), channels)
        values = np.full((max(round(duration / HOP), 1), len(channels)), np.nan, np.float32)
        for word, vector in zip(transcript.words, self.encode(transcript), strict=True):
            # At least the frame nearest to the word's middle.
            middle = int(np.clip((word.start + word.end) / 2 / HOP, 0, len(values) - 1))
            first, last = round(word.start / HOP), round(word.end / HOP)
            values[min(first, middle) : max(last, middle + 1)] = vector
        return FeatureStream(values, HOP / 2, HOP, channels)

    def encode(self, transcript: Transcript) -> np.ndarray:
        """Encode the words of a transcript.

        Args:
            transcript: transcript of at least one word.

        Returns:
            States, float32 (words, D), or (D,) for the clip.

        Raises:
            FeatureError: if the encoder does not know the language.
        """
        weights, _ = self.needs
        if self.languages and transcript.written not in self.languages:
            raise FeatureError(
                f"The words are in the language '{transcript.written}', but '{weights.name}' knows "
                f"{', '.join(self.languages)}: choose a multilingual encoder (xlm-roberta), let the words be "
                f"translated to English (the setting 'translate' of '{self.name}'), or state what yours knows with its "
                "setting 'languages'."
            )
        place, folder = device(self.device), weights.folder(self.name)
        network = load_model("AutoModel", folder, place, **self.options)
        tokenizer = load_part("AutoTokenizer", folder, **self.tokenizer_options)
        most = min(tokenizer.model_max_length, network.config.max_position_embeddings - 2)
        vectors, tokens = [], []
        for words in _pieces([word.text for word in transcript.words], tokenizer, most):
            batch = tokenizer(words, is_split_into_words=True, return_tensors="pt", truncation=True, max_length=most)
            with torch.inference_mode():
                output = network(**batch.to(place), output_hidden_states=True)
            states = output.hidden_states[self.layer][0].float().cpu().numpy()
            owners = np.array([-1 if owner is None else owner for owner in batch.word_ids()])
            tokens.append(states)
            nothing = np.full(states.shape[1], np.nan, np.float32)  # of a word of which no token is left
            own = (states[owners == number] for number in range(len(words)))
            vectors += [some.mean(0) if len(some) else nothing for some in own]
        if self.pooling == "words":
            return np.stack(vectors)
        pooled: np.ndarray = tokens[0][0] if self.pooling == "first" else np.concatenate(tokens).mean(0)
        return pooled


def _pieces(words: Sequence[str], tokenizer: Any, most: int) -> Iterator[list[str]]:
    """Words in order, in pieces of at most so many tokens, special ones included."""
    room = most - tokenizer.num_special_tokens_to_add()
    alone = tokenizer([[word] for word in words], is_split_into_words=True, add_special_tokens=False)
    lengths = [len(numbers) for numbers in alone["input_ids"]]
    piece: list[str] = []
    used = 0
    for word, length in zip(words, lengths, strict=True):
        if piece and used + length > room:
            yield piece
            piece, used = [], 0
        piece.append(word)
        used += length
    yield piece


@EXTRACTORS.register("bert")
class BERT(TextEncoder):
    """BERT on the words of the clip."""

    name = "bert"
    default = "google-bert/bert-base-uncased"
    kinds = ("bert",)


@EXTRACTORS.register("distilbert")
class DistilBERT(TextEncoder):
    """DistilBERT on the words of the clip: the encoder of paper 1's text classifier."""

    name = "distilbert"
    default = "distilbert/distilbert-base-uncased"
    kinds = ("distilbert",)
    options: dict[str, Any] = {}


@EXTRACTORS.register("roberta")
class RoBERTa(TextEncoder):
    """RoBERTa on the words of the clip: paper 4's text stream."""

    name = "roberta"
    default = "FacebookAI/roberta-base"
    kinds = ("roberta",)
    tokenizer_options: dict[str, Any] = {"add_prefix_space": True}
    """Option that cuts the first word of a text like any other."""


@EXTRACTORS.register("xlm-roberta")
class XLMRoBERTa(TextEncoder):
    """XLM-R on the words of the clip, in a hundred languages."""

    name = "xlm-roberta"
    default = "FacebookAI/xlm-roberta-base"
    kinds = ("xlm-roberta",)
    known = ""
