"""Byte tokens against ByT5's tokeniser and back to text."""

import doctest

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emoviz.features import tokens
from emoviz.features.tokens import BEGIN, END, OFFSET, VOCABULARY, byte_tokens

CHARACTERS = st.characters(exclude_categories=["Cs"])


@given(st.text(CHARACTERS))
def test_a_text_can_be_read_back_from_its_tokens(text: str) -> None:
    numbers = byte_tokens(text)
    assert numbers.dtype == np.int64 and numbers.min() > tokens.PADDING and numbers.max() < VOCABULARY
    assert (numbers[0], numbers[-1]) == (BEGIN, END)
    assert bytes((numbers[1:-1] - OFFSET).tolist()).decode() == text


def test_behind_its_begin_a_text_has_byt5s_numbers() -> None:
    from transformers import ByT5Tokenizer  # imported late, as it takes seconds

    tokenizer = ByT5Tokenizer()
    for text in ("", "Das ist gut!", "你好，世界", "میں خوش ہوں", "Што? 😀"):
        assert byte_tokens(text)[1:].tolist() == tokenizer(text).input_ids
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (tokens.PADDING, END)


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    assert byte_tokens("\ud83d").tolist() == byte_tokens("?").tolist()


def test_the_example_of_the_docstring() -> None:
    assert doctest.testmod(tokens).failed == 0
