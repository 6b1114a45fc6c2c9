"""Which of several models is better, where, and is that luck?

Models are compared with each other where they kept what they said of the same held-out recordings with the same
labels. Every bootstrap draw of recordings is the same for all of them, so the interval of a difference is that of a
paired bootstrap. Models that share nothing stand beside each other with the figures of their own recordings.

The functions give tidy tables. Of the models that are compared with each other, the first is what the others are
measured against: a difference is theirs minus its.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import checkpoints
from ..core.errors import CheckpointError, ConfigError
from ..core.vocabulary import CIRCUMPLEX, DERIVED_AXES, Emotion
from ..evaluation import bootstrap, metrics
from ..evaluation import scores as evaluate
from ..evaluation.findings import number
from ..evaluation.scores import ALL, MEAN, Result, Score
from ..evaluation.slices import Slice

LEAST, MOST = 2, 4
"""Models in a comparison."""
MAIN_METRIC: dict[str, str] = {"dimension": "ccc", "emotion": "ua", "intensity": "pearson"}
"""Kind of outputs -> the metric, pooled, that sums a model up."""
METRIC_TITLES: dict[str, str] = {
    "ccc": "CCC", "rmse": "RMSE", "accuracy": "Accuracy", "ua": "UA", "pearson": "Pearson's r",
}  # fmt: skip
FIGURE = ["culture", "output", "metric", "aggregation"]
"""Columns that name a figure."""
BINS = 10
"""Of confidence on [0, 1], and of predicted dimensions on [-1, 1]."""
SPREAD = (0.1, 0.9)
"""Quantiles of the labels that are shown for what is predicted."""
COLLAPSED = "†"
COLLAPSED_NOTE = f"{COLLAPSED} Collapsed: nearly constant, or no better than the training mean."
TRUTH = "labels"
"""Name under which the labels stand beside the models."""
AGREEMENT_WINDOW = 3.0
"""Seconds over which the running agreement of two models is computed."""
BLOCK = 1.0
"""Seconds of a clip that are resampled together, since neighbouring frames say nearly the same."""


@dataclass(frozen=True)
class Contender:
    """A model in a comparison.

    Attributes:
        name: of the checkpoint.
        kind: of its outputs: dimension, emotion or intensity.
        derived: whether its labels were derived from classes.
        outputs: K names.
        metrics: its ``metrics.json``.
        results: what it said of held-out recordings; none where it did not keep that.
        constant: (K,) what the training mean predicts, None where that is not known.
    """

    name: str
    kind: str
    derived: bool
    outputs: tuple[str, ...]
    metrics: Mapping[str, Any]
    results: tuple[Result, ...] = ()
    constant: np.ndarray | None = None

    @property
    def scores(self) -> list[Score]:
        """The figures that it is judged by."""
        constant = np.zeros(len(self.outputs)) if self.constant is None else self.constant
        return evaluate.told_by(self.results, evaluate.scores_of(self.kind, self.outputs, constant))


@dataclass(frozen=True)
class Comparison:
    """Models side by side.

    Attributes:
        contenders: all of them, in the order chosen; those in ``paired`` with the shared recordings and outputs only.
        paired: names of those that are compared with each other, first the one that the others are measured against.
        reasons: name of a model that is not -> why, one sentence.
    """

    contenders: tuple[Contender, ...]
    paired: tuple[str, ...]
    reasons: Mapping[str, str]

    def __getitem__(self, name: str) -> Contender:
        return next(c for c in self.contenders if c.name == name)

    @property
    def shared(self) -> list[Contender]:
        """Those that are compared with each other."""
        return [self[name] for name in self.paired]

    @property
    def recordings(self) -> int:
        """How many those share."""
        return len(self.shared[0].results) if self.paired else 0


def read(name: str, folder: Path) -> Contender:
    """A checkpoint folder as a contender; its network is not loaded.

    Raises:
        CheckpointError: a file is missing or damaged.
    """
    about = checkpoints.read_description(folder)
    try:
        figures = json.loads((folder / checkpoints.METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"'{folder.name}' has no readable {checkpoints.METRICS}.") from error
    table = checkpoints.read_table(folder, "predictions")
    over_time = about.kind == "dimension"
    results = () if table is None else tuple(evaluate.results_of(table, about.outputs, frames=over_time))
    mean = figures.get("training_mean")
    constant = None if mean is None else np.array(mean, float)
    return Contender(name, about.kind, about.derived, about.outputs, figures, results, constant)


def compare(contenders: Sequence[Contender], chosen: Slice | None = None) -> Comparison:
    """Find what models share.

    Args:
        contenders: two to four.
        chosen: the shared recordings to compare on; all by default.

    Raises:
        ConfigError: another number of models, or one of them twice.
    """
    if not LEAST <= len({c.name for c in contenders}) == len(contenders) <= MOST:
        names = ", ".join(c.name for c in contenders) or "none"
        raise ConfigError(f"{LEAST} to {MOST} different models can be compared, not these: {names}.")
    groups = [_together(anchor, contenders[place + 1 :]) for place, anchor in enumerate(contenders)]
    group = next((g for g in groups if len(g) >= LEAST), [])
    if not group:
        return Comparison(tuple(contenders), (), {c.name: _why_not(c, None) for c in contenders})
    aligned = {c.name: c for c in _align(group, chosen or Slice())}
    return Comparison(
        tuple(aligned.get(c.name, c) for c in contenders),
        tuple(aligned),
        {c.name: _why_not(c, group[0]) for c in contenders if c.name not in aligned},
    )


def suggest(contenders: Sequence[Contender]) -> tuple[str, ...]:
    """The pair that shares most recordings, else the first two; none where there are fewer."""
    pairs = list(combinations(contenders, LEAST))
    if not pairs:
        return ()
    first, second = max(pairs, key=lambda pair: len(_shared_ids(pair)))
    return first.name, second.name


def _together(anchor: Contender, others: Sequence[Contender]) -> list[Contender]:
    """The anchor, and those of the others that share recordings and outputs with it and each other."""
    group = [anchor]
    for other in others:
        if _shared_ids([*group, other]):
            group.append(other)
    return group


def _why_not(contender: Contender, anchor: Contender | None) -> str:
    """Why a contender is not compared with the anchor, or with anyone."""
    if not contender.results:
        return f"{contender.name} was stored without its predictions of single recordings."
    if anchor is None:
        return f"{contender.name} shares no held-out recording and output with another model."
    if not _shared_outputs([anchor, contender]):
        return f"{contender.name} does not predict what {anchor.name} predicts."
    return f"{contender.name} has no held-out recording in common with {anchor.name}."


def _shared_outputs(contenders: Sequence[Contender]) -> tuple[str, ...]:
    """What all of them predict; classes are shared all or not at all, as they share one probability."""
    first = contenders[0]
    shared = tuple(o for o in first.outputs if all(o in c.outputs for c in contenders))
    classes = {len(c.outputs) for c in contenders} if first.kind == "emotion" else {len(shared)}
    return shared if {c.kind for c in contenders} == {first.kind} and classes == {len(shared)} else ()


def _shared_ids(contenders: Sequence[Contender]) -> list[str]:
    """Recordings that all of them have, with the same labels of what all of them predict."""
    outputs = _shared_outputs(contenders)
    if not outputs:
        return []
    places = [[c.outputs.index(o) for o in outputs] for c in contenders]
    labels = [{r.id: r.truth[..., own] for r in c.results} for c, own in zip(contenders, places, strict=True)]
    first, *rest = labels
    return [
        i for i, truth in first.items() if all(i in o and np.array_equal(truth, o[i], equal_nan=True) for o in rest)
    ]


def _align(group: Sequence[Contender], chosen: Slice) -> list[Contender]:
    """The contenders with their shared outputs and those shared recordings that are chosen, in the same order.

    Whose recording one is, is as the first contender has it: a corpus may have been imported anew in between.
    """
    ids, outputs = _shared_ids(group), _shared_outputs(group)
    table = recordings(group[0].results).loc[ids]
    ids = list(table.index[chosen.of(table)])
    about = {r.id: {"culture": r.culture, "speaker": r.speaker, "session": r.session} for r in group[0].results}
    aligned = []
    for contender in group:
        own = [contender.outputs.index(o) for o in outputs]
        found = {r.id: r for r in contender.results}
        results = (
            replace(found[i], truth=found[i].truth[..., own], prediction=found[i].prediction[..., own], **about[i])
            for i in ids
        )
        constant = None if contender.constant is None else contender.constant[own]
        aligned.append(replace(contender, outputs=outputs, results=tuple(results), constant=constant))
    return aligned


def recordings(results: Sequence[Result]) -> pd.DataFrame:
    """Culture, speaker and label by id, as slices ask for them."""
    columns = {name: [getattr(r, name) for r in results] for name in ("culture", "speaker", "label")}
    return pd.DataFrame(columns, index=pd.Index([r.id for r in results], name="id"))


def judge(comparison: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Figures of all models, and the differences of those that are compared with each other.

    Returns:
        Figures: model, culture, output, metric, aggregation, value, low and high (95 % bootstrap interval over
        recordings), training_mean, recordings, speakers, collapsed, and shared: whether on the shared recordings.
        Differences: model, against, culture, output, metric, aggregation, difference, low, high, p.
    """
    figures: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    shared = comparison.shared if comparison.recordings else []
    groups = {c.name: _by_culture(c) for c in shared}
    for culture in groups[shared[0].name] if shared else ():
        members = [groups[c.name][culture] for c in shared]
        statistics = [s.statistic(own) for c, own in zip(shared, members, strict=True) for s in c.scores]
        clusters = bootstrap.clusters_of(members[0])
        draws = bootstrap.resample(statistics, clusters).reshape(len(shared), -1, bootstrap.DRAWS)
        for place, scores in enumerate(zip(*(c.scores for c in shared), strict=True)):
            rows = [_row(*triple, culture) for triple in zip(shared, scores, members, strict=True)]
            for row, values in zip(rows, draws[:, place], strict=True):
                row["low"], row["high"] = bootstrap.percentiles(values)
            figures += rows
            differences += [
                _difference(row, rows[0], values - draws[0, place])
                for row, values in zip(rows[1:], draws[1:, place], strict=True)
            ]
    for contender in shared:
        evaluate.flag_collapsed([r for r in figures if r["model"] == contender.name], groups[contender.name])
    for contender in comparison.contenders:
        if contender.name not in comparison.paired:
            stated = contender.metrics.get("test", ())
            figures += [{"model": contender.name, **row, "shared": False} for row in stated]
    numbers = ["value", "low", "high", "training_mean"]
    table = pd.DataFrame(figures, columns=["model", *FIGURE, *numbers, "recordings", "speakers", "collapsed", "shared"])
    table = table.astype(dict.fromkeys(numbers, float)).astype({"collapsed": bool, "shared": bool})
    return table, pd.DataFrame(differences, columns=["model", "against", *FIGURE, "difference", "low", "high", "p"])


def _by_culture(contender: Contender) -> dict[str, list[Result]]:
    """Recordings over all, and of each culture where there are several."""
    cultures = sorted({r.culture for r in contender.results if r.culture})
    own = {c: [r for r in contender.results if r.culture == c] for c in cultures} if len(cultures) > 1 else {}
    return {ALL: list(contender.results)} | own


def _row(contender: Contender, score: Score, members: Sequence[Result], culture: str) -> dict[str, Any]:
    """A figure without its interval."""
    return {
        "model": contender.name,
        "culture": culture,
        "output": score.output,
        "metric": score.metric,
        "aggregation": score.aggregation,
        "value": score.compute(members),
        "training_mean": _training_mean(contender, score, members, culture),
        "recordings": len(members),
        "speakers": len({r.speaker for r in members if r.speaker}),
        "shared": True,
    }


def _training_mean(contender: Contender, score: Score, members: Sequence[Result], culture: str) -> float:
    """The figure of always predicting the training mean; NaN where the checkpoint does not tell it."""
    if contender.constant is not None:
        return score.training_mean(members)
    wanted = [culture, score.output, score.metric, score.aggregation]
    for row in contender.metrics.get("test", ()):
        if [row.get(name) for name in FIGURE] == wanted and row.get("recordings") == len(members):
            return float("nan") if row["training_mean"] is None else float(row["training_mean"])
    return float("nan")


def _difference(row: Mapping[str, Any], first: Mapping[str, Any], values: np.ndarray) -> dict[str, Any]:
    found = bootstrap.judge(row["value"] - first["value"], values)
    what = {"model": row["model"], "against": first["model"], **{name: row[name] for name in FIGURE}}
    return {**what, "difference": found.value, "low": found.low, "high": found.high, "p": found.p}


def figure_title(output: str, metric: str, aggregation: str) -> str:
    """What a figure is called, e.g. ``UA`` or ``CCC (per recording), valence (derived)``."""
    how = "" if aggregation == "pooled" else f" ({aggregation.replace('_', ' ')})"
    return METRIC_TITLES[metric] + how + ("" if output in ("emotion", MEAN) else f", {output}")


def figure_names(figures: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Output, metric and aggregation of each figure, first those that sum the models up."""
    names = pd.concat([main_figures(figures), figures])[FIGURE[1:]].drop_duplicates()
    return list(names.itertuples(index=False, name=None))


def of_figure(table: pd.DataFrame, output: str, metric: str, aggregation: str) -> pd.DataFrame:
    """The rows of one figure, of figures or differences."""
    return table[(table.output == output) & (table.metric == metric) & (table.aggregation == aggregation)]


def main_figures(figures: pd.DataFrame) -> pd.DataFrame:
    """Those pooled figures over all recordings that sum the models up."""
    whole = figures[(figures.culture == ALL) & (figures.aggregation == "pooled")]
    means = whole.output.eq(MEAN)
    return whole[whole.metric.isin(MAIN_METRIC.values()) & (means if means.any() else True)]


def verdicts(figures: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """One sentence per main figure and model that is compared with the first, and one per collapsed model."""
    value = figures[figures.shared].set_index(["model", *FIGURE]).value
    sentences = []
    for row in main_figures(differences).itertuples():
        key = (row.culture, row.output, row.metric, row.aggregation)
        what = figure_title(row.output, row.metric, row.aggregation)
        both = f"{what} {number(value[row.model, *key])} against {number(value[row.against, *key])}"
        if np.isnan(row.low):
            sentences.append(f"{row.model} and {row.against} cannot be judged by one recording ({both}).")
            continue
        if row.low <= 0 <= row.high:
            size = f"a difference of {signed(row.difference)} [{signed(row.low)}, {signed(row.high)}]"
            who, end = f"{row.model} and {row.against} cannot be told apart", "that luck makes easily"
        else:
            ends = sorted((abs(row.low), abs(row.high)))
            size = f"a difference of {precise(abs(row.difference))} [{precise(ends[0])}, {precise(ends[1])}]"
            names = (row.model, row.against) if row.difference > 0 else (row.against, row.model)
            both = f"{what} {number(value[names[0], *key])} against {number(value[names[1], *key])}"
            who, end = f"{names[0]} is better than {names[1]}", "that luck rarely makes"
        sentences.append(f"{who}: {both}, {size} {end} (p = {precise(row.p)}).")
    return sentences + collapses(figures)


def collapses(figures: pd.DataFrame) -> list[str]:
    """A sentence for each model that predicts a constant or is no better than the training mean."""
    whole = figures[(figures.culture == ALL) & (figures.aggregation == "pooled")]
    bad = whole[whole.metric.isin(MAIN_METRIC.values()) & whole.collapsed]
    return [
        f"{model} has collapsed ({', '.join(dict.fromkeys(rows.output))}): it predicts nearly a constant, or no "
        "better than the training mean."
        for model, rows in bad.groupby("model", sort=False)
    ]


def precise(value: float, sign: str = "") -> str:
    """Three digits without the zero before the point, e.g. ``.031``."""
    return "undefined" if np.isnan(value) else f"{value:{sign}.3f}".replace("0.", ".", 1).replace("-", "−")


def signed(value: float) -> str:
    """The same with its sign, e.g. ``+.031``."""
    return precise(value, "+")


def interval_text(value: float, low: float, high: float) -> str:
    """E.g. ``.61 [.55, .66]``."""
    if np.isnan(value):
        return "undefined"
    return number(value) + ("" if np.isnan(low) else f" [{number(low)}, {number(high)}]")


def figure_grid(figures: pd.DataFrame, output: str, metric: str, aggregation: str) -> pd.DataFrame:
    """One figure for people: a row per culture, a column per model, then the training mean and the recordings.

    What has collapsed is marked by :data:`COLLAPSED`.
    """
    chosen = of_figure(figures, output, metric, aggregation)
    rows: dict[str, dict[str, str]] = {}
    floors = {m: rows.training_mean.round(6).tolist() for m, rows in chosen.groupby("model", sort=False)}
    one_floor = len({str(f) for f in floors.values()}) == 1
    for row in chosen.itertuples():
        cells = rows.setdefault(row.culture, {})
        cells[row.model] = interval_text(row.value, row.low, row.high) + (f" {COLLAPSED}" if row.collapsed else "")
        floor = "training mean" if one_floor else f"training mean of {row.model}"
        cells[floor] = "undefined" if np.isnan(row.training_mean) else number(row.training_mean)
        cells["recordings" if row.shared else f"recordings of {row.model}"] = str(int(row.recordings))
    table = pd.DataFrame(rows.values(), index=pd.Index(rows, name="culture"))
    models = [c for c in table if c in floors]
    return table[models + [c for c in table if c not in models]].fillna("").reset_index()


def confusions(comparison: Comparison) -> pd.DataFrame:
    """Of classifiers: model, truth, prediction, count, share (of the recordings with that truth)."""
    tables = []
    for contender in comparison.contenders:
        if contender.kind != "emotion":
            continue
        stated = contender.metrics.get("confusion", {})
        if contender.results:
            classes = contender.outputs
            counts = np.array(evaluate.confusion_table(contender.results, classes))
        elif stated:
            classes, counts = tuple(stated["classes"]), np.array(stated["counts"])
        else:
            continue
        shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
        cells = [
            (contender.name, truth, prediction, int(counts[i, j]), float(shares[i, j]))
            for i, truth in enumerate(classes)
            for j, prediction in enumerate(classes)
        ]
        tables.append(pd.DataFrame(cells, columns=["model", "truth", "prediction", "count", "share"]))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def reliability(comparison: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How often classifiers are right when they are so sure.

    Returns:
        Bins: model, confidence (mean of the bin), accuracy, low and high (95 % Wilson interval), recordings.
        Errors: model, error (expected calibration error), low and high (95 % bootstrap interval over recordings).
    """
    bins, errors = [], []
    for contender in comparison.contenders:
        if contender.kind != "emotion" or not contender.results:
            continue
        probabilities = np.stack([r.prediction for r in contender.results])
        confidence = probabilities.max(1).clip(0, 1)
        right = probabilities.argmax(1) == np.stack([r.truth for r in contender.results]).argmax(1)
        place = metrics.bin_of(confidence, BINS)
        for b in np.unique(place):
            own = place == b
            share, low, high = wilson(int(right[own].sum()), int(own.sum()))
            bins.append((contender.name, confidence[own].mean(), share, low, high, int(own.sum())))

        def error(drawn: np.ndarray, confidence: np.ndarray = confidence, right: np.ndarray = right) -> float:
            return metrics.calibration_error(confidence[drawn], right[drawn], BINS)

        interval = bootstrap.interval(error, bootstrap.clusters_of(contender.results))
        errors.append((contender.name, error(np.arange(len(right))), *interval))
    return (
        pd.DataFrame(bins, columns=["model", "confidence", "accuracy", "low", "high", "recordings"]),
        pd.DataFrame(errors, columns=["model", "error", "low", "high"]),
    )


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float, float]:
    """A share with its 95 % interval.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
    """
    share = hits / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return share, float(centre - half), float(centre + half)


def predicted_and_true(comparison: Comparison) -> pd.DataFrame:
    """What the labels are where a model of dimensions or intensities predicts so much.

    Returns:
        Columns model, output, predicted (mean of the bin), true (mean of the labels), low and high (quantiles
        :data:`SPREAD` of the labels: their spread, no interval of the mean), frames (or recordings).
    """
    rows = []
    for contender in comparison.contenders:
        if contender.kind == "emotion" or not contender.results:
            continue
        truth = np.concatenate([np.atleast_2d(r.truth) for r in contender.results])
        prediction = np.concatenate([np.atleast_2d(r.prediction) for r in contender.results])
        for k, output in enumerate(contender.outputs):
            known = ~(np.isnan(truth[:, k]) | np.isnan(prediction[:, k]))
            true, predicted = truth[known, k], prediction[known, k].clip(-1, 1)
            place = metrics.bin_of((predicted + 1) / 2, BINS)
            for b in np.unique(place):
                own = place == b
                spread = np.quantile(true[own], SPREAD)
                rows.append((contender.name, output, predicted[own].mean(), true[own].mean(), *spread, int(own.sum())))
    return pd.DataFrame(rows, columns=["model", "output", "predicted", "true", "low", "high", "frames"])


def slice_columns(comparison: Comparison) -> list[str]:
    """Columns by which errors can be told apart: those with several values."""
    everyone = [c for c in comparison.contenders if c.results]
    return [column for column in ("culture", "label", "speaker") if any(len(_slices(c, column)) > 1 for c in everyone)]


def slice_errors(comparison: Comparison, column: str) -> pd.DataFrame:
    """Error by culture, emotion or speaker: share of wrong answers, or RMSE.

    Returns:
        Columns slice, model, output, metric, error, low and high (95 % bootstrap interval over recordings),
        recordings.
    """
    rows = []
    for contender in comparison.contenders:
        if not contender.results:
            continue
        wanted = "accuracy" if contender.kind == "emotion" else "rmse"
        scores = [s for s in contender.scores if s.metric == wanted]
        scores = [s for s in scores if s.output == MEAN] or scores
        for name, members in _slices(contender, column).items():
            clusters = bootstrap.clusters_of(members)
            draws = bootstrap.resample([score.statistic(members) for score in scores], clusters)
            for score, values in zip(scores, draws, strict=True):
                value = score.compute(members)
                low, high = bootstrap.percentiles(values)
                if wanted == "accuracy":
                    value, low, high = 1 - value, 1 - high, 1 - low
                metric = "share of wrong answers" if wanted == "accuracy" else "RMSE"
                rows.append((name, contender.name, score.output, metric, value, low, high, len(members)))
    return pd.DataFrame(
        rows, columns=["slice", "model", "output", "metric", "error", "low", "high", "recordings"]
    ).sort_values("slice", kind="stable", ignore_index=True)


def _slices(contender: Contender, column: str) -> dict[str, list[Result]]:
    """Recordings by the values of a column; where the emotion changes within them, their frames by emotion."""
    if column == "label" and contender.results[0].truth.ndim == 2:
        return _frames_by_emotion(contender)
    found: dict[str, list[Result]] = {}
    for result in contender.results:
        if value := getattr(result, column):
            found.setdefault(value, []).append(result)
    return found


def _frames_by_emotion(contender: Contender) -> dict[str, list[Result]]:
    """Frames whose labels are those of an emotion, the others missing; nothing where labels do not tell emotions."""
    if not contender.derived or not set(contender.outputs) <= set(DERIVED_AXES):
        return {}
    axes = [DERIVED_AXES[o] for o in contender.outputs]
    found: dict[str, list[Result]] = {}
    for emotion in Emotion:
        place = np.array(CIRCUMPLEX[emotion])[axes]
        alike = [e for e in Emotion if np.allclose(np.array(CIRCUMPLEX[e])[axes], place)]
        if alike[0] != emotion:
            continue
        own = [(r, np.isclose(r.truth, place, atol=1e-3).all(1)) for r in contender.results]
        members = [replace(r, truth=np.where(mask[:, None], r.truth, np.nan)) for r, mask in own if mask.any()]
        if members:
            found[" or ".join(alike)] = members
    return found


def disagreements(comparison: Comparison) -> pd.DataFrame:
    """Shared recordings, first those of which the models say the most different.

    Returns:
        Columns id, culture, speaker, label, distance (the largest between two models: half the sum of the
        differences of probabilities, else their root mean square difference), and per model what it said: the class
        with its probability, or its RMSE.
    """
    shared = comparison.shared
    if not comparison.recordings:
        return pd.DataFrame()
    table = recordings(shared[0].results).reset_index()
    pairs = list(combinations(shared, 2))
    table["distance"] = [
        max(_distance(a.results[i].prediction, b.results[i].prediction, a.kind) for a, b in pairs)
        for i in range(comparison.recordings)
    ]
    for contender in shared:
        table[contender.name] = [_said(r, contender) for r in contender.results]
    return table.sort_values("distance", ascending=False, kind="stable", ignore_index=True)


def _distance(first: np.ndarray, second: np.ndarray, kind: str) -> float:
    if kind == "emotion":
        return float(np.abs(first - second).sum() / 2)
    return float(np.sqrt(np.nanmean((first - second) ** 2)))


def _said(result: Result, contender: Contender) -> str:
    if contender.kind == "emotion":
        best = int(result.prediction.argmax())
        return f"{contender.outputs[best]} {number(float(result.prediction[best]))}"
    return f"RMSE {number(float(np.sqrt(np.nanmean((result.prediction - result.truth) ** 2))))}"


def recording(comparison: Comparison, identity: str) -> pd.DataFrame:
    """What the models said of one shared recording, and its labels.

    Returns:
        Columns model (:data:`TRUTH` for the labels), output, frame (0 where the recording has one label), value.
    """
    found = [next(r for r in c.results if r.id == identity) for c in comparison.shared]
    series = {TRUTH: found[0].truth} | dict(zip(comparison.paired, (r.prediction for r in found), strict=True))
    outputs = comparison.shared[0].outputs
    tables: list[pd.DataFrame] = []
    for name, values in series.items():
        frames: np.ndarray = np.atleast_2d(values)
        columns = {"model": name, "frame": np.arange(len(frames))}
        tables += [pd.DataFrame({**columns, "output": o, "value": frames[:, k]}) for k, o in enumerate(outputs)]
    return pd.concat(tables, ignore_index=True)


def training_curves(comparison: Comparison) -> pd.DataFrame:
    """Of the models that kept them: model, epoch (from 1), loss, validation, and by which metric they were selected."""
    tables = []
    for contender in comparison.contenders:
        if epochs := contender.metrics.get("epochs"):
            table = pd.DataFrame(epochs).reindex(columns=["epoch", "loss", "validation"])
            metric = contender.metrics.get("selection", {}).get("metric")
            tables.append(table.assign(model=contender.name, epoch=table.epoch + 1, metric=metric))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def clip_outputs(outputs: pd.DataFrame, models: Sequence[str]) -> dict[str, list[str]]:
    """What at least two of the models predict of a clip, dimensions first -> who does.

    Args:
        outputs: of a prediction (:class:`emoviz.prediction.clip.ClipPrediction`).
        models: names.
    """
    own = outputs[outputs.model.isin(models)].sort_values("kind", kind="stable")
    found = {str(o): [m for m in models if m in set(rows.model)] for o, rows in own.groupby("output", sort=False)}
    return {output: who for output, who in found.items() if len(who) >= LEAST}


def clip_series(table: pd.DataFrame, outputs: pd.DataFrame, output: str, models: Sequence[str]) -> pd.DataFrame:
    """What the models predict of a clip: time, one column per model."""
    own = outputs[outputs.output == output].set_index("model").column
    return pd.DataFrame({"time": table.time, **{model: table[own[model]] for model in models}})


def clip_agreement(table: pd.DataFrame, outputs: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """How far each two models say the same of a clip.

    Returns:
        Columns first, second, output, measure, value, low and high (95 % bootstrap interval over blocks of
        :data:`BLOCK` seconds): CCC per dimension; of the emotions that both know, kappa of the likelier one in each
        frame.
    """
    rows = []
    block = (table.time // BLOCK).astype(int).to_numpy()
    for first, second in combinations(models, 2):
        for output, measure, values in _both(table, outputs, first, second):
            blocks = [values[block == b] for b in np.unique(block[~np.isnan(values).any(1)])]
            if not blocks:
                continue
            statistic = partial(_agreement_of, measure, blocks)
            interval = bootstrap.interval(statistic, bootstrap.each(len(blocks)))
            rows.append((first, second, output, measure, statistic(np.arange(len(blocks))), *interval))
    return pd.DataFrame(rows, columns=["first", "second", "output", "measure", "value", "low", "high"])


def _agreement_of(measure: str, blocks: Sequence[np.ndarray], drawn: np.ndarray) -> float:
    """The agreement of both columns of some blocks."""
    return MEASURES[measure](*np.concatenate([blocks[b] for b in drawn]).T)


def _kappa(first: np.ndarray, second: np.ndarray) -> float:
    known = ~(np.isnan(first) | np.isnan(second))
    return metrics.kappa(first[known], second[known])


MEASURES = {"CCC": metrics.ccc, "kappa": _kappa}


def _both(table: pd.DataFrame, outputs: pd.DataFrame, first: str, second: str) -> list[tuple[str, str, np.ndarray]]:
    """Output, measure and both models' series (T, 2) of each thing in which two models can agree."""
    kinds = outputs.drop_duplicates("output").set_index("output").kind
    shared = list(clip_outputs(outputs, [first, second]))
    found = []
    for output in (o for o in shared if kinds[o] == "dimension"):
        series = clip_series(table, outputs, output, [first, second])
        found.append((output, "CCC", series[[first, second]].to_numpy(float)))
    emotions = [o for o in shared if kinds[o] == "emotion"]
    if len(emotions) > 1:
        stacked = np.stack(
            [clip_series(table, outputs, e, [first, second])[[first, second]].to_numpy(float) for e in emotions]
        )
        gap = np.isnan(stacked).any(0)
        best = np.where(gap, np.nan, np.nan_to_num(stacked).argmax(0))
        found.append(("emotion", "kappa", best))
    return found


def running_agreement(series: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """CCC of two models in a window of :data:`AGREEMENT_WINDOW` seconds that moves over a clip: time, ccc."""
    hop = float(series.time.iloc[1] - series.time.iloc[0]) if len(series) > 1 else BLOCK
    width = max(2, round(AGREEMENT_WINDOW / hop))
    x, y = series[first].astype(float), series[second].astype(float)
    known = x.notna() & y.notna()

    def mean(values: pd.Series) -> pd.Series:
        return values.where(known).rolling(width, center=True, min_periods=width // 2).mean()

    covariance = mean(x * y) - mean(x) * mean(y)
    spread = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2 + (mean(x) - mean(y)) ** 2
    return pd.DataFrame({"time": series.time, "ccc": (2 * covariance / spread).where((spread > 1e-12) & known)})
