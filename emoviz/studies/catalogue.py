"""The studies whose results stand under ``results/``: a corpus and a task, the systems compared, and by what protocols.

python -m emoviz protocol cross-culture --study speech --system mdat
"""

import dataclasses
import itertools
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..checkpoints.folder import PER_CULTURE
from ..core.configuration import to_dict
from ..core.errors import ConfigError, UnknownNameError
from ..core.progress import Progress, silent
from ..core.vocabulary import FOUR_EMOTIONS, Dimension, Emotion, Modality, Source, derived, intensity
from ..core.words import CONFOUND
from ..evaluation.fusion import FUSIONS, Fusion, learn, learn_share
from ..evaluation.scores import scores_of, told_by
from ..features.store import FeatureStore
from ..models.inputs import InputConfig
from ..training.config import SPEECH_CORPORA, Changes, TrainingConfig, system_of
from ..training.data import DATA, Recordings
from ..training.floors import FLOORS
from ..training.presets import (
    ACTION_UNITS,
    AUDIO,
    EIGHT_EMOTIONS,
    FRAMEWISE,
    RAVDESS_CONFIG,
    RAVDESS_LOSSES,
    SEWA_CONFIG,
)
from ..training.protocols import (
    PROTOCOLS,
    VALIDATION,
    Keep,
    Options,
    Outcome,
    Outcomes,
    make_folds,
    run_protocol,
    split_of,
)
from .reports import Figure, compare, figures, gather, rows, write_report
from .results import parse_test

LEARNED = "learned"
"""The rule of a late fusion whose weights are found on validation recordings."""

FLOOR = "svm"
"""What classes of one's own are compared with."""


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
class LateFusion:
    """A system that fuses what others say, per recording.

    Attributes:
        systems: names of the study's systems.
        rule: a name in :data:`~emoviz.evaluation.fusion.FUSIONS`, or ``learned``: by weights that give the
            validation part of the same fold its best predictions.
    """

    systems: tuple[str, ...]
    rule: str


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
        fusions: name -> a late fusion of systems, which plans name like a system.
        origin: the arguments by which the command line knows it; by default its name.
    """

    name: str
    title: str
    config: TrainingConfig
    systems: Mapping[str, Changes]
    plans: Mapping[str, Plan]
    note: str
    fusions: Mapping[str, LateFusion] = field(default_factory=dict)
    origin: tuple[str, ...] = ()

    def system(self, name: str) -> TrainingConfig:
        """The training config of a system.

        Raises:
            UnknownNameError: the study has no such system.
        """
        if name not in self.systems:
            raise UnknownNameError(f"system of the study '{self.name}'", name, self.systems)
        return system_of(self.config, name, self.systems[name])


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
SPEECH_FUSIONS = {
    "average": LateFusion(("logistic self-training", "mdat", "statistics-pooling"), "average"),
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
    "no transcripts. Each culture's recordings, the tested ones among them, are standardised without their labels. "
    + CONFOUND,
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
    "fitted on the training speakers of all cultures. "
    f"{CONFOUND}",
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


def study_of(
    config: TrainingConfig, protocol: str, options: Options | None = None, seeds: Sequence[int] = (0,)
) -> Study:
    """A study of one's own: a training config under one protocol, beside a floor where there is one for its outputs.

    Args:
        config: of the system; its name becomes that of the study.
        protocol: registry name.
        options: of the protocol.
        seeds: of the trainings.

    Raises:
        UnknownNameError: there is no such protocol.
        ConfigError: no seed, or one twice.
    """
    PROTOCOLS[protocol]
    if not seeds or len({*seeds}) != len(seeds):
        raise ConfigError(f"A protocol takes one seed or more, none twice, not {list(seeds)}.")
    systems: dict[str, Changes] = {config.name: {}}
    if config.kind == "emotion" and config.data == "utterances" and config.model not in FLOORS:
        systems[FLOOR] = {"name": f"{config.name}-{FLOOR}", "model": FLOOR, "options": {}}
    against = {config.name: (FLOOR,)} if FLOOR in systems else {}
    return Study(
        name=config.name,
        title=config.title,
        config=config,
        systems=systems,
        plans={protocol: Plan(tuple(systems), options or Options(), tuple(seeds), against=against)},
        note="A study of one's own corpora and settings.",
        origin=("--config", f"{config.name}.json"),
    )


def features_of(studies: Iterable[Study]) -> dict[str, tuple[str, ...]]:
    """Corpus -> the features that studies read of it."""
    found: dict[str, dict[str, None]] = {}
    for chosen in studies:
        for name in chosen.systems:
            config = chosen.system(name)
            for corpus in config.corpora:
                found.setdefault(corpus, {}).update(dict.fromkeys(i.feature for i in config.inputs))
    return {corpus: tuple(features) for corpus, features in found.items()}


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
    runner = _Runner(chosen, protocol, store, runs, checkpoints, progress)
    written = []
    for name in systems or plan.systems:
        own = runner.tested(name)
        compared = [
            row
            for other in plan.against.get(name, ())
            for row in compare(own.figures, runner.tested(other).figures, other)
        ]
        report = {
            "study": chosen.name,
            "title": chosen.title,
            "protocol": protocol,
            "system": name,
            "command": runner.command(name),
            "note": chosen.note,
            "seeds": list(own.seeds),
            "options": dataclasses.asdict(plan.options),
            "config": own.config,
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
    config: dict[str, Any]


@dataclass
class _Runner:
    """Runs each system of a plan once, and reads each set of recordings as seldom as possible."""

    study: Study
    protocol: str
    store: FeatureStore
    runs: Path
    checkpoints: Path
    progress: Progress
    _read: dict[str, Recordings] = field(default_factory=dict)
    _found: dict[str, list[dict[int, Outcomes]]] = field(default_factory=dict)
    _tested: dict[str, Tested] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        return self.study.plans[self.protocol]

    def command(self, name: str) -> str:
        origin = self.study.origin or ("--study", self.study.name)
        arguments = ["protocol", self.protocol, *origin, "--system", name]
        return "python -m emoviz " + shlex.join(arguments)

    def tested(self, name: str) -> Tested:
        if name in self._tested:
            return self._tested[name]
        fusion = self.study.fusions.get(name)
        parts = fusion.systems if fusion else (name,)
        outcomes = [self._outcomes(part) for part in parts]
        config = self.study.system(parts[0])
        groups = gather(_fused(fusion.rule, outcomes, config.kind) if fusion else outcomes[0])
        results = [result for group in groups.values() for replicate in group for result in replicate.results]
        scores = told_by(results, scores_of(config.kind, config.outputs, np.zeros(len(config.outputs))))
        table = self._recordings(config).table
        protocol = self.plan.protocol or self.protocol
        self._tested[name] = Tested(
            figures(groups, scores, _means(self.plan, table, list(groups))),
            tuple(sorted({seed for part in outcomes for fold in part for seed in fold})),
            split_of(make_folds(protocol, table, self.plan.options), table),
            to_dict(fusion or config),
        )
        return self._tested[name]

    def _outcomes(self, name: str) -> list[dict[int, Outcomes]]:
        if name not in self._found:
            config, plan = self.study.system(name), self.plan
            seeds = (0,) if config.model in FLOORS else plan.seeds  # nothing in a floor is random
            recordings = self._recordings(config)
            folder = self.runs / "protocols" / self.study.name
            keep = Keep(self.checkpoints / plan.keep, self.command(name)) if plan.keep else None
            protocol = plan.protocol or self.protocol
            self._found[name] = run_protocol(
                config, protocol, plan.options, seeds, recordings, folder, self.progress, keep
            )
        return self._found[name]

    def _recordings(self, config: TrainingConfig) -> Recordings:
        key = repr([getattr(config, name) for name in READING])
        if key not in self._read:
            self._read.clear()  # one at a time: they fill the memory
            self._read[key] = DATA[config.data].load(config, self.store, self.progress)
        return self._read[key]


def _fused(rule: str, parts: Sequence[list[dict[int, Outcomes]]], kind: str) -> list[dict[int, Outcomes]]:
    """Outcomes of a late fusion, of the seeds that all its systems were trained with; a floor stands for each seed."""
    found: list[dict[int, Outcomes]] = []
    for folds in zip(*parts, strict=True):
        seeds = max((sorted(fold) for fold in folds), key=len)
        found.append({seed: _fused_fold(rule, [fold.get(seed, fold[0]) for fold in folds], kind) for seed in seeds})
    return found


def _fused_fold(rule: str, parts: Sequence[Outcomes], kind: str) -> Outcomes:
    combine = _learned(parts, kind) if rule == LEARNED else _fixed(FUSIONS[rule], len(parts), kind)
    return {
        test: Outcome(
            [
                dataclasses.replace(first, prediction=combine(np.stack([r.prediction for r in (first, *others)])))
                for first, *others in zip(*(part[test].results for part in parts), strict=True)
            ],
            outcome.training_mean,
        )
        for test, outcome in parts[0].items()
        if test != VALIDATION
    }


def _fixed(fusion: Fusion, systems: int, kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """(S, K) or (S, T, K) -> (K,) or (T, K) by a rule that weighs all systems alike."""
    chosen = fusion.emotions if kind == "emotion" else fusion.dimensions
    weights = np.full(systems, 1 / systems)
    return lambda values: chosen(values.reshape(systems, -1, values.shape[-1]), weights).reshape(values.shape[1:])


def _learned(parts: Sequence[Outcomes], kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """The same by weights learned from the fold's validation part."""
    validated = [part[VALIDATION].results for part in parts]
    values = np.stack([np.concatenate([np.atleast_2d(r.prediction) for r in results]) for results in validated])
    targets = np.concatenate([np.atleast_2d(r.truth) for r in validated[0]])
    rule = learn_share(values, targets) if kind == "emotion" else learn(values, targets)
    return lambda values: rule(values.reshape(len(parts), -1, values.shape[-1])).reshape(values.shape[1:])


def _means(plan: Plan, table: pd.DataFrame, tests: Sequence[str]) -> dict[str, list[str]]:
    """Name of a mean -> its tests, apart for each number of shots."""
    found: dict[str, list[str]] = {}
    for name, corpora in plan.means.items():
        rows = table[table.index.str.split("/").str[0].isin(corpora)] if corpora else table
        cultures = set(rows["culture"])
        for test in tests:
            source, target, shots = parse_test(test)
            if source and {source, target} <= cultures:
                found.setdefault(f"{name} {shots}".strip(), []).append(test)
    return found
