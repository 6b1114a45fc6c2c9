"""The studies with results under ``results/``: a corpus and a task, the compared systems, and the protocols.

python -m emoviz protocol cross-culture --study speech --system mdat
"""

import dataclasses
import itertools
from collections.abc import Iterable

from ..checkpoints.folder import PER_CULTURE
from ..core.errors import UnknownNameError
from ..core.vocabulary import FOUR_EMOTIONS, Dimension, Emotion, Modality, Source, derived, intensity
from ..core.words import CONFOUND
from ..models.inputs import InputConfig
from ..training.config import SPEECH_CORPORA, Changes, TrainingConfig
from ..training.presets import (
    ACTION_UNITS,
    AUDIO,
    COMPARE_CULTURES,
    EIGHT_EMOTIONS,
    FRAMEWISE,
    RAVDESS_CONFIG,
    RAVDESS_LOSSES,
    SEWA_CONFIG,
    SPEECH_EMOTION,
)
from ..training.protocols import Options
from .high_low import HIGH_LOW
from .study import LEARNED, LateFusion, Plan, Study


def _against(systems: Iterable[str], *others: str) -> dict[str, tuple[str, ...]]:
    """Each system against the others but itself."""
    return {system: tuple(other for other in others if other != system) for system in systems}


RAW = (InputConfig("avec2019-audio", standardise=False), InputConfig("avec2019-video", standardise=False))
FLOORS_OF_SEWA: dict[str, Changes] = {
    "mean": {"model": "channel-mean", "inputs": RAW},
    "video-mean": {"model": "channel-mean", "inputs": RAW, "options": {"only": "visual"}},
    "organisers": {"model": "channel-mean", "inputs": (InputConfig("avec2019-svr", standardise=False),)},
    "shrinkage": {"model": "shrinkage", "inputs": RAW},
}
SEWA_VARIANTS: dict[str, Changes] = {
    **{f"eaf {d} alone": {**FRAMEWISE["eaf"], "outputs": (d,)} for d in Dimension},
    "eaf audio": {**FRAMEWISE["eaf"], "inputs": (InputConfig("avec2019-audio"),)},
    "eaf video": {**FRAMEWISE["eaf"], "inputs": (InputConfig("avec2019-video"),)},
    "eaf label delay 1 s": {**FRAMEWISE["eaf"], "label_delay": 1.0},
    "cats without channel attention": {
        **FRAMEWISE["cats"],
        "options": {**FRAMEWISE["cats"]["options"], "channel_attention": False},
    },
}
SEWA_FUSIONS = {"average": LateFusion(("shrinkage", "eaf", "aed", "emafn"), "average")}
SEWA = Study(
    name="sewa",
    title="SEWA, AVEC 2019: arousal, valence and liking over time from the predictions of nine unimodal systems",
    config=SEWA_CONFIG,
    systems={**FLOORS_OF_SEWA, **FRAMEWISE, **SEWA_VARIANTS},
    fusions=SEWA_FUSIONS,
    plans={
        **{
            name: Plan(
                systems=(*FLOORS_OF_SEWA, *FRAMEWISE, *SEWA_FUSIONS),
                seeds=(0,),
                against={s: ("mean",) for s in ("shrinkage", *FRAMEWISE, *SEWA_FUSIONS)},
            )
            for name in ("loro", "cross-culture")
        },
        "ablation": Plan(
            systems=("eaf", "cats", *SEWA_VARIANTS),
            options=Options(folds=7),
            seeds=(0,),
            protocol="folds",
            against=_against(SEWA_VARIANTS, "eaf", "cats"),
        ),
    },
    note="The channels are what nine unimodal systems predicted, which the organisers trained on other recordings. "
    "Systems see and predict 2 Hz; scores count on the labels' 10 Hz. 'organisers' is their own fusion, whose weights "
    "were fitted on these very recordings, so its scores are optimistic.",
)

MDAT_VARIANTS: dict[str, Changes] = {
    f"mdat {name}": {"model": "mdat", "options": {m: m in modules for m in ("graph", "co_attention", "transformer")}}
    for name, modules in {
        "graph only": ("graph",),
        "co-attention only": ("co_attention",),
        "transformer only": ("transformer",),
        "without transformer": ("graph", "co_attention"),
        "without co-attention": ("graph", "transformer"),
        "without graph": ("co_attention", "transformer"),
    }.items()
}  # fmt: skip
SPEECH_SYSTEMS: dict[str, Changes] = {
    "svm": {"model": "svm", "hop": 0.05},
    "logistic": {"model": "logistic", "hop": 0.05},
    "logistic self-training": {"model": "logistic", "hop": 0.05, "options": {"rounds": 4}},
    "mdat": {"model": "mdat"},
    "mdat-baseline": {"model": "mdat-baseline"},
    "hcam": {"model": "hcam"},
    "safrlm": {"model": "safrlm"},
    "statistics-pooling": {"model": "statistics-pooling"},
}
SPEECH_FUSIONS = {
    "average": LateFusion(("logistic self-training", "mdat", "statistics-pooling"), "average"),
}
PAPER_CORPORA = ("emodb", "emovo", "urdu")
"""Corpora that both paper 4 and these studies use."""
ALL_SPEAKERS = Options(validate=False)
"""Options by which all speakers of a source train for a fixed number of epochs, and none is kept for validation."""
OVER_PAIRS: dict[str, tuple[str, ...]] = {"mean": (), "mean of the paper's pairs": PAPER_CORPORA}
SPEECH = Study(
    name="speech",
    title="Speech across languages: angry, happy, neutral or sad, six cultures",
    config=TrainingConfig(
        name="speech",
        title="Emotion of an utterance",
        source=Source.SPEECH,
        model="mdat",
        data="utterances",
        corpora=SPEECH_CORPORA,
        inputs=(InputConfig("whisper"), InputConfig("egemaps")),
        outputs=FOUR_EMOTIONS,
        loss="cross_entropy",
        selection="ua",
        hop=0.1,
        window=4.0,
        standardise_by="culture",
        adapt_norm=True,
        epochs=12,
        patience=12,
        batch_size=32,
        weight_decay=0.01,
        averaging=0.98,
        balance=("emotion",),
    ),
    systems={**SPEECH_SYSTEMS, **MDAT_VARIANTS},
    fusions=SPEECH_FUSIONS,
    plans={
        "cross-culture": Plan(
            systems=(*SPEECH_SYSTEMS, *SPEECH_FUSIONS),
            options=ALL_SPEAKERS,
            seeds=(0, 1),
            against={
                **_against(SPEECH_SYSTEMS, "svm", "mdat-baseline"),
                **_against(SPEECH_FUSIONS, "logistic self-training", "svm"),
            },
            means=OVER_PAIRS,
        ),
        "within": Plan(
            systems=("svm", "logistic", "mdat", "mdat-baseline"),
            seeds=(0,),
            against=_against(("logistic", "mdat", "mdat-baseline"), "svm", "mdat-baseline"),
        ),
        "k-shot": Plan(
            systems=("svm", "mdat"),
            options=dataclasses.replace(ALL_SPEAKERS, sources=(("German",), ("Italian",), ("Pakistani",))),
            seeds=(0,),
            against={"mdat": ("svm",)},
            means={"mean of the paper's pairs": PAPER_CORPORA},
        ),
        "ablation": Plan(
            systems=("mdat", *MDAT_VARIANTS),
            options=ALL_SPEAKERS,
            seeds=(0,),
            protocol="cross-culture",
            against={s: ("mdat",) for s in MDAT_VARIANTS},
            means=OVER_PAIRS,
        ),
    },
    note="Streams: layer 2 of Whisper-tiny.en, and eGeMAPS in the place of text, for which most of these corpora have "
    "no transcripts. Each culture's recordings, the tested ones among them, are standardised without their labels, "
    "and batch normalisation takes its statistics from the tested ones. " + CONFOUND,
)
RECIPES = Study(
    name="recipes",
    title="Speech of a corpus that the model never heard, as it is and calibrated without labels: recipes of training",
    config=SPEECH_EMOTION,
    systems={
        "svm": {"model": "svm", "options": {}, "copies": 0},
        "speech-emotion": {},
        "voices": {"voices": 0.8},
    },
    plans={
        "one-corpus-out": Plan(
            systems=("svm", "speech-emotion", "voices"),
            against={"speech-emotion": ("svm",), "voices": ("speech-emotion", "svm")},
            means={"mean": ()},
        )
    },
    note="Each corpus is tested by networks of the other five, whose epoch was selected on people of these five. "
    "'1 clip' to 'all clips' are recordings of the person to whom the model is calibrated, without labels; a "
    "recording is never among the few to which the model that tests it is calibrated. 'speech-emotion' is the recipe "
    "of the bundled model; 'voices' reads four in five of its training samples at the level and the spread of other "
    "people's features. " + CONFOUND,
)
SEVEN_EMOTIONS = tuple(e for e in Emotion if e not in (Emotion.CALM, Emotion.CONTEMPTUOUS, Emotion.SURPRISED))
EMODB_SYSTEMS = ("svm", "logistic", "mdat", "mdat-baseline", "statistics-pooling")
EMODB_FUSIONS = {"average": LateFusion(("logistic", "statistics-pooling"), "average")}
EMODB = dataclasses.replace(
    SPEECH,
    name="emodb",
    title="EMO-DB: seven emotions, speakers apart",
    config=dataclasses.replace(SPEECH.config, name="emodb", corpora=("emodb",), outputs=SEVEN_EMOTIONS, epochs=25),
    systems=SPEECH_SYSTEMS,
    fusions=EMODB_FUSIONS,
    plans={
        "within": Plan(
            systems=(*EMODB_SYSTEMS, *EMODB_FUSIONS),
            options=Options(folds=10),
            seeds=(0,),
            against=_against((*EMODB_SYSTEMS, *EMODB_FUSIONS), "svm"),
        )
    },
)

RAVDESS_SYSTEMS: dict[str, Changes] = {
    "svm": {"model": "svm"},
    "svm audio": {"model": "svm", "inputs": (AUDIO,)},
    "svm au": {"model": "svm", "inputs": (ACTION_UNITS,)},
    "logistic": {"model": "logistic"},
    **RAVDESS_LOSSES,
    "audio": {"inputs": (AUDIO,), "options": {"modalities": [Modality.AUDIO]}},
    "au": {"inputs": (ACTION_UNITS,), "options": {"modalities": [Modality.VIDEO]}},
    "without temporal attention": {"options": {"audio_attention": False, "video_attention": False}},
}
RAVDESS_FUSIONS = {
    "average with logistic": LateFusion(("softmax", "logistic"), "average"),
    **{f"{rule} of three": LateFusion(("audio", "au", "softmax"), rule) for rule in ("average", "majority", LEARNED)},
}
RAVDESS_VARIANTS: dict[str, Changes] = {
    "without audio attention": {"options": {"audio_attention": False}},
    "without video attention": {"options": {"video_attention": False}},
}
RAVDESS_AV = Study(
    name="ravdess-av",
    title="RAVDESS, eight emotions from sound and action units",
    config=RAVDESS_CONFIG,
    systems=RAVDESS_SYSTEMS | RAVDESS_VARIANTS,
    fusions=RAVDESS_FUSIONS,
    plans={
        "ablation": Plan(
            systems=("softmax", "audio", "au", "without temporal attention", *RAVDESS_VARIANTS),
            options=Options(folds=10),
            seeds=(0,),
            protocol="folds",
            against=_against(("audio", "au", "without temporal attention", *RAVDESS_VARIANTS), "softmax"),
        ),
        "folds": Plan(
            systems=(*RAVDESS_SYSTEMS, *RAVDESS_FUSIONS),
            options=Options(folds=10),
            seeds=(0,),
            against={
                "softmax": ("svm", "audio", "au", "without temporal attention"),
                "triplet": ("softmax",),
                "emotion-metric": ("softmax", "triplet", "svm"),
                **_against(RAVDESS_FUSIONS, "softmax"),
            },
        ),
    },
    note="Actors apart; video is the clip's mean of OpenFace's action units, which come with the corpus.",
)
RAVDESS_AV_SPEAKER = dataclasses.replace(
    RAVDESS_AV,
    name="ravdess-av-speaker",
    title="RAVDESS, eight emotions from sound and action units, each actor standardised without labels",
    config=dataclasses.replace(RAVDESS_AV.config, standardise_by="speaker"),
    note=RAVDESS_AV.note + " Each actor's clips, the tested ones among them, are standardised without their labels.",
)

STREAMS = {"audio": AUDIO, "functionals": InputConfig("egemaps"), "au": ACTION_UNITS}
SUBSETS = {
    "+".join(names): {"inputs": tuple(STREAMS[name] for name in names)}
    for size in (1, 2, 3)
    for names in itertools.combinations(STREAMS, size)
}
RAVDESS_INTENSITY = Study(
    name="ravdess-intensity",
    title="RAVDESS, intensity of seven emotions with ViPER",
    config=TrainingConfig(
        name="ravdess-intensity",
        title="Intensity of seven emotions",
        source=Source.FUSED,
        model="viper",
        options={"latents": 16, "width": 64, "layers": 2, "heads": 4, "dropout": 0.2, "projection": 64},
        data="utterances",
        corpora=("ravdess",),
        inputs=tuple(STREAMS.values()),
        outputs=tuple(intensity(e) for e in EIGHT_EMOTIONS if e is not Emotion.NEUTRAL),
        loss="mse",
        selection="pearson",
        hop=0.1,
        window=10.0,
        epochs=15,
        patience=15,
        batch_size=32,
        learning_rate=2e-3,
        weight_decay=0.01,
        averaging=0.98,
    ),
    systems={f"viper {name}": changes for name, changes in SUBSETS.items()},
    plans={"folds": Plan(tuple(f"viper {name}" for name in SUBSETS), Options(folds=5), (0,))},
    note="The target of an emotion is 0 in clips of another one, .5 in clips of normal and 1 of strong intensity, as "
    "asked of the actor. Actors apart.",
)

CULTURES = Study(
    name="cultures",
    title="What each culture's CATS attends to: valence and arousal derived from emotion classes, six cultures",
    config=dataclasses.replace(COMPARE_CULTURES, name="cultures", outputs=(derived(Dimension.VALENCE),), channels=""),
    systems={str(d): {"outputs": (derived(d),)} for d in (Dimension.VALENCE, Dimension.AROUSAL)},
    plans={
        "per-culture": Plan(
            systems=(str(Dimension.VALENCE), str(Dimension.AROUSAL)), seeds=(0, 1, 2, 3, 4), keep=PER_CULTURE
        )
    },
    note="The labels are derived from emotion classes. All networks read the same channels: one PCA of Whisper's, "
    "fitted on the training speakers of all cultures. " + CONFOUND,
)

FROM_TWO = ("rnn", "lstm", "lstm-attention", "bi-lstm", "bi-gru")
"""Recurrent networks of paper 1, beside its CATS."""
TWO_CULTURES = Study(
    name="two-cultures",
    title="Valence and arousal, derived from emotion classes, of four cultures by networks of two others",
    config=dataclasses.replace(COMPARE_CULTURES, name="two-cultures", channels=""),
    systems={"cats": {}, **{name: {"model": name, "options": {"dropout": 0.3}} for name in FROM_TWO}},
    fusions={"average": LateFusion(("cats", "bi-gru"), "average")},
    plans={
        "cross-culture": Plan(
            systems=("cats", *FROM_TWO, "average"),
            options=Options(sources=(("Korean", "North American"),)),
            seeds=(0,),
            against={**_against(FROM_TWO, "cats"), "average": ("cats", "bi-gru")},
            means={"mean": ()},
        )
    },
    note="Paper 1 trains on its cultures C1 and C4, Chinese and British, and tests the other four. Here a corpus of "
    "Korean and one of North American English train, as no Chinese or British one is here. The labels are derived from "
    "emotion classes. " + CONFOUND,
)

STUDIES = {
    s.name: s
    for s in (
        CULTURES,
        TWO_CULTURES,
        SEWA,
        *HIGH_LOW,
        SPEECH,
        RECIPES,
        EMODB,
        RAVDESS_AV,
        RAVDESS_AV_SPEAKER,
        RAVDESS_INTENSITY,
    )
}


def study(name: str) -> Study:
    """Return a study by its name.

    Raises:
        UnknownNameError: if there is no such study.
    """
    if name not in STUDIES:
        raise UnknownNameError("study", name, STUDIES)
    return STUDIES[name]
