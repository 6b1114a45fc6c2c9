"""Where things are and how large they may be. Read once by ``cli`` and ``ui`` and passed on as arguments."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Settings of one run of the app or the command line.

    Attributes:
        data: folder with the corpora in their published layouts (``EMOVIZ_DATA``), or None.
        store: folder for extracted features (``EMOVIZ_STORE``).
        checkpoints: folders that are searched for trained models: the bundled ones and
            ``EMOVIZ_CHECKPOINTS``, where training saves.
        runs: folder of training runs (``EMOVIZ_RUNS``).
        slots: devices of this machine that run one job each at a time (``EMOVIZ_SLOTS``, e.g. ``cpu,cuda:0``); none
            means the CPU and every GPU.
        upload_limit_mb: largest clip that is accepted, in MB (``EMOVIZ_UPLOAD_LIMIT_MB``).
        address: the server binds to it (``EMOVIZ_ADDRESS``).
    """

    data: Path | None
    store: Path
    checkpoints: tuple[Path, ...]
    runs: Path
    upload_limit_mb: int = 500
    address: str = "localhost"
    slots: tuple[str, ...] = ()

    @property
    def imports(self) -> Path:
        """Folder of imported corpora, beside the features of all corpora."""
        return imports_of(self.store)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from environment variables; what is not set has a default inside the project folder.

        Raises:
            ConfigError: the upload limit is not a positive whole number.
        """
        data = environment.get("EMOVIZ_DATA")
        limit = environment.get("EMOVIZ_UPLOAD_LIMIT_MB", "500")
        if not limit.isdigit() or int(limit) < 1:
            raise ConfigError(f"EMOVIZ_UPLOAD_LIMIT_MB is a positive whole number of megabytes, not '{limit}'.")
        own = environment.get("EMOVIZ_CHECKPOINTS")
        return cls(
            data=Path(data).resolve() if data else None,
            store=Path(environment.get("EMOVIZ_STORE", ROOT / "store")),
            checkpoints=(ROOT / "checkpoints", *((Path(own),) if own else ())),
            runs=Path(environment.get("EMOVIZ_RUNS", ROOT / "runs")),
            upload_limit_mb=int(limit),
            address=environment.get("EMOVIZ_ADDRESS", "localhost"),
            slots=tuple(filter(None, environment.get("EMOVIZ_SLOTS", "").split(","))),
        )


def imports_of(store: Path) -> Path:
    """Folder of imported corpora, beside the features of all corpora."""
    return store / "imported"
