"""A study: a corpus and task, the systems that are compared on it, and by which protocols."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..core.errors import ConfigError, UnknownNameError
from ..training.config import Changes, TrainingConfig, system_of
from ..training.floors import FLOORS
from ..training.protocols import PROTOCOLS, Options

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
        means: name -> corpora; the scores of all tests from and to their cultures are averaged. No corpora are all.
        keep: group of checkpoints that the trained networks become; by default none is kept.
    """

    systems: tuple[str, ...]
    options: Options = field(default_factory=Options)
    seeds: tuple[int, ...] = (0, 1, 2)
    protocol: str = ""
    against: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep: str = ""


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
        note: what a reader of the scores must know.
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
