"""Runs: waiting, running and ended trainings and trained models side by side, with their differences."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..checkpoints.description import Description
from ..core import words
from ..core.configuration import from_dict, to_dict
from ..core.errors import ConfigError, EmovizError
from ..evaluation.metrics import METRICS
from ..evaluation.tables import curve_table
from ..training import sweeps
from ..training.config import TrainingConfig
from .folder import Job, State, Status
from .interface import Jobs
from .notes import Note, read_note
from .work import work_of

NO_TRAINING = ("extract", "predict")
"""Kinds of jobs that train nothing."""
NOT_COMPARED = ("name", "title")
"""Settings that always differ between two runs, and are not compared."""
COLUMNS = ("name", "state", "left", "score", "value", "interval", "system", "data", "seed", "validation", "minutes",
           "sweep", "tags")  # fmt: skip
"""Columns of the table of runs."""


class Score(NamedTuple):
    """A score by which runs are compared: the registry name of a ``metric``, and the ``output`` that it judges."""

    metric: str
    output: str

    @property
    def title(self) -> str:
        """The score in words."""
        return f"{METRICS[self.metric].title} of {self.output}"


class Model(NamedTuple):
    """A trained model: its ``description``, and its ``metrics`` as ``metrics.json`` has them."""

    description: Description
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """A training, the model that it made, or both.

    Attributes:
        name: name of the model that the run made or will make; of a set's member ``<set>/<name>``.
        state: state in a word.
        place: folder of its note.
        settings: settings of the training as plain values; empty where they cannot be read.
        job: id of the job, or "" for a model whose job is gone.
        sweep: name that the runs of a sweep or a set share, or "".
        epochs: loss and validation scores of each epoch; empty where these were not kept.
        tested: rows of held-out scores, as ``metrics.json`` has them.
        seconds: time that the last attempt took or takes, in s; None where it is not known.
        left: time until a running run ends, in words.
        note: note that somebody wrote on it.
    """

    name: str
    state: State
    place: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    job: str = ""
    sweep: str = ""
    epochs: Sequence[Mapping[str, float]] = ()
    tested: Sequence[Mapping[str, Any]] = ()
    seconds: float | None = None
    left: str = ""
    note: Note = Note()

    @property
    def system(self) -> str:
        """The registry name of the model."""
        return str(self.settings.get("model", ""))

    @property
    def data(self) -> str:
        """The corpora on which it is trained, and their cultures if some are chosen."""
        cultures = ", ".join(map(str, self.settings.get("cultures") or ()))
        corpora = ", ".join(map(str, self.settings.get("corpora") or ()))
        return f"{corpora}: {cultures}" if cultures else corpora

    @property
    def selection(self) -> str:
        """The registry name of the metric that selects an epoch, or ""."""
        return str(self.settings.get("selection", ""))

    @property
    def validation(self) -> float | None:
        """The highest validation score so far, by which an epoch is selected."""
        return max((line["validation"] for line in self.epochs if "validation" in line), default=None)

    def scores(self) -> dict[Score, Mapping[str, Any]]:
        """Return the held-out scores over all cultures, first the score by the metric that selected the epoch."""
        rows = [
            row
            for row in self.tested
            if row["culture"] == sweeps.EVERY
            and row.get("aggregation", "pooled") == "pooled"
            and row["metric"] in METRICS
        ]
        rows.sort(key=lambda row: row["metric"] != self.selection)
        return {Score(row["metric"], row["output"]): row for row in rows}


def runs_of(jobs: Jobs, models: Mapping[str, Model], own: Path) -> list[Run]:
    """Return the runs of all jobs that train, the newest first, followed by the models without such a job.

    Args:
        jobs: jobs.
        models: models by name, those of a set as ``<set>/<name>``.
        own: folder of a user's own models, which also holds the notes on bundled models.
    """
    found: dict[str, Run] = {}
    for job in reversed(jobs.list()):
        if job.kind in NO_TRAINING:
            continue
        folder, status = jobs.root / job.id, jobs.state(job.id)
        model = models.get(job.writes) if status.state is State.FINISHED else None
        run = run_of_job(job, status, jobs.epochs(job.id), model, own / job.writes if model else folder)
        if model and not run.note:
            run = replace(run, note=read_note(folder))
        taken = run.name in found or (run.name in models and not model)
        name = f"{run.name} ({job.id})" if taken else run.name
        found[name] = replace(run, name=name)
    found |= {name: run_of_model(name, model, own / name) for name, model in models.items() if name not in found}
    return list(found.values())


def run_of_job(
    job: Job, status: Status, epochs: Sequence[Mapping[str, float]], model: Model | None, place: Path
) -> Run:
    """Return the run of a job that trains.

    Args:
        job: job of a training, a protocol or a set.
        status: status of the job.
        epochs: epochs of the job so far.
        model: model that it made, or None.
        place: folder of its note.
    """
    try:
        config = getattr(work_of(job), "config", None)
    except EmovizError:
        config = None
    return Run(
        name=job.writes or job.title,
        state=status.state,
        place=place,
        settings=to_dict(config) if config else {},
        job=job.id,
        sweep=job.group,
        epochs=epochs,
        tested=model.metrics.get("test", ()) if model else (),
        seconds=(status.ended or time.time()) - status.started if status.started else None,
        left=left_of(status),
        note=read_note(place),
    )


def run_of_model(name: str, model: Model, place: Path) -> Run:
    """Return the run of a model whose job is gone, with its curves if they were kept.

    Args:
        name: name of the model, that of a set's member as ``<set>/<name>``.
        model: model.
        place: folder of the note on it.
    """
    return Run(
        name=name,
        state=State.FINISHED,
        place=place,
        settings=model.description.training,
        sweep=name.rpartition("/")[0],
        epochs=[line for line in model.metrics.get("epochs", ()) if "epoch" in line],
        tested=model.metrics.get("test", ()),
        note=read_note(place),
    )


def left_of(status: Status) -> str:
    """Return the time until a running job ends, in words; "" for an ended job."""
    if status.state is State.QUEUED:
        return "waits for its device"
    if status.state is not State.RUNNING:
        return ""
    if status.seconds_left is not None:
        return f"about {words.duration(status.seconds_left)}"
    return "not known yet"


def measured(runs: Iterable[Run]) -> list[Score]:
    """Return the held-out scores that runs have, the most frequent first."""
    counts = pd.Series([score for run in runs for score in run.scores()], dtype=object).value_counts()
    return [Score(*score) for score in counts.index]


def narrowed(
    runs: Iterable[Run],
    text: str = "",
    states: Sequence[str] = (),
    systems: Sequence[str] = (),
    tags: Sequence[str] = (),
    sweep: str = "",
) -> list[Run]:
    """Return the runs that fit all conditions, in their order.

    Args:
        runs: runs.
        text: part of a name, of the data, of a tag or of the note; in whatever case.
        states: states of which a run has one; empty for any.
        systems: systems of which a run has one; empty for any.
        tags: tags that a run must all have.
        sweep: sweep or set to which a run belongs; "" for any or none.
    """
    sought = text.strip().lower()

    def fits(run: Run) -> bool:
        said = "\n".join((run.name, run.data, run.system, *run.note.tags, run.note.text)).lower()
        return (
            sought in said
            and (not states or run.state.lower() in states)
            and (not systems or run.system in systems)
            and set(tags) <= set(run.note.tags)
            and sweep in ("", run.sweep)
        )

    return [run for run in runs if fits(run)]


def table(runs: Iterable[Run], score: Score | None = None) -> pd.DataFrame:
    """Tabulate runs.

    Args:
        runs: runs.
        score: held-out score of the table; None for the one by whose metric each run selected its epoch.

    Returns:
        A table with the columns :data:`COLUMNS`; numbers stay numbers, so that a grid sorts them.
    """
    rows = []
    for run in runs:
        found = run.scores()
        chosen = score if score is not None else next(iter(found), None)
        row = found.get(chosen, {}) if chosen else {}
        rows.append(
            {
                "name": run.name,
                "state": run.state.lower(),
                "left": run.left,
                "value": row.get("value"),
                "interval": words.bounds(row.get("low"), row.get("high")),
                "score": chosen.title if chosen and row else "",
                "system": run.system,
                "data": run.data,
                "seed": run.settings.get("seed"),
                "validation": run.validation,
                "minutes": None if run.seconds is None else run.seconds / 60,
                "sweep": run.sweep,
                "tags": ", ".join(run.note.tags),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"value": float, "validation": float, "minutes": float, "seed": "Int64"}
    )


def by_sweep(found: pd.DataFrame) -> pd.DataFrame:
    """Tabulate sweeps and sets: the mean, the lowest and the highest score of the runs of each system and data.

    Args:
        found: table as :func:`table` makes it; runs of no sweep are left out.

    Returns:
        A table with the columns ``sweep``, ``system``, ``data``, ``score``, ``runs``, ``finished``, ``mean``,
        ``lowest`` and ``highest``.
    """
    groups = found[found["sweep"] != ""].assign(finished=found["state"] == State.FINISHED.lower())
    return groups.groupby(["sweep", "system", "data", "score"], sort=False, as_index=False).agg(
        runs=("name", "size"),
        finished=("finished", "sum"),
        mean=("value", "mean"),
        lowest=("value", "min"),
        highest=("value", "max"),
    )


def curves(runs: Iterable[Run]) -> pd.DataFrame:
    """Tabulate the curves of the runs that kept them, as :func:`emoviz.evaluation.tables.curve_table` does."""
    return curve_table((run.name, run.epochs, run.selection or None) for run in runs)


def differences(runs: Sequence[Run]) -> pd.DataFrame:
    """Tabulate the settings in which runs differ as texts: a row per setting, a column ``setting`` and one per run."""
    columns = {run.name: _flat(_whole(run.settings)) for run in runs}
    names = [name for name in dict.fromkeys(n for settings in columns.values() for n in settings)]
    rows = [
        {"setting": name, **{run: settings.get(name, "") for run, settings in columns.items()}}
        for name in names
        if name not in NOT_COMPARED and len({settings.get(name, "") for settings in columns.values()}) > 1
    ]
    return pd.DataFrame(rows, columns=["setting", *columns])


def _whole(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return settings with those that an older or a short config leaves to their defaults."""
    try:
        config = from_dict(TrainingConfig, settings, "the training config")
    except ConfigError:
        return settings
    return {name: getattr(config, name) for name in TrainingConfig.__dataclass_fields__}


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Return settings within settings side by side: ``options.heads``, ``inputs.whisper.components``."""
    value = to_dict(value)
    if isinstance(value, Mapping):
        return {key: text for part, own in value.items() for key, text in _flat(own, f"{name}.{part}").items()}
    if isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
        named = {one.get("feature", place): one for place, one in enumerate(value)}
        own = {key: {n: v for n, v in one.items() if n != "feature"} for key, one in named.items()}
        return {name.removeprefix("."): ", ".join(map(str, named))} | _flat(own, name)
    return {name.removeprefix("."): words.setting(value)}
