"""Text as numbers without a vocabulary file: its bytes, for every language alike.

L. Xue et al., "ByT5: Towards a Token-Free Future with Pre-trained Byte-to-Byte Models", TACL 10 (2022),
section 3.1: a token is a byte of the UTF-8 text, numbered after three special tokens. ByT5's third, the
unknown token, never occurs among bytes; here it begins a text, as [CLS] does for BERT, whose classifiers
read that token's state.
"""

import numpy as np

PADDING, END, BEGIN = 0, 1, 2
"""Numbers of the special tokens."""
OFFSET = 3
"""Number of byte 0."""
VOCABULARY = OFFSET + 256


def byte_tokens(text: str) -> np.ndarray:
    """Return the numbers of a text's tokens: its begin token, its bytes and its end token.

    >>> byte_tokens("né").tolist()
    [2, 113, 198, 172, 1]

    Args:
        text: text of any language; half of a surrogate pair, which is not a character, becomes "?".

    Returns:
        Numbers, int64 (T,), where T is the number of bytes plus 2.
    """
    encoded = np.frombuffer(text.encode("utf-8", "replace"), np.uint8).astype(np.int64)
    return np.concatenate([[BEGIN], encoded + OFFSET, [END]])
