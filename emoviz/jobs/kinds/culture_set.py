"""Sets of models of one culture each as jobs, whose channel weights the Cultures page compares."""

from dataclasses import dataclass
from pathlib import Path

from ...core.progress import Progress
from ...training.config import TrainingConfig
from ..folder import Places
from ..steps import check_features, complete, judge
from ..work import WORKS, require_one


@WORKS.register("culture-set")
@dataclass(frozen=True)
class CultureSet:
    """Work that trains a network for each culture, task and seed.

    Attributes:
        config: config of all networks; its name becomes that of the group of checkpoints.
        seeds: seeds of the trainings.
        extract: whether corpora and features that the store lacks are extracted first.
    """

    config: TrainingConfig
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    extract: bool = False

    @property
    def title(self) -> str:
        """The config and its name."""
        return f"{self.config.title}, {self.config.name}"

    @property
    def writes(self) -> str:
        """The config's name, which is that of the group."""
        return self.config.name

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse a name that is taken, seeds that do not fit, a model without channel weights, and a bad outlook."""
        from ...studies.culture_set import require_channel_attention, require_own_name, study_of

        require_one(tasks)
        study_of(self.config, self.seeds)
        require_own_name(self.config, Path(places.checkpoints))
        require_channel_attention(self.config, check_features(self.config, places, self.extract).widths)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Train the set and write its reports; trainings that an earlier attempt finished are kept."""
        from ...studies.culture_set import PROTOCOL, study_of

        if self.extract:
            complete(self.config, places, progress)
        return judge(study_of(self.config, self.seeds), PROTOCOL, (), folder, places, progress)
