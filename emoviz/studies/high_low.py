"""The studies of paper 1's three binary tasks: high or low arousal, high or low valence, like or dislike.

Source: the CATS-Transformer paper, section 4.1, table 1 and figure 3: recurrent networks of sound and of the picture,
a classifier of text, and the majority vote of the three.
"""

import dataclasses

from ..core.vocabulary import BINARY, Dimension
from ..core.words import number
from ..models.inputs import InputConfig
from ..training.config import Changes
from ..training.presets import SEWA_CONFIG
from ..training.protocols import Options
from .study import LateFusion, Plan, Study

BEYOND: dict[Dimension, float] = {Dimension.AROUSAL: 0.1, Dimension.VALENCE: 0.1, Dimension.LIKING: 0.0}
"""Rating above which a stretch of SEWA is high: about the middle of the ratings of both cultures."""
READERS: dict[str, Changes] = {
    "audio": {"inputs": (InputConfig("avec2019-audio"),)},
    "video": {"inputs": (InputConfig("avec2019-video"),)},
    "both": {},
}
"""Networks of each task, by the streams that they read."""
FLOORS: dict[str, Changes] = {name: {"model": name, "options": {}} for name in ("svm", "logistic")}


def high_low(dimension: Dimension) -> Study:
    """Return the study of high and low in a dimension on stretches of SEWA's recordings."""
    low, high = BINARY[dimension]
    return Study(
        name=f"sewa-{dimension}",
        title=f"SEWA, {low} or {high} of ten seconds",
        config=dataclasses.replace(
            SEWA_CONFIG,
            name=f"sewa-{dimension}",
            title=f"{low.capitalize()} or {high} of ten seconds",
            model="rnn",
            options={"hidden": 16, "layers": 1, "dropout": 0.5, "pooling": "mean"},
            data="stretches",
            outputs=(low, high),
            threshold=BEYOND[dimension],
            neutral=0.03,
            loss="cross_entropy",
            selection="ua",
            window=10.0,
            epochs=40,
            patience=40,
            batch_size=32,
        ),
        systems=READERS | FLOORS,
        fusions={"vote": LateFusion(tuple(READERS), "majority")},
        plans={
            name: Plan(
                systems=(*FLOORS, *READERS, "vote"),
                options=options,
                seeds=seeds,
                against={system: tuple(FLOORS) for system in (*READERS, "vote")},
            )
            for name, options, seeds in (("cross-culture", Options(), (0, 1, 2)), ("folds", Options(folds=7), (0,)))
        },
        note=f"One of paper 1's three tasks. A stretch is '{high}' if its mean rating is above "
        f"{number(BEYOND[dimension], 1)}, '{low}' below, and left out within .03 of that, which is about the middle of "
        "the ratings of all recordings, those tested included. Systems read what nine unimodal systems of the "
        "organisers predicted, five of sound and four of the picture; 'both' stands in the vote in the place of the "
        "paper's text, as there are no transcripts.",
    )


HIGH_LOW = tuple(map(high_low, BEYOND))
