"""Imported corpora in the folder of imports: list, save, read and remove them.

    <imports>/<name>/corpus.json                              title, licence, limits
    <imports>/<name>/{recordings,labels,traces}.parquet       as :class:`~emoviz.corpora.base.Corpus` has them

The clips stay where they are. An imported corpus is read by :func:`emoviz.corpora.load` like any other.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import ConfigError, CorpusError
from ..core.files import raising, remove_folder, replacing_folder, write_json
from ..core.vocabulary import STILLS
from .base import READERS, Corpus
from .layout import require_none_missing

DESCRIPTION = "corpus.json"
TABLES = ("recordings", "labels", "traces")


def names(imports: Path | None) -> tuple[str, ...]:
    """Return the names of the imported corpora."""
    if imports is None or not imports.is_dir():
        return ()
    return tuple(sorted(path.parent.name for path in imports.glob(f"*/{DESCRIPTION}") if path.parent.name[0] != "."))


def save(corpus: Corpus, imports: Path, *, replace: bool = False) -> Path:
    """Keep a corpus, whole or not at all, and return its folder.

    Raises:
        ConfigError: if another corpus has the name.
        CorpusError: if the disk is full or not writable.
    """
    folder = imports / corpus.name
    if corpus.name in READERS:
        raise ConfigError(f"'{corpus.name}' is the name of a published corpus; give yours another one.")
    if folder.exists() and not replace:
        raise ConfigError(
            f"A corpus '{corpus.name}' was imported already; give this one another name, or replace it (`--replace`)."
        )
    description = {key: getattr(corpus, key) for key in ("name", "title", "licence", "limits")}
    with raising(CorpusError, folder, setting="EMOVIZ_STORE"), replacing_folder(folder) as draft:
        for table in TABLES:
            getattr(corpus, table).to_parquet(draft / f"{table}.parquet")
        write_json(draft / DESCRIPTION, description)
    return folder


def read(name: str, imports: Path) -> Corpus:
    """Read an imported corpus.

    Raises:
        CorpusError: if its folder is damaged, or clips are no longer where they were.
    """
    folder = imports / name
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        tables = {table: pd.read_parquet(folder / f"{table}.parquet") for table in TABLES}
        for table in ("recordings", "labels"):
            tables[table] = tables[table].astype(object).where(tables[table].notna(), None)
        corpus = Corpus(**description, **tables, pictures=_pictures(tables["recordings"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CorpusError(f"The imported corpus '{name}' in '{folder}' is damaged; import it again.") from error
    files = corpus.recordings["video"].fillna(corpus.recordings["audio"]).dropna()
    require_none_missing(corpus.title, folder, [f"{path} is gone" for path in files if not Path(path).is_file()])
    return corpus


def move(folder: Path, moved: Mapping[str, str]) -> set[str]:
    """Change the paths of a corpus's recordings to where they lie now.

    Args:
        folder: folder of the imported corpus.
        moved: folder of recordings as the corpus names it -> its present place.

    Returns:
        The folders among ``moved``, as the corpus names them, that hold recordings of the corpus.

    Raises:
        CorpusError: if the corpus is damaged.
    """
    path = folder / "recordings.parquet"
    fitting: set[str] = set()

    def at(file: Any) -> Any:
        for old, new in moved.items():
            if isinstance(file, str) and file.startswith(f"{old}/"):
                fitting.add(old)
                return new + file.removeprefix(old)
        return file

    try:
        table = pd.read_parquet(path)
        for column in ("video", "audio"):
            table[column] = table[column].map(at)
    except (OSError, ValueError, KeyError) as error:
        raise CorpusError(f"The imported corpus in '{folder}' is damaged; import it again.") from error
    table.to_parquet(path)
    return fitting


def _pictures(recordings: pd.DataFrame) -> "pd.Series[Any] | None":
    """The files of recordings that are single pictures, all of them; else None."""
    files = recordings["video"]
    if not files.map(lambda file: str(file).lower().endswith(STILLS)).all():
        return None
    return files.map(Path)


def remove(name: str, imports: Path) -> None:
    """Forget an imported corpus; its clips, and features in the store, stay."""
    remove_folder(imports / name)
