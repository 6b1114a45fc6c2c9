"""Unweighted accuracy of a speech model on people it never heard, as it is and calibrated to them without labels.

    EMOVIZ_STORE=STORE python -m benchmarks.calibration MODEL --corpus NAME [--draws 5] [--trust 10]
    EMOVIZ_STORE=STORE python -m benchmarks.calibration MODEL --corpus NAME --validation --trust 0 1 3 10 30 100

The recordings are those that the model did not see. With `--validation` they are those of the people on whom its
training chose the epoch, or in another corpus of every second person, for choices such as that of the weight of the
training's statistics (`--trust`, in seconds). Calibrated to some clips of a person, in each draw, the model is tested
on the person's other recordings. The rows:

    as it is       the model as it was trained
    corpus         calibrated to all recordings of the corpus
    1, 3, 10       to so many clips of each person
    3 neutral      to three clips that are called neutral, where the person has them
    all            to all of each person's recordings

The last line of each weight is JSON.
"""

import argparse
import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import CalibrationError
from emoviz.core.progress import silent
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Emotion, Split
from emoviz.evaluation.metrics.ua import unweighted_average_recall
from emoviz.evaluation.scores import Result
from emoviz.features.store import FeatureStore
from emoviz.prediction.calibration import TRUST, calibrated, measure
from emoviz.prediction.clip import load_checkpoints
from emoviz.prediction.corpus import trained_on
from emoviz.training.config import TrainingConfig
from emoviz.training.data import Recordings, load_recordings
from emoviz.training.held_out import config_of, predict_recordings

COUNTS = (1, 3, 10)
"""Numbers of clips of a person."""
Chosen = Callable[[pd.DataFrame, np.random.Generator], Sequence[str]]
"""Chooses the recordings of a person by which a model is calibrated; none if there are too few."""


class Heard:
    """The recordings of a corpus that a model did not see.

    Args:
        checkpoint: the model.
        store: store of the corpus.
        name: name of the corpus.
        part: part of the model's split whose people are tested, where the model was trained on the corpus; of another
            corpus all people are, and for validation every second one.
        trust: seconds that weigh as much as the training.
    """

    def __init__(
        self, checkpoint: Checkpoint, store: FeatureStore, name: str, part: Split = Split.TEST, trust: float = TRUST
    ) -> None:
        self.checkpoint, self.trust = checkpoint, trust
        self.config: TrainingConfig = dataclasses.replace(config_of(checkpoint.description), corpora=(name,))
        self.recordings: Recordings = load_recordings(self.config, store, silent)
        table = self.recordings.table
        if name in trained_on(checkpoint.description):
            table = table[table["speaker"].isin(checkpoint.description.split[part])]
        elif part is Split.VALIDATION:
            table = table[table["speaker"].isin(sorted(table["speaker"].unique())[::2])]
        self.table = table

    def calibrated(self, ids: Sequence[str]) -> Checkpoint:
        """Return the model calibrated to some recordings."""
        heard = [self.recordings.streams[str(identity)] for identity in ids]
        return calibrated(self.checkpoint, measure(self.checkpoint, heard, "These recordings", trust=self.trust))

    def said(self, model: Checkpoint, ids: Sequence[str]) -> list[Result]:
        """Predict some recordings."""
        return predict_recordings(model, self.config, self.recordings, pd.Index(ids))

    def by_person(self, choose: Chosen, draws: int, apart: bool = True) -> list[Result]:
        """Predict each person calibrated to recordings of their own.

        Args:
            choose: function that chooses them.
            draws: number of choices per person.
            apart: whether they are left out of the test.
        """
        results: list[Result] = []
        for number, (_, rows) in enumerate(self.table.groupby("speaker")):
            for draw in range(draws):
                chosen = set(choose(rows, np.random.default_rng([number, draw])))
                rest = [i for i in rows.index if not (apart and i in chosen)]
                if not chosen or not rest:
                    continue
                try:
                    fitted = self.calibrated(sorted(chosen))
                except CalibrationError:  # too short a clip
                    continue
                results += self.said(fitted, rest)
        return results


def clips(count: int, neutral: bool = False) -> Chosen:
    """Return a function that draws a number of clips, of neutral ones or of all."""

    def choose(rows: pd.DataFrame, random: np.random.Generator) -> Sequence[str]:
        some = rows[rows["emotion"] == Emotion.NEUTRAL] if neutral else rows
        if len(some) < count or len(rows) <= count:
            return []
        return [str(i) for i in random.choice(some.index.to_numpy(), count, replace=False)]

    return choose


def accuracy(results: Sequence[Result], outputs: Sequence[str]) -> float:
    """Return the unweighted accuracy of some results, NaN where there are none."""
    said = [outputs[int(np.argmax(result.prediction))] for result in results]
    return unweighted_average_recall(np.array([result.label for result in results]), np.array(said))


def scores(heard: Heard, draws: int) -> dict[str, float]:
    """Return the unweighted accuracy by the way of calibration."""
    everyone = [str(i) for i in heard.table.index]
    found = {
        "as it is": heard.said(heard.checkpoint, everyone),
        "corpus": heard.said(heard.calibrated(everyone), everyone),
        **{str(count): heard.by_person(clips(count), draws) for count in COUNTS},
        "3 neutral": heard.by_person(clips(3, neutral=True), draws),
        "all": heard.by_person(lambda rows, _: [str(i) for i in rows.index], 1, apart=False),
    }
    return {name: round(accuracy(results, heard.checkpoint.outputs), 3) for name, results in found.items()}


def main() -> None:
    """Print a row per way of calibration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--trust", type=float, nargs="+", default=[TRUST])
    options = parser.parse_args()
    settings = Settings.read()
    folders = [*settings.checkpoints, Path(options.model).parent]
    (checkpoint,) = load_checkpoints([Path(options.model).name], folders)
    part = Split.VALIDATION if options.validation else Split.TEST
    heard = Heard(checkpoint, FeatureStore(settings.store), options.corpus, part)
    for heard.trust in options.trust:
        row = scores(heard, options.draws)
        print(pd.Series(row).to_string())
        print(
            json.dumps({"model": checkpoint.name, "corpus": options.corpus, "trust": heard.trust, "ua": row}),
            flush=True,
        )


if __name__ == "__main__":
    main()
