"""Trainings as jobs."""

from dataclasses import dataclass
from pathlib import Path

from ...core.errors import ConfigError
from ...core.progress import Progress
from ...training.config import TrainingConfig
from ...training.loggers import require_logger
from ...training.world import World
from ..folder import Places
from ..steps import check_features, complete
from ..work import WORKS, require_one


@WORKS.register("train")
@dataclass(frozen=True)
class Training:
    """Work that trains a model.

    Attributes:
        config: config of the training; its name becomes that of the checkpoint.
        logger: a logger that also gets the scores: ``tensorboard``, ``mlflow`` or "".
        extract: whether corpora and features that the store lacks are extracted first.
    """

    config: TrainingConfig
    logger: str = ""
    extract: bool = False

    @property
    def title(self) -> str:
        """The config's title."""
        return self.config.title

    @property
    def writes(self) -> str:
        """The config's name."""
        return self.config.name

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse a config whose outlook forbids it, a name that is taken, indivisible batches and unknown loggers."""
        require_logger(self.logger)
        World(tasks).divide(self.config.batch_size)
        if self.extract:
            require_one(tasks)
        if (Path(places.checkpoints) / self.config.name).exists():
            raise ConfigError(f"There is a trained model named '{self.config.name}'; give this one another name.")
        check_features(self.config, places, self.extract)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Train the model; ``<folder>/<name>/metrics.jsonl`` has the scores of each epoch."""
        from ...features.store import FeatureStore
        from ...training import train

        store, checkpoints = FeatureStore(Path(places.store)), Path(places.checkpoints)
        if self.extract:
            complete(self.config, places, progress)
        made = train(self.config, store, folder, checkpoints, progress, self.logger)
        return (made.name,)
