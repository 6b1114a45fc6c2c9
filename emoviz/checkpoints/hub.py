"""Exchange of trained models with the Hugging Face Hub, whose layout a checkpoint folder has.

Only the files of a checkpoint are fetched: JSON, safetensors, Parquet and the card. None of them can run code, and a
repository that has more keeps it. A pulled model is loaded once before it takes its place among the others.
"""

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import CheckpointError, EmovizError
from ..core.files import raising, replacing_folder
from ..core.vocabulary import Dimension
from .folder import CARD, CONFIG, WEIGHTS, load, read_description
from .metrics import METRICS
from .tables import TABLES

if TYPE_CHECKING:
    from huggingface_hub import HfApi

FILES = (
    CONFIG,
    WEIGHTS,
    METRICS,
    CARD,
    *(f"{name}.parquet" for name in TABLES),
)
T = TypeVar("T")


def push(folder: Path, repository: str, *, private: bool = True, api: "HfApi | None" = None) -> str:
    """Push a checkpoint to the Hub, with the account of ``hf auth login``.

    Predictions that stand beside raters' own values stay here, because those values are part of the corpus.

    Args:
        folder: folder of the checkpoint.
        repository: name ``owner/name`` of the repository, which is made where there is none.
        private: whether a new repository is visible to its owner alone.
        api: client of the Hub, or an object in its place.

    Returns:
        The address of the repository.

    Raises:
        CheckpointError: if the checkpoint is damaged, the name is no repository's, or the Hub refuses it.
    """
    _require_name(repository)
    about = load(folder).description
    api = api or _api()
    rated = set(about.outputs) <= set(Dimension)
    files = [name for name in FILES if (folder / name).is_file() and not (rated and name == "predictions.parquet")]

    def send() -> str:
        made = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repository, folder_path=folder, allow_patterns=files, commit_message=f"{about.name}: {about.title}"
        )
        return str(made)

    return _ask(f"'{about.name}' could not be pushed to '{repository}'", send)


def pull(repository: str, checkpoints: Path, *, api: "HfApi | None" = None) -> Path:
    """Get a checkpoint from the Hub.

    Args:
        repository: name ``owner/name`` of the repository.
        checkpoints: folder in which the model's own folder is written, under the name that its config states.
        api: client of the Hub, or an object in its place.

    Returns:
        The checkpoint folder.

    Raises:
        CheckpointError: if the Hub has no such repository, it holds no checkpoint of emoviz or a damaged one, or a
            model of its name is there already.
    """
    _require_name(repository)
    api = api or _api()
    _ask(f"The folder '{checkpoints}' cannot be written", lambda: checkpoints.mkdir(parents=True, exist_ok=True))
    fetched = Path(tempfile.mkdtemp(prefix=".pull-", dir=checkpoints)) / "checkpoint"
    try:
        _ask(
            f"'{repository}' could not be pulled",
            lambda: api.snapshot_download(repository, local_dir=fetched, allow_patterns=list(FILES)),
        )
        name = read_description(fetched).name
        if not re.fullmatch(r"[\w-]+", name):
            raise CheckpointError(f"'{repository}' calls its model '{name}', which is no name of a checkpoint.")
        load(fetched)
        if (checkpoints / name).exists():
            raise CheckpointError(f"There is a model '{name}' in {checkpoints} already; move or delete its folder.")
        target = checkpoints / name
        with raising(CheckpointError, target, setting="EMOVIZ_CHECKPOINTS"), replacing_folder(target) as draft:
            for file in FILES:
                if (fetched / file).is_file():
                    shutil.copyfile(fetched / file, draft / file)
    except CheckpointError as error:
        message = str(error).replace(str(fetched), repository).replace("'checkpoint'", f"'{repository}'")
        raise CheckpointError(message) from error
    finally:
        shutil.rmtree(fetched.parent, ignore_errors=True)
    return target


def _api() -> "HfApi":
    from huggingface_hub import HfApi

    return HfApi()


def _require_name(repository: str) -> None:
    if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", repository):
        raise CheckpointError(f"A repository's name has the form owner/name, unlike '{repository}'.")


def _ask(failure: str, what: Callable[[], T]) -> T:
    """What the Hub answers; whatever goes wrong on the way becomes one sentence."""
    try:
        return what()
    except EmovizError:
        raise
    except Exception as error:  # of httpx, huggingface_hub and the system alike
        reason: Any = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointError(f"{failure}: {reason[0][:200].rstrip('.')}.") from error
