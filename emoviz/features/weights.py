"""Where are an encoder's weights, are they whole, and whose are they?

Weights lie in a folder in the layout of the Hugging Face Hub: ``config.json``, ``model.safetensors`` and what makes
the encoder's input. It is looked for, in this order,

1. where the setting ``weights`` says, if that is a folder;
2. in :func:`~emoviz.core.places.weights`, under the Hub's name: ``weights/facebook/hubert-large-ll60k``;
3. in the Hub's own cache on this machine.

Nothing is downloaded here: :func:`download` is called by whoever asks for it by name (``python -m emoviz encoders
--get NAME``). Nothing is unpickled into objects: files of the older kind (``.bin``, ``.pth``) are turned into
safetensors once, by :func:`convert`, which reads tensors only.
"""

import functools
import hashlib
import json
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import places
from ..core.errors import EmovizError, FeatureError, MissingWeightsError
from ..core.files import replacing, replacing_folder

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


def device(wanted: str = "auto") -> str:
    """Where an encoder runs: ``cuda`` or ``cpu``; ``auto`` is CUDA where there is one.

    Raises:
        FeatureError: there is no such device.
    """
    import torch

    if wanted not in ("auto", "cpu", "cuda"):
        raise FeatureError(f"An encoder's 'device' is auto, cpu or cuda, not '{wanted}'.")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise FeatureError("CUDA was asked for, but PyTorch finds no CUDA device here: 'device' is auto or cpu.")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


_loading = threading.Lock()
"""transformers changes defaults of the whole process while it loads."""


def load_model(kind: str, folder: Path, place: str, **options: Any) -> Any:
    """A network of transformers, ready to encode; on CUDA in half precision. The last few are kept.

    Args:
        kind: name of its class in transformers, e.g. ``AutoModel``.
        folder: with its weights.
        place: ``cpu`` or ``cuda``.
        options: of the network's constructor.

    Raises:
        FeatureError: the weights are damaged or do not fit the config.
    """
    with _loading:
        return _load_model(kind, folder, fingerprint(folder), place, tuple(options.items()))


@functools.lru_cache(maxsize=8)
def _load_model(kind: str, folder: Path, weights: str, place: str, options: tuple[tuple[str, Any], ...]) -> Any:
    import torch
    import transformers

    _quiet()
    model, report = _attempt(
        folder,
        lambda: getattr(transformers, kind).from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
            **dict(options),
        ),
    )
    # A mask is drawn in training only, and what older files leave out of it is never read.
    lacking = sorted(name for name in report["missing_keys"] if not name.endswith("masked_spec_embed"))
    wrong = sorted(str(entry[0]) for entry in report["mismatched_keys"])
    if lacking or wrong:
        what = f"lack {lacking[0]}" if lacking else f"have another size in {wrong[0]}"
        more = f" and {len(lacking or wrong) - 1} more" if len(lacking or wrong) > 1 else ""
        raise FeatureError(
            f"The weights in {folder} {what}{more}, so they are not those of a {type(model).__name__} as "
            "config.json describes it; get them again."
        )
    model = model.eval().requires_grad_(False)
    return model.to(place, torch.float16) if place == "cuda" else model


def load_state(network: Callable[..., Any], folder: Path, place: str, *arguments: Any) -> Any:
    """A network of our own with the tensors of a folder, ready to encode; on CUDA in half precision.

    Args:
        network: makes it.
        folder: with ``model.safetensors``; what it holds beside the network's tensors is left out.
        place: ``cpu`` or ``cuda``.
        arguments: of the network.

    Raises:
        FeatureError: the file is damaged, or lacks a tensor of the network.
    """
    return _load_state(network, folder, fingerprint(folder), place, arguments)


@functools.lru_cache(maxsize=8)
def _load_state(network: Callable[..., Any], folder: Path, weights: str, place: str, arguments: tuple) -> Any:
    import torch
    from safetensors.torch import load_file

    built = network(*arguments)
    state = _attempt(folder, lambda: load_file(folder / TENSORS))
    own = built.state_dict()
    wrong = [n for n, v in own.items() if n not in state or state[n].shape != v.shape]
    wrong = [name for name in wrong if not name.endswith("num_batches_tracked")]
    if wrong:
        raise FeatureError(
            f"The weights in {folder} lack '{wrong[0]}' or have it in another size, so they are not those of "
            f"{network.__name__} with torchvision's names; get them again."
        )
    built.load_state_dict({name: state[name] for name in own if name in state}, strict=False)
    built = built.eval().requires_grad_(False)
    return built.to(place, torch.float16) if place == "cuda" else built


def load_part(kind: str, folder: Path, **options: Any) -> Any:
    """A tokenizer or feature extractor of transformers. The last few are kept.

    Args:
        kind: name of its class in transformers, e.g. ``AutoTokenizer``.
        folder: with its files.
        options: of its constructor.

    Raises:
        FeatureError: its files are damaged.
    """
    with _loading:
        return _load_part(kind, folder, fingerprint(folder), tuple(options.items()))


@functools.lru_cache(maxsize=8)
def _load_part(kind: str, folder: Path, weights: str, options: tuple[tuple[str, Any], ...]) -> Any:
    import transformers

    _quiet()
    loader = getattr(transformers, kind).from_pretrained
    return _attempt(folder, lambda: loader(folder, local_files_only=True, trust_remote_code=False, **dict(options)))


def _attempt(folder: Path, load: Callable[[], Any]) -> Any:
    """What ``load`` gives; whatever a foreign file makes of it becomes one sentence."""
    try:
        return load()
    except EmovizError:
        raise
    except Exception as error:  # of many libraries' kinds: each reads its own file
        reason = str(error).strip().splitlines()[0][:200].rstrip(".") if str(error).strip() else type(error).__name__
        raise FeatureError(
            f"The weights in {folder} cannot be loaded, as a file is damaged or does not fit the others ({reason}); "
            "get them again."
        ) from error


def _quiet() -> None:
    """Transformers reports on standard error what :func:`load_model` says in its own words."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _in_hub_cache(name: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        return None


def download(name: str, target: Path | None = None) -> Path:
    """Fetch tensors, configs and vocabularies, never code, from the Hub into :func:`~emoviz.core.places.weights`.

    Raises:
        MissingWeightsError: the Hub cannot be reached, has no such weights, or the disk is full.
    """
    from huggingface_hub import snapshot_download

    folder = target or places.weights() / name
    endings = ("*.json", "*.txt", "*.model", "*.safetensors")
    try:
        with replacing_folder(folder) as draft:
            snapshot_download(name, local_dir=draft, allow_patterns=list(endings))
            if not list(draft.glob("*.safetensors")):
                snapshot_download(name, local_dir=draft, allow_patterns=["pytorch_model.bin", "model.bin"])
            if (draft / STATE_FILES[0]).is_file():
                convert(draft / STATE_FILES[0])
                (draft / STATE_FILES[0]).unlink()
            shutil.rmtree(draft / ".cache", ignore_errors=True)
    except EmovizError:
        raise
    except Exception as error:  # of httpx, huggingface_hub and the system alike
        reason = str(error).strip().splitlines()[0][:200].rstrip(".") if str(error).strip() else type(error).__name__
        raise MissingWeightsError(
            f"The weights '{name}' could not be downloaded ({reason}); with a browser, get them from "
            f"huggingface.co/{name} and put them into {folder}."
        ) from error
    return folder


def convert(state_file: Path) -> Path:
    """Turn a state file of PyTorch (``.bin``, ``.pth``) into ``model.safetensors`` beside it.

    Tensors are read by PyTorch's restricted reader, which runs no code.

    Raises:
        FeatureError: the file is damaged, or holds more than named tensors.
    """
    import torch
    from safetensors.torch import save_file

    target = state_file.with_name(TENSORS)
    try:
        state = torch.load(state_file, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state) if isinstance(state, dict) else state
        if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
            raise ValueError("it holds something else than named tensors")
        with replacing(target) as draft:
            save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, draft)
    except Exception as error:  # of the reader, for each kind of damage another
        reason = str(error).strip().splitlines()[0][:120].rstrip(".") if str(error).strip() else type(error).__name__
        raise FeatureError(
            f"'{state_file}' is no file of named tensors that PyTorch can read safely ({reason})."
        ) from error
    return target
