"""Train: what will this training be, and how do the ones that run go?"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from emoviz import plots
from emoviz.core import words
from emoviz.core.configuration import from_dict, to_dict
from emoviz.core.errors import ConfigError, EmovizError
from emoviz.core.roles import Action
from emoviz.core.vocabulary import Split
from emoviz.corpora.inventory import Holding
from emoviz.jobs.folder import Job, State
from emoviz.jobs.interface import Where
from emoviz.jobs.kinds.culture_set import CultureSet
from emoviz.jobs.kinds.own_protocol import OwnProtocol
from emoviz.jobs.kinds.training import Training
from emoviz.jobs.work import work_of
from emoviz.models import MODELS
from emoviz.studies import culture_set
from emoviz.training import sweeps
from emoviz.training.config import TrainingConfig
from emoviz.training.outlook import Outlook, extractions, in_words, step_seconds, steps_per_epoch, told_gaps
from emoviz.ui import culture_tables, figures, form, job_cards, job_places, loaders, navigation, outlooks, visitors
from emoviz.ui.training_form import CLONE, Asked, ask

COMPARE, DATA, CULTURES, RUNS = "pages/compare.py", "pages/data.py", "pages/cultures.py", "pages/runs.py"
Submitted = Training | OwnProtocol | CultureSet
"""Work that the form describes."""
SET = "culture-set"
"""Kind of a job that trains models of each culture."""
MOST_JOBS = 20
"""Cards that are drawn; the page Runs lists all."""
LOG_LINES = 40
ABOUT_CURVES = f"""
Left the **loss** on the training part; right the metric on the **validation** part, on speakers that are not trained
on. The epoch with the highest validation metric is kept; the test part is read once, at the end. Thin lines are single
cultures, with few speakers each, so they jump. {words.CONFOUND}
"""
ABOUT_ESTIMATE = """
Times one step on this machine's processor and, where features are extracted first, those of a few recordings.
"""
ABOUT_GROUP = """
The trainings of one sweep. **validation** is the best epoch's, by which it was selected, so it is optimistic; **test**
is the held-out score of the finished model. Scores of single seeds differ by luck: compare means over several seeds,
and pairs of finished models with their intervals on the Compare page.
"""


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Train", anchor=False)
        st.markdown("What will this training be, and how do the ones that run go?")
    found = loaders.holdings()
    left, right = st.columns([60, 40], gap="large")
    with left:
        asked = ask(found)
    with right:
        submit(asked, found)
    job_cards.poll(watch, lambda job: job.kind not in ("extract", "predict"))


def submit(asked: Asked, found: Sequence[Holding]) -> None:
    """Show what will happen and where, and the button that submits; or what forbids it, and what would help."""
    values, task = asked.values, asked.task
    st.markdown("**What will happen**")
    if not values["corpora"]:
        ask_for_corpus(found)
        return
    of_set = task.get("protocol") == culture_set.PROTOCOL
    try:
        config: TrainingConfig = from_dict(TrainingConfig, values, "the form")
        if of_set:
            config, left_out = culture_set.with_enough_people(config, found)
            for sentence in left_out:
                st.warning(sentence)
        view = outlooks.outlook_of(config, found)
        show(config, view)
        if of_set:
            culture_set.require_channel_attention(config, view.widths)
            st.caption(culture_set.told(config, view.parts["culture"].nunique(), task["seeds"]))
        elif "protocol" in task:
            st.caption(
                f"That is the split of one training; {task['protocol']} parts the same recordings fold by fold, with "
                "speakers apart in each."
            )
        buttons, below = st.container(), st.container()
        with below:
            for warning in view.warnings:
                st.caption(warning)
            configs = (config,) if "protocol" in task else sweep(config, found)
        works = [work(varied, task, extract=bool(view.lacking)) for varied in configs]
        with buttons:
            where = job_places.choose_where()
            with st.container(horizontal=True):
                label = "Start" if len(configs) == 1 else f"Start {len(configs)} trainings"
                started = st.button(label, type="primary", key="start")
                estimating = st.button("How long will it take?", help=ABOUT_ESTIMATE)
    except EmovizError as error:
        st.error(str(error))
        offer(asked, str(error), found)
        st.button("Start", type="primary", disabled=True)
        return
    if estimating:
        estimate(config, view, found, culture_set.rounds(config, task["seeds"]) if of_set else 1)
    if started:
        start(works, where)


def offer(asked: Asked, refusal: str, found: Sequence[Holding]) -> None:
    """Offer the changes of the form after which what it says can be trained."""
    with st.container(horizontal=True):
        for mend in outlooks.mends_of(asked.values, refusal, found):
            st.button(mend.told, key=f"mend-{mend.field}-{mend.value}", on_click=asked.change, args=(mend,))


def ask_for_corpus(found: Sequence[Holding]) -> None:
    """Say that a training needs a corpus, and where one comes from when none is here."""
    if any(one.tables is not None for one in found):
        st.info("Choose a corpus to train on.")
    else:
        st.info("A training needs a corpus, and none is on this machine yet. The Data page says how to get one.")
        if navigation.has(DATA):
            st.page_link(DATA, label="Go to Data")
    st.button("Start", type="primary", disabled=True)


def show(config: TrainingConfig, view: Outlook) -> None:
    """Show split, size and gaps of a training."""
    counts = view.parts["recordings"].map("{:,}".format) + view.parts["speakers"].map(lambda n: f" / {n}" if n else "")
    table = view.parts.assign(counts=counts).pivot(index="culture", columns="part", values="counts")
    shown = table.reindex(columns=[part for part in Split if part in table]).reset_index()
    st.markdown(in_words(view.parts))
    figures.draw_table(shown, key="outlook", height=250)
    reads = ", ".join(f"{width} channels of {name}" for name, width in view.widths.items())
    st.caption(f"Recordings / speakers. {view.parameters:,} parameters; reads {reads}.")
    if view.lacking:
        st.info(f"Extracted first: {told_gaps(config, view)}.")


def work(config: TrainingConfig, task: Mapping[str, Any], extract: bool) -> Submitted:
    """Return the job of a config.

    Raises:
        ConfigError: if the options of a protocol contradict each other.
    """
    values = {"config": to_dict(config), **task, "extract": extract}
    if task.get("protocol") == culture_set.PROTOCOL:
        return from_dict(CultureSet, {name: value for name, value in values.items() if name != "protocol"}, "the form")
    if "protocol" in task:
        return from_dict(OwnProtocol, values, "the form")
    return from_dict(Training, values, "the form")


def sweep(config: TrainingConfig, found: Sequence[Holding]) -> tuple[TrainingConfig, ...]:
    """Let people make a sweep over systems, cultures and seeds, or return the config alone."""
    cultures: dict[str, list[str]] = {}
    for one in found:
        if one.name in config.corpora and one.tables is not None:
            for culture in one.tables.recordings["culture"].dropna().unique():
                cultures.setdefault(culture, []).append(one.name)
    with st.expander("Sweep"):
        systems = st.multiselect("Systems", list(MODELS), key="sweep-systems", placeholder=config.model)
        alone = st.multiselect("Each culture alone", list(cultures), key="sweep-cultures", placeholder="all together")
        seeds = form.json_list(
            st.text_input("Seeds", key="sweep-seeds", placeholder=f"{config.seed}", help="E.g. 0, 1, 2")
        )
    if any(not isinstance(seed, int) for seed in seeds):
        raise ConfigError("Seeds are whole numbers, separated by commas: 0, 1, 2.")
    configs = sweeps.sweep(config, systems, {culture: cultures[culture] for culture in alone}, seeds)
    for varied in configs if len(configs) > 1 else ():
        outlooks.outlook_of(varied, found)
    return configs


def estimate(config: TrainingConfig, view: Outlook, found: Sequence[Holding], rounds: int) -> None:
    """Show how long a training on all recordings takes on this machine's processor, in a number of rounds."""
    own = loaders.settings()
    with st.spinner("Trying a few recordings and one step" if view.lacking else "Timing one step"):
        try:
            visitors.require(Action.RUN_JOBS)
            first = extractions(config, view, own.data, own.imports, loaders.store())
            seconds = step_seconds(config, view.widths)
        except (EmovizError, RuntimeError) as error:
            st.error(f"A step could not be tried: {str(error).splitlines()[0]}")
            return
    steps = steps_per_epoch(config, view, found, loaders.store())
    training, extraction = seconds * steps * config.epochs * rounds, sum(one.seconds for one in first)
    if first:
        st.markdown(
            f"**About {words.duration(extraction + training)}** on this processor, {words.duration(extraction)} of "
            f"them for the features of {sum(one.recordings for one in first):,} recordings, judged by a few."
        )
    again = f", {rounds} times over" if rounds > 1 else ""
    st.markdown(
        f"{'Training takes at' if first else 'At'} most **{words.duration(training)}** on this processor: "
        f"{config.epochs} epochs of {steps:,} steps, {1000 * seconds:.0f} ms each{again}; a model of "
        f"{words.size(2 * view.parameters)}."
    )


def start(works: Sequence[Submitted], where: Where) -> None:
    """Queue the jobs; those of a sweep share a group."""
    title = works[0].config.title
    group = f"{title.rpartition(',')[0] or title} x {len(works)}" if len(works) > 1 else ""
    try:
        for one in works:
            job_cards.jobs().submit(one, where, group)
    except EmovizError as error:
        st.error(str(error))
        return
    st.session_state.pop(CLONE, None)
    st.rerun()


def watch(shown: Sequence[Job]) -> None:
    """Show the queue: groups with their summary, and a card per job."""
    st.header("Jobs", anchor=False)
    job_cards.show_error()
    if not shown:
        st.caption(
            "Trainings appear here, with live curves; they go on when this page is closed or the server is restarted."
        )
    for group in dict.fromkeys(job.group for job in shown if job.group):
        show_group(group, [job for job in shown if job.group == group])
    alone = [job for job in shown if not job.group]
    for job in alone[:MOST_JOBS]:
        with st.container(border=True, key=f"job-{job.id}"):
            show_job(job)
    if len(alone) > MOST_JOBS:
        st.caption(f"{len(alone) - MOST_JOBS} older jobs stand on the page Runs, with their curves and scores.")
        if navigation.has(RUNS):
            st.page_link(RUNS, label="Go to Runs")


def show_group(group: str, members: Sequence[Job]) -> None:
    """Show a sweep as a table, with its jobs folded away."""
    with st.container(border=True, key=f"group-{members[-1].id}"):
        entries = []
        for job in members[::-1]:
            config = config_of(job)
            if config:
                state, scores = job_cards.jobs().state(job.id).state, job_cards.jobs().epochs(job.id)
                entries.append(sweeps.Entry(config, state.lower(), scores, made(job)))
        done = sum(entry.state == State.FINISHED.lower() for entry in entries)
        st.markdown(f"**{group}**: {done} of {len(members)} finished")
        table = sweeps.summary(entries)
        figures.show_table(table.round(3), table, key=f"sweep-{members[-1].id}", name="sweep", about=ABOUT_GROUP)
        with st.expander("Its jobs"):
            for job in members[::-1]:
                show_job(job, short=True)


def show_job(job: Job, short: bool = False) -> None:
    """Show how one job goes, and what can be done with it."""
    status = job_cards.jobs().state(job.id)
    job_cards.header(job, status)
    st.caption(" · ".join(filter(None, (job.writes, job_cards.facts(job, status)))))
    config = config_of(job)
    if config and not short:
        table = sweeps.curves(job_cards.jobs().epochs(job.id))
        if len(table):
            figures.show(
                plots.job_curves(table, config.selection.upper()),
                table,
                key=f"curves-{job.id}",
                name=f"{job.writes}-curves",
                about=ABOUT_CURVES,
            )
    with st.container(horizontal=True, vertical_alignment="center"):
        if config and st.button("Clone with changes", key=f"clone-{job.id}", type="tertiary"):
            st.session_state[CLONE] = (f"clone of {config.name}", to_dict(config))
            st.rerun()
        with st.popover("Log", type="tertiary"):
            st.code(job_cards.jobs().logs(job.id, LOG_LINES) or "Nothing was printed yet.", language=None)
        with st.popover("Settings", type="tertiary"):
            st.code(form.as_text(job.work), language="json")
        if status.state is State.FINISHED and made(job) and navigation.has(COMPARE):
            st.page_link(COMPARE, label=f"Compare {job.writes}", query_params={"compared": compared_with(job.writes)})
        if job.kind == SET and job.writes in loaders.sets() and navigation.has(CULTURES):
            st.page_link(CULTURES, label="Compare the cultures", query_params=culture_tables.query_of(job.writes))


def config_of(job: Job) -> TrainingConfig | None:
    """Return the config that a job trains, None where it trains none or cannot be read."""
    try:
        work = work_of(job)
    except EmovizError:
        return None
    return work.config if isinstance(work, Training) else None


def made(job: Job) -> dict[str, Any]:
    """Return the held-out scores of the model that a job made; empty until then."""
    folder = loaders.checkpoints().get(job.writes)
    return loaders.metrics(folder) if folder else {}


def compared_with(name: str) -> list[str]:
    """Return the new model, and another one that predicts the same."""
    found = loaders.checkpoints()
    own = loaders.description(found[name])
    others = [
        n
        for n, folder in found.items()
        if n != name and (about := loaders.description(folder)) and own and about.outputs == own.outputs
    ]
    return [name, *others[:1]]


PLACE = ("Make", 2, "🏋️")
navigation.enter()
main()
