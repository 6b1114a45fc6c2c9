"""Tiny encoders with random weights, saved as published ones are."""

import json
from pathlib import Path

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
        d_model=16, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, vocab_size=64, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        decoder_start_token_id=1,
    )  # fmt: skip
    transformers.WhisperModel(config).save_pretrained(folder)
    transformers.WhisperFeatureExtractor().save_pretrained(folder)
    return folder


def change_config(folder: Path, **values: object) -> None:
    """Change fields of a saved ``config.json``."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
