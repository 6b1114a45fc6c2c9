"""Gathers the pages of the docs site for mkdocs: `make docs` calls it.

The pages of docs/, the README, the changelog and the models' cards are copied to build/docs, with their links turned
to the site's own pages; each module of emoviz has a page of its docstrings. Nothing of emoviz is imported.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "docs"
CONFIG = ROOT / "build" / "mkdocs.yml"
SOURCE = re.compile(r"\bSource: (.+?)(?:\n\s*\n|\n\s*\w+:\n|\Z)", re.DOTALL)


def main() -> None:
    """Write build/docs and build/mkdocs.yml anew."""
    shutil.rmtree(BUILD, ignore_errors=True)
    (BUILD / "models").mkdir(parents=True)
    shutil.copytree(ROOT / "docs" / "pictures", BUILD / "pictures")
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = page.read_text("utf-8")
        if page.name == "bibliography.md":
            text = text.replace("<!-- sources -->", sources())
        (BUILD / page.name).write_text(re.sub(r"\]\(\.\./emoviz/([\w/]+)\.py\)", _reference, text), "utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    readme = re.sub(r"checkpoints/([\w-]+)/README\.md", r"models/\1.md", readme).replace("docs/", "")
    (BUILD / "index.md").write_text(readme, "utf-8")
    for name in ("CONTRIBUTING.md", "CODE_OF_CONDUCT.md"):
        (BUILD / name).write_text((ROOT / name).read_text("utf-8").replace("](docs/", "]("), "utf-8")
    (BUILD / "changelog.md").write_text((ROOT / "CHANGELOG.md").read_text("utf-8"), "utf-8")
    cards = sorted((ROOT / "checkpoints").glob("*/README.md"))
    for card in cards:
        (BUILD / "models" / f"{card.parent.name}.md").write_text(card.read_text("utf-8"), "utf-8")
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    config |= {"docs_dir": str(BUILD), "site_dir": str(ROOT / "site")}
    named = set(_pages(config["nav"]))
    config["nav"][-1]["More"] += [page.name for page in sorted(BUILD.glob("*.md")) if page.name not in named]
    config["nav"] += [{"Models": [{c.parent.name: f"models/{c.parent.name}.md"} for c in cards]}, {"API": reference()}]
    handler = next(one for one in config["plugins"] if "mkdocstrings" in one)["mkdocstrings"]["handlers"]["python"]
    handler["paths"] = [str(ROOT)]
    handler["options"]["extensions"] = [str(ROOT / name) for name in handler["options"]["extensions"]]
    CONFIG.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), "utf-8")


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and the file of each module, a package before what is in it."""
    for file in sorted(
        (ROOT / "emoviz").rglob("*.py"), key=lambda file: (file.parent, file.name != "__init__.py", file)
    ):
        if "bundled" not in file.parts and file.name != "__main__.py":
            yield ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), file


def page_of(name: str, file: Path) -> str:
    """Return the path of a module's page on the site."""
    return f"reference/{name.replace('.', '/')}{'/index' if file.name == '__init__.py' else ''}.md"


def reference() -> list[object]:
    """Write a page for each module, and return the part of the nav that leads to them."""
    levels: dict[str, list[object]] = {}
    for name, file in modules():
        path = page_of(name, file)
        (BUILD / path).parent.mkdir(parents=True, exist_ok=True)
        (BUILD / path).write_text(f"# `{name}`\n\n::: {name}\n    options:\n      show_root_heading: false\n", "utf-8")
        above, _, last = name.rpartition(".")
        if file.name == "__init__.py":
            levels[name] = [path]
            if above:
                levels[above].append({last: levels[name]})
        else:
            levels[above].append({last: path})
    return levels["emoviz"]


def sources() -> str:
    """Return the sources that docstrings name, a row each with the modules that name it."""
    found: dict[str, list[str]] = {}
    for name, file in modules():
        content = file.read_text("utf-8")
        nodes = ast.walk(ast.parse(content)) if "Source: " in content else ()
        nodes = [node for node in nodes if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
        for text in (ast.get_docstring(node) or "" for node in nodes):
            for source in SOURCE.findall(text):
                link = f"[`{name.removeprefix('emoviz.')}`]({page_of(name, file)})"
                found.setdefault(" ".join(source.split()).rstrip("."), []).append(link)
    rows = sorted(found.items(), key=lambda item: item[0].lower())
    return "\n".join(f"- {source}. {', '.join(dict.fromkeys(links))}" for source, links in rows)


def _pages(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        for part in entry.values() if isinstance(entry, dict) else [entry]:
            yield from _pages(part) if isinstance(part, list) else [part]


def _reference(link: re.Match[str]) -> str:
    file = ROOT / "emoviz" / f"{link[1]}.py"
    name = ".".join(("emoviz", *link[1].split("/"))).removesuffix(".__init__")
    return f"]({page_of(name, file)})"


if __name__ == "__main__":
    main()
