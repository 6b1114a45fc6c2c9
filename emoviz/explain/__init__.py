"""Explanations as pure functions of a model, its inputs and an output, one method per file.

captum loads when a method that needs it is first called.
"""

from .checks import StreamChecks, check_face, check_streams
from .deletion import Deletion, Faithfulness, Verdict, deletion, gradient_weights
from .examples import Example
from .faces import FaceExplanation, FaceFilm, explain_face, explain_film
from .gradcam import grad_cam
from .gradients import Attribution, channel_weights, integrated_gradients
from .occlusion import occlude, occlude_channels, occlude_time
from .overlay import CIVIDIS, blend, colours_of, heated
from .permutation_importance import permutation_importance
from .sanity import Sanity, randomisation, randomisations, rank_correlation
from .sound import SoundExplanation, check_sound, explain_sound, sees_sound
from .streams import Method, StreamExplanation, explain_streams, main_output, window_inputs
from .targets import output_number, span

__all__ = [
    "CIVIDIS",
    "Attribution",
    "Deletion",
    "Example",
    "FaceExplanation",
    "FaceFilm",
    "Faithfulness",
    "Method",
    "Sanity",
    "SoundExplanation",
    "StreamChecks",
    "StreamExplanation",
    "Verdict",
    "blend",
    "channel_weights",
    "check_face",
    "check_sound",
    "check_streams",
    "colours_of",
    "deletion",
    "explain_face",
    "explain_film",
    "explain_sound",
    "explain_streams",
    "grad_cam",
    "gradient_weights",
    "heated",
    "integrated_gradients",
    "main_output",
    "occlude",
    "occlude_channels",
    "occlude_time",
    "output_number",
    "permutation_importance",
    "randomisation",
    "randomisations",
    "rank_correlation",
    "sees_sound",
    "span",
    "window_inputs",
]
