"""Steps that several kinds of jobs share: complete the store for a config, and run a study by a protocol."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import FeatureError
from ..core.progress import Progress
from .folder import Places

if TYPE_CHECKING:
    from ..studies.study import Study
    from ..training.config import TrainingConfig
    from ..training.outlook import Outlook


def check_features(config: "TrainingConfig", places: Places, extract: bool) -> "Outlook":
    """Return the outlook of a config; refuse what it forbids, and gaps in the store unless they are filled first."""
    from ..corpora.inventory import holding
    from ..features.base import extraction_command
    from ..features.store import FeatureStore
    from ..training.outlook import outlook, settings_of, told_gaps

    store = FeatureStore(Path(places.store))
    view = outlook(config, [holding(name, places.corpora, places.imports, store) for name in config.corpora], store)
    if view.lacking and not extract:
        commands = [
            extraction_command(name, {f: own for f, own in settings_of(config).items() if f in gap}, config.copies)
            for name, gap in view.lacking.items()
        ]
        raise FeatureError(
            f"The store lacks features of {told_gaps(config, view)}; extract them first with {' and '.join(commands)}."
        )
    return view


def complete(config: "TrainingConfig", places: Places, progress: Progress) -> None:
    """Extract the features of a config that the store lacks."""
    from ..features.store import FeatureStore
    from ..training import outlook

    outlook.complete(config, places.corpora, places.imports, FeatureStore(Path(places.store)), progress)


def judge(
    chosen: "Study", protocol: str, systems: tuple[str, ...], folder: Path, places: Places, progress: Progress
) -> tuple[str, ...]:
    """Run a study by a protocol and return the files of its reports."""
    from ..features.store import FeatureStore
    from ..studies.reports import summarise
    from ..studies.runner import run_study

    store, results, checkpoints = FeatureStore(Path(places.store)), Path(places.results), Path(places.checkpoints)
    made = run_study(chosen, protocol, systems, store, folder, results, checkpoints, progress)
    summarise(results)
    return tuple(str(path) for path in made)
