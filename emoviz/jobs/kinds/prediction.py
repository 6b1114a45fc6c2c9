"""Predictions of many recordings as jobs, which write a table for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...core.errors import ConfigError
from ...core.places import bundled
from ...core.progress import Progress
from ..folder import Places
from ..work import WORKS, require_one


@WORKS.register("predict")
@dataclass(frozen=True)
class Prediction:
    """Work that predicts all recordings of folders or lists.

    Attributes:
        sources: folders, lists and files of recordings, as absolute paths.
        out: folder of the tables, as an absolute path, made in one that exists.
        models: names of models; none means the default ones.
        segments: text that names segments, each of which gets a row, or "" for a row per frame.
        calibrate: text that names people to whom the models are fitted, or "".
        patterns: patterns that the names of files in folders fit; none means that all do.
        face: number of the face to follow; None is the speaker's.
        audio_track: number of the sound track to read; None is the file's own choice.
        video_track: number of the picture track to read; None is the file's own choice.
        channel: name or number of the channel to read, or "".
        persons: whether persons are looked for, of each of whose turns there is a row where no segments are named.
        voices: number of voices, for persons; None finds it.
        inside: folders outside which nothing is read or written, also through links; none means anywhere.
        share: number of this job among those that share the recordings, from 1.
        shares: number of these jobs.
    """

    sources: tuple[str, ...]
    out: str
    models: tuple[str, ...] = ()
    segments: str = ""
    calibrate: str = ""
    patterns: tuple[str, ...] = ()
    face: int | None = None
    audio_track: int | None = None
    video_track: int | None = None
    channel: str = ""
    persons: bool = False
    voices: int | None = None
    inside: tuple[str, ...] = ()
    share: int = 1
    shares: int = 1
    writes: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """The names of the sources, and the share of them where there are several."""
        names = ", ".join(Path(source).name for source in self.sources[:3])
        return f"Predict {names}" + (f", {self.share} of {self.shares}" if self.shares > 1 else "")

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse folders that are missing or not allowed, unknown models, and impossible segments."""
        from ...checkpoints.folder import named
        from ...prediction.bulk.listing import require_inside
        from ...prediction.persons.found import require_voices
        from ...prediction.segmented import require_known

        require_one(tasks)
        if not 1 <= self.share <= self.shares:
            raise ConfigError(f"There is no share {self.share} of {self.shares}.")
        for path in (*self.sources, self.out):
            require_inside(Path(path), [Path(folder) for folder in self.inside])
        for source in self.sources:
            if not Path(source).exists():
                raise ConfigError(f"There is no folder, list or recording '{source}'.")
        if not Path(self.out).parent.is_dir():
            raise ConfigError(f"There is no folder '{Path(self.out).parent}' for the tables.")
        named(self.models, _checkpoints(places))
        if self.segments:
            require_known(self.segments)
        require_voices(self.voices)

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Predict the remaining recordings, and return the folder of the tables and the number of problems in words."""
        from ...features.clip_store import kept_features
        from ...features.store import FeatureStore
        from ...media import Choice
        from ...prediction.bulk.listing import find
        from ...prediction.bulk.run import predict_all
        from ...prediction.library.known import known_recordings
        from ...prediction.request import Request

        self.check(places)  # a link may lead elsewhere by now
        listing = find([Path(source) for source in self.sources], self.patterns, [Path(one) for one in self.inside])
        request = Request.made(
            self.models,
            _checkpoints(places),
            store=FeatureStore(Path(places.store)),
            progress=progress,
            calibrate=self.calibrate or None,
            segments=self.segments or None,
            persons=self.persons,
            voices=self.voices,
            face=self.face,
            choice=Choice(self.audio_track, self.video_track, self.channel),
        )
        outcome = predict_all(
            listing,
            request,
            Path(self.out),
            limit_mb=places.upload_limit_mb,
            store=kept_features(Path(places.store), places.kept_mb),
            library=known_recordings(Path(places.store), places.kept_mb),
            progress=progress,
            tell=_print,
            share=(self.share - 1, self.shares),
        )
        return self.out, f"{outcome.found} recordings, {len(outcome.problems)} problems"


def _checkpoints(places: Places) -> tuple[Path, ...]:
    return bundled() / "checkpoints", Path(places.checkpoints)


def _print(name: str, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        print(f"{name}: {sentence}" if name else sentence, flush=True)
