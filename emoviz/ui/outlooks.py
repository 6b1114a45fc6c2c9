"""Outlooks for the Train page before anything is trained: the future of a config."""

import json
from collections.abc import Sequence

from ..core.configuration import from_dict, to_dict
from ..corpora.inventory import Holding
from ..training.config import TrainingConfig
from ..training.outlook import Outlook, gaps, outlook
from . import loaders
from .cache import cached


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
