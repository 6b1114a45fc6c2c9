"""The processes that share a training; torchrun or Slurm tells each of them its place through its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.errors import ConfigError


@dataclass(frozen=True)
class World:
    """All processes of a training, and the place of this one among them.

    Attributes:
        size: number of processes.
        rank: number of this process; the first one writes the results.
        per_node: number of processes that share a machine.
    """

    size: int = 1
    rank: int = 0
    per_node: int = 1

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "World":
        """Read WORLD_SIZE, RANK and LOCAL_WORLD_SIZE; without them this process is alone."""
        size, rank = int(environment.get("WORLD_SIZE", 1)), int(environment.get("RANK", 0))
        return cls(size, rank, int(environment.get("LOCAL_WORLD_SIZE", size)))

    @property
    def first(self) -> bool:
        """Whether this process writes the results."""
        return self.rank == 0

    def divide(self, batch_size: int) -> int:
        """Return the number of samples of a batch that each process takes.

        Raises:
            ConfigError: if the samples cannot be divided evenly.
        """
        if batch_size % self.size:
            raise ConfigError(f"A batch of {batch_size} samples cannot be divided evenly among {self.size} processes.")
        return batch_size // self.size
