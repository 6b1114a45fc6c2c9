"""Tiny encoders with random weights, saved as published ones are."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

SPEECH = {
    "hubert": "Hubert",
    "wav2vec2": "Wav2Vec2",
    "xls-r": "Wav2Vec2",
    "wavlm": "WavLM",
}
"""Feature -> how transformers calls the architecture."""
SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
CONVOLUTIONS = {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}


def save_speech(folder: Path, feature: str, normalise: bool = True, rate: int = 16000) -> Path:
    """HuBERT, wav2vec 2.0 or WavLM with the layer norms of the large ones."""
    import transformers

    name = SPEECH[feature]
    torch.manual_seed(len(feature))
    config = getattr(transformers, f"{name}Config")(
        **SMALL, **CONVOLUTIONS, do_stable_layer_norm=True, feat_extract_norm="layer"
    )
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=rate, do_normalize=normalise).save_pretrained(folder)
    return folder


def save_whisper(folder: Path) -> Path:
    """Whisper."""
    import transformers

    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        d_model=16,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        vocab_size=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    transformers.WhisperModel(config).save_pretrained(folder)
    transformers.WhisperFeatureExtractor().save_pretrained(folder)
    return folder


def change_config(folder: Path, **values: object) -> None:
    """Change fields of a saved ``config.json``."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


SIDE = 32
"""Pixels of a tiny picture encoder's input."""
WORDS = ("kids", "are", "talking", "by", "the", "door", "a", "person")
PLAN = (4, 0, 8, 0, 8, 0)
"""Convolutions of a tiny VGG."""
BLOCKS = (1, 1)
"""Dense blocks of a tiny DenseNet."""
TEXT = {"bert": "Bert", "distilbert": "DistilBert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta"}


def save_tokenizer(folder: Path, length: int = 64) -> None:
    """A tokenizer of letters and a few words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "</s>", "<unk>"]
    letters = [*"abcdefghijklmnopqrstuvwxyz'.,"]
    pieces = [*special, *WORDS, *letters, *(f"##{c}" for c in letters)]
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(dict.fromkeys(pieces))}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    names = dict(zip(("pad_token", "bos_token", "eos_token", "unk_token"), special, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=length, **names).save_pretrained(folder)


def save_text(folder: Path, feature: str, length: int = 64) -> Path:
    """BERT and its kin."""
    import transformers

    name = TEXT[feature]
    torch.manual_seed(len(feature))
    sizes = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32} if feature == "distilbert" else SMALL
    config = getattr(transformers, f"{name}Config")(
        **sizes, vocab_size=128, max_position_embeddings=length + 4, pad_token_id=0, bos_token_id=1, eos_token_id=2
    )
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
    save_tokenizer(folder, length)
    return folder


def save_picture_preparation(folder: Path, side: int = SIDE) -> None:
    values = {"size": {"height": side, "width": side}, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
    (folder / "preprocessor_config.json").write_text(json.dumps(values))


def save_picture(folder: Path, feature: str) -> Path:
    """ViT, CLIP, VideoMAE or ResNet."""
    import transformers

    torch.manual_seed(len(feature))
    if feature == "vit":
        network = transformers.ViTModel(transformers.ViTConfig(**SMALL, image_size=SIDE, patch_size=8))
    elif feature == "videomae":
        config = transformers.VideoMAEConfig(**SMALL, image_size=SIDE, patch_size=16, num_frames=16)
        network = transformers.VideoMAEModel(config)
    elif feature == "resnet50":
        config = transformers.ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic")
        network = transformers.ResNetModel(config)
    else:
        text = SMALL | {"vocab_size": 128, "max_position_embeddings": 64, "eos_token_id": 2, "bos_token_id": 1}
        config = transformers.CLIPConfig(
            text_config=text, vision_config=SMALL | {"image_size": SIDE, "patch_size": 8}, projection_dim=8
        )
        network = transformers.CLIPModel(config)
        save_tokenizer(folder)
    network.save_pretrained(folder)
    save_picture_preparation(folder)
    return folder


def save_xvector(folder: Path) -> Path:
    """WavLM with its x-vector head."""
    import transformers

    torch.manual_seed(1)
    config = transformers.WavLMConfig(**SMALL, **CONVOLUTIONS, tdnn_dim=(8, 8, 8, 8, 12), xvector_output_dim=8)
    transformers.WavLMForXVector(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


def save_state(folder: Path, network: torch.nn.Module) -> Path:
    """A network of ours as a state file, with a classifier's last layer beside that nobody reads."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({**network.state_dict(), "classifier.6.weight": torch.zeros(2, 2)}, folder / "model.safetensors")
    return folder


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the networks whose size is not in a config small."""
    from emoviz.features import deep_spectrum, face_networks

    monkeypatch.setattr(face_networks.VGG16Faces, "plan", PLAN)
    monkeypatch.setattr(face_networks.VGG16, "connected", 16)
    for network, arguments, width in (
        (deep_spectrum.DeepSpectrumVGG16, (16, PLAN), 16),
        (deep_spectrum.DeepSpectrumAlexNet, (16,), 16),
        (deep_spectrum.DeepSpectrumDenseNet121, (BLOCKS, 8), 44),
        (deep_spectrum.DeepSpectrumDenseNet201, (BLOCKS, 8), 44),
    ):
        monkeypatch.setattr(network, "arguments", arguments)
        monkeypatch.setattr(network, "width", width)


def save_all(root: Path) -> Path:
    """Tiny weights under every name that an extractor takes by default."""
    from emoviz.features import bag_of_words, convolutional, make
    from emoviz.features.transcripts import RECOGNISER

    def place(feature: str) -> Path:
        return root / make(feature).needs[0].name

    for feature in SPEECH:
        save_speech(place(feature), feature)
    for feature in TEXT:
        save_text(place(feature), feature)
    for feature in ("vit", "videomae", "resnet50", "clip"):
        save_picture(place(feature), feature)
    save_whisper(place("whisper-encoder"))
    save_xvector(place("wavlm-xvector"))
    torch.manual_seed(0)
    save_state(place("vggface"), convolutional.VGG(0, PLAN))
    save_state(place("vgg16"), convolutional.VGG(16, PLAN))
    save_state(place("deep-spectrum-alexnet"), convolutional.AlexNet(16))
    for feature in ("deep-spectrum-densenet121", "deep-spectrum-densenet201"):
        save_state(place(feature), convolutional.DenseNet(BLOCKS, 8).eval())
    for base in ("egemaps", "mfcc", "blendshapes"):
        frames = np.random.default_rng(0).random((200, len(make(base).channels)), np.float32)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EMOVIZ_WEIGHTS", str(root))
            bag_of_words.save(bag_of_words.fit(frames, 10), f"codebook-{base}")
    recogniser = root / RECOGNISER
    recogniser.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (recogniser / name).write_text("{}")
    return root
