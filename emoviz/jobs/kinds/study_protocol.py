"""Protocols of a study as jobs, which judge systems of the study."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...core.errors import UnknownNameError
from ...core.progress import Progress
from ..folder import Places
from ..steps import judge
from ..work import WORKS, require_one


@WORKS.register("protocol")
@dataclass(frozen=True)
class StudyProtocol:
    """Work that runs systems of a study by a protocol.

    Attributes:
        study: name of the study.
        protocol: name of one of its plans.
        systems: names of systems of that plan; none means all.
    """

    study: str
    protocol: str
    systems: tuple[str, ...] = ()
    writes: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """The study, the protocol and the systems."""
        return f"{self.study}, {self.protocol}" + (f": {', '.join(self.systems)}" if self.systems else "")

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse unknown names."""
        from ...studies.catalogue import study

        require_one(tasks)
        chosen = study(self.study)
        if self.protocol not in chosen.plans:
            raise UnknownNameError(f"protocol of the study '{self.study}'", self.protocol, chosen.plans)
        for name in self.systems:
            if name not in chosen.plans[self.protocol].systems:
                known = chosen.plans[self.protocol].systems
                raise UnknownNameError(f"system of '{self.study} {self.protocol}'", name, known)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Run the protocol and write its reports; trainings that an earlier attempt finished are kept."""
        from ...studies.catalogue import study

        return judge(study(self.study), self.protocol, self.systems, folder, places, progress)
