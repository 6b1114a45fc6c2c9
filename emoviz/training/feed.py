"""How do samples reach the device? From its own memory when they fit, else pinned and made ahead by other processes."""

import os
from collections.abc import Iterable
from typing import Any

import torch
from torch.utils.data import DataLoader

from .data import Part, collate

WORKERS = 4
"""Processes that make batches ahead, at most."""
SHARE = 1 / 3
"""Of a GPU's free memory that samples may fill; the rest is the network's."""


def fits(size: int, device: torch.device) -> bool:
    """Whether a GPU has room for samples of so many bytes; elsewhere they lie in the device's memory anyway."""
    return device.type == "cuda" and size <= SHARE * torch.cuda.mem_get_info(device)[0]


def loader(
    part: Part, batch_size: int, sampler: Iterable[Any], *, ahead: bool = False, drop_last: bool = False
) -> DataLoader[Any]:
    """Batches of a part.

    Args:
        part: samples.
        batch_size: samples of a batch.
        sampler: of their (epoch, number).
        ahead: make batches in other processes and in pinned memory, from which a GPU takes them while it computes.
        drop_last: leave out a last batch that is not full.
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
