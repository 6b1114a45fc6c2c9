"""``jobs``: long work in the background, on this machine or a cluster."""

import argparse
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from ..core.configuration import from_dict, from_texts
from ..core.errors import ConfigError, JobError
from ..core.settings import Settings
from .clips import PREDICTION
from .command import Argument, argument, changes, command, group, one_of
from .corpora import EXTRACTION, chosen_copies, chosen_features
from .cultures import SET, culture_set
from .output import JSON, Bars, print_table
from .studies import PROTOCOL, chosen_study, own_protocol
from .training import TRAINING, chosen_config

if TYPE_CHECKING:
    from ..jobs.interface import Jobs
    from ..jobs.local import Local
    from ..jobs.slurm import Slurm
    from ..jobs.work import Work

SUBMISSION = (
    argument("--group", default="", metavar="NAME", help="a name that the jobs of a sweep share"),
    one_of(
        argument(
            "--device", default="cpu", metavar="NAME", help="cpu (default), cuda:0 and so on, or cuda: any free GPU"
        ),
        argument(
            "--slurm",
            action="append",
            nargs="?",
            const="",
            metavar="KEY=VALUE",
            help="run on a cluster; may be repeated, e.g. partition=gpu, gpus=2, minutes=600, options.account=lab",
        ),
    ),
)
"""Arguments of every ``jobs submit``."""
JOB = argument("job", metavar="JOB", help="id of a job (see `jobs list`)")
JOBS = argument("jobs", nargs="+", metavar="JOB", help="ids of jobs (see `jobs list`)")

group("jobs", "long work in the background, on this machine or a cluster")
group("jobs submit", "queue a job and print its id", title="what to do", metavar="WORK")


def submits(
    name: str, about: str, *arguments: Argument
) -> Callable[[Callable[[argparse.Namespace], "Work"]], Callable[[argparse.Namespace], "Work"]]:
    """Return a decorator that registers ``jobs submit NAME``; it decorates a function from the options to the work."""

    def register(work: Callable[[argparse.Namespace], "Work"]) -> Callable[[argparse.Namespace], "Work"]:
        @command(f"jobs submit {name}", about, *arguments, *SUBMISSION)
        def submit(options: argparse.Namespace, settings: Settings) -> None:
            _submit(work(options), options, settings)

        return work

    return register


def _submit(work: "Work", options: argparse.Namespace, settings: Settings) -> None:
    """Queue some work as :data:`SUBMISSION` says, and print the id of its job."""
    print(_jobs(settings).submit(work, _engine(options), options.group).id)


def _engine(options: argparse.Namespace) -> "Local | Slurm":
    """Return where the job runs."""
    from ..jobs.local import Local
    from ..jobs.slurm import Slurm

    if options.slurm is None:
        return Local(options.device)
    given = from_texts([text for text in options.slurm if text])
    own = {key.removeprefix("options."): str(value) for key, value in given.items() if key.startswith("options.")}
    fields = {key: value for key, value in given.items() if not key.startswith("options.")}
    cluster: Slurm = from_dict(Slurm, {**fields, "options": own}, "the settings of Slurm")
    return cluster


@submits("train", "train a model on corpora in the store", *TRAINING)
def training(options: argparse.Namespace) -> "Work":
    """Return the training that the options describe."""
    from ..jobs.kinds.training import Training

    return Training(chosen_config(options), options.logger)


@submits("protocol", "judge systems by a protocol", *PROTOCOL)
def protocol(options: argparse.Namespace) -> "Work":
    """Return the protocol of a study, or of a config, that the options describe."""
    from ..jobs.kinds.study_protocol import StudyProtocol

    if not options.study:
        return own_protocol(options)
    chosen_study(options)  # refuses options that do not go with a study
    return StudyProtocol(options.study, options.protocol, tuple(options.system))


@command("jobs submit cultures", "train models of each culture alone", *SET, *SUBMISSION)
def cultures(options: argparse.Namespace, settings: Settings) -> None:
    """Queue the set of models and print the id of the job."""
    _submit(culture_set(options, settings), options, settings)


@submits("extract", "put a corpus and its features into the store", *EXTRACTION)
def extraction(options: argparse.Namespace) -> "Work":
    """Return the extraction that the options describe."""
    from ..jobs.kinds.extraction import Extraction

    chosen = chosen_features(options)
    return Extraction(options.corpus, tuple(chosen), chosen, options.processes, chosen_copies(options))


@command(
    "jobs submit predict",
    "predict all recordings of folders or lists",
    *PREDICTION,
    argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the tables"),
    argument(
        "--shares", type=int, default=1, metavar="N", help="number of jobs that share the recordings (default: 1)"
    ),
    *SUBMISSION,
)
def prediction(options: argparse.Namespace, settings: Settings) -> None:
    """Queue a job for each share of the recordings and print their ids."""
    from ..jobs.kinds.prediction import Prediction

    if options.shares < 1:
        raise ConfigError(f"At least one job predicts, not {options.shares}.")
    for share in range(1, options.shares + 1):
        work = Prediction(
            tuple(str(clip.absolute()) for clip in options.clips),
            str(options.out.absolute()),
            tuple(options.model),
            _absolute(options.segments),
            _absolute(options.calibrate),
            tuple(options.pattern),
            options.face,
            options.audio_track,
            options.video_track,
            options.channel,
            persons=options.persons,
            voices=options.voices,
            share=share,
            shares=options.shares,
        )
        _submit(work, options, settings)


def _absolute(text: str | None) -> str:
    """Return what an option names, which the job reads in another folder; a file's path is made absolute."""
    return os.path.abspath(text) if text and os.path.exists(text) else text or ""


def _kinds() -> Iterable[str]:
    from ..jobs.work import WORKS

    return WORKS


@submits(
    "kind",
    "do any kind of work, also that of a plugin",
    argument("kind", metavar="KIND", help="a kind of job", listed=_kinds),
    changes("KEY=VALUE", "a setting of this kind; may be repeated"),
)
def any_kind(options: argparse.Namespace) -> "Work":
    """Return work of the kind that the options name, with their settings."""
    from ..jobs.work import make

    return make(options.kind, from_texts(options.changes), f"the settings of '{options.kind}'")


@command(
    "jobs list",
    "all jobs and their states",
    argument("--group", metavar="NAME", help="only the jobs of a sweep"),
    JSON,
)
def list_jobs(options: argparse.Namespace, settings: Settings) -> None:
    """Print one row per job, the oldest first."""
    import pandas as pd

    jobs, rows = _jobs(settings), []
    for job in jobs.list(options.group):
        status = jobs.state(job.id)
        done = None if status.share is None else f"{status.share:.0%}"
        row = {"id": job.id, "state": str(status.state), "title": job.title, "group": job.group or None}
        row |= {"engine": job.engine, "device": status.device or None, "stage": status.stage or None, "done": done}
        rows.append(row | {"message": status.message or None})
    print_table(pd.DataFrame(rows), options.json)


@command("jobs watch", "show the progress of a job until it ends; Ctrl-C leaves it running", JOB)
def watch(options: argparse.Namespace, settings: Settings) -> None:
    """Show bars until the job ends, then print its result; if the job fails, so does this command."""
    from ..jobs.folder import State

    jobs = _jobs(settings)
    with Bars() as bars:
        while (status := jobs.state(options.job)).state in (State.QUEUED, State.RUNNING):
            if status.stage:
                bars(status.stage, status.done, status.total)
            sleep(0.5)
    if status.state is not State.FINISHED:
        raise JobError(f"The job is {status.state}: {status.message}")
    print(*status.result, sep="\n")


@command("jobs cancel", "end jobs, with all their processes", JOBS)
def cancel(options: argparse.Namespace, settings: Settings) -> None:
    """End jobs."""
    for job in options.jobs:
        _jobs(settings).cancel(job)


@command(
    "jobs resume",
    "queue jobs again that failed, were cancelled or got lost; they go on from their last checkpoint",
    JOBS,
)
def resume(options: argparse.Namespace, settings: Settings) -> None:
    """Queue jobs again."""
    for job in options.jobs:
        _jobs(settings).resume(job)


@command("jobs delete", "delete the folders of jobs; their results stay", JOBS)
def delete(options: argparse.Namespace, settings: Settings) -> None:
    """Delete the folders of jobs."""
    for job in options.jobs:
        _jobs(settings).delete(job)


@command(
    "jobs logs",
    "the output of a job, and the details of its failure",
    JOB,
    argument("--lines", type=int, default=200, metavar="N", help="number of last lines (default: %(default)s)"),
)
def logs(options: argparse.Namespace, settings: Settings) -> None:
    """Print the output of a job."""
    print(_jobs(settings).logs(options.job, options.lines))


def _jobs(settings: Settings) -> "Jobs":
    from ..jobs.interface import Jobs

    return Jobs(settings)
