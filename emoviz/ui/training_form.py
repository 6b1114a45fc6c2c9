"""The form of a training: a config as plain data, and the choices of its job beside it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import streamlit as st

from ..checkpoints.folder import find
from ..core.configuration import from_texts, to_dict
from ..core.errors import ConfigError
from ..core.vocabulary import Source
from ..corpora.inventory import Holding
from ..features import EXTRACTORS
from ..features.encoders import remedies
from ..models import MODELS
from ..studies.culture_set import PROTOCOL, SEEDS
from ..training import preset, presets, schema
from ..training.loggers import LOGGERS
from ..training.mending import MODEL, TARGET, Mend
from ..training.papers import PAPERS
from ..training.presets import COMPARE_CULTURES
from ..training.protocols import PROTOCOLS, Options
from . import form, job_cards, linked, loaders

DEFAULT = "speech-emotion"
"""Preset of a first visit."""
ONE = "train one model"
"""Name of the job of a config unless a protocol is chosen."""
CLONE = "cloned"
"""Key in the session of the config that a job was cloned from: its name and its values."""
ABOUT_LOGGER = """
The tool that gets the scores of the training beside the curves below: **tensorboard** writes into the job's folder,
**mlflow** to the server that MLFLOW_TRACKING_URI names, or into the job's folder. Both are packages of their own.
"""


class Asked(NamedTuple):
    """The answers of the form.

    Attributes:
        values: values of a training config, as plain data.
        task: values of the job beside it.
        base: beginning of the keys of widgets that stay while the target changes.
        key: beginning of the keys of the other widgets.
    """

    values: dict[str, Any]
    task: dict[str, Any]
    base: str
    key: str

    def change(self, mend: Mend) -> None:
        """Change the answers of the form, before it is drawn again."""
        keys = {TARGET: f"{self.base}kind", MODEL: f"{self.base}model"}
        linked.choose_first(keys.get(mend.field, f"{self.key}-{mend.field}"), mend.value)


def ask(found: Sequence[Holding]) -> Asked:
    """Draw the form, and return its answers."""
    cloned: tuple[str, dict[str, Any]] | None = st.session_state.get(CLONE)
    bases = [*([cloned[0]] if cloned else []), *presets(), COMPARE_CULTURES.name, *PAPERS]
    wanted = linked.read("base")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        base = st.selectbox(
            "Start from",
            bases,
            0 if cloned else bases.index(wanted if wanted in bases else DEFAULT),
            key=f"base-{bases[0]}",
            width=170,
            help="The papers' systems as the bundled models were trained, `compare-cultures` for models of each "
            "culture alone, and `paper...` with the very streams that the papers name; everything can be changed.",
        )
        linked.write("base", "" if base == DEFAULT or (cloned and base == cloned[0]) else base)
        values: dict[str, Any] = schema.plain(cloned[1] if cloned and base == cloned[0] else to_dict(preset(base)))
        key = start = f"{base}-"
        models = list(MODELS)
        model = st.selectbox("System", models, models.index(values["model"]), key=f"{key}model", width=170)
        protocol = ask_protocol(PROTOCOL if base == COMPARE_CULTURES.name else ONE, key)
    st.caption(schema.about_model(model))
    if model != values["model"]:
        values |= {"model": model, "options": {}}
    if base in PAPERS and (lacking := missing_parts(values, found)):
        st.info("\n".join(["Missing on this machine:", *(f"- {sentence}" for sentence in lacking)]))
    here = [one.name for one in found if one.tables is not None]
    known = [name for name in values["corpora"] if name in here]
    values["corpora"] = st.multiselect(
        "Corpora", here, known, key=f"{key}corpora", help="The corpora on this machine; the Data page tells more."
    )
    values["inputs"] = ask_inputs(found, values, key)
    values, key = ask_outputs(values, key)
    groups = schema.training_fields()
    first, *rest = groups
    values |= form.ask_all(groups[first][:4], values, key, columns=4)
    with st.expander("More settings"):
        task = ask_task(protocol)
        for group in groups:
            st.markdown(f"**{group}**")
            values |= form.ask_all(groups[group][4:] if group == first else groups[group], values, key, columns=4)
    if fields := schema.model_fields(model):
        with st.expander(f"Settings of {model}"):
            options = form.ask_all(fields, values["options"], f"{key}{model}", columns=4)
            defaults = {field.name: schema.plain(field.default) for field in fields}
            values["options"] = {n: v for n, v in options.items() if n in values["options"] or v != defaults[n]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        values["name"] = st.text_input("Name of the model", free_name(values["name"]), key=f"{key}name", width=220)
        values["title"] = st.text_input("Title", values["title"], key=f"{key}title")
        sources = [str(source) for source in Source]
        values["source"] = st.selectbox(
            "Reads", sources, sources.index(values["source"]), key=f"{key}source", width=110
        )
    return Asked(values, task, start, key)


def ask_protocol(first: str, key: str) -> str:
    """Let people choose between one training and a protocol."""
    doable = [ONE, *PROTOCOLS]
    chosen: str = st.selectbox(
        "What to do",
        doable,
        doable.index(first),
        key=f"{key}protocol",
        width=170,
        help=f"A protocol trains on each fold and judges beside a floor; `{PROTOCOL}` keeps its models, which the "
        "Cultures page compares.",
    )
    return chosen


def missing_parts(values: Mapping[str, Any], found: Sequence[Holding]) -> list[str]:
    """Return the encoders and corpora that a preset lacks on this machine, and how to get them, a sentence each."""
    reasons: dict[str, list[str]] = {}
    for one in found:
        if one.name in values["corpora"] and one.tables is None:
            reasons.setdefault(one.missing or "", []).append(f"'{one.name}'")
    corpora = [f"The corpus {' and '.join(names)}: {reason}" for reason, names in reasons.items()]
    return remedies({entry["feature"]: entry.get("settings") or {} for entry in values["inputs"]}) + corpora


def ask_task(protocol: str) -> dict[str, Any]:
    """Let people choose the parts of a job beside its config: a logger, or a protocol with its options and seeds."""
    if protocol == ONE:
        st.markdown("**Logger**")
        return {
            "logger": st.selectbox(
                "logger",
                ["", *LOGGERS],
                key="logger",
                width=170,
                help=ABOUT_LOGGER,
                format_func=lambda name: name or "none",
            )
        }
    st.markdown(f"**Protocol {protocol}**")
    if protocol == PROTOCOL:
        return {"protocol": protocol, "seeds": ask_seeds(protocol, SEEDS)}
    options = form.ask_all(schema.fields_of(Options, ("sources",)), {}, f"{protocol}-options", columns=4)
    together = st.text_input(
        "cultures that train together",
        key=f"{protocol}-sources",
        placeholder="each alone",
        help="In cross-culture and k-shot, which test every other culture: `German, Italian`; sets are separated by "
        "`;`.",
    )
    options["sources"] = [[name.strip() for name in names.split(",")] for names in together.split(";") if names.strip()]
    return {"protocol": protocol, "options": options, "seeds": ask_seeds(protocol, (0,))}


def ask_seeds(protocol: str, first: Sequence[int]) -> list[Any]:
    """Let people choose the seeds of a protocol's trainings."""
    start = ", ".join(map(str, first))
    return form.json_list(
        st.text_input("seeds", start, key=f"{protocol}-seeds", width=170, help="Every training is run with each seed.")
    )


def free_name(name: str) -> str:
    """Return a name that no model has and no job will write: ``speech-cats-2`` and so on."""
    taken = {*find(loaders.settings().checkpoints), *loaders.sets(), *(job.writes for job in job_cards.jobs().list())}
    number = 2
    while (candidate := f"{name}-{number}") in taken:
        number += 1
    return candidate if name in taken else name


def ask_inputs(found: Sequence[Holding], values: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Let people choose which features the model reads, and what happens to each."""
    shipped = [
        name for one in found if one.tables is not None and one.name in values["corpora"] for name in one.tables.shipped
    ]
    before = {entry["feature"]: entry for entry in values["inputs"]}
    known = list(dict.fromkeys([*before, *shipped, *EXTRACTORS]))
    chosen = st.multiselect(
        "Features",
        known,
        list(before),
        key=f"{key}features",
        help="Features that are missing in the store are extracted first.",
    )
    inputs = []
    with st.expander("Settings of the features"):
        for feature in chosen:
            st.markdown(f"`{feature}`")
            entry = before.get(feature, {})
            given = form.ask_all(schema.input_fields(), entry, f"{key}input-{feature}")
            settings = entry.get("settings") or {}
            text = st.text_input(
                "settings",
                " ".join(f"{n}={v}" for n, v in settings.items()),
                key=f"{key}input-{feature}-settings",
                help="Settings of the extractor that are not its defaults, e.g. `layer=12`.",
            )
            inputs.append({"feature": feature, **given, "settings": settings_of(text)})
    return inputs


def settings_of(text: str) -> dict[str, Any]:
    """Read settings such as ``layer=12 pooling=mean``; the config refuses what is not a setting."""
    try:
        return from_texts(text.split())
    except ConfigError as error:
        st.error(str(error))
        return {}


def ask_outputs(values: Mapping[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """Let people choose the outputs, and return the values that follow and the key of widgets that start anew."""
    targets, before = list(schema.TARGETS), schema.target_of(values["outputs"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.selectbox("Predicts", targets, targets.index(before), key=f"{key}kind", width=260)
        fitted = schema.fitted(values, target)
        outputs = st.multiselect("Outputs", schema.TARGETS[target], fitted["outputs"], key=f"{key}outputs-{target}")
    return fitted | {"outputs": outputs}, key if target == before else f"{key}{target}-"
