"""The studies whose results stand under ``results/``: a corpus and a task, the systems compared, and by what protocols.

python -m emoviz protocol cross-culture --study speech --system mdat
"""

import dataclasses
import itertools
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoint import PER_CULTURE
from ..define import FOUR_EMOTIONS, Dimension, Emotion, Source, derived, intensity
from ..errors import UnknownNameError
from ..evaluate import scores_of
from ..features.store import FeatureStore
from ..inputs import InputConfig
from ..progress import Progress, silent
from .config import SPEECH_CORPORA, TrainingConfig
from .data import DATA, Recordings
from .floors import FLOORS
from .protocols import PROTOCOLS, Keep, Options, run_protocol, split_of
from .reports import Figure, compare, figures, gather, parse_test, rows, write_report

Changes = Mapping[str, Any]
"""Field of the training config -> its value in a system."""


@dataclass(frozen=True)
class Plan:
    """How a study runs a protocol.

    Attributes:
        systems: names of the study's systems.
        options: of the protocol.
        seeds: of the trainings.
        protocol: registry name, where the plan's own name is another: an ablation is a protocol over variants.
        against: system -> those that it is compared with, on the same recordings.
        means: name -> corpora; the figures of all tests from and to their cultures (none: all) are averaged.
        keep: group of checkpoints that the trained networks become; by default none is kept.
    """

    systems: tuple[str, ...]
    options: Options = field(default_factory=Options)
    seeds: tuple[int, ...] = (0, 1, 2)
    protocol: str = ""
    against: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep: str = ""


def _against(systems: Iterable[str], *others: str) -> dict[str, tuple[str, ...]]:
    """Each system against the others but itself."""
    return {system: tuple(other for other in others if other != system) for system in systems}


@dataclass(frozen=True)
class Study:
    """A corpus and task, the systems that are compared on it, and by which protocols.

    Attributes:
        name: as the results are named.
        title: one line for people.
        config: what all systems share.
        systems: name -> what is its own.
        plans: name of a protocol -> how it is run.
        note: what a reader of the figures must know.
    """

    name: str
    title: str
    config: TrainingConfig
    systems: Mapping[str, Changes]
    plans: Mapping[str, Plan]
    note: str

    def system(self, name: str) -> TrainingConfig:
        """The training config of a system.

        Raises:
            UnknownNameError: the study has no such system.
        """
        if name not in self.systems:
            raise UnknownNameError(f"system of the study '{self.name}'", name, self.systems)
        return dataclasses.replace(self.config, **{"name": name.replace(" ", "-"), **self.systems[name]})


RAW = (InputConfig("avec2019-audio", standardise=False), InputConfig("avec2019-video", standardise=False))
SMALL = {"hidden": 16, "layers": 1, "dropout": 0.5}
FRAMEWISE: dict[str, Changes] = {
    "rnn": {"model": "rnn", "options": SMALL},
    "lstm": {"model": "lstm", "options": SMALL},
    "lstm-attention": {"model": "lstm-attention", "options": SMALL},
    "bi-lstm": {"model": "bi-lstm", "options": SMALL},
    "bi-gru": {"model": "bi-gru", "options": SMALL},
    "cats": {"model": "cats", "options": {"width": 32, "feedforward": 64, "reduction": 4, "step": 1,
                                          "encoder_layers": 1, "decoder_layers": 1}},
    "eaf": {"model": "eaf", "options": {"hidden": 32, "layers": 1, "dropout": 0.5, "step": 1}},
    "aed": {"model": "aed", "options": {"hidden": 16, "dropout": 0.5, "step": 4}},
    "emafn": {"model": "emafn", "options": {"hidden": 16, "dropout": 0.5, "step": 4}},
}  # fmt: skip
FLOORS_OF_SEWA: dict[str, Changes] = {
    "mean": {"model": "channel-mean", "inputs": RAW},
    "video-mean": {"model": "channel-mean", "inputs": RAW, "options": {"only": "visual"}},
    "organisers": {"model": "channel-mean", "inputs": (InputConfig("avec2019-svr", standardise=False),)},
    "shrinkage": {"model": "shrinkage", "inputs": RAW},
}
SEWA = Study(
    name="sewa",
    title="SEWA, AVEC 2019: arousal, valence and liking over time from the predictions of nine unimodal systems",
    config=TrainingConfig(
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
    ),
    systems={**FLOORS_OF_SEWA, **FRAMEWISE},
    plans={
        name: Plan(
            systems=(*FLOORS_OF_SEWA, *FRAMEWISE),
            seeds=(0,),
            against={s: ("mean",) for s in ("shrinkage", *FRAMEWISE)},
        )
        for name in ("loro", "cross-culture")
    },
    note="The channels are what nine unimodal systems predicted, which the organisers trained on other recordings. "
    "Systems see and predict 2 Hz; figures count on the labels' 10 Hz. 'organisers' is their own fusion, whose weights "
    "were fitted on these very recordings, so its figures are optimistic.",
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
PAPER_CORPORA = ("emodb", "emovo", "urdu")
"""What paper 4 and these studies share."""
ALL_SPEAKERS = Options(validate=False)
"""Of the source: the number of epochs is fixed beforehand, and none of its few speakers is held back to choose it."""
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
    plans={
        "cross-culture": Plan(
            systems=tuple(SPEECH_SYSTEMS),
            options=ALL_SPEAKERS,
            seeds=(0, 1),
            against=_against(SPEECH_SYSTEMS, "svm", "mdat-baseline"),
            means=OVER_PAIRS,
        ),
        "within": Plan(systems=tuple(SPEECH_SYSTEMS), seeds=(0,), against=_against(SPEECH_SYSTEMS, "svm")),
        "k-shot": Plan(
            systems=("svm", "logistic", "mdat", "mdat-baseline"),
            options=ALL_SPEAKERS,
            seeds=(0,),
            against={"mdat": ("svm", "mdat-baseline")},
            means=OVER_PAIRS,
        ),
        "ablation": Plan(
            systems=("mdat", *MDAT_VARIANTS),
            options=ALL_SPEAKERS,
            seeds=(0, 1),
            protocol="cross-culture",
            against={s: ("mdat",) for s in MDAT_VARIANTS},
            means=OVER_PAIRS,
        ),
    },
    note="Streams: layer 2 of Whisper-tiny.en, and eGeMAPS in the place of text, for which most of these corpora have "
    "no transcripts. Each culture's recordings, the tested ones among them, are standardised without their labels. A "
    "culture here is also a corpus.",
)
SEVEN_EMOTIONS = tuple(e for e in Emotion if e not in (Emotion.CALM, Emotion.CONTEMPTUOUS, Emotion.SURPRISED))
EMODB = dataclasses.replace(
    SPEECH,
    name="emodb",
    title="EMO-DB: seven emotions, speakers apart",
    config=dataclasses.replace(SPEECH.config, name="emodb", corpora=("emodb",), outputs=SEVEN_EMOTIONS, epochs=40),
    systems=SPEECH_SYSTEMS,
    plans={
        "within": Plan(
            systems=tuple(SPEECH_SYSTEMS),
            options=Options(folds=10),
            against=_against(SPEECH_SYSTEMS, "svm"),
        )
    },
)

AUDIO, ACTION_UNITS = InputConfig("whisper"), InputConfig("openface")
EIGHT_EMOTIONS = tuple(e for e in Emotion if e not in (Emotion.BORED, Emotion.CONTEMPTUOUS))
RAVDESS_SYSTEMS: dict[str, Changes] = {
    "svm": {"model": "svm"},
    "svm audio": {"model": "svm", "inputs": (AUDIO,)},
    "svm au": {"model": "svm", "inputs": (ACTION_UNITS,)},
    "softmax": {},
    "triplet": {"metric_loss": "triplet"},
    "emotion-metric": {"metric_loss": "emotion_metric"},
    "audio": {"inputs": (AUDIO,)},
    "au": {"inputs": (ACTION_UNITS,)},
    "without temporal attention": {"options": {"audio_attention": False, "video_attention": False}},
}
RAVDESS_AV = Study(
    name="ravdess-av",
    title="RAVDESS, eight emotions from sound and action units",
    config=TrainingConfig(
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
    ),
    systems=RAVDESS_SYSTEMS,
    plans={
        "folds": Plan(
            systems=tuple(RAVDESS_SYSTEMS),
            options=Options(folds=10),
            seeds=(0,),
            against={
                "softmax": ("svm", "audio", "au", "without temporal attention"),
                "triplet": ("softmax",),
                "emotion-metric": ("softmax", "triplet", "svm"),
            },
        )
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
    config=TrainingConfig(
        name="cultures",
        title="CATS-Transformer of one culture",
        source=Source.SPEECH,
        model="cats",
        options={"width": 32, "feedforward": 64, "encoder_layers": 1, "decoder_layers": 1, "reduction": 8, "step": 5},
        data="sequences",
        corpora=SPEECH_CORPORA,
        inputs=(InputConfig("whisper", components=64), InputConfig("egemaps")),
        outputs=(derived(Dimension.VALENCE),),
        loss="ccc_mse",
        selection="ccc",
        hop=0.1,
        resample="mean",
        epochs=30,
        patience=30,
        batch_size=16,
        learning_rate=2e-3,
        averaging=0.98,
    ),
    systems={str(d): {"outputs": (derived(d),)} for d in (Dimension.VALENCE, Dimension.AROUSAL)},
    plans={"per-culture": Plan(systems=(str(Dimension.VALENCE), str(Dimension.AROUSAL)), keep=PER_CULTURE)},
    note="The labels are derived from emotion classes. All networks read the same channels: one PCA of Whisper's, "
    "fitted on the training speakers of all cultures. A culture here is also a corpus.",
)

STUDIES = {s.name: s for s in (CULTURES, SEWA, SPEECH, EMODB, RAVDESS_AV, RAVDESS_AV_SPEAKER, RAVDESS_INTENSITY)}


def study(name: str) -> Study:
    """A study by its name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in STUDIES:
        raise UnknownNameError("study", name, STUDIES)
    return STUDIES[name]


def run_study(
    chosen: Study,
    protocol: str,
    systems: Sequence[str],
    store: FeatureStore,
    runs: Path,
    results: Path,
    checkpoints: Path,
    progress: Progress = silent,
) -> list[Path]:
    """Run systems of a study by a protocol and write their results.

    Systems that they are compared with are run too where that was not done before.

    Args:
        chosen: the study.
        protocol: name of one of its plans.
        systems: of that plan; none is all.
        store: with the corpora and features.
        runs: folder that keeps what was done, so that an interrupted call can be repeated.
        results: folder of the JSON files.
        checkpoints: folder of the checkpoints, for plans that keep some.
        progress: listener.

    Returns:
        The files.

    Raises:
        EmovizError: of its kind.
    """
    if protocol not in chosen.plans:
        raise UnknownNameError(f"protocol of the study '{chosen.name}'", protocol, chosen.plans)
    plan = chosen.plans[protocol]
    for name in systems:
        if name not in plan.systems:
            raise UnknownNameError(f"system of '{chosen.name} {protocol}'", name, plan.systems)
    read: dict[str, Recordings] = {}
    known: dict[str, Tested] = {}

    def command(name: str) -> str:
        return "python -m emoviz " + shlex.join(["protocol", protocol, "--study", chosen.name, "--system", name])

    def tested(name: str) -> Tested:
        if name not in known:
            config = chosen.system(name)
            key = repr([getattr(config, field) for field in READING])
            if key not in read:
                read.clear()  # one at a time: they fill the memory
                read[key] = DATA[config.data].load(config, store, progress)
            keep = Keep(checkpoints / plan.keep, command(name)) if plan.keep else None
            known[name] = _test(config, chosen, plan, plan.protocol or protocol, read[key], runs, keep, progress)
        return known[name]

    written = []
    for name in systems or plan.systems:
        own = tested(name)
        compared = [
            row for other in plan.against.get(name, ()) for row in compare(own.figures, tested(other).figures, other)
        ]
        report = {
            "study": chosen.name,
            "title": chosen.title,
            "protocol": protocol,
            "system": name,
            "command": command(name),
            "note": chosen.note,
            "seeds": list(own.seeds),
            "options": dataclasses.asdict(plan.options),
            "config": dataclasses.asdict(chosen.system(name)),
            "figures": rows(own.figures),
            "compared": compared,
            "split": own.split,
        }
        written.append(write_report(results, report))
    return written


READING = ("data", "corpora", "inputs", "outputs", "hop", "resample", "standardise_by", "speaker_weight")
"""Fields of a config that decide what is read of its corpora; systems that agree in them share it."""


@dataclass(frozen=True)
class Tested:
    """A system after its protocol."""

    figures: list[Figure]
    seeds: tuple[int, ...]
    split: list[dict[str, Any]]


def _test(
    config: TrainingConfig,
    chosen: Study,
    plan: Plan,
    protocol: str,
    recordings: Recordings,
    runs: Path,
    keep: Keep | None,
    progress: Progress,
) -> Tested:
    seeds = (0,) if config.model in FLOORS else plan.seeds  # nothing in a floor is random
    folder = runs / "protocols" / chosen.name
    groups = gather(run_protocol(config, protocol, plan.options, seeds, recordings, folder, progress, keep))
    scores = scores_of(config.kind, config.outputs, np.zeros(len(config.outputs)))
    found = figures(groups, scores, _means(plan, recordings, list(groups)))
    return Tested(found, seeds, split_of(PROTOCOLS[protocol](recordings.table, plan.options), recordings.table))


def _means(plan: Plan, recordings: Recordings, tests: Sequence[str]) -> dict[str, list[str]]:
    """Name of a mean -> its tests, apart for each number of shots."""
    found: dict[str, list[str]] = {}
    for name, corpora in plan.means.items():
        rows = recordings.table
        rows = rows[rows.index.str.split("/").str[0].isin(corpora)] if corpora else rows
        cultures = set(rows["culture"])
        for test in tests:
            source, target, shots = parse_test(test)
            if source and {source, target} <= cultures:
                found.setdefault(f"{name} {shots}".strip(), []).append(test)
    return found
