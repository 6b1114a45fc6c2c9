"""Pretrained weights of an encoder on this machine: where they lie, whether they are whole, and which they are.

Weights lie in a folder in the layout of the Hugging Face Hub: ``config.json``, ``model.safetensors`` and the files that
prepare the encoder's input. They are looked for, in this order,

1. in the folder that the setting ``weights`` names, if it is one;
2. in :func:`~emoviz.core.places.weights`, under the Hub's name: ``weights/facebook/hubert-large-ll60k``;
3. in the Hub's own cache on this machine.

Nothing is downloaded here; see :mod:`emoviz.features.downloads`.
"""

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import places
from ..core.errors import FeatureError, MissingWeightsError

CONFIG, TENSORS = "config.json", "model.safetensors"
TENSORS_INDEX = "model.safetensors.index.json"
SOUND, PICTURE = ("preprocessor_config.json",), ("preprocessor_config.json",)
"""What says how an encoder of sound or pictures wants its input."""
TOKENIZER = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spm.model")
"""Any of these says how text becomes tokens."""
STATE_FILES = ("pytorch_model.bin", "model.pth", "model.pt")
CHUNK = 1 << 22


@dataclass(frozen=True)
class Weights:
    """Weights that an extractor needs.

    Attributes:
        name: on the Hub, ``owner/model``; where nobody publishes them there, a folder's name in
            :func:`~emoviz.core.places.weights`.
        kinds: what ``model_type`` of ``config.json`` may be; none where there is no such file.
        files: needed beside ``config.json`` and the tensors; of a group in a tuple, one.
        tensors: name of the file with the tensors.
        note: where they come from and what to do, where the Hub does not have them; the begin of a sentence.
    """

    name: str
    kinds: tuple[str, ...] = ()
    files: tuple[str | tuple[str, ...], ...] = ()
    tensors: str = TENSORS
    note: str = ""

    @property
    def published(self) -> bool:
        """Whether the name is one of the Hub's, and not that of a folder."""
        return not self.note and re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", self.name) is not None

    @property
    def command(self) -> str:
        """What brings them to this machine."""
        return f"python -m emoviz encoders --get {self.name}"

    @property
    def remedy(self) -> str:
        """What to do where they are missing, for the end of a sentence."""
        place = places.weights() / Path(self.name).expanduser()
        if self.published:
            return f"`{self.command}` downloads them, or put {self._wanted} into {place}"
        return f"{self.note + ', and ' if self.note else ''}put {self._wanted} into {place}"

    @property
    def _wanted(self) -> str:
        names = [CONFIG] if self.kinds else []
        names += [group if isinstance(group, str) else group[0] for group in self.files]
        return ", ".join(names) + f" and {self.tensors}" if names else self.tensors

    def find(self) -> Path | None:
        """The folder, or None where the weights are not on this machine."""
        for folder in (Path(self.name).expanduser(), places.weights() / self.name):
            if folder.is_dir():
                return folder
        return _in_hub_cache(self.name) if self.published else None

    def missing(self) -> str | None:
        """What stands in the way of using them, one sentence without its end, or None."""
        folder = self.find()
        if folder is None:
            return f"The weights '{self.name}' are not on this machine"
        tensors = (self.tensors, TENSORS_INDEX) if self.tensors == TENSORS else (self.tensors,)
        for group in ((CONFIG,) if self.kinds else (), *self.files, tensors):
            names = (group,) if isinstance(group, str) else group
            if names and not any((folder / name).is_file() for name in names):
                old = [name for name in STATE_FILES if (folder / name).is_file()] if group is tensors else []
                hint = f" (`python -m emoviz encoders --convert {folder / old[0]}` makes it of {old[0]})" if old else ""
                return f"The weights '{self.name}' in {folder} lack {' or '.join(names)}{hint}"
        return None

    def folder(self, feature: str) -> Path:
        """The folder with everything in it, of the architecture that the feature takes.

        Raises:
            MissingWeightsError: they are not on this machine, or a file is missing.
            FeatureError: they are another architecture's, or ``config.json`` is damaged.
        """
        reason = self.missing()
        if reason:
            raise MissingWeightsError(f"{reason}, so '{feature}' cannot be extracted: {self.remedy}.")
        folder = self.find()
        assert folder is not None
        if self.kinds:
            kind = read_json(folder / CONFIG).get("model_type")
            if kind not in self.kinds:
                raise FeatureError(
                    f"The weights '{self.name}' in {folder} are those of the architecture '{kind}', but the feature "
                    f"'{feature}' takes {' or '.join(self.kinds)}."
                )
        return folder

    def layer(self, number: int, layers: int) -> int:
        """The number of a layer, -1 for the last of so many.

        Raises:
            FeatureError: the network has no such layer.
        """
        if not -1 <= number <= layers:
            raise FeatureError(
                f"'{self.name}' has the layers 1 to {layers}, 0 before them and -1 for the last; "
                f"there is no layer {number}."
            )
        return layers if number == -1 else number

    def hash(self, feature: str) -> str:
        """Start of the sha256 over everything that decides what the encoder gives: part of the cache's key.

        Raises:
            MissingWeightsError: they are not on this machine, or a file is missing.
            FeatureError: they are another architecture's.
        """
        return fingerprint(self.folder(feature))


def fingerprint(folder: Path) -> str:
    """Start of the sha256 over the names and contents of a folder's weights, config and vocabulary."""
    endings = (".json", ".txt", ".model", ".safetensors", ".bin")
    files = sorted(f for f in folder.iterdir() if f.is_file() and f.suffix in endings and f.name not in STATE_FILES)
    status = [(str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    return _digest(tuple(status))


@functools.lru_cache(maxsize=64)
def _digest(files: tuple[tuple[str, int, int], ...]) -> str:
    """The times and sizes of the files make changed ones count as others."""
    digest = hashlib.sha256()
    for name, _, size in files:
        digest.update(f"{Path(name).name}:{size}:".encode())
        with open(name, "rb") as file:
            while block := file.read(CHUNK):
                digest.update(block)
    return digest.hexdigest()[:16]


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; asked for what it lacks, it raises :class:`FeatureError` too.

    Raises:
        FeatureError: the file is missing or damaged.
    """

    class Fields(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            raise FeatureError(f"'{path}' lacks '{name}', so it is not what the encoder's publishers wrote.")

    try:
        values = json.loads(path.read_text(encoding="utf-8"), object_hook=Fields)
    except (OSError, ValueError) as error:
        raise FeatureError(f"'{path}' is damaged: {str(error).splitlines()[0].rstrip('.')}.") from error
    if not isinstance(values, dict):
        raise FeatureError(f"'{path}' is damaged: it holds no JSON object.")
    return values


def _in_hub_cache(name: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        return None
