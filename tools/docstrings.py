"""Turns the marks of docstrings, as Sphinx knows them, into what the docs site shows; mkdocstrings loads this file.

References lead to the page of what they name, and equations become MathML, which browsers draw without a script.
"""

import re
from typing import Any

import griffe
from latex2mathml.converter import convert

ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`(?:([^`<]+?) <)?(~?)([\w.]+)>?`")
INLINE = re.compile(r":math:`([^`]+)`", re.DOTALL)
BLOCK = re.compile(r"^([ ]*)\.\. math::(.*(?:\n\1[ ]+\S.*|\n(?=\n\1[ ]+\S))*)", re.MULTILINE)


class Marks(griffe.Extension):
    """The extension that griffe calls for whatever it reads."""

    def on_instance(self, *, obj: griffe.Object | griffe.Alias, **_: Any) -> None:
        """Turn the marks of one docstring."""
        if obj.docstring:
            module = obj.path if obj.is_module else obj.module.path
            obj.docstring.value = turned(obj.docstring.value, module)


def turned(text: str, module: str) -> str:
    """Return a docstring of a module with its marks in Markdown and HTML."""

    def reference(found: re.Match[str]) -> str:
        said, short, name = found.groups()
        whole = name if name.startswith("emoviz") else f"{module}.{name.lstrip('.')}"
        said = said or (name.rpartition(".")[2] if short else name)
        return f'<autoref optional identifier="{whole}"><code>{said}</code></autoref>'

    text = BLOCK.sub(lambda found: f"{found[1]}<div>{_mathml(found[2], 'block')}</div>", text)
    return ROLE.sub(reference, INLINE.sub(lambda found: _mathml(found[1], "inline"), text))


def _mathml(latex: str, display: str) -> str:
    return str(convert(" ".join(latex.split()), display=display))
