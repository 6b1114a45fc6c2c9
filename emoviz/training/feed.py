"""The order in which samples are drawn, and their way to the device that trains on them."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Sampler

from .data.base import Part, collate
from .world import World

WORKERS = 4
"""Largest number of processes that make batches ahead."""
SHARE = 1 / 3
"""Share of a GPU's free memory that samples may fill; the rest is left to the network."""


class EpochSampler(Sampler[tuple[int, int]]):
    """Every sample once per epoch in random order, or samples drawn so that groups occur equally often.

    Each of several processes that share a training takes every n-th sample of one order, so that together they see the
    batches that a single process would see.

    Args:
        part: samples, with their groups.
        seed: seed of the order.
        balanced: whether groups occur equally often.
        world: processes that share the training; by default this one alone.
    """

    def __init__(self, part: Part, seed: int, balanced: bool, world: World | None = None) -> None:
        self.part = part
        self.world = world or World()
        self.seed = seed
        self.balanced = balanced
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Start another epoch; Lightning calls this before each."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.part) // self.world.size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        random = np.random.default_rng([self.seed, self.epoch])
        if self.balanced:
            groups = pd.Series(self.part.groups)
            weights = (1 / groups.map(groups.value_counts())).to_numpy(dtype=float)
            order = random.choice(len(self.part), len(self.part), p=weights / weights.sum())
        else:
            order = random.permutation(len(self.part))
        own = order[self.world.rank :: self.world.size][: len(self)]
        return ((self.epoch, int(number)) for number in own)


def fits(size: int, device: torch.device) -> bool:
    """Return whether a GPU has room for samples of a size in bytes; false for a CPU, whose memory has them already."""
    return device.type == "cuda" and size <= SHARE * torch.cuda.mem_get_info(device)[0]


def loader(
    part: Part, batch_size: int, sampler: Iterable[Any], *, ahead: bool = False, drop_last: bool = False
) -> DataLoader[Any]:
    """Load the batches of a part.

    Args:
        part: samples.
        batch_size: number of samples in a batch.
        sampler: epoch and number of each sample, in order.
        ahead: whether other processes make batches ahead, in pinned memory that a GPU reads while it computes.
        drop_last: whether a last batch that is not full is left out.
    """
    workers = min(WORKERS, max(1, (os.cpu_count() or 2) - 1)) if ahead else 0
    return DataLoader(
        part,
        batch_size=batch_size,
        sampler=sampler,
        collate_fn=collate,
        drop_last=drop_last,
        num_workers=workers,
        persistent_workers=ahead,
        pin_memory=ahead and torch.cuda.is_available(),
        multiprocessing_context="fork" if ahead else None,  # samples are made by closures
    )


def in_order(part: Part, batch_size: int, rows: Iterable[int] | None = None) -> DataLoader[Any]:
    """Load the samples of epoch 0 in their order, or those of some rows, as validation and test do."""
    indices = [(0, number) for number in (range(len(part)) if rows is None else rows)]
    return loader(part, batch_size, indices)
