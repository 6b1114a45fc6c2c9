"""What is made ahead comes in order, one at a time, and with its errors at their turn."""

import threading

import pytest

from emoviz.core.ahead import one_ahead
from emoviz.core.errors import MediaError


def made(log: list[int], most: int = 5, fails: bool = False):
    for number in range(most):
        log.append(number)
        yield number
    if fails:
        raise MediaError("It is damaged.")


def test_items_come_in_order_and_one_is_made_ahead():
    log: list[int] = []
    second = threading.Event()
    items = one_ahead(made(log))
    assert next(items) == 0
    for _ in range(100):
        if len(log) == 2:
            break
        second.wait(0.05)
    second.wait(0.1)
    assert log == [0, 1]  # and no more than one ahead
    assert list(items) == [1, 2, 3, 4] and log == [0, 1, 2, 3, 4]


def test_an_error_comes_after_what_was_made_before_it():
    seen = []
    with pytest.raises(MediaError, match="damaged"):
        for item in one_ahead(made([], 3, fails=True)):
            seen.append(item)
    assert seen == [0, 1, 2]


def test_who_stops_early_leaves_no_thread():
    before = threading.active_count()
    items = one_ahead(made([], 1000))
    next(items)
    assert threading.active_count() == before + 1
    items.close()
    assert threading.active_count() == before
