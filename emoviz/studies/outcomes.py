"""Outcomes of the trainings of a protocol, kept on disk so that an interrupted protocol can go on."""

import dataclasses
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import ConfigError
from ..core.files import raising, write_bytes
from ..evaluation.scores import Result
from ..training.protocols import Test


@dataclass(frozen=True)
class Outcome:
    """The results of one training on one test.

    Attributes:
        results: results of each recording.
        training_mean: mean (K,) of the training targets.
    """

    results: list[Result]
    training_mean: np.ndarray


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of one training, and of further trainings that started from it.

    Attributes:
        tests: outcome of each test.
        validation: outcome on the recordings that selected the epoch, from which a late fusion may learn: networks are
            neither trained nor tested on them. None where there are none, and for a floor.
    """

    tests: Mapping[Test, Outcome] = field(default_factory=dict)
    validation: Outcome | None = None


def write_outcomes(path: Path, outcomes: Outcomes) -> None:
    """Write outcomes whole or not at all.

    Raises:
        ConfigError: if the disk is full or the folder cannot be written to.
    """
    told = [json.dumps(dataclasses.asdict(test)) for test in outcomes.tests]
    arrays: dict[str, Any] = {"tests": np.array(told, dtype=str)}
    for name, outcome in _named(outcomes):
        results = outcome.results
        arrays |= {
            f"{name}.who": np.array(
                [[r.id, r.culture or "", r.speaker or "", r.session or "", r.label] for r in results]
            ),
            f"{name}.lengths": np.array([len(r.truth) for r in results]),
            f"{name}.truth": np.concatenate([r.truth for r in results]).astype(np.float32),
            f"{name}.prediction": np.concatenate([r.prediction for r in results]).astype(np.float32),
            f"{name}.mean": outcome.training_mean,
        }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    with raising(ConfigError, path, name=f"The run folder '{path.parent}'", setting="EMOVIZ_RUNS"):
        write_bytes(path, content.getvalue())


def read_outcomes(path: Path) -> Outcomes | None:
    """Read the outcomes of an earlier run; None when there are none or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            tests = [Test.of(json.loads(str(told))) for told in arrays["tests"]]
            validation = _outcome(arrays, VALIDATION) if f"{VALIDATION}.mean" in arrays else None
            return Outcomes({test: _outcome(arrays, str(n)) for n, test in enumerate(tests)}, validation)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error, zipfile.BadZipFile):
        return None


VALIDATION = "validation"
"""Name of the validation part's outcome in the file; the outcomes of tests are numbered."""


def _named(outcomes: Outcomes) -> Iterator[tuple[str, Outcome]]:
    yield from ((str(n), outcome) for n, outcome in enumerate(outcomes.tests.values()))
    if outcomes.validation is not None:
        yield VALIDATION, outcomes.validation


def _outcome(arrays: Any, name: str) -> Outcome:
    ends = np.cumsum(arrays[f"{name}.lengths"])[:-1]
    results = [
        Result(i, culture or None, speaker or None, label, truth, prediction, np.empty(0), session=session or None)
        for (i, culture, speaker, session, label), truth, prediction in zip(
            arrays[f"{name}.who"].tolist(),
            np.split(arrays[f"{name}.truth"], ends),
            np.split(arrays[f"{name}.prediction"], ends),
            strict=True,
        )
    ]
    return Outcome(results, arrays[f"{name}.mean"])
