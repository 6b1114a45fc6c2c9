"""Paper 1: the CATS-Transformer."""

from .base import Ours, Paper, Part

MODEL, RNNS = "emoviz/models/cats.py", "emoviz/models/rnn.py"
LORO = "protocol loro --study sewa"


def _sewa(system: str, protocol: str = "loro") -> tuple[Ours, ...]:
    return tuple(Ours(f"sewa.{protocol}.{system}", o, "ccc", label=o) for o in ("valence", "arousal"))


TASKS = (
    ("arousal", ".50 Hungarian, .46 German; .36 to .92 in all four"),
    ("valence", ".48 Hungarian, .52 German; .43 to .52 in all four"),
    ("liking", ".53 Hungarian, .52 German; .46 to .62 in all four"),
)
"""The binary tasks, with the paper's accuracy."""


def _task(output: str, accuracy: str) -> Part:
    return Part(
        f"Table 1, figure 3, {output}",
        "high or low, majority vote, confusion matrix of each culture",
        ("emoviz/studies/high_low.py", "emoviz/evaluation/fusion/majority.py", "emoviz/plots/compare.py"),
        f"protocol cross-culture --study sewa-{output}",
        "Results",
        tuple(
            Ours(f"sewa-{output}.cross-culture.vote", output, "accuracy", test, test)
            for test in ("German->Hungarian", "Hungarian->German")
        ),
        f"accuracy {accuracy}",
        "Stretches of ten seconds, of the predictions of nine unimodal systems; a network of both streams votes in the "
        "place of the text. Of your own: `--fuse majority`.",
    )


CATS = Paper(
    number=1,
    title="CATS-Transformer: valence and arousal of six cultures over time, by channel attention",
    about="The paper trains on the Chinese and British part of SEWA and tests the other four. SEWA's recordings "
    "are not "
    "public; here the public labels of its German and Hungarian part and the predictions of nine unimodal "
    "systems stand "
    "in (study `sewa`), and six speech corpora (preset `speech-cats`, study `cultures`). The paper's CCC are "
    "about 0, "
    "which its own training by teacher forcing causes; the default here trains on the model's own outputs.",
    presets=("paper1-audio", "paper1-video", "paper1-av"),
    parts=(
        Part(
            "Section 3, figures 1 and 2",
            "channel attention, causal encoder and decoder, early fusion",
            (MODEL, "emoviz/models/channel_attention.py", "emoviz/models/decoding.py"),
            "train --preset paper1-av",
            "Attention",
            note="Trained with `--set options.feedback=teacher` it is the paper's own.",
        ),
        Part(
            "Section 4.1",
            "text, audio and video classifiers of three binary tasks",
            ("emoviz/models/text.py", RNNS, "emoviz/core/binary.py", "emoviz/training/data/stretches.py"),
            'train CONFIG.json --set \'outputs=["low valence","high valence"]\' --set threshold=.1 --set neutral=.03',
            "Train",
            note="Ratings of clips, or traces on average over stretches, are high or low. No corpus here has "
            "transcripts, sound and pictures with such ratings; the text stream `distilbert` reads Whisper's "
            "transcript, translated with `translate=true`.",
        ),
        Part(
            "Section 4.1, text",
            "transcript by Whisper, its language, and translation to English",
            ("emoviz/features/transcripts.py", "emoviz/prediction/transcript.py", "emoviz/ui/words_view.py"),
            "transcribe CLIP --translate --out english.srt",
            "Predict",
            note="The recogniser's weights are not bundled: `encoders --get Systran/faster-whisper-small`.",
        ),
        *(_task(*one) for one in TASKS),
        Part(
            "Section 4.2.1, set-up",
            "trained on two cultures, C1 and C4, tested on the other four",
            ("emoviz/training/protocols/cross_culture.py", "emoviz/studies/catalogue.py"),
            "protocol cross-culture --study two-cultures",
            "Results",
            tuple(
                Ours(f"two-cultures.cross-culture.{system}", f"{output} (derived)", "ccc", "mean", f"{name}, {output}")
                for system, name in (("bi-gru", "Bi-GRU"), ("cats", "CATS"))
                for output in ("valence", "arousal")
            ),
            note="Korean and North American train, in the place of Chinese and British. Any other set: `--train-on` "
            "with `--config`, or 'cultures that train together' on the Train page.",
        ),
        Part(
            "Tables 2 and 3",
            "RNN, LSTM, LSTM-Attention, Bi-LSTM, Bi-GRU and CATS, each modality alone",
            (RNNS, MODEL),
            LORO,
            "Results",
            (*_sewa("bi-gru"),),
            "Bi-GRU, video C2: RMSE/CCC .448/.124 valence, .487/.014 arousal",
            "Here of all streams together; `ablation` has EAF of each modality alone.",
        ),
        Part(
            "Table 4",
            "late fusion, average and weighted",
            (
                "emoviz/evaluation/fusion/average.py",
                "emoviz/evaluation/fusion/weighted.py",
                "emoviz/studies/late_fusion.py",
            ),
            "protocol cross-culture --config audio.json --config video.json --fuse average --fuse weighted=.4,.6",
            "Results",
            (*_sewa("average"),),
            "C2: .420/.115 (average), .415/.110 (weighted)",
        ),
        Part(
            "Table 5",
            "CATS on audio, video and both",
            (MODEL,),
            LORO,
            "Results",
            (*_sewa("cats"),),
            "arousal of both, C2: RMSE/CCC .178/.000",
            "The paper's CCC of 0 is that of a model that predicts a constant; "
            "here each row has the training mean beside it and is marked where it has collapsed.",
        ),
        Part(
            "Table 6",
            "CATS without channel attention",
            (MODEL,),
            "protocol ablation --study sewa --system cats --system 'cats without channel attention'",
            "Results",
            (*_sewa("cats-without-channel-attention", "ablation"),),
            "valence C2: .411/.000 with, .555/.000 without",
        ),
        Part(
            "Figure 4",
            "how often a channel is among the ten highest of a culture",
            ("emoviz/analysis/top_channels.py", "emoviz/plots/attention.py"),
            "similarity --help",
            "Attention",
            note="Of networks that read the same channels, with permutation tests.",
        ),
        Part(
            "Figure 5",
            "similarity of the audio channels' weights, culture by culture",
            ("emoviz/analysis/similarity.py", "emoviz/analysis/permutation.py"),
            "similarity --help",
            "Attention",
        ),
    ),
)
