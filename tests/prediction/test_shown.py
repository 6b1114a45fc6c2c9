"""The rows of a table have the face that the clip shows at their time."""

from types import SimpleNamespace

import numpy as np

from emoviz.features.action_units import CHANNELS, units_of
from emoviz.media import BLENDSHAPES, FaceTimeline, FaceTrack
from emoviz.prediction.shown import action_units, shown_face

SMILE, BROW = "action_units.AU12-lip-corner-puller", "action_units.AU01-inner-brow-raiser"


def clip(present: list[bool]) -> tuple[SimpleNamespace, FaceTimeline]:
    """A clip of 10 frames per second, whose face smiles by a tenth more in each frame."""
    frames = len(present)
    actions = np.zeros((frames, len(BLENDSHAPES)), np.float32)
    for side in ("Left", "Right"):
        actions[:, BLENDSHAPES.index(f"mouthSmile{side}")] = np.arange(frames) / 10
    track = FaceTrack.from_frames(
        0, np.array(present), np.ones((frames, 4)), np.ones((frames, 478, 3)), actions, np.zeros((frames, 3)),
        np.ones(frames), np.zeros((frames, 48, 48), np.uint8),
    )  # fmt: skip
    faces = FaceTimeline(np.arange(frames) / 10, (64, 64), (track,))
    return SimpleNamespace(face_track=lambda: track), faces


def test_a_row_has_the_units_of_the_frame_that_it_shows():
    media, faces = clip([True, False, True, True])
    found = action_units(media, faces, np.array([0.05, 0.15, 0.2, 0.29, 0.35, 0.45]))
    assert tuple(found) == CHANNELS
    np.testing.assert_allclose(found[SMILE], [0, np.nan, 0.2, 0.2, 0.3, np.nan], atol=1e-6)
    np.testing.assert_array_equal(found[BROW], [0, np.nan, 0, 0, 0, np.nan])
    assert found[SMILE].dtype == np.float32


def test_a_clip_without_a_face_has_no_units():
    media, faces = clip([True])
    assert action_units(media, None, np.array([0.0])) == {}
    assert shown_face(SimpleNamespace(face_track=lambda: None), faces, np.array([0.0])) is None


def test_rows_keep_the_order_of_the_units():
    media, faces = clip([True, True])
    (row,) = units_of(faces.tracks[0].seen_blendshapes[1:])
    found = action_units(media, faces, np.array([0.1]))
    np.testing.assert_array_equal([values[0] for values in found.values()], row)
