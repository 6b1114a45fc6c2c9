"""``doctor``: whether everything that emoviz needs is there, and what to do where it is not."""

import argparse
import os
import platform
import shutil
import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from .. import __version__
from ..core import extras, places
from ..core.errors import ConfigError, EmovizError
from ..core.settings import Settings, is_local
from .command import command
from .output import JSON, print_table

LEAST_FREE = 2e9
"""Bytes of a disk below which trainings and extractions soon fail."""
VERSIONS = ("torch", "av", "numpy", "pandas")
"""Distributions whose versions a bug report needs."""
OPTIONAL = ("lightning", "streamlit", "plotly")
"""Distributions of extras whose versions a bug report needs, where they are installed."""


class Verdict(StrEnum):
    """The verdict of a check."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


class Finding(NamedTuple):
    """The finding of a check.

    Attributes:
        what: name of what was checked.
        verdict: whether it is good, worth a note, or keeps something from working.
        found: finding in words.
        advice: sentence on what to do, or "".
    """

    what: str
    verdict: Verdict
    found: str
    advice: str = ""


@command(
    "doctor",
    "check that everything that emoviz needs is there, and say what to do where it is not",
    JSON,
    tolerant=True,
)
def doctor(options: argparse.Namespace, settings: Settings) -> None:
    """Print one line per finding; the exit code is 1 where something does not work."""
    findings = []
    for finding in (found for check in CHECKS for found in check(settings)):
        findings.append(finding)
        if not options.json:
            print(f"{finding.verdict:4}  {finding.what}: {finding.found}", flush=True)
            print(f"      {finding.advice}\n" * bool(finding.advice), end="", flush=True)
    if options.json:
        import pandas as pd

        print_table(pd.DataFrame(findings, columns=list(Finding._fields)), True)
    bad = [finding.what for finding in findings if finding.verdict is Verdict.BAD]
    if bad:
        raise ConfigError(f"Not everything works: {', '.join(dict.fromkeys(bad))}.")


def _versions(settings: Settings) -> Iterator[Finding]:
    missing, known = [], [f"emoviz {__version__}", f"Python {platform.python_version()}", platform.platform()]
    for name in (*VERSIONS, *OPTIONAL):
        try:
            known.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing += [name] * (name in VERSIONS)
    yield Finding("versions", Verdict.GOOD, ", ".join(known))
    if missing:
        yield Finding(
            "packages", Verdict.BAD, f"missing: {', '.join(missing)}", "`make app` or `pip install` adds them."
        )


def _extras(settings: Settings) -> Iterator[Finding]:
    for extra in extras.missing():
        yield Finding(
            f"extra {extra}", Verdict.NOTE, "not installed, or not all of it", f"`{extras.command(extra)}` brings it."
        )


def _settings(settings: Settings) -> Iterator[Finding]:
    for problem in Settings.problems():
        name, _, said = problem.partition(" ")
        yield Finding(name, Verdict.BAD, said, "Until it is changed, every other command ends with this sentence.")


def _folders(settings: Settings) -> Iterator[Finding]:
    own = {
        "EMOVIZ_STORE": settings.store,
        "EMOVIZ_RUNS": settings.runs,
        "EMOVIZ_CHECKPOINTS": settings.checkpoints[-1],
        "EMOVIZ_RESULTS": settings.results[-1],
        "EMOVIZ_WEIGHTS": places.weights(),
    }
    for setting, folder in own.items():
        if not places.writable(folder):
            yield Finding(setting, Verdict.BAD, f"{folder} cannot be written to", f"{setting} names another folder.")
            continue
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        few = free < LEAST_FREE
        advice = f"Make room, or name a folder on another disk in {setting}." if few else ""
        yield Finding(setting, Verdict.NOTE if few else Verdict.GOOD, f"{folder}, {free / 1e9:.1f} GB free", advice)
    for folder in settings.folders:
        if not folder.is_dir():
            advice = "Name existing folders, separated as in PATH."
            yield Finding("EMOVIZ_FOLDERS", Verdict.BAD, f"{folder} is no folder", advice)


def _corpora(settings: Settings) -> Iterator[Finding]:
    from ..corpora import describe

    if settings.data is not None and not settings.data.is_dir():
        yield Finding("EMOVIZ_DATA", Verdict.BAD, f"{settings.data} is no folder", "Name the folder of the corpora.")
        return
    table = describe(settings.data, settings.imports)
    there = list(table.loc[table["present"], "name"])
    advice = "" if there else "EMOVIZ_DATA names their folder; `python -m emoviz import` makes your own clips one."
    yield Finding("corpora", Verdict.GOOD if there else Verdict.NOTE, ", ".join(there) or "none is here", advice)


def _weights(settings: Settings) -> Iterator[Finding]:
    from ..features.encoders import describe
    from ..media.weights import FACE_LANDMARKER, SPEAKER_ENCODER, YUNET, checked

    bundled = {"face detector": YUNET, "face landmarks": FACE_LANDMARKER, "speaker encoder": SPEAKER_ENCODER}
    for name, weights in bundled.items():
        try:
            checked(weights, places.encoders())
        except EmovizError as error:
            yield Finding(name, Verdict.BAD, str(error))
        else:
            yield Finding(name, Verdict.GOOD, "whole")
    table = describe()
    there = table["present"].astype(bool)
    found = ", ".join([f"{there.sum()} of {len(table)} are here", *table.loc[there, "feature"]])
    advice = "" if there.all() else "The others are optional; `python -m emoviz encoders` says how to get them."
    yield Finding("encoders", Verdict.GOOD, found, advice)


def _models(settings: Settings) -> Iterator[Finding]:
    from .. import checkpoints

    whole = 0
    for group in ("", *checkpoints.groups(settings.checkpoints)):
        for name, folder in checkpoints.find(settings.checkpoints, group).items():
            try:
                checkpoints.load(folder)
                for table in checkpoints.TABLES:
                    checkpoints.read_table(folder, table)
            except EmovizError as error:
                yield Finding(name, Verdict.BAD, str(error), "Train it anew, or delete its folder.")
            else:
                whole += 1
    yield Finding("models", Verdict.GOOD if whole else Verdict.BAD, f"{whole} are whole")


def _jobs(settings: Settings) -> Iterator[Finding]:
    from ..jobs.folder import JOB, State
    from ..jobs.interface import Jobs

    jobs = Jobs(settings)
    known = {job.id: jobs.state(job.id).state for job in jobs.list()}
    counts = [f"{list(known.values()).count(state)} {state.lower()}" for state in State if state in known.values()]
    yield Finding("jobs", Verdict.GOOD, ", ".join(counts) or "none")
    for identity, state in known.items():
        if state is State.LOST:
            advice = f"`python -m emoviz jobs resume {identity}` goes on with it."
            yield Finding(f"job {identity}", Verdict.NOTE, "its process ended without a report", advice)
    damaged = {path.parent.name for path in jobs.root.glob(f"*/{JOB}")} - known.keys()
    for identity in sorted(damaged):
        yield Finding(f"job {identity}", Verdict.NOTE, "its job.json is damaged", "Its folder can be deleted.")


def _devices(settings: Settings) -> Iterator[Finding]:
    import torch

    from ..jobs.devices import devices

    found = devices()
    yield Finding("devices", Verdict.GOOD, ", ".join(device.title for device in found))
    if len(found) > 1 and not torch.cuda.is_available():
        advice = "Install a torch that is built for CUDA, see pytorch.org; until then all runs on the CPU."
        yield Finding("GPU", Verdict.NOTE, "there is one, but this torch cannot compute on it", advice)
    if torch.backends.mps.is_available():
        yield Finding("GPU", Verdict.NOTE, "Apple's is there", "Jobs run on the CPU: MPS is not used yet.")
    slurm = shutil.which("sbatch")
    yield Finding("Slurm", Verdict.GOOD, "its commands are here" if slurm else "none, so jobs run on this machine")


def _app(settings: Settings) -> Iterator[Finding]:
    if "app" in extras.missing():
        return
    from ..ui import insides, login, serve

    whole = insides.PLOTLY.is_file() and insides.index(serve.plotly_url()) is not None and insides.draws_figures()
    found = "whole" if whole else "made for another version of Streamlit or plotly: it works, and slower"
    advice = "" if whole else "Install the versions of requirements.txt."
    yield Finding("app", Verdict.GOOD if whole else Verdict.NOTE, found, advice)
    local = is_local(settings.address)
    behind = settings.guarded or settings.hosts
    alone = "this machine, and those whom a proxy on it lets through" if behind else "this machine alone"
    door = alone if local else "with a token" if not settings.no_login else "everybody who reaches it"
    if settings.login is not None:
        door = "those who log in" + " or have a token" * bool(settings.token or settings.role_tokens)
    try:
        login.secrets(settings)
    except EmovizError as error:
        yield Finding("login", Verdict.BAD, str(error), "docs/sharing-a-server.md says what it holds.")
    if settings.login is not None and _is_read_by_others(settings.login):
        advice = f"`chmod 600 {settings.login}` leaves it to you alone."
        yield Finding(
            "login", Verdict.NOTE, f"others on this machine can read {settings.login} and its secrets", advice
        )
    open_to_all = settings.no_login and not local and not settings.guarded
    advice = "docs/sharing-a-server.md tells of tokens." if open_to_all else ""
    yield Finding("open to", Verdict.NOTE if open_to_all else Verdict.GOOD, door, advice)


def _is_read_by_others(file: Path) -> bool:
    """Whether other users of this machine can read a file; False where the system has no such permissions."""
    return os.name == "posix" and file.is_file() and bool(file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _versions,
    _extras,
    _settings,
    _folders,
    _corpora,
    _weights,
    _models,
    _jobs,
    _devices,
    _app,
)
"""All checks, in the order in which they are printed."""
