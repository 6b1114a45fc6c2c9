"""The presets: the configs that made the bundled checkpoints of the same names, and the papers' own."""

import dataclasses

from ..define import FER_EMOTIONS, FOUR_EMOTIONS, Dimension, Source, derived
from ..errors import UnknownNameError
from ..inputs import InputConfig
from .config import SPEECH_CORPORA, TrainingConfig
from .papers import PAPERS
from .studies import RAVDESS_AV, SEWA

SPEECH_INPUTS = (InputConfig("whisper", components=128), InputConfig("egemaps"))
DERIVED_DIMENSIONS = (derived(Dimension.VALENCE), derived(Dimension.AROUSAL))

FACE_EXPRESSION = TrainingConfig(
    name="face-expression",
    title="Facial expression, eight emotions per frame",
    source=Source.FACE,
    model="expression",
    data="pictures",
    corpora=("ferplus",),
    inputs=(InputConfig("crop", standardise=False),),
    outputs=FER_EMOTIONS,
    loss="cross_entropy",
    selection="accuracy",
    options={"widths": [32, 64, 128, 256, 512], "depths": [1, 2, 2, 2, 2]},
    epochs=45,
    patience=45,
    batch_size=128,
    optimiser="sgd",
    learning_rate=0.05,
    weight_decay=5e-4,
    averaging=0.998,
    precision="bf16",
)
SPEECH_BIGRU = TrainingConfig(
    name="speech-bigru",
    title="Bi-GRU on speech, valence and arousal per frame",
    source=Source.SPEECH,
    model="bi-gru",
    options={"dropout": 0.3},
    data="sequences",
    corpora=SPEECH_CORPORA,
    inputs=SPEECH_INPUTS,
    outputs=DERIVED_DIMENSIONS,
    loss="ccc_mse",
    selection="ccc",
    epochs=20,
    patience=20,
    batch_size=32,
    learning_rate=2e-3,
)
SPEECH_CATS = dataclasses.replace(
    SPEECH_BIGRU,
    name="speech-cats",
    title="CATS-Transformer on speech, valence and arousal per frame",
    model="cats",
    options={},
    epochs=40,
    patience=40,
    batch_size=16,
    averaging=0.99,
)
SPEECH_EMOTION = TrainingConfig(
    name="speech-emotion",
    title="Speech, four emotions in a sliding window",
    source=Source.SPEECH,
    model="statistics-pooling",
    data="utterances",
    corpora=SPEECH_CORPORA,
    inputs=(InputConfig("whisper"), InputConfig("egemaps")),
    outputs=FOUR_EMOTIONS,
    loss="cross_entropy",
    selection="ua",
    window=3.0,
    epochs=30,
    patience=30,
    batch_size=32,
    weight_decay=0.01,
    averaging=0.99,
    balance=("culture", "emotion"),
)
SPEECH_MDAT = dataclasses.replace(
    SPEECH_EMOTION,
    name="speech-mdat",
    title="MDAT on speech, four emotions in a sliding window",
    model="mdat",
    hop=0.1,
    resample="mean",
    epochs=15,
    patience=15,
    averaging=0.98,
)
SPEECH_SPECTROGRAM = dataclasses.replace(
    SPEECH_EMOTION,
    name="speech-spectrogram",
    title="Residual network on the speech spectrogram, four emotions in a sliding window",
    model="av-attention",
    options={"modalities": ["audio"], "audio_depth": 18, "backbone_width": 8, "width": 64},
    inputs=(InputConfig("spectrogram", settings={"seconds": 0.5}),),
    hop=0.5,
    epochs=20,
    patience=20,
    learning_rate=5e-4,
    weight_decay=0.1,
)
RAVDESS = {
    system: dataclasses.replace(RAVDESS_AV.system(system), name=f"ravdess-{system}", title=title, test_share=0.25)
    for system, title in (
        ("softmax", "Audio-video attention network on RAVDESS, trained by cross-entropy alone"),
        ("triplet", "Audio-video attention network on RAVDESS, trained with a triplet loss beside"),
        ("emotion-metric", "Audio-video attention network on RAVDESS, trained with an emotion-metric loss beside"),
    )
}

AVEC = {
    system: dataclasses.replace(SEWA.system(system), name=f"avec-{system}", title=title, test_share=0.25)
    for system, title in (
        ("eaf", "EAF on SEWA, arousal, valence and liking over time from nine unimodal predictions"),
        (
            "lstm-attention",
            "LSTM-Attention on SEWA, arousal, valence and liking over time from nine unimodal predictions",
        ),
    )
}

_PRESETS = {
    c.name: c
    for c in (
        FACE_EXPRESSION,
        SPEECH_CATS,
        SPEECH_BIGRU,
        SPEECH_EMOTION,
        SPEECH_MDAT,
        SPEECH_SPECTROGRAM,
        *RAVDESS.values(),
        *AVEC.values(),
    )
}


def presets() -> tuple[str, ...]:
    """Names of the presets, each of which made the bundled checkpoint of that name."""
    return tuple(_PRESETS)


def preset(name: str) -> TrainingConfig:
    """The config of a bundled checkpoint, or of a paper.

    Raises:
        UnknownNameError: no such preset.
    """
    known = _PRESETS | PAPERS
    if name not in known:
        raise UnknownNameError("preset", name, known)
    return known[name]
