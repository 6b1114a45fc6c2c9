"""Small checkpoints with random weights, so that tests depend on no trained model."""

from pathlib import Path

import numpy as np
import torch

from emoviz import checkpoints
from emoviz.checkpoints.description import Description, FeatureSpec
from emoviz.core.vocabulary import FER_EMOTIONS, FOUR_EMOTIONS, Dimension, Source, Task, derived
from emoviz.features import EXTRACTORS
from emoviz.models.inputs import InputConfig

DIMENSIONS = (derived(Dimension.VALENCE), derived(Dimension.AROUSAL))
RMSE = 0.3
NAMES = ("face-expression", "speech-cats", "speech-emotion")


def save_all(folder: Path) -> Path:
    """One checkpoint of each kind: per picture, per frame, per window."""
    save_face(folder)
    save_speech(folder, "speech-cats", "cats", Task.FRAMES, {"width": 16, "heads": 2})
    options = {"hidden": 8, "layers": 1, "pooling": "attention"}
    save_speech(folder, "speech-emotion", "bi-gru", Task.CLIP, options, FOUR_EMOTIONS, window=1.0)
    return folder


def save_face(folder: Path, name: str = "face-expression", corpora: tuple[str, ...] = ()) -> None:
    """A small expression network."""
    options = {"widths": (4, 8), "depths": (1, 1)}
    spec = FeatureSpec("crop", "1", {}, (), 2304)
    _save(folder, name, Source.FACE, "expression", Task.CLIP, options, FER_EMOTIONS, (spec,), corpora, 1.0)


def save_sound(folder: Path, name: str = "speech-spectrogram") -> None:
    """A small network that sees the sound as pictures, a second of it every half."""
    extractor = EXTRACTORS["spectrogram"](seconds=0.5)
    spec = FeatureSpec("spectrogram", extractor.version, extractor.settings, (), 25600, {"seconds": 0.5})
    options = {"modalities": ("audio",), "audio_depth": 18, "backbone_width": 2, "width": 6, "heads": 2}
    _save(folder, name, Source.SPEECH, "av-attention", Task.CLIP, options, FOUR_EMOTIONS, (spec,), (), 1.0, hop=0.5)


def save_speech(
    folder: Path,
    name: str,
    model: str,
    task: Task,
    options: dict,
    outputs: tuple[str, ...] = DIMENSIONS,
    window: float = 2.0,
    corpora: tuple[str, ...] = (),
    split: dict[str, tuple[str, ...]] | None = None,
) -> None:
    """A model of Whisper's components and eGeMAPS."""
    specs = []
    for feature in ("whisper", "egemaps"):
        extractor = EXTRACTORS[feature]()
        channels = tuple(extractor.channels)
        specs.append(FeatureSpec(feature, extractor.version, extractor.settings, channels, len(channels)))
    _save(folder, name, Source.SPEECH, model, task, options, outputs, tuple(specs), corpora, window, split)


def _save(folder, name, source, model, task, options, outputs, specs, corpora, window, split=None, hop=0.02) -> None:
    inputs = tuple(InputConfig(s.name, 4 if s.name == "whisper" else None, bool(s.channels)) for s in specs)
    widths = {i.feature: i.components or s.width for i, s in zip(inputs, specs, strict=True)}
    description = Description(
        name=name,
        title=f"Untrained {name}",
        source=source,
        model=model,
        model_config={**options, "streams": widths, "outputs": len(outputs)},
        task=task,
        kind="dimension" if outputs == DIMENSIONS else "emotion",
        outputs=tuple(outputs),
        derived=outputs == DIMENSIONS,
        features=specs,
        inputs=inputs,
        hop=hop,
        window=window,
        training={"corpora": corpora},
        split=split or {},
    )
    torch.manual_seed(len(name))
    predictor = checkpoints.build_predictor(description)
    random = np.random.default_rng(0)
    for spec in specs:
        if spec.channels:
            predictor.inputs[spec.name].fit(random.normal(0, 3, (100, spec.width)))
    rows = [{"culture": "all", "output": output, "metric": "rmse", "value": RMSE} for output in outputs]
    checkpoints.save(folder / name, description, predictor, metrics={"test": rows}, card="Untrained.", half=False)
