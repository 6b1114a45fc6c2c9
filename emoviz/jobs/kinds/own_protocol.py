"""Protocols of a training config as jobs, which judge its system."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ...core.progress import Progress
from ...training.config import TrainingConfig
from ...training.protocols import Options
from ..folder import Places
from ..steps import check_features, complete, judge
from ..work import WORKS, require_one

if TYPE_CHECKING:
    from ...studies.study import Study


@WORKS.register("own-protocol")
@dataclass(frozen=True)
class OwnProtocol:
    """Work that judges the system of a training config by a protocol, beside a floor.

    Attributes:
        config: config of the system.
        protocol: name of a protocol.
        options: options of the protocol.
        seeds: seeds of the trainings.
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
        """The config and the protocol."""
        return f"{self.config.title}, {self.protocol}"

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse an unknown protocol, and a config whose outlook forbids it."""
        require_one(tasks)
        self._study()
        check_features(self.config, places, self.extract)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Run the protocol and write its reports; trainings that an earlier attempt finished are kept."""
        if self.extract:
            complete(self.config, places, progress)
        return judge(self._study(), self.protocol, (), folder, places, progress)

    def _study(self) -> "Study":
        from ...studies.study import study_of

        return study_of(self.config, self.protocol, self.options, self.seeds)
