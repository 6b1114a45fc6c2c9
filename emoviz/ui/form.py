"""Widgets of settings, made from their schema (:mod:`emoviz.training.schema`): a new field needs no new widget."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ..core.configuration import from_texts
from ..training.schema import Field


def ask(field: Field, value: Any, key: str) -> Any:
    """Draw a widget for one field, and return its value.

    Args:
        field: field that the widget fills.
        value: value at the beginning.
        key: key of the widget; another one forgets what was chosen.

    Returns:
        A plain value; a value that the config refuses is refused by the config.
    """
    label, about = field.name.replace("_", " "), f"{field.about[:1].upper()}{field.about[1:]}"
    if field.kind == "flag":
        return st.checkbox(label, bool(value), key=key, help=about)
    if field.kind == "choice":
        options = list(field.choices)
        index = options.index(value) if value in options else 0
        return st.selectbox(label, options, index, key=key, help=about, format_func=lambda name: str(name) or "none")
    if field.kind == "several":
        known = [entry for entry in value or () if entry in field.choices]
        return st.multiselect(label, list(field.choices), known, key=key, help=about)
    if field.kind == "list":
        text = st.text_input(label, ", ".join(map(str, value or ())), key=key, help=about)
        return json_list(text)
    if field.kind == "text":
        return st.text_input(label, value or "", key=key, help=about)
    if field.kind == "whole":
        return st.number_input(
            label,
            value=None if value is None else int(value),
            step=1,
            key=key,
            help=about,
            placeholder="none" if field.optional else None,
        )
    return st.number_input(label, value=float(value), format="%g", step=None, key=key, help=about)


def ask_all(fields: Sequence[Field], values: Mapping[str, Any], key: str, columns: int = 3) -> dict[str, Any]:
    """Draw widgets of several fields side by side, and return their values.

    Args:
        fields: fields in order.
        values: values at the beginning; a field that has none starts with its default.
        key: beginning of the widgets' keys.
        columns: number of columns in which they stand.
    """
    places = st.columns(columns)
    answers = {}
    for number, field in enumerate(fields):
        with places[number % columns]:
            answers[field.name] = ask(field, values.get(field.name, field.default), f"{key}-{field.name}")
    return answers


def json_list(text: str) -> list[Any]:
    """Return the entries of a list that are parted by commas, numbers as numbers: ``64, 128``."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [from_texts([f"entry={part}"])["entry"] for part in parts]


def as_text(config: Mapping[str, Any]) -> str:
    """Return a config as people read it."""
    return json.dumps(config, indent=1, ensure_ascii=False)
