"""What jobs do here: train a model, run a protocol of a study, extract features of a corpus."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.errors import ConfigError, FeatureError, UnknownNameError
from ..core.progress import Progress
from ..training.config import TrainingConfig
from ..training.loggers import require_logger
from ..training.protocols import Options
from ..training.world import World
from .folder import Places
from .work import WORKS, require_one

if TYPE_CHECKING:
    from ..studies.catalogue import Study


@WORKS.register("train")
@dataclass(frozen=True)
class Training:
    """Train a model.

    Attributes:
        config: of the training; its name becomes that of the checkpoint.
        logger: that its figures go to too: ``tensorboard``, ``mlflow`` or "".
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
        """Refuse what its outlook forbids, a name that a model has, batches that cannot be divided, unknown loggers."""
        require_logger(self.logger)
        World(tasks).divide(self.config.batch_size)
        if self.extract:
            require_one(tasks)
        if (Path(places.checkpoints) / self.config.name).exists():
            raise ConfigError(f"There is a trained model named '{self.config.name}'; give this one another name.")
        _check_features(self.config, places, self.extract)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Train; ``<folder>/<name>/metrics.jsonl`` has the figures of each epoch."""
        from ..features.store import FeatureStore
        from ..training import train

        store, checkpoints = FeatureStore(Path(places.store)), Path(places.checkpoints)
        if self.extract:
            _complete(self.config, places, progress)
        made = train(self.config, store, folder, checkpoints, progress, self.logger)
        return (made.name,)


def _check_features(config: TrainingConfig, places: Places, extract: bool) -> None:
    """Refuse what the outlook of a config forbids, and gaps in the store unless they are filled first."""
    from ..corpora.inventory import holding
    from ..features.store import FeatureStore
    from ..training.outlook import outlook

    data, store = Path(places.data) if places.data else None, FeatureStore(Path(places.store))
    view = outlook(config, [holding(name, data, places.imports, store) for name in config.corpora], store)
    if view.lacking and not extract:
        gaps = "; ".join(f"{name}: {', '.join(gap)}" for name, gap in view.lacking.items())
        raise FeatureError(f"The store lacks {gaps}; extract that first with `python -m emoviz extract`.")


def _complete(config: TrainingConfig, places: Places, progress: Progress) -> None:
    """Extract what the store lacks of a config."""
    from ..features.store import FeatureStore
    from ..training.outlook import complete

    data = Path(places.data) if places.data else None
    complete(config, data, places.imports, FeatureStore(Path(places.store)), progress)


@WORKS.register("protocol")
@dataclass(frozen=True)
class StudyProtocol:
    """Run systems of a study by a protocol.

    Attributes:
        study: its name.
        protocol: name of one of the study's plans.
        systems: of that plan; none is all.
    """

    study: str
    protocol: str
    systems: tuple[str, ...] = ()
    writes: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """Study, protocol and systems."""
        return f"{self.study}, {self.protocol}" + (f": {', '.join(self.systems)}" if self.systems else "")

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse names that are not there."""
        from ..studies.catalogue import study

        require_one(tasks)
        chosen = study(self.study)
        if self.protocol not in chosen.plans:
            raise UnknownNameError(f"protocol of the study '{self.study}'", self.protocol, chosen.plans)
        for name in self.systems:
            if name not in chosen.plans[self.protocol].systems:
                known = chosen.plans[self.protocol].systems
                raise UnknownNameError(f"system of '{self.study} {self.protocol}'", name, known)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Run and report; trainings that an earlier attempt finished are kept."""
        from ..studies.catalogue import study

        return _judge(study(self.study), self.protocol, self.systems, folder, places, progress)


@WORKS.register("own-protocol")
@dataclass(frozen=True)
class OwnProtocol:
    """Judge a training config of one's own by a protocol, beside a floor.

    Attributes:
        config: of the system.
        protocol: registry name.
        options: of the protocol.
        seeds: of the trainings.
        extract: whether corpora and features that the store lacks are extracted first.
    """

    config: TrainingConfig
    protocol: str
    options: Options = Options()
    seeds: tuple[int, ...] = (0,)
    extract: bool = False
    writes: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """Config and protocol."""
        return f"{self.config.title}, {self.protocol}"

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse a protocol that is not there, and what the config's outlook forbids."""
        require_one(tasks)
        self._study()
        _check_features(self.config, places, self.extract)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Run and report; trainings that an earlier attempt finished are kept."""
        if self.extract:
            _complete(self.config, places, progress)
        return _judge(self._study(), self.protocol, (), folder, places, progress)

    def _study(self) -> "Study":
        from ..studies.catalogue import study_of

        return study_of(self.config, self.protocol, self.options, self.seeds)


def _judge(
    chosen: "Study", protocol: str, systems: tuple[str, ...], folder: Path, places: Places, progress: Progress
) -> tuple[str, ...]:
    """Run a study by a protocol: the names of its reports."""
    from ..features.store import FeatureStore
    from ..studies.catalogue import run_study
    from ..studies.reports import summarise

    store, results, checkpoints = FeatureStore(Path(places.store)), Path(places.results), Path(places.checkpoints)
    made = run_study(chosen, protocol, systems, store, folder, results, checkpoints, progress)
    summarise(results)
    return tuple(str(path) for path in made)


@WORKS.register("extract")
@dataclass(frozen=True)
class Extraction:
    """Put a corpus and its features into the store.

    Attributes:
        corpus: its name.
        features: names of extractors.
        settings: extractor -> its settings, where they are not its defaults.
        processes: that extract at the same time.
    """

    corpus: str
    features: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    processes: int = 1
    writes: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """Corpus and features."""
        return f"{self.corpus}: {', '.join(self.features) or 'pictures'}"

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse names that are not there, and encoders without their weights."""
        from ..corpora import names
        from ..features import make

        require_one(tasks)
        if self.corpus not in (known := names(places.imports)):
            raise UnknownNameError("corpus", self.corpus, known)
        for name in self.features:
            make(name, self.settings.get(name)).settings  # noqa: B018 - looks for the weights
        if self.processes < 1:
            raise ConfigError(f"At least one process extracts, not {self.processes}.")

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Extract; what is in the store already is not extracted again."""
        from ..corpora import load
        from ..features.store import FeatureStore

        corpus = load(self.corpus, Path(places.data) if places.data else None, places.imports)
        store = FeatureStore(Path(places.store))
        store.add_corpus(corpus, list(self.features), progress, settings=self.settings, processes=self.processes)
        return (self.corpus,)
