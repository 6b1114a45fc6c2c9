"""Paper 5: the audio-video attention network with an emotion metric."""

from .base import Ours, Paper, Part

MODEL, FUSION = "emoviz/models/av_attention.py", "emoviz/models/av_fusion.py"
FOLDS = "protocol folds --study ravdess-av"


def _ravdess(system: str, label: str, protocol: str = "folds") -> Ours:
    return Ours(f"ravdess-av.{protocol}.{system}", metric="accuracy", label=label)


AV_ATTENTION = Paper(
    number=5,
    title="Audio-video attention network with an emotion metric on RAVDESS and CREMA-D",
    about="The paper trains 3D and 2D residual networks on pixels. The study `ravdess-av` has the same fusion "
    "and losses on "
    "Whisper's features and OpenFace's mean action units, whose video stream is one vector per clip, so that "
    "spatial and "
    "video-temporal attention have nothing to weigh; `paper5` is the pixel network, on six snippets of a clip.",
    presets=("paper5",),
    parts=(
        Part(
            "Equations 1 to 3, figure 2",
            "VS, attention over the positions of a snippet",
            (MODEL,),
            "train --preset paper5",
        ),
        Part("Equations 4 and 5", "VC, attention over the channels", (MODEL,)),
        Part("Equation 6", "VT and AT, attention over the snippets and segments", (MODEL, FUSION)),
        Part("Equations 7 to 10, figure 3", "fusion by cross-correlation", (FUSION, MODEL), page="Attention"),
        Part(
            "Equations 11 to 14, figure 4",
            "triplet loss and emotion metric",
            ("emoviz/models/losses/triplet.py", "emoviz/models/losses/emotion_metric.py"),
        ),
        Part(
            "Tables 1 and 2",
            "AT, VS, VS+VC, VS+VC+VT, all",
            (MODEL,),
            "protocol ablation --study ravdess-av",
            "Results",
            (
                _ravdess("audio", "sound alone", "ablation"),
                _ravdess("au", "action units alone", "ablation"),
                _ravdess("softmax", "both", "ablation"),
            ),
            "RAVDESS: AT .764, VS .775, VS+VC .792, VS+VC+VT .820, all .879",
            "Of pixels: `--set options.channel_attention=false` and the like on `paper5`; no pixels of RAVDESS "
            "are here.",
        ),
        Part(
            "Table 3",
            "triplet loss against emotion metric",
            ("emoviz/models/losses/emotion_metric.py",),
            FOLDS,
            "Results",
            (
                _ravdess("softmax", "softmax"),
                _ravdess("triplet", "triplet"),
                _ravdess("emotion-metric", "emotion metric"),
            ),
            "RAVDESS .879 and .893",
            "The three cannot be told apart here.",
        ),
        Part("Figure 5", "confusion matrices", ("emoviz/plots/matrix.py",), "", "Compare"),
        Part(
            "Table 4",
            "minutes per epoch, ms per clip, memory",
            ("emoviz/prediction/cost.py",),
            "",
            "Compare",
            theirs="95 min, 235 ms, 12 GB",
            note="Compare measures prediction; the log of a training has its minutes.",
        ),
        Part("Table 5", "other systems", (), note="Published scores of others, which nothing here makes."),
        Part(
            "Figures 6 and 7",
            "t-SNE of the embeddings under the three losses",
            ("emoviz/analysis/projection.py", "emoviz/analysis/separation.py"),
            "project --help",
            "Embeddings",
        ),
        Part(
            "Figures 8 to 11",
            "spatial heads over the face, weights of the snippets",
            ("emoviz/explain/overlay.py", "emoviz/explain/gradcam.py"),
            "explain --help",
            "Explain",
            note="A model with spatial heads has to be trained first; none is bundled.",
        ),
    ),
)
