"""A clip's pictures, sound and faces: decoded as streams, with true times."""

from .clip import ClipMedia
from .crops import face_crop, face_picture
from .faces import track_faces
from .frames import Frame, iterate_frames
from .info import ACCEPTED, AudioInfo, ClipInfo, VideoInfo, probe
from .networks import BLENDSHAPES
from .playable import playable
from .tracks import FaceTimeline, FaceTrack
from .waveform import Waveform, read_waveform

__all__ = [
    "ACCEPTED",
    "BLENDSHAPES",
    "AudioInfo",
    "ClipInfo",
    "ClipMedia",
    "FaceTimeline",
    "FaceTrack",
    "Frame",
    "VideoInfo",
    "Waveform",
    "face_crop",
    "face_picture",
    "iterate_frames",
    "playable",
    "probe",
    "read_waveform",
    "track_faces",
]
