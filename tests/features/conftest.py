"""Networks with random weights, so that tests depend on no trained one."""

from pathlib import Path

import encoders
import pytest
import torch

from emoviz import checkpoints
from emoviz.core.vocabulary import FER_EMOTIONS, Source, Task
from emoviz.features import expression, transcripts
from emoviz.features.transcripts import Transcript, Word
from emoviz.models.inputs import InputConfig


def save_network(folder: Path, widths: tuple[int, ...] = (4, 8, 8, 8, 512), seed: int = 0) -> None:
    """Save an untrained ``face-expression`` checkpoint whose outputs stand in another order than FER+'s."""
    torch.manual_seed(seed)
    description = checkpoints.Description(
        name="face-expression",
        title="Untrained",
        source=Source.FACE,
        model="expression",
        model_config={"streams": {"crop": 2304}, "outputs": 8, "widths": widths, "depths": (1, 1, 1, 1, 1)},
        task=Task.CLIP,
        kind="emotion",
        outputs=tuple(reversed(FER_EMOTIONS)),
        derived=False,
        features=(checkpoints.FeatureSpec("crop", "1", {}, (), 2304),),
        inputs=(InputConfig("crop", standardise=False),),
        hop=0.04,
        window=1.0,
    )
    predictor = checkpoints.build_predictor(description)
    checkpoints.save(folder, description, predictor, metrics={}, card="Untrained.", half=False)


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints") / "face-expression"
    save_network(folder)
    return folder


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch, untrained: Path) -> Path:
    """The network that the extractors find."""
    monkeypatch.setattr(expression, "network_folder", lambda: untrained)
    return untrained


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoders.save_all(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def tiny_encoders(monkeypatch: pytest.MonkeyPatch, tiny_weights: Path) -> None:
    """Every encoder with tiny random weights, and a recogniser that always hears the same words."""
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tiny_weights))
    encoders.shrink(monkeypatch)
    said = tuple(Word(word, 0.15 * k, 0.15 * k + 0.1) for k, word in enumerate(encoders.WORDS[:6]))

    def hear(media, *arguments) -> Transcript:
        heard = tuple(word for word in said if word.end <= media.info.duration)
        return Transcript(heard or said[:1], "en")

    monkeypatch.setattr(transcripts, "_recognise", hear)
