"""Pretrained weights of an encoder on this machine: their folder, their completeness and their fingerprint.

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
"""Files that describe the input of an encoder of sound or pictures."""
TOKENIZER = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spm.model")
"""Files that describe the tokens of a text; any one of them is enough."""
STATE_FILES = ("pytorch_model.bin", "model.pth", "model.pt")
CHUNK = 1 << 22


@dataclass(frozen=True)
class Weights:
    """Weights that an extractor needs.

    Attributes:
        name: name on the Hub, ``owner/model``, or where the Hub does not have them, name of a folder in
            :func:`~emoviz.core.places.weights`.
        kinds: accepted values of ``model_type`` in ``config.json``; empty if there is no such file.
        files: files that are needed beside ``config.json`` and the tensors; of a tuple, one file is enough.
        tensors: name of the file with the tensors.
        note: beginning of a sentence on the source of weights that the Hub does not have, and the way to get them.
    """

    name: str
    kinds: tuple[str, ...] = ()
    files: tuple[str | tuple[str, ...], ...] = ()
    tensors: str = TENSORS
    note: str = ""

    @property
    def published(self) -> bool:
        """Whether the name is one of the Hub, not of a folder."""
        return not self.note and re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", self.name) is not None

    @property
    def command(self) -> str:
        """The command that brings the weights to this machine."""
        return f"python -m emoviz encoders --get {self.name}"

    @property
    def remedy(self) -> str:
        """The way to get missing weights, as the end of a sentence."""
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
        """Return the folder, or None where the weights are not on this machine."""
        for folder in (Path(self.name).expanduser(), places.weights() / self.name):
            if folder.is_dir():
                return folder
        return _in_hub_cache(self.name) if self.published else None

    def missing(self) -> str | None:
        """Return a sentence, without its full stop, on why the weights cannot be used, or None if they can."""
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
        """Return the folder, which holds all files and the architecture that the feature takes.

        Raises:
            MissingWeightsError: if they are not on this machine, or a file is missing.
            FeatureError: if they belong to another architecture, or ``config.json`` is damaged.
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
        """Return the number of a layer, where -1 stands for the last one.

        Raises:
            FeatureError: if the network has no such layer.
        """
        if not -1 <= number <= layers:
            raise FeatureError(
                f"'{self.name}' has the layers 1 to {layers}, 0 before them and -1 for the last; "
                f"there is no layer {number}."
            )
        return layers if number == -1 else number

    def hash(self, feature: str) -> str:
        """Return the start of the sha256 over all files that decide the encoder's values, as a part of the cache's key.

        Raises:
            MissingWeightsError: if they are not on this machine, or a file is missing.
            FeatureError: if they belong to another architecture.
        """
        return fingerprint(self.folder(feature))


def fingerprint(folder: Path) -> str:
    """Return the start of the sha256 over the names and contents of a folder's weights, config and vocabulary."""
    endings = (".json", ".txt", ".model", ".safetensors", ".bin")
    files = sorted(f for f in folder.iterdir() if f.is_file() and f.suffix in endings and f.name not in STATE_FILES)
    status = [(str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    return _digest(tuple(status))


@functools.lru_cache(maxsize=64)
def _digest(files: tuple[tuple[str, int, int], ...]) -> str:
    """Return the start of the sha256; the times and sizes of the files make changed files count as others."""
    digest = hashlib.sha256()
    for name, _, size in files:
        digest.update(f"{Path(name).name}:{size}:".encode())
        with open(name, "rb") as file:
            while block := file.read(CHUNK):
                digest.update(block)
    return digest.hexdigest()[:16]


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that raises :class:`FeatureError` for a key that it lacks.

    Raises:
        FeatureError: if the file is missing or damaged.
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
