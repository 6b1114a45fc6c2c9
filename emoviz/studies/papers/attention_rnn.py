"""Paper 2: recurrent networks with attention, EAF, AED and EMAFN."""

from .base import Ours, Paper, Part

MODEL = "emoviz/models/attention_rnn.py"
LORO = "protocol loro --study sewa"


def _sewa(system: str, *outputs: str) -> tuple[Ours, ...]:
    return tuple(Ours(f"sewa.loro.{system}", output, "ccc", label=output) for output in outputs)


ATTENTION_RNN = Paper(
    number=2,
    title="Attention RNNs on AVEC 2019: arousal, valence and liking over time",
    about="The paper trains on the challenge's training partition and tests its development partition. Only the labels "
    "of the development partition and the organisers' predictions are public, so systems here read these predictions "
    "and are trained on all of it but what is tested.",
    presets=("paper2-llds", "paper2-deep"),
    parts=(
        Part(
            "Figure 2",
            "EAF: attention over the features of each modality, two-layer BiLSTM",
            (MODEL,),
            LORO,
            "Results",
            _sewa("eaf", "arousal", "valence", "liking"),
            note="One layer of 32 units here, for 27 channels.",
        ),
        Part(
            "Figure 3",
            "AED: BiLSTM encoder, LSTM decoder with additive attention",
            (MODEL,),
            LORO,
            "Results",
            _sewa("aed", "arousal", "valence"),
            "arousal .637, valence .689",
        ),
        Part("Figure 4", "EMAFN: both together", (MODEL,), LORO, "Results", _sewa("emafn", "liking"), "liking .625"),
        Part(
            "Equations 1 and 2",
            "CCC, and 1 - CCC as the loss",
            ("emoviz/evaluation/metrics/ccc.py", "emoviz/models/losses/ccc.py"),
        ),
        Part(
            "Section 3.2",
            "functionals and bags of words over 4 s; deep spectrum and deep faces",
            ("emoviz/features/functionals.py", "emoviz/features/bag_of_words.py", "emoviz/features/deep_spectrum.py"),
            "train --preset paper2-deep",
            note="Facial actions are MediaPipe's blendshapes, in the place of FAU and gaze.",
        ),
        Part(
            "Results, challenge baseline",
            "fusion of the nine systems by the organisers",
            ("emoviz/corpora/avec2019_ces.py",),
            LORO,
            "Results",
            _sewa("organisers", "arousal", "valence", "liking"),
            "arousal .614, valence .615, liking .222",
            "Its weights were fitted on these very recordings.",
        ),
        Part(
            "Results, from culture to culture",
            "trained on one culture, tested on the other",
            ("emoviz/training/protocols/cross_culture.py",),
            "protocol cross-culture --study sewa",
            "Results",
            (Ours("sewa.cross-culture.eaf", "arousal", "ccc", "German->Hungarian", "arousal, German to Hungarian"),),
        ),
    ),
)
