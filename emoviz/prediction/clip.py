"""The prediction of a clip: emotion over time by several models, on one grid of 50 frames per second, and fused.

Face and speech are two branches that run at the same time, since decoding and networks release the interpreter's lock.
A source has a gap (NaN) where none of a model's features has a value.
"""

import functools
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..checkpoints import folder
from ..checkpoints.folder import Checkpoint
from ..core.errors import ConfigError, MediaError
from ..core.memory import releasing
from ..core.progress import Progress, silent, stoppable
from ..core.settings import Settings
from ..core.vocabulary import Source
from ..features.align import frame_middles
from ..features.clip_store import kept_recordings
from ..media import Choice, ClipMedia
from ..media.container import DEFAULT
from .assembly import Branch, ClipPrediction, assemble
from .inputs import can_be_extracted, require_people
from .model import HOP
from .source import predict_growing

if TYPE_CHECKING:
    from ..features.store import FeatureStore

DEFAULT_MODELS = ("face-expression", "speech-cats", "speech-emotion")
"""The models that predict unless others are chosen."""

Found = Branch | Future[Branch]


def load_checkpoints(names: Sequence[str], folders: Sequence[Path]) -> list[Checkpoint]:
    """Load checkpoints by name.

    Args:
        names: names of checkpoint folders, those of a group as ``<group>/<name>``; by default :data:`DEFAULT_MODELS`.
        folders: folders in which they are searched.

    Raises:
        UnknownNameError: if there is no such checkpoint.
        CheckpointError: if a checkpoint is damaged.
    """
    chosen = folder.named(names or DEFAULT_MODELS, folders)
    return [folder.load(path) for path in chosen.values()]


def predict_clip(
    media: ClipMedia,
    checkpoints: Sequence[Checkpoint],
    *,
    store: "FeatureStore | None" = None,
    progress: Progress = silent,
    on_partial: Callable[[ClipPrediction], None] | None = None,
) -> ClipPrediction:
    """Apply checkpoints to a clip.

    Face and speech are fused with the default weights; :func:`emoviz.evaluation.fusion.fuse` does it again with others.

    Args:
        media: the clip.
        checkpoints: models, each under its own name.
        store: store that keeps extracted features; None extracts them anew.
        progress: listener, called from the threads of both branches.
        on_partial: function that is called in this thread with what is known so far: when one source is ready while
            another is not, and of a long clip again and again.

    Raises:
        ConfigError: if no checkpoint is given, or one cannot be applied to a clip.
        CalibrationError: if a model has to be calibrated to the people first.
        MediaError: if the clip cannot be read.
        Cancelled: if ``progress`` raises it.
    """
    _refuse_models_without_clips(checkpoints)
    info = media.info
    times = frame_middles(info.duration, HOP)
    by_source = _by_source(checkpoints)
    ready: dict[Source, Branch] = {}
    arrived: queue.SimpleQueue[tuple[Source, Found]] = queue.SimpleQueue()
    failed = threading.Event()
    listener = releasing(stoppable(progress, failed.is_set))
    # Each branch has its share of the cores: more threads than cores wait for each other most of the time.
    threads = max(1, (os.cpu_count() or 1) // len(by_source))
    with ThreadPoolExecutor(len(by_source), "predict", torch.set_num_threads, (threads,)) as pool:
        for source, group in by_source.items():
            tell = functools.partial(_put, arrived, source)
            work = pool.submit(predict_growing, media, group, times, store, listener, tell if on_partial else None)
            work.add_done_callback(tell)
        unfinished = len(by_source)
        try:
            while unfinished:
                source, found = arrived.get()
                ended = isinstance(found, Future)
                ready[source] = found.result() if isinstance(found, Future) else found
                unfinished -= ended
                if on_partial and unfinished and (ended or arrived.empty()):
                    on_partial(assemble(info, [ready[s] for s in by_source if s in ready]))
        except BaseException:
            failed.set()  # the other branch ends at its next report
            raise
    return assemble(info, [ready[source] for source in by_source])


def require_size(path: Path, limit_mb: int) -> None:
    """Refuse a clip that is larger than the setting allows.

    Raises:
        MediaError: if the clip is larger.
    """
    if os.path.isfile(path) and path.stat().st_size > limit_mb * 1_000_000:
        raise MediaError(
            f"'{path.name}' has {path.stat().st_size / 1e6:.0f} MB; clips up to {limit_mb} MB are accepted "
            "(setting EMOVIZ_UPLOAD_LIMIT_MB)."
        )


def opened(
    path: Path, settings: Settings, *, face: int | None = None, choice: Choice = DEFAULT, progress: Progress = silent
) -> ClipMedia:
    """Return a recording of which what is found is kept for another time, where the settings allow it.

    Args:
        path: path of its file.
        settings: settings, of which the largest file and the place and room for what is kept are read.
        face: number of the face to follow; None is the speaker's.
        choice: choice of tracks and channel.
        progress: listener.

    Raises:
        MediaError: if it cannot be read, or is too large.
    """
    require_size(path, settings.upload_limit_mb)
    return ClipMedia(path, face, choice, kept=kept_recordings(settings.store, settings.kept_mb), progress=progress)


def _by_source(checkpoints: Sequence[Checkpoint]) -> dict[Source, list[Checkpoint]]:
    sources = dict.fromkeys(checkpoint.description.source for checkpoint in checkpoints)
    return {source: [one for one in checkpoints if one.description.source == source] for source in sources}


def _put(arrived: "queue.SimpleQueue[tuple[Source, Found]]", source: Source, found: Found) -> None:
    arrived.put((source, found))


def _refuse_models_without_clips(checkpoints: Sequence[Checkpoint]) -> None:
    if not checkpoints:
        raise ConfigError("Nothing to predict with: choose at least one trained model.")
    for checkpoint in checkpoints:
        if not can_be_extracted(checkpoint.description):
            raise ConfigError(
                f"'{checkpoint.name}' cannot be applied to a clip, as it reads features that only its corpus has: "
                "choose another model."
            )
        require_people(checkpoint)
