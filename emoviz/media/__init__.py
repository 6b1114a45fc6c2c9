"""The pictures, sound and faces of a clip, decoded as streams with true times."""

from .clip import ClipMedia
from .container import ACCEPTED, Choice, accepted, content_key
from .crops import face_crop, face_picture, face_square
from .faces import track_faces
from .frames import Frame, iterate_frames
from .info import AudioInfo, ClipInfo, TrackInfo, VideoInfo, probe
from .networks import BLENDSHAPES
from .part import key_of_part
from .playable import playable
from .spectrogram import Spectrogram, spectrogram
from .tracks import FaceTimeline, FaceTrack
from .waveform import Waveform, read_waveform

__all__ = [
    "ACCEPTED",
    "BLENDSHAPES",
    "AudioInfo",
    "Choice",
    "ClipInfo",
    "ClipMedia",
    "FaceTimeline",
    "FaceTrack",
    "Frame",
    "Spectrogram",
    "TrackInfo",
    "VideoInfo",
    "content_key",
    "Waveform",
    "accepted",
    "face_crop",
    "face_picture",
    "face_square",
    "iterate_frames",
    "key_of_part",
    "playable",
    "probe",
    "read_waveform",
    "spectrogram",
    "track_faces",
]
