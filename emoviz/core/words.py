"""The one place for how numbers and standing sentences are written."""

FEW = 5
"""An interval that rests on fewer independent units than this says so."""
UNITS = {
    "sessions": ("session", "sessions"),
    "speakers": ("person", "people"),
    "recordings": ("recording", "recordings"),
}
"""What an interval may rest on -> one and several of it, as people read it."""


def counted(number: int, unit: str) -> str:
    """Return a number of independent units in words, e.g. ``19 people``.

    Args:
        number: of them.
        unit: a key of :data:`UNITS`.
    """
    one, several = UNITS[unit]
    return f"{number:,} {one if number == 1 else several}"


def rests_on(number: int, unit: str) -> str:
    """Return the warning that an interval rests on few units, e.g. ``rests on 3 people``; empty for five or more.

    Args:
        number: of the units that the bootstrap drew.
        unit: a key of :data:`UNITS`.
    """
    return f"rests on {counted(number, unit)}" if number < FEW else ""
