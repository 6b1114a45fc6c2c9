"""Protocols of training configs as jobs, which judge their systems."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...core.progress import Progress
from ...studies.study import LateFusion, Study
from ...training.config import TrainingConfig
from ...training.protocols import Options
from ..folder import Places
from ..steps import check_features, complete, judge
from ..work import WORKS, require_one


@WORKS.register("own-protocol")
@dataclass(frozen=True)
class OwnProtocol:
    """Work that judges the systems of training configs by a protocol, beside floors.

    Attributes:
        config: config of the system.
        protocol: name of a protocol.
        options: options of the protocol.
        seeds: seeds of the trainings.
        extract: whether corpora and features that the store lacks are extracted first.
        others: configs of further systems, which are judged on the same recordings.
        fusions: late fusions of these systems.
    """

    config: TrainingConfig
    protocol: str
    options: Options = Options()
    seeds: tuple[int, ...] = (0,)
    extract: bool = False
    others: tuple[TrainingConfig, ...] = ()
    fusions: tuple[LateFusion, ...] = ()
    writes: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """The config and the protocol."""
        return f"{self.config.title}, {self.protocol}"

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse an unknown protocol, systems that cannot be judged together, and a config whose outlook forbids it."""
        require_one(tasks)
        self.study()
        for config in (self.config, *self.others):
            check_features(config, places, self.extract)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Run the protocol and write its reports; trainings that an earlier attempt finished are kept."""
        for config in (self.config, *self.others) if self.extract else ():
            complete(config, places, progress)
        return judge(self.study(), self.protocol, (), folder, places, progress)

    def study(self) -> Study:
        """Return the study of the systems.

        Raises:
            UnknownNameError: if there is no such protocol.
            ConfigError: if the systems cannot be judged together.
        """
        from ...studies.own import study_of  # takes the time of torch, for which the list of jobs should not wait

        return study_of((self.config, *self.others), self.protocol, self.options, self.seeds, self.fusions)
