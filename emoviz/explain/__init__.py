"""Explanations: pure functions of a model, its inputs and an output. One method per file.

captum loads when a method that needs it is first called.
"""

from .clip import FaceExplanation, Method, StreamExplanation, explain_face, explain_streams, main_output, window_inputs
from .deletion import Deletion, Example, Faithfulness, Verdict, deletion, gradient_weights
from .gradcam import grad_cam
from .gradients import Attribution, channel_weights, integrated_gradients
from .occlusion import occlude, occlude_channels, occlude_time
from .overlay import CIVIDIS, blend, colours_of
from .sanity import Sanity, randomisation, rank_correlation
from .targets import output_number, span

__all__ = [
    "CIVIDIS",
    "Attribution",
    "Deletion",
    "Example",
    "FaceExplanation",
    "Faithfulness",
    "Method",
    "Sanity",
    "StreamExplanation",
    "Verdict",
    "blend",
    "channel_weights",
    "colours_of",
    "deletion",
    "explain_face",
    "explain_streams",
    "grad_cam",
    "gradient_weights",
    "integrated_gradients",
    "main_output",
    "occlude",
    "occlude_channels",
    "occlude_time",
    "output_number",
    "randomisation",
    "rank_correlation",
    "span",
    "window_inputs",
]
