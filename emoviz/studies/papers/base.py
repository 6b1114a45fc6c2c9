"""The parts of a paper as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ours:
    """A score of a committed report.

    Attributes:
        report: name of the report without its ending, ``<study>.<protocol>.<system>``.
        output: output of the score.
        metric: metric of the score, pooled if there are several aggregations.
        test: name of the test or mean of the score.
        label: word before the score, where several are listed together.
    """

    report: str
    output: str = "emotion"
    metric: str = "ua"
    test: str = "all"
    label: str = ""


@dataclass(frozen=True)
class Part:
    """A system, an equation, a table or a figure of a paper.

    Attributes:
        name: name in the paper, e.g. ``Table 2``.
        what: content in a few words.
        where: files that hold it.
        command: command that makes the part, without ``python -m emoviz``; empty if a page does.
        page: page of the app that shows the part, if any.
        ours: scores of committed reports.
        theirs: scores of the paper.
        note: deviation, or what is missing and why.
    """

    name: str
    what: str
    where: tuple[str, ...]
    command: str = ""
    page: str = ""
    ours: tuple[Ours, ...] = ()
    theirs: str = ""
    note: str = ""


@dataclass(frozen=True)
class Paper:
    """A paper.

    Attributes:
        number: number in this project.
        title: title of the system and of the paper.
        about: data and set-up in a sentence or two, with what differs here as a whole.
        presets: presets with the paper's own streams.
        parts: parts in the paper's order.
    """

    number: int
    title: str
    about: str
    presets: tuple[str, ...]
    parts: tuple[Part, ...]
