"""Words and colours in pictures, RGB."""

import unicodedata
from functools import cache
from typing import Any

import numpy as np

Colour = tuple[int, int, int]
DRAWN = str.maketrans({"−": "-", "–": "-", "ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae"})
"""Signs that Pillow's own font lacks, and the signs that are drawn in their place; other letters lose their accents."""
_LACKING = "\uffff"  # which no font has


def colour_of(text: str) -> Colour:
    """Return a colour of the vocabulary, six hexadecimal digits, as red, green and blue."""
    value = int(text.lstrip("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def write(picture: np.ndarray, words: str, place: tuple[int, int], size: int, colour: Colour) -> None:
    """Write words into a picture, which is drawn upon.

    Args:
        picture: RGB (H, W, 3).
        words: words in one line.
        place: left and top of the first letter.
        size: height of a line in pixels.
        colour: colour of the letters.
    """
    from PIL import Image, ImageDraw

    left, top = place
    words = _plain(words)
    font = _font(size)
    width, height = round(font.getlength(words)) + 2, round(1.4 * size)
    part = picture[top : top + height, left : left + width]
    if part.size:
        image = Image.fromarray(part)
        ImageDraw.Draw(image).text((0, 0), words, colour, font)
        part[:] = np.asarray(image)


def width_of(words: str, size: int) -> int:
    """Return the width of words in pixels."""
    return int(round(_font(size).getlength(_plain(words))))


def drawable(words: str) -> bool:
    """Return whether Pillow's own font has all letters of some words; it lacks those of most scripts."""
    return all(letter.isspace() or _drawn(letter) != _drawn(_LACKING) for letter in _plain(words))


def _plain(words: str) -> str:
    """Return words in the letters of Pillow's own font, as far as they can be told in these."""
    parts = unicodedata.normalize("NFKD", words.translate(DRAWN))
    return "".join(part for part in parts if not unicodedata.combining(part))


@cache
def _drawn(letter: str) -> bytes:
    mask = _font(32).getmask(letter)
    return bytes(mask) + bytes(mask.size)


@cache
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
