"""The run of a study: each system of a plan by its protocol, its comparison with others, and its report."""

import dataclasses
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core.configuration import to_dict
from ..core.errors import UnknownNameError
from ..core.progress import Progress, silent
from ..core.vocabulary import CLASS_KINDS
from ..evaluation.scores import scores_of, told_by
from ..features.store import FeatureStore
from ..training.config import TrainingConfig
from ..training.data import DATA, Recordings
from ..training.floors import FLOORS
from ..training.protocols import Test, make_folds, split_of
from .estimates import Estimate, Mean, compare, confusions, estimate, gather, rows
from .folds import Keep, run_protocol
from .late_fusion import fuse
from .outcomes import Outcomes
from .reports import write_report
from .study import READING, Plan, Study


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
    """Run systems of a study by a protocol and write their reports.

    The systems with which they are compared are run, too, if they were not run before.

    Args:
        chosen: the study.
        protocol: name of one of its plans.
        systems: names of systems of that plan; none means all.
        store: store with the corpora and features.
        runs: folder that keeps finished trainings, so that an interrupted call can be repeated.
        results: folder of the JSON files.
        checkpoints: folder of the checkpoints, for plans that keep some.
        progress: listener.

    Returns:
        The files of the reports.

    Raises:
        EmovizError: of that kind, if the study has no such plan or system, or the data, a split or the disk do not
            allow the run.
    """
    if protocol not in chosen.plans:
        raise UnknownNameError(f"protocol of the study '{chosen.name}'", protocol, chosen.plans)
    plan = chosen.plans[protocol]
    for name in systems:
        if name not in plan.systems:
            raise UnknownNameError(f"system of '{chosen.name} {protocol}'", name, plan.systems)
    runner = Runner(chosen, protocol, store, runs, checkpoints, progress)
    return [write_report(results, runner.report(name)) for name in systems or plan.systems]


@dataclass(frozen=True)
class Tested:
    """A system after its protocol, with its scores, seeds, split, config and, for classes, its confusions."""

    scores: list[Estimate]
    seeds: tuple[int, ...]
    split: list[dict[str, Any]]
    config: dict[str, Any]
    confusions: list[dict[str, Any]]


@dataclass
class Runner:
    """The runner of a plan, which runs each system once and reads each set of recordings as seldom as possible.

    Attributes:
        study: the study.
        protocol: name of the plan.
        store: store with the corpora and features.
        runs: folder that keeps finished trainings.
        checkpoints: folder of the checkpoints.
        progress: listener.
        found: outcomes by seed for each fold, by the name of the system; systems with outcomes are not run again.
    """

    study: Study
    protocol: str
    store: FeatureStore
    runs: Path
    checkpoints: Path
    progress: Progress
    found: dict[str, list[dict[int, Outcomes]]] = field(default_factory=dict)
    _read: dict[str, Recordings] = field(default_factory=dict)
    _tested: dict[str, Tested] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.study.plans[self.protocol]

    def command(self, name: str) -> str:
        """Return the command that runs a system."""
        if self.study.command:
            return self.study.command
        origin = self.study.origin or ("--study", self.study.name)
        arguments = ["protocol", self.protocol, *origin, "--system", name]
        return "python -m emoviz " + shlex.join(arguments)

    def report(self, name: str) -> dict[str, Any]:
        """Return the report of a system, with comparisons to other systems."""
        own = self.tested(name)
        others = self.plan.against.get(name, ())
        return {
            "study": self.study.name,
            "title": self.study.title,
            "protocol": self.protocol,
            "system": name,
            "command": self.command(name),
            "note": self.study.note,
            "seeds": list(own.seeds),
            "options": dataclasses.asdict(self.plan.options),
            "config": own.config,
            "scores": rows(own.scores),
            "compared": [row for other in others for row in compare(own.scores, self.tested(other).scores, other)],
            "split": own.split,
            **({"confusions": own.confusions} if own.confusions else {}),
        }

    def tested(self, name: str) -> Tested:
        """Run a system, or several systems that are fused, and estimate the scores."""
        if name in self._tested:
            return self._tested[name]
        fusion = self.study.fusions.get(name)
        parts = fusion.systems if fusion else (name,)
        outcomes = [self._outcomes(part) for part in parts]
        config = self.study.system(parts[0])
        groups = gather(fuse(fusion, outcomes, config.kind) if fusion else outcomes[0])
        results = [result for group in groups.values() for replicate in group for result in replicate.results]
        scores = told_by(results, scores_of(config.kind, config.outputs, np.zeros(len(config.outputs))))
        table = self._recordings(config).table
        protocol, options = self.plan.protocol or self.protocol, self.plan.options
        self._tested[name] = Tested(
            estimate(groups, scores, _means(self.plan, table, groups)),
            tuple(sorted({seed for part in outcomes for fold in part for seed in fold})),
            split_of(make_folds(protocol, table, options, sentences_apart=config.sentences_apart), table),
            to_dict(fusion or config),
            confusions(groups, config.outputs) if config.kind in CLASS_KINDS else [],
        )
        return self._tested[name]

    def _outcomes(self, name: str) -> list[dict[int, Outcomes]]:
        if name not in self.found:
            config, plan = self.study.system(name), self.plan
            seeds = (0,) if config.model in FLOORS else plan.seeds  # nothing in a floor is random
            recordings = self._recordings(config)
            folder = self.runs / "protocols" / self.study.name
            keep = Keep(self.checkpoints / plan.keep, self.command(name)) if plan.keep else None
            protocol = plan.protocol or self.protocol
            self.found[name] = run_protocol(
                config, protocol, plan.options, seeds, recordings, folder, self.progress, keep
            )
        return self.found[name]

    def _recordings(self, config: TrainingConfig) -> Recordings:
        key = repr([getattr(config, name) for name in READING])
        if key not in self._read:
            self._read.clear()  # one at a time: they fill the memory
            self._read[key] = DATA[config.data].load(config, self.store, self.progress)
        return self._read[key]


def _means(plan: Plan, table: pd.DataFrame, tests: Iterable[Test]) -> list[Mean]:
    """The means of a plan, apart for shots and ways of calibration: each is over all tests from and to its cultures."""
    found: dict[tuple[str, int | None, str], list[Test]] = {}
    for name, corpora in plan.means.items():
        rows = table[table.index.str.split("/").str[0].isin(corpora)] if corpora else table
        cultures = set(rows["culture"])
        for test in tests:
            if test.source and {*test.source, test.target} <= cultures:
                found.setdefault((name, test.shots, test.calibrated), []).append(test)
    return [Mean(name, shots, tuple(chosen), calibrated) for (name, shots, calibrated), chosen in found.items()]
