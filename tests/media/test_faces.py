"""Faces over time: one track per person, landmarks on every frame, gaps where there is no face."""

import numpy as np
import pytest
from clips import face_frames, plain_frames, sine, write_clip

from emoviz.core.errors import Cancelled, MediaError
from emoviz.media import BLENDSHAPES, ClipMedia, FaceTimeline, FaceTrack, playable, track_faces


def slide(x: int, y: int, step: float):
    """A face that moves ``step`` pixels to the right per frame."""
    return lambda i: (round(x + step * i), y)


def test_one_person_is_one_track_that_follows_the_face(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", face_frames(25, [slide(20, 80, 8)]))
    timeline = track_faces(clip)
    (track,) = timeline.tracks
    assert timeline.size == (480, 320)
    assert timeline.times == pytest.approx(np.arange(25) / 25)
    assert track.present.all() and timeline.speaker == track.id
    movement = np.diff(track.landmarks[:, :, 0].mean(1))
    assert movement == pytest.approx(8, abs=1.5)
    assert track.boxes[:, 0] == pytest.approx(track.landmarks[:, :, 0].min(1), abs=0.1)
    assert track.boxes[:, 3] == pytest.approx(np.ptp(track.landmarks[:, :, 1], 1), abs=0.1)
    assert track.blendshapes[:, BLENDSHAPES.index("mouthSmileLeft")].min() > 0.5
    assert (track.presence > 0.9).all()
    assert np.abs(track.pose[:, 0]).max() < 10


def test_arrays_have_their_shapes_and_types(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", face_frames(4, [slide(20, 80, 0)]))
    (track,) = track_faces(clip).tracks
    shapes = {"boxes": (4,), "landmarks": (478, 3), "blendshapes": (52,), "pose": (3,), "presence": ()}
    for name, shape in shapes.items():
        assert getattr(track, name).shape == (4, *shape) and getattr(track, name).dtype == np.float32
    assert track.crops.shape == (4, 48, 48) and track.crops.dtype == np.uint8
    assert track.present.dtype == bool


@pytest.mark.slow
def test_two_people_are_two_tracks_and_the_larger_and_longer_speaks(tmp_path):
    def second(i):
        return None if i < 10 else (300 - 2 * i, 90)

    clip = write_clip(tmp_path / "clip.mp4", face_frames(30, [slide(10, 60, 2), second]))
    timeline = track_faces(clip)
    first, other = timeline.tracks
    assert first.present.all()
    assert not other.present[:10].any() and other.present[20:].all()
    assert (np.diff(first.boxes[:, 0]) > 0.5).all() and (np.diff(other.boxes[20:, 0]) < -0.5).all()
    assert timeline.speaker == first.id
    assert ClipMedia(clip).face_track().id == first.id
    assert ClipMedia(clip, face=other.id).face_track().id == other.id


def test_frames_without_a_face_are_gaps_of_the_same_person(tmp_path):
    def away(i):
        return None if 12 <= i < 22 else (100, 80)

    clip = write_clip(tmp_path / "clip.mp4", face_frames(40, [away]))
    (track,) = track_faces(clip, detect_every=3).tracks
    assert not track.present[12:22].any()
    assert track.present[:12].all() and track.present[25:].all()
    for name in ("boxes", "landmarks", "blendshapes", "pose", "presence"):
        values = getattr(track, name)
        assert np.isnan(values[12:22]).all() and np.isfinite(values[track.present]).all()
    assert (track.crops[12:22] == 0).all() and track.crops[0].std() > 20


def test_somebody_elsewhere_is_somebody_else(tmp_path):
    def left(i):
        return (10, 80) if i < 10 else None

    def right(i):
        return (310, 80) if i >= 12 else None

    clip = write_clip(tmp_path / "clip.mp4", face_frames(30, [left, right]))
    first, second = track_faces(clip, detect_every=2).tracks
    assert first.present[:10].all() and not first.present[10:].any()
    assert second.present[14:].all() and not second.present[:12].any()


def test_no_face_is_an_empty_timeline(tmp_path):
    media = ClipMedia(write_clip(tmp_path / "clip.mp4", plain_frames(12)))
    assert media.faces().tracks == () and media.faces().speaker is None and media.face_track() is None
    assert len(media.faces().times) == 12


def test_one_frame_is_enough(tmp_path):
    (track,) = track_faces(write_clip(tmp_path / "clip.mp4", face_frames(1, [slide(20, 80, 0)]))).tracks
    assert track.present.tolist() == [True]


def test_coordinates_are_those_of_the_full_picture(tmp_path):
    """Faces are looked for in a reduced picture."""
    small = write_clip(tmp_path / "small.mp4", face_frames(2, [slide(100, 80, 0)], size=(960, 540), side=400))
    large = write_clip(tmp_path / "large.mp4", face_frames(2, [slide(400, 320, 0)], size=(3840, 2160), side=1600))
    (one,), (other,) = track_faces(small).tracks, track_faces(large).tracks
    assert other.boxes / 4 == pytest.approx(one.boxes, abs=3)
    assert other.landmarks[..., :2] / 4 == pytest.approx(one.landmarks[..., :2], abs=4)
    assert np.abs(one.crops.astype(int) - other.crops).mean() < 6


def test_a_track_from_arrays_gives_them_back():
    random = np.random.default_rng(0)
    present = np.array([True, False, True])
    gaps = np.where(present, 1, np.nan).astype(np.float32)
    arrays = {
        "boxes": random.uniform(0, 4000, (3, 4)) * gaps[:, None],
        "landmarks": random.uniform(-100, 4000, (3, 478, 3)) * gaps[:, None, None],
        "blendshapes": random.uniform(0, 1, (3, 52)) * gaps[:, None],
        "pose": random.uniform(-90, 90, (3, 3)) * gaps[:, None],
        "presence": gaps,
        "crops": random.integers(0, 256, (3, 48, 48), dtype=np.uint8) * present[:, None, None].astype(np.uint8),
    }
    track = FaceTrack.from_frames(0, present, **arrays)
    assert (track.present == present).all()
    for name, expected in arrays.items():
        np.testing.assert_allclose(getattr(track, name), expected, atol=0.1 if name == "landmarks" else 1e-3)


def test_an_unknown_face_is_refused_with_the_known_ones(tmp_path):
    media = ClipMedia(write_clip(tmp_path / "clip.mp4", face_frames(3, [slide(20, 80, 0)])), face=7)
    with pytest.raises(MediaError, match="no face number 7; its faces are: 0"):
        media.face_track()
    with pytest.raises(MediaError, match="its faces are: none"):
        FaceTimeline(np.zeros(0), (1, 1), ()).track(0)


def test_a_stop_passes_through_and_leaves_nothing(tmp_path):
    media = ClipMedia(write_clip(tmp_path / "clip.mp4", face_frames(12, [slide(20, 80, 0)])))

    def stop(stage, done, total):
        if done > 0.2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        media.faces(stop)
    assert len(media.faces().times) == 12


def test_a_clip_is_decoded_once(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", face_frames(3, [slide(20, 80, 0)]), sine(0.2))
    media = ClipMedia(path)
    assert media.faces() is media.with_face(0).faces() and media.waveform() is media.with_face(0).waveform()
    assert media.key == ClipMedia(path).key and len(media.key) == 64
    assert media.with_face(0).face == 0 and media.face is None


@pytest.mark.corpora
def test_the_actor_of_crema_d_is_seen_in_every_frame(data):
    for path in sorted((data / "clips" / "crema-d").iterdir()):
        (track,) = track_faces(path).tracks
        assert track.present.all() and (track.presence > 0.9).all()
        assert np.abs(np.nanmean(track.pose, 0)).max() < 15


@pytest.mark.corpora
def test_a_flash_video_becomes_playable_with_the_same_times(data, tmp_path):
    clip = data / "clips" / "crema-d" / "1001_DFA_HAP_XX.flv"
    assert track_faces(playable(clip, tmp_path)).times == pytest.approx(track_faces(clip).times, abs=1e-3)


def test_faces_that_were_stopped_are_followed_from_there(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", face_frames(30, [slide(20, 80, 4)]))
    whole, media = track_faces(clip), ClipMedia(clip)
    for limit in (0.3, 0.7):
        seen: list[float] = []

        def stop(stage, done, total, limit=limit, seen=seen):
            seen.append(done)
            if done > limit:
                raise Cancelled("Stopped.")

        with pytest.raises(Cancelled):
            media.faces(stop)
        assert seen[0] == pytest.approx(0 if limit == 0.3 else 0.32, abs=0.01)  # nothing is followed twice
    *_, (track,) = [faces.tracks for faces in media.faces_so_far()]
    (expected,) = whole.tracks
    np.testing.assert_array_equal(media.faces().times, whole.times)
    for name in ("frames", "seen_boxes", "seen_points", "seen_crops", "seen_blendshapes", "seen_pose"):
        np.testing.assert_array_equal(getattr(track, name), getattr(expected, name))


def test_who_waits_for_faces_that_another_thread_follows_can_be_stopped(tmp_path):
    media = ClipMedia(write_clip(tmp_path / "clip.mp4", face_frames(4, [slide(20, 80, 0)])))

    def stop(stage, done, total):
        raise Cancelled("Stopped.")

    with media._decoded._faces_lock, pytest.raises(Cancelled):
        media.faces(stop)
    assert len(media.faces().times) == 4
