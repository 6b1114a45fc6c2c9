"""Comparison of models with the ratings of a corpus, by valence and arousal that are derived from their predictions."""

from ..checkpoints.folder import Checkpoint
from ..core.progress import Progress, silent
from ..features.store import FeatureStore
from ..prediction.rated import TOLD, mean_of_training, rated_results
from .comparison import Contender


def on_ratings(checkpoint: Checkpoint, store: FeatureStore, name: str, progress: Progress = silent) -> Contender:
    """Return a model as a contender on the rated clips of a corpus that its training did not see.

    Args:
        checkpoint: the model, which predicts the clips now.
        store: store of the corpora.
        name: name of the corpus.
        progress: listener.

    Raises:
        CorpusError: if the corpus is not in the store, rates nothing that follows from the model, or no clip is left.
        FeatureError: if a feature of the corpus was not extracted.
    """
    outputs, results = rated_results(checkpoint, store, name, progress)
    constant = mean_of_training(checkpoint, store, outputs)
    note = TOLD.format(model=checkpoint.name)
    return Contender(checkpoint.name, "dimension", False, outputs, {}, tuple(results), constant, note)
