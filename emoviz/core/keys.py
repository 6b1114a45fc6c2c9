"""The key under which corrupted copies of a recording are stored, known to those who make them and who read them."""

RECIPE = 1
"""Version of the way copies are made; it is raised when that changes, so that older copies are not reused."""


def key_of_copy(key: str, number: int) -> str:
    """Return the key of a corrupted copy of a clip, given its key and the number of the copy, from 1."""
    return f"{key}-copy{number}-{RECIPE}"
