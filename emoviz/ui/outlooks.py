"""Outlooks for the Train page before anything is trained: the future of a config."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.configuration import from_dict, to_dict
from ..corpora.inventory import Holding
from ..training.config import TrainingConfig
from ..training.mending import Mend, mends
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


def mends_of(values: Mapping[str, Any], refusal: str, found: Sequence[Holding]) -> list[Mend]:
    """Return changes after which values that were refused can be trained."""
    return _mends(json.dumps(values, default=str), refusal, tuple((one.name, one.state) for one in found))


@cached(16)
def _mends(values: str, refusal: str, state: tuple[tuple[object, ...], ...]) -> list[Mend]:
    def look(changed: Mapping[str, Any]) -> None:
        outlook(from_dict(TrainingConfig, changed, "the form"), loaders.holdings(), loaders.store())

    return mends(json.loads(values), refusal, look)


@cached(64)
def _outlook(config: str, state: tuple[tuple[object, ...], ...], lacking: str) -> Outlook:
    return outlook(from_dict(TrainingConfig, json.loads(config), "the form"), loaders.holdings(), loaders.store())
