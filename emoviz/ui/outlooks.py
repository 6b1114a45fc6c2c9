"""Outlooks for the Train page before anything is trained: the future of a config, and the places where it can run."""

import json
import time
from collections.abc import Sequence

from ..core.configuration import from_dict, to_dict
from ..corpora.inventory import Holding
from ..jobs import slurm
from ..training.config import TrainingConfig
from ..training.outlook import Outlook, gaps, outlook
from . import loaders
from .cache import cached

FRESH = 30
"""Seconds for which what a cluster has is taken to be as it was."""


def outlook_of(config: TrainingConfig, found: Sequence[Holding]) -> Outlook:
    """Return the outlook of a config, made again when a corpus changed.

    Raises:
        EmovizError: if the config cannot be trained.
    """
    state = tuple((one.name, one.state, tuple(one.features.items())) for one in found)
    return _outlook(json.dumps(to_dict(config)), state, json.dumps(gaps(config, found, loaders.store())))


@cached(64)
def _outlook(config: str, state: tuple[tuple[object, ...], ...], lacking: str) -> Outlook:
    return outlook(from_dict(TrainingConfig, json.loads(config), "the form"), loaders.holdings(), loaders.store())


def parts_of_cluster() -> dict[str, str]:
    """Return the nodes of each partition of the cluster in words; nothing without Slurm."""
    return _parts_of_cluster(int(time.monotonic() // FRESH))


@cached(1)
def _parts_of_cluster(period: int) -> dict[str, str]:
    kinds: dict[str, list[str]] = {}
    for part in slurm.partitions():
        kinds.setdefault(part.name, []).append(f"{part.nodes} nodes{f' with {part.gpus}' if part.gpus else ''}")
    return {name: ", ".join(entries) for name, entries in kinds.items()}
