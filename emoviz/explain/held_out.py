"""The recordings on which a checkpoint was tested, as its model reads them, and the score that selected its epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checkpoints.folder import Checkpoint
from ..core.configuration import from_dict
from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..evaluation.scores import MEAN, Result, Score, scores_of
from ..features.align import delayed
from ..features.store import FeatureStore
from .examples import Example

if TYPE_CHECKING:
    from ..training.data import Sample


def held_out_samples(
    checkpoint: Checkpoint, store: FeatureStore, most: int, progress: Progress = silent
) -> tuple[list["Sample"], int]:
    """Return at most a given number of the recordings on which a model was tested, as it read them.

    Returns:
        The recordings, evenly spaced among all in their order, and the number of all.

    Raises:
        ConfigError: if the checkpoint does not say how it was trained, or its held-out part has no speakers.
        CorpusError: if a corpus of its training is not in the store.
        FeatureError: if a feature of it is not in the store.
    """
    # Here, as it loads the training loop, which pages that read the table do without.
    from ..training.config import TrainingConfig
    from ..training.data import DATA, load_recordings

    about = checkpoint.description
    speakers = about.split.get(Split.TEST, ())
    if not speakers:
        raise ConfigError(f"The checkpoint '{about.name}' names no held-out speakers, so there is nothing to judge on.")
    config = from_dict(TrainingConfig, about.training, f"the training of '{about.name}'")
    everyone = config.standardise_by != "none"  # whose recordings set the level and spread of all
    recordings = load_recordings(config, store, progress, None if everyone else speakers)
    held_out = {Split.TEST: recordings.table.index[recordings.table["speaker"].isin(speakers)]}
    part = DATA[config.data].make(config, recordings, held_out, checkpoint.predictor.inputs).parts[Split.TEST]
    numbers = np.unique(np.linspace(0, len(part) - 1, min(most, len(part))).astype(int))
    return [part[0, int(number)] for number in numbers], len(part)


def selection_score(checkpoint: Checkpoint) -> Score:
    """Return the score by which the model's epoch was selected, as the mean over its outputs."""
    about = checkpoint.description
    chosen = [
        score
        for score in scores_of(about.kind, about.outputs, np.zeros(len(about.outputs)))
        if score.metric == about.training.get("selection") and score.aggregation == "pooled"
    ]
    if not chosen:
        raise ConfigError(f"The checkpoint '{about.name}' does not say by which score it was selected.")

    def statistic(results: Sequence[Result], _: Sequence[Result]) -> Any:
        statistics = [score.statistic(results) for score in chosen]
        return lambda drawn: float(np.mean([statistic(drawn) for statistic in statistics]))

    def itself(result: Result) -> Result:
        return result

    def combine(results: Sequence[Result], _: Sequence[Result]) -> float:
        return float(np.mean([score.compute(results) for score in chosen]))

    return Score(MEAN, chosen[0].metric, "pooled", itself, itself, combine, itself, statistic)


def example_of(sample: "Sample", shift: int) -> Example:
    """Return a sample in the form for explanations, with its labels moved to the frames in which the model answers."""
    truth = sample.target.numpy()
    streams = {name: values.numpy() for name, values in sample.streams.items()}
    truth = delayed(truth, -shift) if truth.ndim == 2 else truth
    return Example(sample.id, streams, truth, sample.speaker, sample.session, sample.culture)
