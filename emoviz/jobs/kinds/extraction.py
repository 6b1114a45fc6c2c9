"""Extractions as jobs, which put a corpus and its features into the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ...core.errors import ConfigError, UnknownNameError
from ...core.progress import Progress
from ..folder import Places
from ..work import WORKS, require_one


@WORKS.register("extract")
@dataclass(frozen=True)
class Extraction:
    """Work that puts a corpus and its features into the store.

    Attributes:
        corpus: name of the corpus.
        features: names of extractors.
        settings: the settings of each extractor that does not use its defaults.
        processes: number of processes that extract at the same time.
        copies: number of corrupted copies of each recording whose speech features are extracted, too.
    """

    corpus: str
    features: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    processes: int = 1
    copies: int = 0
    writes: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """The corpus and the features."""
        return f"{self.corpus}: {', '.join(self.features) or 'pictures'}"

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse unknown names, and encoders without their weights."""
        from ...corpora import names
        from ...features import make

        require_one(tasks)
        if self.corpus not in (known := names(places.imports)):
            raise UnknownNameError("corpus", self.corpus, known)
        for name in self.features:
            make(name, self.settings.get(name)).settings  # noqa: B018 - looks for the weights
        if self.processes < 1:
            raise ConfigError(f"At least one process extracts, not {self.processes}.")
        if self.copies < 0:
            raise ConfigError(f"The number of copies is 0 or more, not {self.copies}.")

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Extract the features that the store does not have yet."""
        from ...corpora import load
        from ...features.store import FeatureStore

        corpus = load(self.corpus, places.corpora, places.imports)
        store = FeatureStore(Path(places.store))
        store.add_corpus(
            corpus,
            list(self.features),
            progress,
            settings=self.settings,
            processes=self.processes,
            copies=self.copies,
            note=print,
        )
        return (self.corpus,)
