"""The command line: a thin layer over the same functions that the app uses.

Results go to standard output, progress bars and notes to standard error. Exit codes: 0 done, 1 an error that
one sentence tells, 2 wrong usage, 130 stopped by Ctrl-C.
"""

import argparse
import dataclasses
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..core.configuration import from_texts
from ..core.errors import AnalysisError, Cancelled, ConfigError, CorpusError, EmovizError, JobError, UnknownNameError
from ..core.settings import ROOT, Settings

if TYPE_CHECKING:
    import pandas as pd
    from tqdm import tqdm

    from ..checkpoints.folder import Checkpoint
    from ..features.store import FeatureStore
    from ..jobs.work import Work
    from ..media import ClipMedia
    from ..prediction.clip import ClipPrediction
    from ..studies.catalogue import Study
    from ..training import TrainingConfig

SPEECH_FEATURES = ("whisper", "egemaps")
"""What the bundled speech models read, and what ``extract`` extracts unless told otherwise."""

SIMILARITY_TABLES = ("similarities", "differences", "overall", "top", "frequencies", "weights")
"""What ``similarity`` tells."""
MOMENTS = 5
"""Pictures of a face that ``explain`` shows unless told which."""
TOP_CHANNELS = 20
"""Channels that ``explain`` prints for people; all are in its JSON."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = parser().parse_args(arguments)
    try:
        options.run(options, _settings(options))
        sys.stdout.flush()
        return 0
    except (KeyboardInterrupt, Cancelled):
        print("Stopped.", file=sys.stderr)
        return 130
    except EmovizError as error:
        print(f"emoviz: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of the output, e.g. `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="python -m emoviz", description="Audio-visual emotion recognition.")
    top.add_argument("--version", action="version", version=f"emoviz {__version__}")
    top.add_argument("--data", type=Path, metavar="FOLDER", help="corpora in their published layouts (EMOVIZ_DATA)")
    top.add_argument("--store", type=Path, metavar="FOLDER", help="extracted features (EMOVIZ_STORE)")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = commands.add_parser("predict", help="emotion over time in a clip")
    command.add_argument("clip", type=Path, metavar="CLIP", help="a video or sound file")
    command.add_argument("--model", action="append", default=[], metavar="NAME", help="may be repeated (see `models`)")
    command.add_argument("--face", type=int, metavar="N", help="number of the face to follow (default: the speaker's)")
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="table to write: .csv, .parquet or .json (default: CSV to the screen)"
    )
    command.set_defaults(run=predict)

    command = commands.add_parser("models", help="trained models on this machine")
    _add_json(command)
    command.set_defaults(run=models)

    command = commands.add_parser("corpora", help="corpora that can be read, and which are there")
    _add_json(command)
    command.set_defaults(run=corpora)

    command = commands.add_parser("import", help="make clips of your own a corpus (see docs/importing-a-corpus.md)")
    command.add_argument("name", metavar="NAME", help="of the corpus")
    command.add_argument("--clips", type=Path, metavar="FOLDER", help="sound or video files")
    command.add_argument("--table", type=Path, metavar="FILE", help="CSV with a row per clip")
    command.add_argument("--traces", type=Path, metavar="FOLDER", help="a CSV per recording, in AVEC's form")
    command.add_argument("--audformat", type=Path, metavar="FOLDER", help="an audformat database with its clips")
    for option, metavar, about in (
        ("column", "ROLE=COLUMN", "what a column means, where its name does not say so"),
        ("value", "ROLE=TEXT", "what is the same for all clips, e.g. culture=German"),
        ("emotion", "WORD=EMOTION", "what a word of the table means; 'left out' drops its rows"),
    ):
        command.add_argument(
            f"--{option}", action="append", default=[], metavar=metavar, help=f"{about}; may be repeated"
        )
    command.add_argument(
        "--scale", nargs=2, type=float, default=None, metavar=("LOW", "HIGH"), help="of ratings (default: -1 1)"
    )
    command.add_argument("--title", default="", help="full name for people")
    command.add_argument("--licence", default="not stated")
    command.add_argument("--skip-wrong", action="store_true", help="import the sound rows although others are wrong")
    command.add_argument("--replace", action="store_true", help="take the place of an import of the same name")
    command.set_defaults(run=import_corpus)

    command = commands.add_parser("extract", help="put a corpus and its features into the store")
    _add_extraction(command)
    command.set_defaults(run=extract)

    command = commands.add_parser("codebook", help="make the codebooks of a config's bags of words")
    command.add_argument("--preset", required=True, metavar="NAME", help="whose training speakers they are made of")
    command.add_argument("--words", type=int, default=100, metavar="K", help="of a codebook (default: %(default)s)")
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes", help="change the config"
    )
    command.set_defaults(run=codebook)

    command = commands.add_parser("push", help="put a trained model onto the Hugging Face Hub")
    command.add_argument("model", metavar="MODEL", help="name of a trained model (see `models`)")
    command.add_argument("repository", metavar="OWNER/NAME")
    command.add_argument("--public", action="store_true", help="for everyone (default: for its owner)")
    command.set_defaults(run=push)

    command = commands.add_parser("pull", help="get a trained model from the Hugging Face Hub")
    command.add_argument("repository", metavar="OWNER/NAME")
    command.set_defaults(run=pull)

    command = commands.add_parser("encoders", help="pretrained encoders: which are there, and how to get the others")
    command.add_argument("--get", metavar="NAME", help="download weights from the Hugging Face Hub, e.g. owner/model")
    command.add_argument(
        "--convert", type=Path, metavar="FILE", help="turn PyTorch's state file (.bin, .pth) into safetensors beside it"
    )
    _add_json(command)
    command.set_defaults(run=encoders)

    command = commands.add_parser("train", help="train a model on corpora in the store")
    _add_training(command)
    command.set_defaults(run=train)

    command = commands.add_parser("protocol", help="judge systems by a protocol, e.g. from culture to culture")
    _add_protocol(command)
    command.set_defaults(run=protocol)

    _add_jobs(commands.add_parser("jobs", help="long work in the background, on this machine or a cluster"))

    command = commands.add_parser("results", help="the tables of what the protocols found, as Markdown")
    command.add_argument("--results", type=Path, default=ROOT / "results", metavar="FOLDER", help="of the JSON files")
    command.add_argument("--make", action="store_true", help="first run every protocol of every study (takes hours)")
    command.add_argument("--readme", type=Path, metavar="FILE", help="renew the tables of a README instead of printing")
    command.set_defaults(run=results)

    command = commands.add_parser("evaluate", help="figures of a model on a corpus in the store")
    command.add_argument("model", metavar="MODEL", help="name of a trained model (see `models`)")
    command.add_argument("--corpus", required=True, metavar="NAME", help="name of a corpus (see `corpora`)")
    _add_json(command)
    command.set_defaults(run=evaluate)

    command = commands.add_parser("similarity", help="how alike cultures are in the channels that models weigh")
    command.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="several: models of one culture each, whose seeds are compared (default: all there are); one: its "
        "held-out speakers are compared",
    )
    command.add_argument("--table", default="similarities", metavar="NAME", help=f"{', '.join(SIMILARITY_TABLES)}")
    command.add_argument("--pair", nargs=2, metavar="CULTURE", help="two cultures' weights, channel by channel")
    command.add_argument("--measure", default="cosine", metavar="NAME", help="cosine, pearson, spearman or top-k")
    command.add_argument("--modality", metavar="NAME", help="of the channels; default: all")
    command.add_argument("--top", type=int, default=10, metavar="K", help="highest channels (default: %(default)s)")
    _add_out(command)
    command.set_defaults(run=similarity)

    command = commands.add_parser("project", help="a map of the embeddings of a model's held-out recordings")
    command.add_argument("model", metavar="MODEL", help="name of a trained model (see `models`)")
    command.add_argument("--method", default="tsne", metavar="NAME", help="pca, tsne (default) or umap")
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes", help="e.g. perplexity=20"
    )
    command.add_argument("--figures", action="store_true", help="what the map separates, instead of its points")
    _add_out(command)
    command.set_defaults(run=project)

    command = commands.add_parser("explain", help="why a model says what it says")
    command.add_argument(
        "subject", metavar="CLIP", help="a video or sound file; with --deletion the name of a trained model instead"
    )
    command.add_argument("--model", metavar="NAME", help="whose prediction of the clip (see `models`)")
    command.add_argument("--output", metavar="NAME", help="default: the class most probable, or the first dimension")
    command.add_argument("--face", type=int, metavar="N", help="number of the face to follow (default: the speaker's)")
    methods = ["integrated-gradients", "occlusion"]
    command.add_argument(
        "--method",
        choices=methods,
        help="of speech models (default: the first; Grad-CAM of a network that sees the sound as pictures)",
    )
    command.add_argument(
        "--by", choices=["channel", "time"], default="channel", help="rows of the table; channels of Grad-CAM are bands"
    )
    command.add_argument("--start", type=float, default=0.0, metavar="S", help="explain from this second on")
    command.add_argument("--end", type=float, metavar="S", help="explain up to this second")
    command.add_argument(
        "--at", type=float, action="append", default=[], metavar="S", help="face models: seconds, may be repeated"
    )
    command.add_argument("--out", type=Path, metavar="FOLDER", help="face models: of the pictures with heat over them")
    _add_json(command)
    command.add_argument(
        "--deletion",
        action="store_true",
        help="whether its channel attention is faithful: deletion.parquet in its folder, from its corpora in the store",
    )
    command.add_argument(
        "--recordings", type=int, default=40, metavar="N", help="held-out ones to judge on (default: %(default)s)"
    )
    command.set_defaults(run=explain)

    command = commands.add_parser("compare", help="which of two to four models is better, and is that luck")
    command.add_argument("models", nargs="+", metavar="MODEL", help="names of trained models (see `models`)")
    command.add_argument("--report", type=Path, metavar="FILE", help="write all figures and tables as one HTML file")
    _add_json(command)
    command.set_defaults(run=compare)

    command = commands.add_parser("app", help="open the app in a browser")
    command.add_argument("--port", type=int, default=8501)
    command.set_defaults(run=app)
    return top


def predict(options: argparse.Namespace, settings: Settings) -> None:
    """``predict``: the table to a file or as CSV, and what it says in words."""
    from ..features.store import FeatureStore
    from ..media import ClipMedia
    from ..prediction.clip import load_checkpoints, predict_clip, require_size
    from ..prediction.export import export, require_ending, write_table

    if options.out:
        require_ending(options.out.suffix.lower())
    require_size(options.clip, settings.upload_limit_mb)
    media = ClipMedia(options.clip, face=options.face)
    checkpoints = load_checkpoints(options.model, settings.checkpoints)
    with Bars() as bars:
        prediction = predict_clip(media, checkpoints, store=FeatureStore(settings.store), progress=bars)
    if options.out:
        write_table(prediction, options.out)
    else:
        sys.stdout.write(export(prediction, ".csv").decode())
    _print_words(prediction)


def models(options: argparse.Namespace, settings: Settings) -> None:
    """``models``: one row per checkpoint folder, damaged ones included."""
    import pandas as pd

    from .. import checkpoints as checkpoint

    rows = []
    for name, folder in checkpoint.find(settings.checkpoints).items():
        row: dict[str, Any] = {"name": name, "folder": str(folder)}
        try:
            about = checkpoint.read_description(folder)
            row |= {
                "title": about.title,
                "source": str(about.source),
                "model": about.model,
                "task": str(about.task),
                "outputs": ", ".join(about.outputs),
                "features": ", ".join(feature.name for feature in about.features),
                "error": None,
            }
        except EmovizError as error:
            row["error"] = str(error)
        rows.append(row)
    _print_table(pd.DataFrame(rows), options.json, ["name", "source", "model", "outputs", "error"])


def corpora(options: argparse.Namespace, settings: Settings) -> None:
    """``corpora``: one row per known corpus."""
    from ..corpora import describe

    shown = ["name", "present", "title", "cultures", "recordings", "speakers", "missing"]
    _print_table(describe(settings.data, settings.imports), options.json, shown)


def import_corpus(options: argparse.Namespace, settings: Settings) -> None:
    """``import``: the corpus's folder; what is wrong with its rows goes to standard error, line by line."""
    from ..core.configuration import pairs
    from ..corpora import own
    from ..corpora.importing import Plan, check, corpus, suggest, suggest_emotions, words_of
    from ..corpora.sources import gather
    from ..media import probe

    material = gather(options.clips, options.table, options.traces, options.audformat)
    source = material.source
    columns = suggest(source.rows.columns) | pairs(options.column)
    values = pairs(options.value)
    columns = {role: column for role, column in columns.items() if role not in values}
    if material.traces is not None and not options.table:
        columns.setdefault("speaker", columns["file"])  # one recording each, as in AVEC
    words = words_of(source, columns["emotion"]) if columns.get("emotion") in source.rows else []
    plan = Plan(
        name=options.name,
        columns=columns,
        values=values,
        emotions=suggest_emotions(words) | pairs(options.emotion),
        scale=tuple(options.scale) if options.scale else Plan.scale,
        title=options.title or source.title,
        licence=options.licence if options.licence != "not stated" else source.licence or options.licence,
    )
    checked = check(material, plan, probe)
    print(*checked.problems, sep="\n", end="\n" if checked.problems else "", file=sys.stderr)
    if checked.problems and not options.skip_wrong:
        raise CorpusError(
            f"Problems of '{source.file}': {len(checked.problems)}, so nothing was imported; correct them, "
            f"or import the {len(checked.rows)} sound rows with --skip-wrong."
        )
    print(own.save(corpus(plan, checked), settings.imports, replace=options.replace))


def extract(options: argparse.Namespace, settings: Settings) -> None:
    """``extract``: the corpus and its features into the store."""
    from ..corpora import load
    from ..features import make
    from ..features.store import FeatureStore

    chosen = _features(options)
    if options.processes < 1:
        raise ConfigError(f"'--processes' is at least 1, not {options.processes}.")
    for feature, own in chosen.items():
        make(feature, own)
    corpus = load(options.corpus, settings.data, settings.imports)
    with Bars() as bars:
        FeatureStore(settings.store).add_corpus(
            corpus, list(chosen), bars, settings=chosen, processes=options.processes
        )
    print(f"{corpus.title}: {len(corpus.recordings)} recordings are in {settings.store}.", file=sys.stderr)


def _features(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Features to extract -> their settings."""
    from ..training import preset

    chosen: dict[str, dict[str, Any]] = {name: {} for name in options.features.split(",") if name}
    if options.preset:
        chosen = {entry.feature: dict(entry.settings) for entry in preset(options.preset).inputs}
    for key, value in from_texts(options.changes).items():
        feature, dot, setting = key.rpartition(".")
        if not dot or feature not in chosen:
            raise ConfigError(f"A setting reads FEATURE.KEY=VALUE with one of {', '.join(chosen)}, unlike '{key}'.")
        chosen[feature][setting] = value
    return chosen


def codebook(options: argparse.Namespace, settings: Settings) -> None:
    """``codebook``: folders of codebooks, which are printed."""
    from ..features.store import FeatureStore
    from ..training import preset
    from ..training.codebooks import fit_codebooks
    from ..training.config import with_settings

    config = with_settings(preset(options.preset), options.changes)
    with Bars() as bars:
        folders = fit_codebooks(config, FeatureStore(settings.store), options.words, bars)
    print(*folders, sep="\n")


def push(options: argparse.Namespace, settings: Settings) -> None:
    """``push``: where the model now is."""
    from .. import checkpoints as checkpoint
    from ..checkpoints import hub

    folder = checkpoint.named([options.model], settings.checkpoints)[options.model]
    print(hub.push(folder, options.repository, private=not options.public))


def pull(options: argparse.Namespace, settings: Settings) -> None:
    """``pull``: the folder of the model."""
    from ..checkpoints import hub

    print(hub.pull(options.repository, settings.checkpoints[-1]))


def encoders(options: argparse.Namespace, settings: Settings) -> None:
    """``encoders``: one row per encoder, or the folder of weights that were fetched or converted."""
    from ..features import encoders as known
    from ..features import weights

    if options.get:
        print(weights.download(options.get))
    elif options.convert:
        print(weights.convert(options.convert))
    else:
        table = known.describe()
        _print_table(table, options.json, ["feature", "modality", "weights", "present"])
        for line in () if options.json else table["get"].dropna().unique():
            print(line, file=sys.stderr)


def train(options: argparse.Namespace, settings: Settings) -> None:
    """``train``: a checkpoint folder, whose name is printed."""
    from ..features.store import FeatureStore
    from ..training import train

    config = _config(options)
    with Bars() as bars:
        folder = train(
            config, FeatureStore(settings.store), settings.runs, settings.checkpoints[-1], bars, options.logger
        )
    print(folder)


def _config(options: argparse.Namespace) -> "TrainingConfig":
    from ..training import load_config, preset
    from ..training.config import with_settings

    return with_settings(preset(options.preset) if options.preset else load_config(options.config), options.changes)


def protocol(options: argparse.Namespace, settings: Settings) -> None:
    """``protocol``: JSON files with figures, intervals and comparisons, whose names are printed."""
    from ..features.store import FeatureStore
    from ..studies.catalogue import run_study
    from ..studies.reports import summarise

    store = FeatureStore(settings.store)
    chosen = _study(options)
    with Bars() as bars:
        places = settings.runs, options.results, settings.checkpoints[-1]
        paths = run_study(chosen, options.protocol, options.system, store, *places, bars)
    summarise(options.results)
    print(*paths, sep="\n")


def _study(options: argparse.Namespace) -> "Study":
    """The study that is named, or one of one's own config."""
    from ..studies.catalogue import study, study_of
    from ..training import load_config
    from ..training.protocols import Options

    if options.study and (options.seeds or options.folds):
        raise ConfigError("A study has its own seeds and folds: --seeds and --folds go with --config.")
    if options.study:
        return study(options.study)
    more = {} if options.folds is None else {"folds": options.folds}
    seeds = range(1 if options.seeds is None else options.seeds)
    return study_of(load_config(options.config), options.protocol, Options(**more), seeds)


def results(options: argparse.Namespace, settings: Settings) -> None:
    """``results``: Markdown, or a README with its tables renewed."""
    from ..studies.results import insert, markdown, read_reports

    if options.make:
        make_results(options.results, settings)
    tables = markdown(read_reports(options.results))
    if not options.readme:
        sys.stdout.write(tables)
        return
    try:
        text = options.readme.read_text(encoding="utf-8")
        options.readme.write_text(insert(text, tables), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"'{options.readme}' cannot be renewed: {error.strerror or error}.") from error


def make_results(folder: Path, settings: Settings) -> None:
    """Put the corpora of all studies into the store, with their features, and run all protocols."""
    from ..corpora import load
    from ..features import EXTRACTORS
    from ..features.store import FeatureStore
    from ..studies.catalogue import STUDIES, features_of, run_study
    from ..studies.reports import summarise

    store = FeatureStore(settings.store)
    with Bars() as bars:
        for corpus, features in features_of(STUDIES.values()).items():
            store.add_corpus(load(corpus, settings.data), [f for f in features if f in EXTRACTORS], bars)
        for study in STUDIES.values():
            for protocol in study.plans:
                run_study(study, protocol, (), store, settings.runs, folder, settings.checkpoints[-1], bars)
    summarise(folder)


def evaluate(options: argparse.Namespace, settings: Settings) -> None:
    """``evaluate``: figures per culture with intervals, beside those of the training mean."""
    import pandas as pd

    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints
    from ..prediction.corpus import evaluate_corpus

    (checkpoint,) = load_checkpoints([options.model], settings.checkpoints)
    with Bars() as bars:
        rows = evaluate_corpus(checkpoint, FeatureStore(settings.store), options.corpus, bars)
    _print_table(pd.DataFrame(rows), options.json, None)


def similarity(options: argparse.Namespace, settings: Settings) -> None:
    """Print a table of :mod:`emoviz.analysis.similarity`; models of one seed are matched, as they start alike."""
    from ..analysis import similarity as s

    if options.table not in SIMILARITY_TABLES:
        raise UnknownNameError("table of similarity", options.table, SIMILARITY_TABLES)
    weights = _channel_weights(options.models, settings)
    if options.modality:
        weights = s.restrict(weights, options.modality)
    how: dict[str, Any] = {"measure": options.measure, "k": options.top, "matched": True}
    if options.pair:
        table = s.pair(weights, *options.pair)
    elif options.table == "similarities":
        table = s.similarities(weights, **how)
    elif options.table == "differences":
        table = s.differences(weights, **how)
    elif options.table == "overall":
        table = s.overall_difference(weights, **how)
    elif options.table == "weights":
        table = weights.reset_index()
    else:
        top = s.top_channels(weights, options.top)
        table = top if options.table == "top" else s.frequencies(top)
    _give_table(table, options)


def _channel_weights(names: Sequence[str], settings: Settings) -> "pd.DataFrame":
    """The table of weights of some models."""
    from ..analysis import cultures
    from ..checkpoints.folder import PER_CULTURE, find, named

    folders = (
        list(named(names, settings.checkpoints).values())
        if names
        else list(find(settings.checkpoints, PER_CULTURE).values())
    )
    found = cultures.weights_by_speaker(folders[0]) if len(folders) == 1 else cultures.weights(folders)
    for note in found.left_out:
        print(note, file=sys.stderr)
    if found.table.empty:
        raise AnalysisError(f"{', '.join(names) or PER_CULTURE}: here is no model that weighs channels.")
    return found.table


def project(options: argparse.Namespace, settings: Settings) -> None:
    """``project``: a point per held-out recording, or what the map separates."""
    import pandas as pd

    from ..analysis.projection import METHODS, figures, fit, split_table
    from ..checkpoints.folder import named, read_table
    from ..core.configuration import from_dict, from_texts

    method = from_dict(METHODS[options.method], from_texts(options.changes), f"the settings of {options.method}")
    table = read_table(named([options.model], settings.checkpoints)[options.model], "embeddings")
    if table is None:
        raise AnalysisError(f"'{options.model}' keeps no embeddings of held-out recordings.")
    embeddings, about = split_table(table)
    with Bars() as bars:
        projection = fit(embeddings, method, cache=settings.store / "maps", progress=bars)
    if options.figures:
        _give_table(figures(projection, about, ("label", "culture", "speaker")), options)
        return
    points = pd.DataFrame(projection.points, about.index, list("xyz"[: method.dimensions]))
    _give_table(pd.concat([about, points], axis=1).reset_index(), options)


def explain(options: argparse.Namespace, settings: Settings) -> None:
    """``explain``: what counted in a clip; with ``--deletion`` the table's file, and the verdicts in words."""
    if not options.deletion:
        explain_clip(options, settings)
        return
    from ..checkpoints.folder import write_table
    from ..explain.faithful import deletion_table, verdict_of
    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints

    (checkpoint,) = load_checkpoints([options.subject], settings.checkpoints)
    with Bars() as bars:
        table = deletion_table(checkpoint, FeatureStore(settings.store), most=options.recordings, progress=bars)
    print(write_table(checkpoint.folder, "deletion", table))
    for weighting in table["weighting"].unique():
        print(f"{weighting.capitalize()}: {verdict_of(table, weighting).sentence}", file=sys.stderr)


def explain_clip(options: argparse.Namespace, settings: Settings) -> None:
    """``explain CLIP``: what each channel or time added to an output, or where in the face the network looked."""
    from ..features.store import FeatureStore
    from ..media import ClipMedia
    from ..prediction.clip import PICTURES, load_checkpoints, require_size

    if options.model is None:
        raise ConfigError("Say whose prediction to explain: --model NAME (see `models`).")
    (checkpoint,) = load_checkpoints([options.model], settings.checkpoints)
    clip = Path(options.subject)
    require_size(clip, settings.upload_limit_mb)
    media = ClipMedia(clip, face=options.face)
    if any(feature.name == PICTURES for feature in checkpoint.description.features):
        _explain_face(options, checkpoint, media)
    else:
        _explain_sound(options, checkpoint, media, FeatureStore(settings.store))


def _explain_face(options: argparse.Namespace, checkpoint: "Checkpoint", media: "ClipMedia") -> None:
    """Pictures with heat over them, and a table of them."""
    import pandas as pd

    from ..explain import blend, colours_of, explain_face, main_output
    from ..features.align import frame_middles
    from ..prediction.clip import HOP, predict_pictures
    from ..prediction.export import write_picture

    if options.out is None or not options.out.is_dir():
        raise ConfigError("Where the network looked is written as pictures: name a folder for them, --out FOLDER.")
    duration = media.info.duration
    with Bars() as bars:
        output = options.output or main_output(
            checkpoint, predict_pictures(checkpoint, media, frame_middles(duration, HOP), bars)
        )
        seconds = options.at or [duration * (i + 0.5) / MOMENTS for i in range(MOMENTS)]
        found = explain_face(checkpoint, media, output, seconds, progress=bars)
    rows = []
    pictures = blend(found.pictures, colours_of(found.heat))
    for time, value, picture in zip(found.times, found.values, pictures, strict=True):
        path = options.out / f"{media.path.stem}-{output}-{time:07.2f}s.png"
        write_picture(picture, path)
        rows.append({"time": time, "output": output, "probability": value, "picture": str(path)})
    _print_table(pd.DataFrame(rows).round({"time": 3, "probability": 4}), options.json, None)


def _explain_sound(
    options: argparse.Namespace, checkpoint: "Checkpoint", media: "ClipMedia", store: "FeatureStore"
) -> None:
    """A row per channel, band of frequencies or time, and the prediction in words."""
    from ..explain import Method, explain_sound, explain_streams, main_output, sees_sound
    from ..explain.words import sound_words
    from ..features.align import frame_middles
    from ..prediction.clip import HOP, predict_streams, streams_of

    duration, stretch = media.info.duration, {"start": options.start, "end": options.end}
    with Bars() as bars:
        streams = streams_of(checkpoint, media, store=store, progress=bars)
        output = options.output or main_output(
            checkpoint, predict_streams(checkpoint, streams, frame_middles(duration, HOP))[0]
        )
        if options.method is None and sees_sound(checkpoint):
            seen = explain_sound(checkpoint, media, streams, output, **stretch, progress=bars)
            channels, times, said = seen.bands, seen.moments, [sound_words(seen)]
        else:
            method = Method(options.method or Method.GRADIENTS)
            found = explain_streams(checkpoint, streams, duration, output, method=method, **stretch, progress=bars)
            channels, times = found.channels, found.times
            what = "score" if checkpoint.description.kind == "emotion" else "mean"
            baseline = f"of the training mean in all channels {found.baseline:.3f}"
            said = [f"The {what} of {output} is {found.value:.3f}; {baseline}.", *found.notes]
    table = channels if options.by == "channel" else times
    if not options.json:
        table = table.round(4) if options.by == "time" or "low" in table else table.head(TOP_CHANNELS).round(4)
    _print_table(table, options.json, None)
    print(*said, sep="\n", file=sys.stderr)


def compare(options: argparse.Namespace, settings: Settings) -> None:
    """``compare``: figures per culture and paired differences, and in words what they mean."""
    from .. import checkpoints as checkpoint
    from ..analysis import comparison as compare
    from ..analysis import html_report
    from ..core.errors import UnknownNameError

    found = checkpoint.find(settings.checkpoints)
    for name in options.models:
        if name not in found:
            raise UnknownNameError("trained model", name, found)
    comparison = compare.compare([compare.read(name, found[name]) for name in options.models])
    figures, differences = compare.judge(comparison)
    if options.report:
        try:
            options.report.write_text(html_report.write(comparison), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"'{options.report}' cannot be written: {error.strerror or error}.") from error
    if options.json:
        tables = {"figures": figures, "differences": differences}
        print(json.dumps({name: _records(table) for name, table in tables.items()}, indent=1, ensure_ascii=False))
    else:
        for name in compare.figure_names(figures):
            print(f"{compare.figure_title(*name)}\n{compare.figure_grid(figures, *name).to_string(index=False)}\n")
        if len(differences):
            print(differences.to_string(index=False, float_format="%.3f"))
    marked = [compare.COLLAPSED_NOTE] if figures.collapsed.any() else []
    for line in (*marked, *html_report.notes(comparison), *compare.verdicts(figures, differences)):
        print(line, file=sys.stderr)


def submit(options: argparse.Namespace, settings: Settings) -> None:
    """``jobs submit``: queues a job, whose id is printed."""
    from ..core.configuration import from_dict
    from ..jobs.interface import Jobs
    from ..jobs.local import Local
    from ..jobs.slurm import Slurm

    where: Local | Slurm = Local(options.device)
    if options.slurm is not None:
        given = from_texts([text for text in options.slurm if text])
        own = {key.removeprefix("options."): str(value) for key, value in given.items() if key.startswith("options.")}
        fields = {key: value for key, value in given.items() if not key.startswith("options.")}
        where = from_dict(Slurm, {**fields, "options": own}, "the settings of Slurm")
    results = getattr(options, "results", ROOT / "results")
    print(Jobs(settings, results).submit(options.work(options), where, options.group).id)


def _training_work(options: argparse.Namespace) -> "Work":
    from ..jobs.kinds import Training

    return Training(_config(options), options.logger)


def _extraction_work(options: argparse.Namespace) -> "Work":
    from ..jobs.kinds import Extraction

    chosen = _features(options)
    return Extraction(options.corpus, tuple(chosen), chosen, options.processes)


def _protocol_work(options: argparse.Namespace) -> "Work":
    from ..jobs.kinds import OwnProtocol, StudyProtocol
    from ..training import load_config
    from ..training.protocols import Options

    if options.study:
        _study(options)  # refuses what does not go with a study
        return StudyProtocol(options.study, options.protocol, tuple(options.system))
    more = {} if options.folds is None else {"folds": options.folds}
    seeds = tuple(range(1 if options.seeds is None else options.seeds))
    return OwnProtocol(load_config(options.config), options.protocol, Options(**more), seeds)


def list_jobs(options: argparse.Namespace, settings: Settings) -> None:
    """``jobs list``: one row per job, the oldest first."""
    import pandas as pd

    from ..jobs.interface import Jobs

    jobs, rows = Jobs(settings), []
    for job in jobs.list(options.group):
        status = jobs.state(job.id)
        done = None if status.share is None else f"{status.share:.0%}"
        row = {"id": job.id, "state": str(status.state), "title": job.title, "group": job.group or None}
        row |= {"engine": job.engine, "device": status.device or None, "stage": status.stage or None, "done": done}
        rows.append(row | {"message": status.message or None})
    _print_table(pd.DataFrame(rows), options.json, None)


def watch(options: argparse.Namespace, settings: Settings) -> None:
    """``jobs watch``: bars until the job ends; its result is printed, and its failure is this command's."""
    from ..jobs.folder import State
    from ..jobs.interface import Jobs

    jobs = Jobs(settings)
    with Bars() as bars:
        while (status := jobs.state(options.job)).state in (State.QUEUED, State.RUNNING):
            if status.stage:
                bars(status.stage, status.done, status.total)
            sleep(0.5)
    if status.state is not State.FINISHED:
        raise JobError(f"The job is {status.state}: {status.message}")
    print(*status.result, sep="\n")


def change_jobs(options: argparse.Namespace, settings: Settings) -> None:
    """``jobs cancel``, ``jobs resume`` and ``jobs delete``."""
    from ..jobs.interface import Jobs

    jobs = Jobs(settings)
    for job in options.jobs:
        getattr(jobs, options.action)(job)


def logs(options: argparse.Namespace, settings: Settings) -> None:
    """``jobs logs``: what a job printed."""
    from ..jobs.interface import Jobs

    print(Jobs(settings).logs(options.job, options.lines))


def app(options: argparse.Namespace, settings: Settings) -> None:
    """``app``: this process becomes Streamlit's, so that whoever stops it stops the server."""
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.address", settings.address, "--server.port", str(options.port)]
    command += ["--server.maxUploadSize", str(settings.upload_limit_mb)]
    folders = {"EMOVIZ_STORE": settings.store} | ({"EMOVIZ_DATA": settings.data} if settings.data else {})
    os.execve(sys.executable, command, os.environ | {key: str(folder) for key, folder in folders.items()})


class Bars:
    """A progress listener that shows one bar per stage on standard error, where that is a terminal."""

    def __init__(self) -> None:
        self._bars: dict[str, tqdm] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "Bars":
        return self

    def __exit__(self, *error: object) -> None:
        for bar in self._bars.values():
            bar.close()

    def __call__(self, stage: str, done: float, total: float) -> None:
        """Move the stage's bar. What stands in brackets may change without making another stage."""
        from tqdm import tqdm

        with self._lock:
            key = stage.partition(" (")[0]
            if key not in self._bars:
                form = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
                self._bars[key] = tqdm(total=total, desc=stage, bar_format=form, disable=None, file=sys.stderr)
            bar = self._bars[key]
            if not bar.disable:
                bar.set_description(stage, refresh=False)
                bar.total = total
                bar.update(min(done, total) - bar.n)


def _settings(options: argparse.Namespace) -> Settings:
    """Settings of the environment, changed by ``--data`` and ``--store``."""
    given = {name: getattr(options, name) for name in ("data", "store") if getattr(options, name)}
    return dataclasses.replace(Settings.read(), **given)


def _add_training(command: argparse.ArgumentParser) -> None:
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--preset", metavar="NAME", help="the config of a bundled model")
    what.add_argument("config", nargs="?", type=Path, metavar="CONFIG", help="a config, JSON")
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes", help="change the config"
    )
    command.add_argument("--logger", default="", metavar="NAME", help="that figures go to too: tensorboard or mlflow")


def _add_extraction(command: argparse.ArgumentParser) -> None:
    command.add_argument("corpus", metavar="CORPUS", help="name of a corpus (see `corpora`)")
    command.add_argument(
        "--features", default=",".join(SPEECH_FEATURES), metavar="A,B", help="default: %(default)s; pictures need none"
    )
    command.add_argument("--preset", metavar="NAME", help="the features of a training config instead")
    command.add_argument(
        "--set", action="append", default=[], metavar="FEATURE.KEY=VALUE", dest="changes", help="e.g. hubert.layer=12"
    )
    command.add_argument(
        "--processes", type=int, default=1, metavar="N", help="that extract at the same time (default: %(default)s)"
    )


def _add_protocol(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "protocol", metavar="NAME", help="cross-culture, within, loro, folds, k-shot, per-culture or ablation"
    )
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--study", metavar="NAME", help="corpus, task and systems (see the README)")
    what.add_argument("--config", type=Path, metavar="FILE", help="one's own: a training config, JSON")
    command.add_argument("--system", action="append", default=[], metavar="NAME", help="may be repeated; default: all")
    command.add_argument("--seeds", type=int, metavar="N", help="trainings of each fold, with --config (default: 1)")
    command.add_argument("--folds", type=int, metavar="N", help="of within and folds, with --config (default: 5)")
    command.add_argument(
        "--results", type=Path, default=ROOT / "results", metavar="FOLDER", help="of the JSON files (default: results)"
    )


def _add_jobs(top: argparse.ArgumentParser) -> None:
    """The commands under ``jobs``."""
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    kinds = commands.add_parser("submit", help="queue a job; its id is printed").add_subparsers(
        title="what to do", metavar="WORK", required=True
    )
    for name, add, work, about in (
        ("train", _add_training, _training_work, "train a model on corpora in the store"),
        ("protocol", _add_protocol, _protocol_work, "judge systems by a protocol"),
        ("extract", _add_extraction, _extraction_work, "put a corpus and its features into the store"),
    ):
        command = kinds.add_parser(name, help=about)
        add(command)
        command.add_argument("--group", default="", metavar="NAME", help="that the jobs of a sweep share")
        where = command.add_mutually_exclusive_group()
        where.add_argument(
            "--device", default="cpu", metavar="NAME", help="cpu (default), cuda:0 and so on, or cuda: any free GPU"
        )
        where.add_argument(
            "--slurm",
            action="append",
            nargs="?",
            const="",
            metavar="KEY=VALUE",
            help="run on a cluster; may be repeated, e.g. partition=gpu, gpus=2, minutes=600, options.account=lab",
        )
        command.set_defaults(run=submit, work=work)

    command = commands.add_parser("list", help="all jobs and how they stand")
    command.add_argument("--group", metavar="NAME", help="those of a sweep")
    _add_json(command)
    command.set_defaults(run=list_jobs)

    command = commands.add_parser("watch", help="how far a job is, until it ends; Ctrl-C leaves it running")
    command.add_argument("job", metavar="JOB", help="its id")
    command.set_defaults(run=watch)

    for action, about in (
        ("cancel", "end jobs, with all their processes"),
        ("resume", "queue jobs again that failed, were cancelled or got lost; they go on from their last checkpoint"),
        ("delete", "delete the folders of jobs; what they made stays"),
    ):
        command = commands.add_parser(action, help=about)
        command.add_argument("jobs", nargs="+", metavar="JOB", help="ids (see `jobs list`)")
        command.set_defaults(run=change_jobs, action=action)

    command = commands.add_parser("logs", help="what a job printed, and the details of its failure")
    command.add_argument("job", metavar="JOB", help="its id")
    command.add_argument("--lines", type=int, default=200, metavar="N", help="the last ones (default: %(default)s)")
    command.set_defaults(run=logs)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="as JSON")


def _add_out(command: argparse.ArgumentParser) -> None:
    _add_json(command)
    command.add_argument("--out", type=Path, metavar="FILE", help="table to write: .csv, .parquet or .json")


def _give_table(table: "pd.DataFrame", options: argparse.Namespace) -> None:
    """Write the table to ``--out``, or print it."""
    from ..prediction.export import encode, write_file

    if options.out:
        write_file(encode(table, options.out.suffix.lower()), options.out)
    else:
        _print_table(table if options.json else table.round(4), options.json, None)


def _print_words(prediction: "ClipPrediction") -> None:
    from ..evaluation.findings import sentence

    for line in (*prediction.notes, sentence(prediction.table, prediction.outputs)):
        print(line, file=sys.stderr)


def _records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows for JSON, in which what is not known is null."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _print_table(table: "pd.DataFrame", as_json: bool, shown: list[str] | None) -> None:
    """Print all columns as JSON records, or the shown ones for people."""
    if as_json:
        print(json.dumps(_records(table), indent=1, ensure_ascii=False, allow_nan=False))
    elif table.empty:
        print("None.")
    else:
        columns = [column for column in shown or table.columns if column in table and table[column].notna().any()]
        print(table[columns].astype(object).where(table[columns].notna(), "").to_string(index=False))
