"""The tables of a checkpoint: Parquet files about its held-out recordings that any reader of Parquet opens.

They have hundreds of narrow columns and few rows, so most of an ordinary file would describe columns. Here a file keeps
its index and what pandas needs to read it back exactly, and no statistics, dictionaries of numbers or copies of its
schema, which makes it half as large.
"""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..core.errors import CheckpointError
from ..core.files import raising, replacing

TABLES = ("attention", "embeddings", "predictions", "deletion")
"""Tables of, or about, held-out recordings that a folder may have, as Parquet."""


def read_table(folder: Path, name: str) -> pd.DataFrame | None:
    """Read one of :data:`TABLES` of a checkpoint folder, None where it has none.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = folder / f"{name}.parquet"
    try:
        return pd.read_parquet(path) if path.exists() else None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"'{path}' is damaged: {str(error).splitlines()[0].rstrip('.')}.") from error


def write_table(folder: Path, name: str, table: pd.DataFrame) -> Path:
    """Add one of the :data:`TABLES` to a checkpoint folder, or replace it, whole or not at all.

    Raises:
        CheckpointError: if the disk is full or not writable.
    """
    path = folder / f"{name}.parquet"
    with raising(CheckpointError, path), replacing(path) as draft:
        _write(table, draft)
    return path


def _write(table: pd.DataFrame, path: Path) -> None:
    """Write a table that :func:`pandas.read_parquet` reads back as it is."""
    found = pa.Table.from_pandas(table)
    # Parquet has no categories: a table with some is read back by Arrow's schema, and others need none.
    categorical = any(pa.types.is_dictionary(kind) for kind in found.schema.types)
    about = json.loads(found.schema.metadata[b"pandas"])
    own = [column for column in about["columns"] if column["field_name"] in about["index_columns"]]
    brief = {b"pandas": json.dumps({**about, "columns": own, "column_indexes": []}).encode()}
    numbers = [field.name for field in found.schema if pa.types.is_floating(field.type)]
    found = found if categorical else found.replace_schema_metadata(None)
    with pq.ParquetWriter(
        path,
        found.schema,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in found.schema.names if name not in numbers] or False,
        column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT") or None,
        write_statistics=False,
        store_schema=categorical,
    ) as file:
        file.write_table(found)
        if not categorical:
            file.add_key_value_metadata(brief)
