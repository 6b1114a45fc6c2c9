"""Data: which recordings can be learnt from, and who says what in them?"""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import streamlit as st

from emoviz import corpora, media, plots
from emoviz.core.errors import EmovizError
from emoviz.core.roles import Action
from emoviz.core.vocabulary import Dimension, Emotion
from emoviz.core.words import CONFOUND, duration, size
from emoviz.corpora import inventory, own
from emoviz.corpora.importing import Checked, Plan, check, suggest_scale, words_of
from emoviz.corpora.inventory import Holding
from emoviz.corpora.roles import LEFT_OUT, ROLES, WHOLE, suggest, suggest_emotions, suggest_part
from emoviz.corpora.sources import Material, gather, pictures_in
from emoviz.corpora.words import grouped
from emoviz.features import EXTRACTORS, encoders, estimate
from emoviz.features.base import CONDITIONED, accepted_settings, described
from emoviz.jobs.folder import Job
from emoviz.jobs.kinds.extraction import Extraction
from emoviz.jobs.local import Local
from emoviz.ui import figures, job_cards, linked, loaders, navigation, own_corpora, server_folders, session, visitors

ALL = "all corpora"
SHOWN = ["corpus", "state", "recordings", "speakers", "cultures", "features", "labels", "licence"]
NO_COLUMN = "not in the table"
SUGGESTED = ("whisper", "egemaps")
"""Features that the bundled speech models read."""
SOUNDS = ("conditioned", "as recorded")
"""Names of the sound that speech features are computed from."""
MOST_PROBLEMS = 200
"""Largest number of problems that are listed; the rest is only counted."""
MOST_WORDS = 30
"""Words of emotion for which the page asks what they mean."""
CLIPS, TRACES, DATABASE = "Clips and a table", "Traces over time", "An audformat database"
ABOUT_CORPORA = """
A corpus is **ready** when it is in the store: models can be trained on it by the features that are counted here in
recordings, with or without its files; a training whose features are others extracts them first. It is **not extracted**
when only its files are here. Published corpora are looked for in the folder that `EMOVIZ_DATA` names; your own are
imported below.
"""
ABOUT_SOUND = """
Conditioned sound has no offset and one level, and features where somebody speaks: the bundled speech models and their
presets on the Train page read it. Features of the two are kept apart.
"""
ABOUT_LABELS = f"""
The number of recordings of each emotion that can be learnt from, per culture, speaker or corpus.
{CONFOUND} Scores will have wide intervals where few speakers of a culture show an emotion. Splits keep speakers apart.
"""
ABOUT_RATINGS = """
The share of ratings, of each moment or of a recording as a whole, that have each value, per culture. A narrow hump
around zero means that little happens: the CCC, which rewards following changes, will be low, and a constant answer
already has a small error.
"""
ABOUT_SCALE = """
The ends of the scale that raters used, not of the ratings that occur; they become -1 and 1. The proposal is the
narrowest usual scale that holds all ratings of the table.
"""
ABOUT_ENCODERS = (
    "Encoders that take weights of their own, beside the bundled features. One without them says what to get."
)


def main() -> None:
    """Lay out the page."""
    found = loaders.holdings()
    with st.container(gap=None):
        st.title("Data", anchor=False)
        st.markdown(f"Which recordings can be learnt from, and who says what in them?\n\n{inventory.in_words(found)}")
    here = [one for one in found if one.tables is not None]
    left, right = st.columns([53, 47], gap="medium")
    with left:
        show_corpora(found)
    with right:
        if here:
            show_labels(here)
        else:
            show_nothing()
    extracting, importing, pretrained = st.tabs(["Extract features", "Import clips of your own", "Pretrained encoders"])
    with extracting:
        extract(here)
    with importing:
        import_corpus()
    with pretrained:
        shown = encoders.describe()
        figures.show_table(shown, shown, key="encoders", name="encoders", about=ABOUT_ENCODERS)


def show_nothing() -> None:
    """Say what would be here, and how to get it."""
    with st.container(border=True):
        st.markdown(
            "No corpus is on this machine yet. Put published ones into a folder and name it by `EMOVIZ_DATA`, or "
            "import clips of your own below: a folder of them and a table that says who shows which emotion."
        )


def show_corpora(found: list[Holding]) -> None:
    """Show all known corpora and their state."""
    table = inventory.table(found)
    figures.show_table(
        table.reindex(columns=SHOWN), table.astype("string"), key="corpora", name="corpora", about=ABOUT_CORPORA
    )
    absent = [one for one in found if one.tables is None]
    if absent:
        with st.expander(f"Not on this machine: {', '.join(one.name for one in absent)}"):
            st.markdown("\n".join(f"- **{one.name}**: {one.missing}" for one in absent))


def show_labels(here: list[Holding]) -> None:
    """Show the label distributions of one corpus or all."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = linked.select("Corpus", [ALL, *[one.name for one in here]], "corpus", width=190)
        by = linked.segments("By", ["culture", "speaker", "emotion", "corpus"], "by")
    shown = [one for one in here if chosen == one.name or (chosen == ALL and not _pictures(one))]
    counts, values = inventory.emotions(shown), inventory.dimensions(shown)
    if counts.empty and values.empty:
        st.info("These recordings have no known labels.")
    if not counts.empty:
        figures.show(plots.label_counts(counts, by), counts, key="labels", name="labels", about=ABOUT_LABELS)
    if not values.empty and chosen == ALL and not counts.empty:
        rated = " or ".join(dict.fromkeys(values["corpus"]))
        st.caption(f"Ratings are shown for one corpus at a time: choose {rated} to see theirs.")
    elif not values.empty:
        dimensions = list(dict.fromkeys(values["dimension"]))
        figures.show(
            plots.dimension_shares(values, dimensions), values, key="ratings", name="ratings", about=ABOUT_RATINGS
        )
    if stills := [one.name for one in here if chosen == ALL and _pictures(one)]:
        st.caption(f"Single pictures are not counted here: choose {' or '.join(stills)} to see their labels.")
    if chosen != ALL:
        (one,) = shown
        assert one.tables is not None
        st.caption(f"**{one.tables.title}** {one.tables.limits}")
        if one.imported:
            own_corpora.offer_to_forget(one.name)


def extract(here: list[Holding]) -> None:
    """Let people choose a corpus and features, show the cost, and start the extraction as a job."""
    readable = {one.name: one for one in here if not one.missing}
    if not readable:
        st.info("Features are extracted from the files of a corpus, and no corpus has its files here.")
        return
    left, right = st.columns([53, 47], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.selectbox("Of which corpus?", list(readable), key="extract-corpus", width=200)
            features = st.multiselect("Features", list(EXTRACTORS), SUGGESTED, key="extract-features")
            device = job_cards.choose_device("extract-device")
        settings = choose_sound(features)
        lacking = estimate.lacking(readable[name], {f: settings.get(f, {}) for f in features}, loaders.store())
        if lacking:
            kinds = [f"{described(f, settings.get(f, {}))} of {n:,} recordings" for f, n in lacking.items()]
            st.markdown(f"Not in the store yet: {', '.join(kinds)}.")
        elif features:
            st.markdown("All of these are in the store already.")
        with st.container(horizontal=True):
            no = visitors.refusal(Action.RUN_JOBS)
            some = features or _pictures(readable[name])
            if st.button("Extract", type="primary", disabled=bool(no or not some), help=no):
                try:
                    job_cards.jobs().submit(Extraction(name, tuple(features), settings), Local(device))
                except EmovizError as error:
                    st.error(str(error))
            about = no or "Extracts a few recordings now, which are kept."
            estimating = st.button("How long will it take?", disabled=bool(no or not lacking), help=about)
        if estimating:
            show_estimate(name, list(lacking), settings)
    with right:
        job_cards.poll(watch, lambda job: job.kind == "extract")


def _pictures(one: Holding) -> bool:
    return one.tables is not None and one.tables.pictures is not None


def choose_sound(features: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Let people choose the sound that speech features are computed from, and return the settings of each feature."""
    heard = [feature for feature in features if "sound" in accepted_settings(feature)]
    if not heard:
        return {}
    sound = st.segmented_control("Sound", SOUNDS, default=SOUNDS[0], required=True, key="sound", help=ABOUT_SOUND)
    return {feature: dict(CONDITIONED) for feature in heard} if sound == SOUNDS[0] else {}


def show_estimate(name: str, features: list[str], settings: dict[str, dict[str, Any]]) -> None:
    """Show the time and the room of an extraction, judged by a few recordings."""
    own_settings = loaders.settings()
    with st.spinner("Trying a few recordings"):
        try:
            visitors.require(Action.RUN_JOBS)
            read = corpora.load(name, own_settings.data, own_settings.imports)
            found = estimate.estimate(read, features, loaders.store(), settings=settings)
        except EmovizError as error:
            st.error(str(error))
            return
    st.markdown(
        f"About **{duration(found.seconds)}** for {found.recordings:,} recordings and **{size(found.size)}** in "
        f"the store, judged by {found.tried} of them."
    )


def watch(shown: Sequence[Job]) -> None:
    """Show extractions that run or ran."""
    job_cards.show_error()
    if not shown:
        st.caption("Extractions appear here; they go on when this page is closed.")
    for job in shown[:5]:
        with st.container(border=True, key=f"job-{job.id}"):
            status = job_cards.jobs().state(job.id)
            job_cards.header(job, status)
            st.caption(job_cards.facts(job, status))


def import_corpus() -> None:
    """Let people say what their files mean, show what is wrong with them, and import them."""
    kind = st.segmented_control(
        "What do you have?", [CLIPS, TRACES, DATABASE], default=CLIPS, required=True, key="kind"
    )
    material = choose_material(str(kind))
    if material is None:
        return
    source = material.source
    st.caption(
        f"{len(source.rows):,} rows in {source.file}"
        + (f", {len(material.clips):,} clips" if material.clips is not None else ", no clips")
        + (f", {material.traces['file'].nunique()} sound traces" if material.traces is not None else "")
        + "."
    )
    plan = choose_plan(material)
    if plan is None:
        return
    with st.spinner("Checking every row"):
        try:
            checked = check(material, plan, media.probe)
        except EmovizError as error:
            st.warning(str(error))
            return
    show_problems(checked)
    finish(plan, checked)


def choose_material(kind: str) -> Material | None:
    """Let people choose folders of this machine, and a table; None while something is missing or wrong."""
    try:
        traces, clips, table = choose_places(kind)
        if {CLIPS: clips and (table or pictures_in(clips)), TRACES: traces, DATABASE: clips}[kind]:
            return gather(database=clips) if kind == DATABASE else gather(clips, table, traces)
    except EmovizError as error:
        st.error(str(error))
        return None
    more = " and a table (CSV) with a row per clip; pictures in one folder per emotion need none"
    st.caption(f"Name a folder on this machine{more if kind == CLIPS else ''}.")
    return None


def choose_places(kind: str) -> tuple[Path | None, Path | None, Path | None]:
    """Let people choose the folder of the traces, that of the clips, and the table; None for what is not named."""
    traces = clips = table = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if kind == TRACES:
            traces = _folder("Folder of the traces", "traces-folder", "One CSV per recording: timestamp, arousal ...")
        label = "Folder of the database" if kind == DATABASE else "Folder of the clips"
        clips = _folder(label, "clips-folder", "A folder on the machine on which emoviz runs; its files stay there.")
        if kind != DATABASE:
            table = choose_table(clips or traces)
    return traces, clips, table


def _folder(label: str, key: str, about: str) -> Path | None:
    text = st.text_input(label, key=key, help=about, placeholder="/path/of/a/folder").strip()
    return server_folders.named(text) if text else None


def choose_table(folder: Path | None) -> Path | None:
    """Let people choose a CSV of the folder, or upload one."""
    inside = sorted(folder.glob("*.[ct]sv")) if folder and folder.is_dir() else []
    received = st.file_uploader("A table (CSV)", type=["csv", "tsv"], key="table-upload")
    if received is not None:
        return session.session().write("tables", received.name, received.getvalue())
    return st.selectbox(
        "or one in the folder",
        inside,
        key=f"table-{folder}",
        format_func=lambda path: path.name,
        placeholder="none there",
        disabled=not inside,
    )


def choose_plan(material: Material) -> Plan | None:
    """Let people say what the columns mean; None while something is missing, which is said."""
    source = material.source
    columns = [str(column) for column in source.rows.columns]
    suggested = suggest(columns)
    suggested = suggest_part(source.rows, suggested.values()) | suggested
    if material.traces is not None and columns == ["file"]:
        suggested["speaker"] = "file"
    st.markdown("**What do the columns mean?**")
    chosen: dict[str, str] = {}
    values: dict[str, str] = {}
    for place, (role, about) in zip(cycle(st.columns(3)), ROLES.items(), strict=False):
        with place.container(horizontal=True, vertical_alignment="bottom"):
            options = [NO_COLUMN, *columns]
            index = options.index(suggested[role]) if role in suggested else 0
            column = st.selectbox(
                role, options, index, key=f"role-{role}-{source.file}", help=f"{about[:1].upper()}{about[1:]}."
            )
            if column != NO_COLUMN:
                chosen[role] = column
            elif role in WHOLE and (value := st.text_input("of all clips", key=f"value-{role}").strip()):
                values[role] = value
    emotions = choose_emotions(material, chosen.get("emotion"))
    scale = choose_scale(material, chosen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the corpus", key="import-name", placeholder="my-corpus", width=200)
        title = st.text_input("Full title", source.title, key="import-title")
        licence = st.text_input("Licence", source.licence or "not stated", key="import-licence", width=200)
    if not name:
        st.caption("Give the corpus a name to check its rows.")
        return None
    try:
        return Plan(name, chosen, values, emotions, scale, title, licence, source.limits)
    except EmovizError as error:
        st.warning(str(error))
        return None


def choose_emotions(material: Material, column: str | None) -> dict[str, str]:
    """Let people say which emotions the words of the table mean, where the words do not say so themselves."""
    if column is None:
        return {}
    words = words_of(material.source, column)
    known = suggest_emotions(words)
    unknown = [word for word in words if word not in known][:MOST_WORDS]
    if unknown:
        st.markdown("**Which emotion do these words mean?**")
    for place, word in zip(st.columns(4) * len(unknown), unknown, strict=False):
        answer = place.selectbox(word, [*Emotion, LEFT_OUT], None, key=f"word-{word}", placeholder="choose")
        if answer:
            known[word] = str(answer)
    return known


def choose_scale(material: Material, columns: dict[str, str]) -> tuple[float, float]:
    """Let people choose the lowest and the highest rating, where a column has ratings."""
    if not set(Dimension) & set(columns):
        return Plan.scale
    low, high = suggest_scale(material.source, columns)
    key = "-".join(columns.get(dimension, "") for dimension in Dimension)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        low = st.number_input("Lowest rating", value=low, key=f"low-{key}", width=150, help=ABOUT_SCALE)
        high = st.number_input("Highest rating", value=high, key=f"high-{key}", width=150)
    return low, high


def show_problems(checked: Checked) -> None:
    """Show the problems of the files, line by line."""
    left_out = f" {checked.left_out:,} are left out." if checked.left_out else ""
    st.markdown(f"**{len(checked.rows):,} rows are sound, {len(checked.problems):,} problems.**{left_out}")
    if checked.problems:
        problems = grouped(checked.problems)
        shown = problems[:MOST_PROBLEMS]
        with st.container(height=min(240, 60 + 30 * len(shown)), key="problems"):
            st.markdown("\n".join(f"- {_escaped(problem)}" for problem in shown))
        if len(shown) < len(problems):
            st.caption(f"And {len(problems) - len(shown):,} more.")


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>$#|~" else letter for letter in text)


def finish(plan: Plan, checked: Checked) -> None:
    """Draw the button that imports, and say what is next."""
    skip = bool(checked.problems) and st.checkbox("Import the correct rows although others are wrong", key="skip-wrong")
    replace = plan.name in own.names(loaders.settings().imports) and st.checkbox(
        f"Replace the corpus '{plan.name}' that was imported before", key="replace"
    )
    ready = bool(checked.rows) and (skip or not checked.problems)
    if st.button("Import", type="primary", disabled=not ready, key="import"):
        try:
            own_corpora.save(plan, checked, replace=bool(replace))
        except EmovizError as error:
            st.error(str(error))
            return
        st.session_state["imported"] = plan.name
        st.rerun()
    if st.session_state.pop("imported", None) == plan.name:
        st.success(f"'{plan.name}' is imported: extract its features in the first tab, then train on it.")


PLACE = ("Make", 1, "🗂️")
navigation.enter()
main()
