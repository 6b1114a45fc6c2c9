"""The work of a command on several checkpoints, some of which may fail."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import CheckpointError, EmovizError

Row = Mapping[str, Any]


def of_each(folders: Mapping[str, Path], rows_of: Callable[[str, Path], Iterable[Row]]) -> tuple[list[Row], list[str]]:
    """Return the rows of all checkpoints that did not fail, and a sentence for each one that did, with its name."""
    rows: list[Row] = []
    problems: list[str] = []
    for name, folder in folders.items():
        try:
            rows += rows_of(name, folder)
        except EmovizError as error:
            problems.append(f"'{name}' stays as it is: {error}")
    return rows, problems


def tell(problems: Iterable[str]) -> None:
    """Raise one error for the checkpoints that failed, after the others are done.

    Raises:
        CheckpointError: if there is a problem.
    """
    if sentences := "\n".join(problems):
        raise CheckpointError(sentences)
