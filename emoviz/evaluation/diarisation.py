"""The diarisation error: how much of the speech is given to somebody else, missed, or made up.

Source: NIST, "The 2009 (RT-09) rich transcription meeting recognition evaluation plan", section 4.2.1; as computed by
pyannote.metrics (H. Bredin, Interspeech 2017).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

Turn = tuple[float, float, str]
"""Start and end in seconds, and who speaks."""


class DiarisationError(NamedTuple):
    """The parts of the error, in seconds.

    Attributes:
        missed: speech in which fewer people are found than speak.
        false_alarm: time in which more people are found than speak.
        confused: speech that is given to somebody else.
        total: speech of the reference, of everybody.
    """

    missed: float
    false_alarm: float
    confused: float
    total: float

    @property
    def rate(self) -> float:
        """The error divided by the speech, 0 or more; NaN where nobody speaks."""
        return (self.missed + self.false_alarm + self.confused) / self.total if self.total else float("nan")

    def plus(self, other: "DiarisationError") -> "DiarisationError":
        """Return the error of two recordings together."""
        return DiarisationError(*(one + two for one, two in zip(self, other, strict=True)))


def diarisation_error(reference: Sequence[Turn], found: Sequence[Turn], collar: float = 0.25) -> DiarisationError:
    """Return the error of a diarisation under the best one-to-one match of names.

    Args:
        reference: true turns; those of different people may overlap.
        found: found turns, under any names.
        collar: seconds around each edge of the reference in which nothing counts, half of them on either side, as in
            pyannote.metrics; NIST's collar of 0.25 s is on either side, so 0.5 here.
    """
    from scipy.optimize import linear_sum_assignment

    edges = [time for start, end, _ in reference for time in (start, end)]
    shielded = [(time - collar / 2, time + collar / 2) for time in edges]
    cuts = np.unique([*edges, *(time for pair in shielded for time in pair), *(t for turn in found for t in turn[:2])])
    lengths, middles = np.diff(cuts), (cuts[:-1] + cuts[1:]) / 2
    for start, end in shielded:
        lengths[(middles > start) & (middles < end)] = 0
    who, said = _present(reference, middles), _present(found, middles)
    together = (who * lengths) @ said.T
    rows, columns = linear_sum_assignment(together, maximize=True)
    count, given = who.sum(0), said.sum(0)
    right = together[rows, columns].sum()
    return DiarisationError(
        missed=float(lengths @ np.maximum(count - given, 0)),
        false_alarm=float(lengths @ np.maximum(given - count, 0)),
        confused=float(lengths @ np.minimum(count, given) - right),
        total=float(lengths @ count),
    )


def _present(turns: Iterable[Turn], times: np.ndarray) -> np.ndarray:
    """Who speaks at each time: (people, times), 1 or 0."""
    people: dict[str, np.ndarray] = {}
    for start, end, name in turns:
        speaks = people.setdefault(name, np.zeros(len(times)))
        speaks[(times > start) & (times < end)] = 1
    return np.array(list(people.values())).reshape(len(people), len(times))
