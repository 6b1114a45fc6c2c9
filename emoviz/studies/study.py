"""The definition of a study: a corpus and task, the systems that are compared on it, and the protocols."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.configuration import LEFT_OUT
from ..core.errors import ConfigError, UnknownNameError
from ..evaluation.fusion import FUSIONS
from ..training.config import Changes, TrainingConfig, system_of
from ..training.protocols import Options

LEARNED = "learned"
"""The rule of a late fusion with weights that are fitted on validation recordings."""

READING = ("data", "corpora", "cultures", "inputs", "outputs", "hop", "resample", "standardise_by", "speaker_weight",
           "copies", "window", "threshold", "neutral")  # fmt: skip
"""Fields of a config that decide which data of its corpora are read; systems with equal fields share the data."""


@dataclass(frozen=True)
class Plan:
    """The plan by which a study runs a protocol.

    Attributes:
        systems: names of the study's systems.
        options: options of the protocol.
        seeds: seeds of the trainings.
        protocol: registry name, if the plan has another name: an ablation is a protocol over variants.
        against: systems with which each system is compared, on the same recordings.
        means: corpora of each mean by its name; the scores of all tests from and to their cultures are averaged. An
            empty list means all corpora.
        keep: group of checkpoints in which the trained networks are kept; by default none is kept.
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
    """A system that fuses the predictions of other systems, recording by recording.

    Attributes:
        systems: names of the study's systems.
        rule: name of a rule in :data:`~emoviz.evaluation.fusion.FUSIONS`, or ``learned``: weights with the best
            predictions for the validation part of the same fold.
        weights: weights of the systems, with the rule ``weighted``; by default all are alike.
    """

    systems: tuple[str, ...]
    rule: str
    weights: tuple[float, ...] = field(default=(), metadata=LEFT_OUT)

    def __post_init__(self) -> None:
        if self.rule != LEARNED:
            FUSIONS[self.rule]
        if self.weights and self.rule != "weighted":
            raise ConfigError(f"Weights go with the fusion 'weighted', not with '{self.rule}'.")
        if self.weights and not (
            len(self.weights) == len(self.systems) and all(0 < weight < float("inf") for weight in self.weights)
        ):
            raise ConfigError(
                f"A weighted fusion has a positive weight for each of its {len(self.systems)} systems, not "
                f"{list(self.weights)}."
            )


@dataclass(frozen=True)
class Study:
    """A corpus and task, the systems that are compared on it, and the protocols.

    Attributes:
        name: name of the study and its results.
        title: one line for people.
        config: config that all systems share.
        systems: changes of each system to that config.
        plans: plan of each protocol, by its name.
        note: limits that a reader of the scores must know.
        fusions: late fusions of systems by their names, which plans name like systems.
        origin: arguments by which the command line knows the study; by default its name.
        command: command that runs the whole study, if it is not ``protocol``.
    """

    name: str
    title: str
    config: TrainingConfig
    systems: Mapping[str, Changes]
    plans: Mapping[str, Plan]
    note: str
    fusions: Mapping[str, LateFusion] = field(default_factory=dict)
    origin: tuple[str, ...] = ()
    command: str = ""

    def system(self, name: str) -> TrainingConfig:
        """Return the training config of a system.

        Raises:
            UnknownNameError: if the study has no such system.
        """
        if name not in self.systems:
            raise UnknownNameError(f"system of the study '{self.name}'", name, self.systems)
        return system_of(self.config, name, self.systems[name])


def settings_of(studies: Iterable[Study]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the features of each corpus that studies read with settings other than the defaults, and the settings."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for chosen in studies:
        for config in map(chosen.system, chosen.systems):
            special = {entry.feature: dict(entry.settings) for entry in config.inputs if entry.settings}
            for corpus in config.corpora if special else ():
                found.setdefault(corpus, {}).update(special)
    return found


def features_of(studies: Iterable[Study]) -> dict[str, tuple[str, ...]]:
    """Return the features that studies read of each corpus."""
    found: dict[str, dict[str, None]] = {}
    for chosen in studies:
        for name in chosen.systems:
            config = chosen.system(name)
            for corpus in config.corpora:
                found.setdefault(corpus, {}).update(dict.fromkeys(i.feature for i in config.inputs))
    return {corpus: tuple(features) for corpus, features in found.items()}
