"""The set-ups of the five papers, with exactly the streams that they name.

None of these made a bundled checkpoint, since their encoders are too large to be bundled. Training one without its
encoders stops with a sentence that says which weights are missing; no other encoder takes their place.

Where a paper's corpus is not public, the config names one that fits its task; ``--set 'corpora=["mine"]'`` takes
another. A stream that deviates from the paper has a comment beside it.
"""

import dataclasses
import itertools

from ..core.vocabulary import FOUR_EMOTIONS, Dimension, Emotion, Source, derived, intensity
from ..models.inputs import InputConfig
from .config import SPEECH_CORPORA, TrainingConfig

HUBERT = InputConfig("hubert", components=128)
VGGFACE = InputConfig("vggface")
PAPER1 = TrainingConfig(
    name="paper1-audio",
    title="CATS-Transformer on HuBERT-large, valence and arousal per frame",
    source=Source.SPEECH,
    model="cats",
    data="sequences",
    corpora=SPEECH_CORPORA,
    inputs=(HUBERT,),
    outputs=(derived(Dimension.VALENCE), derived(Dimension.AROUSAL)),
    loss="ccc_mse",
    selection="ccc",
    epochs=50,
    patience=50,
)
PAPER2 = TrainingConfig(
    name="paper2-llds",
    title="EMAFN on functionals and bags of words, arousal, valence and liking over time",
    source=Source.FUSED,
    model="emafn",
    options={"step": 1, "window": None, "aligned": False},
    data="traces",
    corpora=("avec2019_ces",),
    # Facial actions and gaze are the blendshapes.
    inputs=tuple(
        InputConfig(f"{base}-{kind}")
        for base in ("egemaps", "mfcc", "blendshapes")
        for kind in ("functionals", "words")
    ),
    outputs=(Dimension.AROUSAL, Dimension.VALENCE, Dimension.LIKING),
    loss="ccc",
    selection="ccc",
    hop=0.1,
    window=60.0,
    label_delay=2.0,
    epochs=50,
    patience=50,
)
DEEP_SPECTRUM = tuple(
    InputConfig(f"deep-spectrum-{network}", settings={"window": 4.0})
    for network in ("vgg16", "alexnet", "densenet121", "densenet201")
)
DEEP_FACES = (InputConfig("vgg16", settings={"rate": 10.0}), InputConfig("resnet50"))
MODALITIES = {
    "image": (InputConfig("vit"),),
    "audio": (InputConfig("wavlm-xvector"),),
    "text": (InputConfig("captions"),),
    # The paper's 20 action units are 52 facial actions here, its 7 emotions the 8 of FER+.
    "fau": (InputConfig("blendshapes"), InputConfig("expression")),
}
PAPER3 = TrainingConfig(
    name="paper3-full",
    title="ViPER on pictures, sound, captions and facial actions, intensity of emotions",
    source=Source.FUSED,
    model="viper",
    data="utterances",
    corpora=("crema-d",),
    inputs=tuple(entry for entries in MODALITIES.values() for entry in entries),
    outputs=tuple(
        intensity(e) for e in (Emotion.ANGRY, Emotion.DISGUSTED, Emotion.FEARFUL, Emotion.HAPPY, Emotion.SAD)
    ),
    loss="mse",
    selection="pearson",
    hop=0.1,
    epochs=50,
    patience=50,
    learning_rate=1e-5,
    schedule="halving",
    weight_decay=0.01,
)
PAPER4 = TrainingConfig(
    name="paper4",
    title="MDAT on XLS-R and RoBERTa, four emotions of an utterance",
    source=Source.SPEECH,
    model="mdat",
    data="utterances",
    corpora=("emodb", "emovo", "urdu"),
    # RoBERTa knows English; the paper gives it German, Italian and Urdu all the same.
    inputs=(InputConfig("xls-r"), InputConfig("roberta", settings={"languages": ""})),
    outputs=FOUR_EMOTIONS,
    loss="cross_entropy",
    selection="ua",
    hop=0.1,
    window=6.0,
    resample="mean",
    epochs=50,
    patience=50,
    batch_size=32,
    weight_decay=0.01,
)
SIDE = 224
PAPER5 = TrainingConfig(
    name="paper5",
    title="Audio-video attention network on pixels and spectrograms, six emotions",
    source=Source.FUSED,
    model="av-attention",
    options={"side": SIDE, "depth": 101, "audio_depth": 18},
    data="utterances",
    corpora=("crema-d",),
    inputs=(InputConfig("spectrogram"), InputConfig("snippets", standardise=False, settings={"side": SIDE})),
    outputs=(Emotion.ANGRY, Emotion.DISGUSTED, Emotion.FEARFUL, Emotion.HAPPY, Emotion.NEUTRAL, Emotion.SAD),
    loss="cross_entropy",
    selection="accuracy",
    metric_loss="emotion_metric",
    hop=2.5,  # six parts of a clip of 15 s; of each clip there are six, whatever its length
    resample="none",
    epochs=100,
    patience=20,
    learning_rate=1e-4,
)


def _subsets() -> dict[str, TrainingConfig]:
    """Return the ablation of ViPER: its config on every choice of modalities but all."""
    return {
        f"paper3-{'-'.join(names)}": dataclasses.replace(
            PAPER3,
            name=f"paper3-{'-'.join(names)}",
            title=f"ViPER on {' and '.join(names)}, intensity of emotions",
            inputs=tuple(entry for name in names for entry in MODALITIES[name]),
        )
        for size in range(1, len(MODALITIES))
        for names in itertools.combinations(MODALITIES, size)
    }


PAPERS: dict[str, TrainingConfig] = {
    "paper1-audio": PAPER1,
    "paper1-video": dataclasses.replace(
        PAPER1,
        name="paper1-video",
        title="CATS-Transformer on VGGFace, valence and arousal per frame",
        source=Source.FACE,
        corpora=("crema-d",),
        inputs=(VGGFACE,),
    ),
    "paper1-av": dataclasses.replace(
        PAPER1,
        name="paper1-av",
        title="CATS-Transformer on HuBERT-large and VGGFace, valence and arousal per frame",
        source=Source.FUSED,
        corpora=("crema-d",),
        inputs=(HUBERT, VGGFACE),
    ),
    "paper2-llds": PAPER2,
    "paper2-deep": dataclasses.replace(
        PAPER2,
        name="paper2-deep",
        title="EMAFN on deep spectrum and deep faces, arousal, valence and liking over time",
        inputs=(*DEEP_SPECTRUM, *DEEP_FACES),
    ),
    "paper3-full": PAPER3,
    **_subsets(),
    "paper4": PAPER4,
    "paper5": PAPER5,
}
"""The config of each name."""
