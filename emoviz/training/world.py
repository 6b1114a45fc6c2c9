"""The processes that share a training, as torchrun and the Slurm engine tell each of them in its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.errors import ConfigError


@dataclass(frozen=True)
class World:
    """All processes of a training, and which of them this is.

    Attributes:
        size: how many there are.
        rank: of this one; the first writes what is to be kept.
        per_node: how many of them share a machine.
    """

    size: int = 1
    rank: int = 0
    per_node: int = 1

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "World":
        """From WORLD_SIZE, RANK and LOCAL_WORLD_SIZE; without them this process is alone."""
        size, rank = int(environment.get("WORLD_SIZE", 1)), int(environment.get("RANK", 0))
        return cls(size, rank, int(environment.get("LOCAL_WORLD_SIZE", size)))

    @property
    def first(self) -> bool:
        """Whether this one writes."""
        return self.rank == 0

    def divide(self, batch_size: int) -> int:
        """Samples of a batch that each process takes.

        Raises:
            ConfigError: they cannot be divided evenly.
        """
        if batch_size % self.size:
            raise ConfigError(f"A batch of {batch_size} samples cannot be divided evenly among {self.size} processes.")
        return batch_size // self.size
