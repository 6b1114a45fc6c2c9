"""Paper 3: ViPER."""

from .base import Ours, Paper, Part

MODEL = "emoviz/models/viper.py"
FOLDS = "protocol folds --study ravdess-intensity"

VIPER = Paper(
    number=3,
    title="ViPER: intensity of reactions by a Perceiver over pictures, sound, captions and facial actions",
    about="Hume-Reaction is not public; CREMA-D and RAVDESS state how strong an emotion is, as asked of the "
    "actor. The "
    "study `ravdess-intensity` has Whisper, eGeMAPS and OpenFace's action units as streams.",
    presets=("paper3-full", "paper3-image", "paper3-image-fau"),
    parts=(
        Part("Figure 1, section 3", "32 tokens per clip, Perceiver, one query", (MODEL,), "train --preset paper3-full"),
        Part(
            "Table 1",
            "53 caption templates, the closest to a frame in CLIP's space",
            ("emoviz/features/captions.py",),
            "extract CORPUS --features captions",
        ),
        Part(
            "Table 2",
            "face crop on and off, ViT of pictures and of faces",
            ("emoviz/features/picture_encoders.py",),
            "train --preset paper3-image",
            theirs="Pearson .210, .222 without and .258, .271 with the crop",
            note="A config of each, judged together: `--config crop.json --config frame.json`; the settings of the "
            "stream `vit` are `whole` (no crop) and `weights`.",
        ),
        Part(
            "Table 3",
            "every subset of the modalities",
            (MODEL, "emoviz/training/papers.py"),
            FOLDS,
            "Results",
            (
                Ours("ravdess-intensity.folds.viper-au", "mean", "pearson", label="action units"),
                Ours("ravdess-intensity.folds.viper-audio+functionals+au", "mean", "pearson", label="all three"),
            ),
            "dev Pearson: image .271, with FAU .298, all four .303",
            "With the paper's streams: presets `paper3-image` to `paper3-audio-text-fau`, one for each subset.",
        ),
        Part(
            "Figures 2 and 3",
            "predicted against true intensity of a reaction",
            ("emoviz/analysis/comparison_errors.py", "emoviz/plots/compare.py"),
            "compare A B --report report.html",
            "Compare",
            note="In ten levels, under Levels, of any two models of intensities or dimensions; none of intensities "
            "is bundled, so train two first.",
        ),
    ),
)
