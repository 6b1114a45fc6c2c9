"""The preview of a recording that arrives: the models' predictions so far, in turn with all other analyses."""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import EmovizError
from ..core.progress import Progress
from ..prediction import live
from .background import Stage, Worker
from .cache import cached
from .turns import Visitor

if TYPE_CHECKING:
    from ..checkpoints.folder import Checkpoint


LONGEST = 600
"""Seconds for which a preview keeps its turn."""
OVER = "The preview has ended after ten minutes, so that others have their turn; the recording goes on."


class Preview(Worker[Stage]):
    """The preview of one recording, which ends with it.

    Args:
        file: file that grows.
        checkpoints: models of the preview.
        visitor: visitor who records.
    """

    what = "preview"

    def __init__(self, file: Path, checkpoints: "Sequence[Checkpoint]", visitor: Visitor) -> None:
        self._file, self._live = file, live.Live(checkpoints, file.parent)
        self._until = math.inf
        super().__init__(Stage(stage=live.WATCHING), "preview of a recording", visitor.turn(self.what))

    def work(self, progress: Progress) -> Mapping[str, Any]:
        """Follow the recording until it ends, or others are to have their turn."""
        self._until = time.monotonic() + LONGEST
        self._live.watch(self._file, lambda: self.ending or self._is_over, progress)
        return {}

    @property
    def _is_over(self) -> bool:
        return time.monotonic() > self._until

    def since(self, number: int) -> dict[str, Any]:
        """Return the moments from a number on, which the browser draws, and the reason if there are none."""
        moments = self._live.moments(number)
        state = self.state
        waits = state.running and state.stage != live.WATCHING
        said = f"Preview: {state.stage}" if waits else OVER if self._is_over else ""
        return {
            "moments": [[str(one.source), round(one.time, 2), one.values] for one in moments],
            "next": number + len(moments),
            "said": state.error or said,
        }


@cached(4)
def prepare(models: tuple[Path, ...], _checkpoints: "Sequence[Checkpoint]", _folder: Path) -> threading.Thread:
    """Load the networks of a preview in the background, once, so that its first moments do not wait for them.

    Args:
        models: folders of the models, by which it is known that they are loaded.
        _checkpoints: the models.
        _folder: folder of the visit.
    """

    def load() -> None:
        try:
            live.prepare(_checkpoints, _folder)
        except (EmovizError, OSError):
            return  # the preview will say it

    thread = threading.Thread(target=load, name="networks of the preview", daemon=True)
    thread.start()
    return thread
