"""Sets of models of one culture each, for corpora of one's own: a network for each culture, task and seed.

The study ``cultures`` made the bundled set; here the same is done with any corpora that have enough people. One run
trains the whole set, as all networks must read the same channels: principal components that each network fitted for
itself would differ. A set becomes a group of checkpoints with its own name.
"""

import dataclasses
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..checkpoints.folder import CONFIG, PER_CULTURE, find, read_description
from ..core.configuration import to_dict
from ..core.errors import ConfigError, EmovizError, SplitError
from ..core.words import CONFOUND, counted
from ..corpora.inventory import Holding
from ..training.config import TrainingConfig
from ..training.data import labelled
from ..training.data.recordings import with_names
from ..training.outlook import here
from ..training.presets import COMPARE_CULTURES
from ..training.protocols.base import by_culture
from ..training.splits import LEAST, apart, together
from ..training.untrained import build_model
from .catalogue import STUDIES
from .own import require_seeds
from .study import Plan, Study

PROTOCOL = "per-culture"
"""Protocol by which a set is trained and tested."""
SEEDS = (0, 1, 2, 3, 4)
"""Seeds of the bundled set."""
VARIED = ("name", "title", "outputs", "seed")
"""Fields of a config in which the models of a set differ."""


def study_of(config: TrainingConfig, seeds: Sequence[int]) -> Study:
    """Return the study that trains a set and keeps its models as the group of the config's name.

    Args:
        config: config of all models; each dimension gets a network of its own.
        seeds: seeds of the trainings.

    Raises:
        ConfigError: if there is no seed, or one is given twice.
    """
    require_seeds(seeds)
    systems = systems_of(config)
    return Study(
        name=config.name,
        title=config.title,
        config=config,
        systems=systems,
        plans={PROTOCOL: Plan(tuple(systems), seeds=tuple(seeds), keep=config.name)},
        note=f"All networks read the same channels, those of {_origin(config)}. {CONFOUND}",
        command=_command(config, len(seeds)),
    )


def _origin(config: TrainingConfig) -> str:
    return f"'{config.channels}'" if config.channels else "transforms fitted on the training speakers of all cultures"


def _command(config: TrainingConfig, seeds: int) -> str:
    """The command that trains a set, of the preset or of a config of one's own."""
    preset = dataclasses.replace(COMPARE_CULTURES, name=config.name, corpora=config.corpora, cultures=config.cultures)
    chosen = [*config.corpora, "--name", config.name] if config == preset else ["--config", f"{config.name}.json"]
    return f"python -m emoviz {shlex.join(['cultures', *chosen, '--seeds', str(seeds)])}"


def systems_of(config: TrainingConfig) -> dict[str, dict[str, Any]]:
    """Return the changes of a set's config for each task, by the task's name."""
    if config.kind != "dimension":
        return {config.kind: {}}
    return {output.partition(" ")[0]: {"outputs": (output,)} for output in config.outputs}


def with_enough_people(config: TrainingConfig, found: Iterable[Holding]) -> tuple[TrainingConfig, tuple[str, ...]]:
    """Leave out the cultures with too few people to train, to validate and to test on different people.

    Args:
        config: config of a set.
        found: corpora on this machine.

    Returns:
        The config of the other cultures, and a sentence for each that is left out, with how many people it lacks.

    Raises:
        CorpusError: if a corpus is not on this machine, or no recording has a label that the config predicts.
        SplitError: if no culture has enough people.
    """
    tables = {one.name: one.tables for one in here(config, found) if one.tables is not None}
    table = with_names(labelled(config, [*tables.values()], ["speaker", "culture"]), tables)
    people = {culture: (len(together(rows)), apart(rows)) for culture, rows in by_culture(table)}
    lacking = tuple(
        f"'{culture}' has {counted(count, 'speakers')}{told} and needs {LEAST - count} more, as different ones train, "
        "validate and are tested"
        for culture, (count, told) in people.items()
        if count < LEAST
    )
    kept = tuple(culture for culture, (count, _) in people.items() if count >= LEAST)
    if not kept:
        raise SplitError(f"No culture has enough people: {'; '.join(lacking)}.")
    chosen = dataclasses.replace(config, cultures=kept) if lacking else config
    return chosen, tuple(f"{sentence}; it is left out." for sentence in lacking)


def rounds(config: TrainingConfig, seeds: Sequence[int]) -> int:
    """Return the number of trainings of a set on all of its recordings: one per seed and task."""
    return len(systems_of(config)) * len(seeds)


def told(config: TrainingConfig, cultures: int, seeds: Sequence[int]) -> str:
    """Return in words what a set trains, and what it cannot show with too few cultures or seeds.

    Raises:
        ConfigError: if there is no seed, or one is given twice.
    """
    require_seeds(seeds)
    sentences = [
        f"{cultures * rounds(config, seeds)} trainings in one job, which goes on where it was stopped: of "
        f"{_some(cultures, 'culture')} for {_some(len(systems_of(config)), 'task')} with {_some(len(seeds), 'seed')}."
    ]
    if config.channels:
        sentences.append(f"They read the channels of '{config.channels}', so both are compared in one matrix.")
    elif cultures < 2:
        sentences.append("A culture alone has no other to be compared with.")
    if len(seeds) < 2:
        sentences.append("With one seed, a difference between cultures cannot be told from the luck of a training.")
    return " ".join(sentences)


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count > 1)}"


def require_channel_attention(config: TrainingConfig, widths: Mapping[str, int]) -> None:
    """Refuse a model without channel weights, by which the cultures of a set are compared.

    Args:
        config: config of a set.
        widths: number of channels of each stream after its transform.

    Raises:
        ConfigError: if the model is refused.
    """
    model = build_model(config, widths).eval()
    frames = max(1, round(config.window / config.hop))
    streams = {name: torch.zeros(1, frames, width) for name, width in widths.items()}
    with torch.no_grad():
        weighs = model(streams, torch.ones(1, frames, dtype=torch.bool)).channel_weights is not None
    if not weighs:
        raise ConfigError(f"'{config.model}' weighs no channels with these settings, so cultures have none to compare.")


def require_own_name(config: TrainingConfig, checkpoints: Path) -> None:
    """Refuse a name under which other models, other results or a set with other settings are kept.

    A set with the same settings continues, and its existing models stay.

    Raises:
        ConfigError: if the name is refused.
    """
    other = "give this set another name"
    if config.name == PER_CULTURE or config.name in STUDIES:
        raise ConfigError(f"'{config.name}' comes with emoviz; {other}.")
    folder, members = checkpoints / config.name, find([checkpoints], config.name)
    if (folder / CONFIG).exists() or (folder.exists() and not members and any(folder.glob("[!.]*"))):
        raise ConfigError(f"'{config.name}' is there and is no set of models; {other}.")
    own = _settings(to_dict(config))
    for member in members.values():
        try:
            before = _settings(read_description(member).training)
        except EmovizError:
            continue  # a damaged one is trained anew
        differing = sorted(name for name in own.keys() | before.keys() if own.get(name) != before.get(name))
        if differing:
            raise ConfigError(f"There is a set '{config.name}' of other {' and '.join(differing)}; {other}.")


def _settings(training: Any) -> dict[str, Any]:
    """What the models of a set have in common, as JSON has it."""
    values: dict[str, Any] = json.loads(json.dumps(training))
    return {name: value for name, value in values.items() if name not in VARIED}
