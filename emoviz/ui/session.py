"""What belongs to one visitor: uploads and running analyses, removed when the session ends."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from ..core.errors import MediaError
from .clip_analysis import Analysis

KEPT_ANALYSES = 8
"""Results that a session keeps, so that going back to one is immediate."""


@dataclass
class Session:
    """One visitor's files and work.

    Attributes:
        folder: temporary folder of this session.
        limit_mb: largest clip, and largest sum of all uploads that are kept.
        uploads: name that the page shows -> file.
        analyses: by what was asked for.
    """

    folder: Path
    limit_mb: int
    uploads: dict[str, Path] = field(default_factory=dict)
    analyses: dict[tuple, Analysis] = field(default_factory=dict)

    def add_upload(self, name: str, content: bytes) -> str:
        """Write an upload to the session's folder; the oldest ones go when all exceed the limit.

        Returns:
            The name that the page shows for it.

        Raises:
            MediaError: the file is larger than the limit.
        """
        if len(content) > self.limit_mb * 1_000_000:
            raise MediaError(f"The file has {len(content) / 1e6:.0f} MB; clips up to {self.limit_mb} MB are accepted.")
        label = f"Upload: {Path(name).name}"
        self._remove(label)
        target = Path(tempfile.mkdtemp(dir=self.folder)) / Path(name).name
        target.write_bytes(content)
        self.uploads[label] = target
        while sum(file.stat().st_size for file in self.uploads.values()) > self.limit_mb * 1_000_000:
            self._remove(next(iter(self.uploads)))
        return label

    def begin(self, request: tuple, analysis: Analysis) -> None:
        """Keep a new analysis; one that still runs for another request is stopped, since nobody watches it."""
        for key in [key for key, other in self.analyses.items() if other.state.running]:
            self.analyses.pop(key).stop()
        while len(self.analyses) >= KEPT_ANALYSES:
            self.analyses.pop(next(iter(self.analyses)))
        self.analyses[request] = analysis

    def close(self) -> None:
        """Stop the work and delete the files."""
        for analysis in self.analyses.values():
            analysis.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remove(self, label: str) -> None:
        if file := self.uploads.pop(label, None):
            shutil.rmtree(file.parent)


@st.cache_resource(scope="session", show_spinner=False, on_release=Session.close)
def session(limit_mb: int) -> Session:
    """This visitor's session."""
    return Session(Path(tempfile.mkdtemp(prefix="emoviz-session-")), limit_mb)
