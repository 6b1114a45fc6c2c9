"""What pages make of files, made once for the same state of them and the same choices."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Order:
    of: Hashable
    make: Callable[[], Any] = field(compare=False)


def kept(of: Hashable, make: Callable[[], T]) -> T:
    """What ``make`` returns, made once for the same ``of``, whoever asks; do not change it.

    Args:
        of: what it is, and all that it depends on: which files, when they changed, what was chosen. To look through
            the tables that are read from them would take longer than to make most figures.
        make: makes it. An error is not kept.
    """
    return _kept(_Order(of, make))


@lru_cache(maxsize=256)
def _kept(order: _Order) -> Any:
    return order.make()
