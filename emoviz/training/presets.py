"""The presets: the configs that made the bundled checkpoints of the same names, and the papers' own."""

import dataclasses

from ..checkpoints.folder import PER_CULTURE
from ..core.errors import UnknownNameError
from ..core.vocabulary import FER_EMOTIONS, FOUR_EMOTIONS, Dimension, Emotion, Source, derived
from ..features.base import CONDITIONED
from ..models.inputs import InputConfig
from .config import SPEECH_CORPORA, Changes, TrainingConfig, system_of
from .papers import PAPERS

SPEECH_INPUTS = (InputConfig("whisper", settings=CONDITIONED), InputConfig("egemaps", settings=CONDITIONED))
SPEECH_COMPONENTS = (
    InputConfig("whisper", components=128, settings=CONDITIONED),
    InputConfig("egemaps", settings=CONDITIONED),
)
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
    uniform_prior=0.24,
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
    inputs=SPEECH_COMPONENTS,
    outputs=DERIVED_DIMENSIONS,
    loss="ccc_mse",
    selection="ccc",
    epochs=20,
    patience=20,
    batch_size=32,
    learning_rate=2e-3,
    copies=1,
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
    data="windows",
    corpora=SPEECH_CORPORA,
    inputs=SPEECH_INPUTS,
    outputs=FOUR_EMOTIONS,
    loss="cross_entropy",
    selection="ua",
    window=3.0,
    epochs=60,
    patience=60,
    batch_size=32,
    weight_decay=0.01,
    averaging=0.99,
    balance=("culture", "emotion"),
    copies=1,
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
    data="utterances",
    copies=0,
    options={"modalities": ["audio"], "audio_depth": 18, "backbone_width": 8, "width": 64},
    inputs=(InputConfig("spectrogram", settings={"seconds": 0.5}),),
    hop=0.5,
    epochs=20,
    patience=20,
    learning_rate=5e-4,
    weight_decay=0.1,
)
COMPARE_CULTURES = TrainingConfig(
    name="compare-cultures",
    title="CATS-Transformer of one culture",
    source=Source.SPEECH,
    model="cats",
    options={
        "width": 32,
        "feedforward": 64,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "step": 4,
        "reduction": 8,
        "channel_form": "gates",
        "open_share": 0.5,
    },
    data="sequences",
    corpora=SPEECH_CORPORA,
    inputs=(InputConfig("whisper", components=64, settings=CONDITIONED), InputConfig("egemaps", settings=CONDITIONED)),
    outputs=DERIVED_DIMENSIONS,
    loss="ccc_mse",
    selection="ccc",
    hop=0.5,
    resample="mean",
    epochs=80,
    patience=80,
    batch_size=16,
    learning_rate=2e-3,
    averaging=0.98,
    channels=PER_CULTURE,
)
"""The config of a set of models of one culture each (:mod:`emoviz.studies.culture_set`): a network for each output."""
AUDIO, ACTION_UNITS = InputConfig("whisper"), InputConfig("openface")
EIGHT_EMOTIONS = tuple(e for e in Emotion if e not in (Emotion.BORED, Emotion.CONTEMPTUOUS))
RAVDESS_LOSSES: dict[str, Changes] = {
    "softmax": {},
    "triplet": {"metric_loss": "triplet"},
    "emotion-metric": {"metric_loss": "emotion_metric"},
}
RAVDESS_CONFIG = TrainingConfig(
    name="ravdess-av",
    title="Emotion of an audio-video clip",
    source=Source.FUSED,
    model="av-fusion",
    data="utterances",
    corpora=("ravdess",),
    inputs=(AUDIO, ACTION_UNITS),
    outputs=EIGHT_EMOTIONS,
    loss="cross_entropy",
    selection="accuracy",
    hop=0.1,
    window=10.0,
    metric_weight=0.1,
    margins=(0.2, 0.2),
    epochs=20,
    patience=20,
    batch_size=64,
    learning_rate=2e-3,
    weight_decay=0.01,
    averaging=0.98,
)
RAVDESS = {
    system: dataclasses.replace(
        system_of(RAVDESS_CONFIG, system, RAVDESS_LOSSES[system]),
        name=f"ravdess-{system}",
        title=title,
        test_share=0.25,
    )
    for system, title in (
        ("softmax", "Audio-video attention network on RAVDESS, trained by cross-entropy alone"),
        ("triplet", "Audio-video attention network on RAVDESS, trained with a triplet loss beside"),
        ("emotion-metric", "Audio-video attention network on RAVDESS, trained with an emotion-metric loss beside"),
    )
}

SMALL = {"hidden": 16, "layers": 1, "dropout": 0.5}
FRAMEWISE: dict[str, Changes] = {
    "rnn": {"model": "rnn", "options": SMALL},
    "lstm": {"model": "lstm", "options": SMALL},
    "lstm-attention": {"model": "lstm-attention", "options": SMALL},
    "bi-lstm": {"model": "bi-lstm", "options": SMALL},
    "bi-gru": {"model": "bi-gru", "options": SMALL},
    "cats": {"model": "cats", "options": {"width": 32, "feedforward": 64, "reduction": 4, "step": 1,
                                          "encoder_layers": 1, "decoder_layers": 1}, "epochs": 20, "patience": 20},
    "eaf": {"model": "eaf", "options": {"hidden": 32, "layers": 1, "dropout": 0.5, "step": 1}},
    "aed": {"model": "aed", "options": {"hidden": 16, "dropout": 0.5, "step": 4}},
    "emafn": {"model": "emafn", "options": {"hidden": 16, "dropout": 0.5, "step": 4}},
}  # fmt: skip
SEWA_CONFIG = TrainingConfig(
    name="sewa",
    title="Arousal, valence and liking over time",
    source=Source.FUSED,
    model="bi-gru",
    data="traces",
    corpora=("avec2019_ces",),
    inputs=(InputConfig("avec2019-audio"), InputConfig("avec2019-video")),
    outputs=(Dimension.AROUSAL, Dimension.VALENCE, Dimension.LIKING),
    loss="ccc",
    selection="ccc",
    hop=0.5,
    resample="mean",
    window=60.0,
    epochs=60,
    patience=60,
    batch_size=8,
    learning_rate=2e-3,
    weight_decay=0.01,
)
AVEC = {
    system: dataclasses.replace(
        system_of(SEWA_CONFIG, system, FRAMEWISE[system]), name=f"avec-{system}", title=title, test_share=0.25
    )
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
    """Return the names of the presets; each made the bundled checkpoint of the same name."""
    return tuple(_PRESETS)


def preset(name: str) -> TrainingConfig:
    """Return the config of a bundled checkpoint, of a set of models of one culture each, or of a paper.

    Raises:
        UnknownNameError: if there is no such preset.
    """
    known = _PRESETS | {COMPARE_CULTURES.name: COMPARE_CULTURES} | PAPERS
    if name not in known:
        raise UnknownNameError("preset", name, known)
    return known[name]
