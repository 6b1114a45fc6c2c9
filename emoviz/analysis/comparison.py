"""Models side by side: the recordings and outputs that they share, and the extent to which they can be compared.

Models are compared with each other if they kept predictions of the same held-out recordings with the same labels. The
others are measured against the first of them. Models that share nothing are listed with the scores on their own
recordings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import checkpoints
from ..core.errors import CheckpointError, ConfigError
from ..core.vocabulary import CLASS_KINDS
from ..evaluation.scores import Result, Score, scores_of, told_by
from ..evaluation.slices import Slice
from ..evaluation.tables import curve_table, results_of

LEAST, MOST = 2, 4
"""Smallest and largest number of models in a comparison."""
STATED = ("culture", "output", "metric", "aggregation", "value", "low", "high", "training_mean", "recordings")
"""Fields of ``metrics.json`` without which a score cannot be compared with others."""


@dataclass(frozen=True)
class Contender:
    """A model in a comparison.

    Attributes:
        name: name of the checkpoint.
        kind: kind of its outputs: dimension, emotion or intensity.
        derived: whether its labels were derived from classes.
        outputs: names of the K outputs.
        metrics: content of its ``metrics.json``.
        results: its predictions of held-out recordings; none where it did not keep them.
        constant: prediction (K,) of the training mean, None where that is not known.
        note: sentence that a reader of its scores must know, or "".
    """

    name: str
    kind: str
    derived: bool
    outputs: tuple[str, ...]
    metrics: Mapping[str, Any]
    results: tuple[Result, ...] = ()
    constant: np.ndarray | None = None
    note: str = ""

    @property
    def scores(self) -> list[Score]:
        """The scores by which the model is judged."""
        constant = np.zeros(len(self.outputs)) if self.constant is None else self.constant
        return told_by(self.results, scores_of(self.kind, self.outputs, constant))


@dataclass(frozen=True)
class Comparison:
    """Models side by side, on the recordings and outputs that they share.

    Attributes:
        contenders: all models, in the order chosen; those in ``paired`` with the shared recordings and outputs only.
        paired: names of the models that are compared with each other, first the one that the others are measured
            against.
        reasons: reason, one sentence, for each model that is not compared with others, by its name.
    """

    contenders: tuple[Contender, ...]
    paired: tuple[str, ...]
    reasons: Mapping[str, str]

    def __getitem__(self, name: str) -> Contender:
        return next(c for c in self.contenders if c.name == name)

    @property
    def shared(self) -> list[Contender]:
        """The models that are compared with each other."""
        return [self[name] for name in self.paired]

    @property
    def recordings(self) -> int:
        """The number of recordings that the compared models share."""
        return len(self.shared[0].results) if self.paired else 0


def read(name: str, folder: Path) -> Contender:
    """Read a checkpoint folder as a contender; its network is not loaded.

    Raises:
        CheckpointError: if a file is missing or damaged.
    """
    about = checkpoints.read_description(folder)
    scores = checkpoints.read_metrics(folder)
    for row in scores.get("test", ()):
        if lacking := [field for field in STATED if field not in row]:
            raise CheckpointError(
                f"'{folder.name}' has a score without '{lacking[0]}' in {checkpoints.METRICS}; "
                f"`emoviz rescore {name}` writes it anew."
            )
    table = checkpoints.read_table(folder, "predictions")
    over_time = about.kind == "dimension"
    results = () if table is None else tuple(results_of(table, about.outputs, frames=over_time))
    mean = scores.get("training_mean")
    constant = None if mean is None else np.array(mean, float)
    return Contender(name, about.kind, about.derived, about.outputs, scores, results, constant)


def compare(contenders: Sequence[Contender], chosen: Slice | None = None) -> Comparison:
    """Find the recordings and outputs that models share, and the models that can be compared on them.

    Args:
        contenders: two to four models.
        chosen: slice of the shared recordings to compare on; all by default.

    Raises:
        ConfigError: if there are fewer than two or more than four models, or one of them twice.
    """
    if not LEAST <= len({c.name for c in contenders}) == len(contenders) <= MOST:
        names = ", ".join(c.name for c in contenders) or "none"
        raise ConfigError(f"{LEAST} to {MOST} different models can be compared, not these: {names}.")
    groups = [_together(anchor, contenders[place + 1 :]) for place, anchor in enumerate(contenders)]
    group = next((g for g in groups if len(g) >= LEAST), [])
    if not group:
        return Comparison(tuple(contenders), (), {c.name: _why_not(c, None) for c in contenders})
    aligned = {c.name: c for c in _align(group, chosen or Slice())}
    return Comparison(
        tuple(aligned.get(c.name, c) for c in contenders),
        tuple(aligned),
        {c.name: _why_not(c, group[0]) for c in contenders if c.name not in aligned},
    )


def suggest(contenders: Sequence[Contender], wanted: str = "") -> tuple[str, ...]:
    """Return the pair that shares most recordings, or else the first two models; none if there are fewer.

    Args:
        contenders: available models.
        wanted: name of a model that comes first in the pair, if it is available.
    """
    own = sorted(contenders, key=lambda contender: contender.name != wanted)
    pairs = list(combinations(own, LEAST))
    pairs = [pair for pair in pairs if pair[0].name == wanted] or pairs
    if not pairs:
        return ()
    first, second = max(pairs, key=lambda pair: len(_shared_ids(pair)))
    return first.name, second.name


def recording_table(results: Sequence[Result]) -> pd.DataFrame:
    """Return culture, speaker and label by id, as slices need them."""
    columns = {name: [getattr(r, name) for r in results] for name in ("culture", "speaker", "label")}
    return pd.DataFrame(columns, index=pd.Index([r.id for r in results], name="id"))


def training_curves(comparison: Comparison) -> pd.DataFrame:
    """Return the training curves that models kept: model, epoch (from 1), loss, validation and its metric."""
    return curve_table(
        (one.name, one.metrics.get("epochs", ()), one.metrics.get("selection", {}).get("metric"))
        for one in comparison.contenders
    )


def _together(anchor: Contender, others: Sequence[Contender]) -> list[Contender]:
    """The anchor, and those of the others that share recordings and outputs with it and each other."""
    group = [anchor]
    for other in others:
        if _shared_ids([*group, other]):
            group.append(other)
    return group


def _why_not(contender: Contender, anchor: Contender | None) -> str:
    """Why a contender is not compared with the anchor, or with anyone."""
    if not contender.results:
        return f"{contender.name} was stored without its predictions of single recordings."
    if anchor is None:
        return f"{contender.name} shares no held-out recording and output with another model."
    if not _shared_outputs([anchor, contender]):
        return f"{contender.name} does not predict what {anchor.name} predicts."
    return f"{contender.name} has no held-out recording in common with {anchor.name}."


def _shared_outputs(contenders: Sequence[Contender]) -> tuple[str, ...]:
    """Return the outputs of all of them; classes are shared all or not at all, as they share one probability."""
    first = contenders[0]
    shared = tuple(o for o in first.outputs if all(o in c.outputs for c in contenders))
    classes = {len(c.outputs) for c in contenders} if first.kind in CLASS_KINDS else {len(shared)}
    return shared if {c.kind for c in contenders} == {first.kind} and classes == {len(shared)} else ()


def _shared_ids(contenders: Sequence[Contender]) -> list[str]:
    """Recordings that all of them have, with the same labels of what all of them predict."""
    outputs = _shared_outputs(contenders)
    if not outputs:
        return []
    places = [[c.outputs.index(o) for o in outputs] for c in contenders]
    labels = [{r.id: r.truth[..., own] for r in c.results} for c, own in zip(contenders, places, strict=True)]
    first, *rest = labels
    return [
        i for i, truth in first.items() if all(i in o and np.array_equal(truth, o[i], equal_nan=True) for o in rest)
    ]


def _align(group: Sequence[Contender], chosen: Slice) -> list[Contender]:
    """Return the contenders with their shared outputs and the chosen ones of their shared recordings, in one order.

    Culture, speaker and session of a recording are those that the first contender names, since a corpus may have been
    imported anew between two trainings.
    """
    ids, outputs = _shared_ids(group), _shared_outputs(group)
    table = recording_table(group[0].results).loc[ids]
    ids = list(table.index[chosen.of(table)])
    first = {r.id: r for r in group[0].results}
    aligned = []
    for contender in group:
        own = [contender.outputs.index(o) for o in outputs]
        found = {r.id: r for r in contender.results}
        results = (
            replace(
                found[i],
                culture=first[i].culture,
                speaker=first[i].speaker,
                session=first[i].session,
                truth=found[i].truth[..., own],
                prediction=found[i].prediction[..., own],
            )
            for i in ids
        )
        constant = None if contender.constant is None else contender.constant[own]
        aligned.append(replace(contender, outputs=outputs, results=tuple(results), constant=constant))
    return aligned
