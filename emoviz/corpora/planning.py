"""The plan of an import: the meanings of columns and words follow from their names, unless they are given."""

from collections.abc import Mapping

from .importing import Plan, words_of
from .roles import suggest, suggest_emotions, suggest_part
from .sources import Material


def suggested_plan(
    name: str,
    material: Material,
    *,
    columns: Mapping[str, str],
    values: Mapping[str, str],
    emotions: Mapping[str, str],
    scale: tuple[float, float] = Plan.scale,
    title: str = "",
    licence: str = "",
    own_speakers: bool = False,
) -> Plan:
    """Return a plan with the plain meanings of a source's columns and words, changed by given ones.

    Args:
        name: name of the corpus.
        material: the source.
        columns: columns with a known role, by role.
        values: values that all rows share, by role.
        emotions: known emotions of words.
        scale: lowest and highest rating.
        title: full name; by default the source's.
        licence: licence; by default the source's.
        own_speakers: whether each file counts as another person, if nothing states the speaker.

    Raises:
        ConfigError: if a role is unknown or missing, or a word cannot have the given meaning.
    """
    source = material.source
    meant = suggest(source.rows.columns, columns.values()) | dict(columns)
    meant = suggest_part(source.rows, meant.values()) | meant
    meant = {role: column for role, column in meant.items() if role not in values}
    if own_speakers:
        meant.setdefault("speaker", meant["file"])
    words = words_of(source, meant["emotion"]) if meant.get("emotion") in source.rows else []
    return Plan(
        name=name,
        columns=meant,
        values=values,
        emotions=suggest_emotions(words) | dict(emotions),
        scale=scale,
        title=title or source.title,
        licence=licence or source.licence or Plan.licence,
        limits=source.limits,
    )
