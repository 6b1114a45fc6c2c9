"""``glossary``: the terms of the pages in plain sentences."""

import argparse
import sys
from pathlib import Path

from ..core.errors import ConfigError
from ..core.files import raising, write_text
from ..core.settings import Settings
from .command import argument, command


@command(
    "glossary",
    "the terms of the pages in plain sentences, or one of them",
    argument("term", nargs="?", metavar="TERM", help="a term, e.g. CCC (default: all)"),
    argument("--write", type=Path, metavar="FILE", help="write the page of the docs instead of printing it"),
)
def show_glossary(options: argparse.Namespace, settings: Settings) -> None:
    """Print one term or all, or write the page."""
    from ..core import glossary

    if options.term:
        print(glossary.term(options.term).text)
    elif options.write:
        with raising(ConfigError, options.write):
            write_text(options.write, glossary.page())
    else:
        sys.stdout.write(glossary.page())
