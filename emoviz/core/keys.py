"""The key under which corrupted copies of a recording are stored, known to those who make them and who read them."""

RECIPE = 1
"""Raised whenever copies come to be made in another way, so that those of before are not taken for them."""


def key_of_copy(key: str, number: int) -> str:
    """Return the key of a corrupted copy of a clip, given its key and the number of the copy, from 1."""
    return f"{key}-copy{number}-{RECIPE}"
