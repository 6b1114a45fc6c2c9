"""The plan of an import that follows from the names of a table's columns and from its words, unless told otherwise."""

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
    """Return what the columns and words of a source plainly mean, changed by what is known of them.

    Args:
        name: name of the corpus.
        material: the source.
        columns: columns of which the role is known, by role.
        values: values that all rows share, by role.
        emotions: emotions of words that are known.
        scale: lowest and highest rating.
        title: full name; by default the source's.
        licence: licence; by default the source's.
        own_speakers: whether each file is of a person of its own, where nothing tells the speaker.

    Raises:
        ConfigError: if a role is unknown or lacking, or a word cannot mean what is said.
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
