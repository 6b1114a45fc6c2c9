"""A prediction and a clip made by hand, for tests of what is shown rather than of what is predicted."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pandas as pd

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.vocabulary import FER_EMOTIONS, FOUR_EMOTIONS, Source
from emoviz.media import ClipMedia, FaceTimeline, FaceTrack
from emoviz.prediction.assembly import Branch, ClipPrediction, ModelPrediction, assemble
from emoviz.prediction.model import Predicted

FPS = 25
SIZE = (640, 360)
NOTE = "No face in 12 % of the frames."


def make_clip(path: Path, seconds: float = 4.0) -> Path:
    """Write an MP4 (H.264, AAC) with a light square that moves to the right, and a tone."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", FPS)
        picture.width, picture.height = SIZE
        picture.pix_fmt = "yuv420p"
        picture.options = {"preset": "ultrafast"}
        sound = container.add_stream("aac", 16000)
        sound.layout = "mono"
        for number in range(round(seconds * FPS)):
            image = np.full((SIZE[1], SIZE[0], 3), 60, np.uint8)
            image[90:270, 100 + number : 260 + number] = 200
            container.mux(picture.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(picture.encode())
        tone = (0.1 * np.sin(np.arange(int(seconds * 16000)) / 10)).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
        frame.sample_rate = 16000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return path


def make_faces(seconds: float = 4.0, people: int = 1) -> FaceTimeline:
    """Faces that follow the square of :func:`make_clip`, half a second hidden in the middle."""
    frames = max(1, round(seconds * FPS))
    present = np.ones(frames, bool)
    present[frames // 2 : frames // 2 + FPS // 2] = frames == 1  # of a single picture nothing is hidden
    angle, radius = np.arange(478) * 2.4, np.sqrt(np.arange(478) / 478)
    oval = np.stack([80 + 70 * radius * np.cos(angle), 90 + 85 * radius * np.sin(angle), 0 * angle], 1)
    tracks = []
    for person in range(people):
        corner = np.stack([100 + 200 * person + np.arange(frames), np.full(frames, 90), np.zeros(frames)], 1)
        tracks.append(
            FaceTrack.from_frames(
                person,
                present,
                boxes=np.concatenate([corner[:, :2], np.tile([160, 180], (frames, 1))], 1),
                landmarks=oval[None] + corner[:, None],
                blendshapes=np.zeros((frames, 52)),
                pose=np.zeros((frames, 3)),
                presence=np.ones(frames),
                crops=np.zeros((frames, 48, 48), np.uint8),
            )
        )
    return FaceTimeline(np.arange(frames) / FPS, SIZE, tuple(tracks))


def make_table(seconds: float = 4.0) -> pd.DataFrame:
    """What models of the face and of speech may say of a clip: valence, arousal and emotions."""
    time = (np.arange(round(seconds * 50)) + 0.5) / 50
    wave = np.sin(2 * np.pi * time / seconds)
    columns: dict[str, np.ndarray] = {"time": time}
    for source, shift in (("face", 0.1), ("speech", -0.2)):
        columns[f"{source}.valence (derived)"] = 0.6 * wave + shift
        columns[f"{source}.arousal (derived)"] = 0.4 * wave**2 - shift
    for source, names in (("face", FER_EMOTIONS), ("speech", FOUR_EMOTIONS)):
        scores = np.stack([2 * np.sin(2 * np.pi * time / seconds + 1.3 * place) for place in range(len(names))], 1)
        shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        columns |= {f"{source}.{name}": shares[:, place] for place, name in enumerate(names)}
    table = pd.DataFrame(columns).astype({name: np.float32 for name in columns if name != "time"})
    hidden = (table.time >= seconds / 2) & (table.time < seconds / 2 + 0.5) & (len(table) > 1)
    table.loc[hidden, [name for name in columns if name.startswith("face.")]] = np.nan
    return table


def make_weights() -> pd.DataFrame:
    """Channel weights of a model of 40 channels in two modalities."""
    names = [(f"whisper.pc{i:03d}", "audio") for i in range(20)] + [(f"face.blendshape{i}", "video") for i in range(20)]
    return pd.DataFrame(
        [(*name, 1 / (1 + place)) for place, name in enumerate(names)], columns=["channel", "modality", "weight"]
    )


def make_prediction(media: ClipMedia, checkpoints: Sequence[Checkpoint], people: int = 1) -> ClipPrediction:
    """All of the above, of what these checkpoints predict, assembled as ``predict_clip`` does it."""
    info = media.info
    table = make_table(info.duration)
    faces = make_faces(info.duration, people) if info.video else None
    branches: dict[Source, Branch] = {}
    for one in checkpoints:
        source = one.description.source
        values = table[[f"{source}.{output}" for output in one.description.outputs]].to_numpy(np.float32)
        own = ModelPrediction(one, Predicted(values, make_weights() if one.name == "speech-cats" else None), ())
        empty = (
            Branch((), faces, ("No face in 12 % of the frames.",)) if source == Source.FACE else Branch((), None, ())
        )
        before = branches.setdefault(source, empty)
        branches[source] = dataclasses.replace(before, models=(*before.models, own))
    return assemble(info, list(branches.values()))
