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

LARGEST = 2_000_000_000
"""Bytes that a table may take; a small file can hold a table of any size."""
TABLES = ("attention", "importance", "embeddings", "predictions", "deletion")
"""Tables of, or about, held-out recordings that a folder may have, as Parquet."""


def read_table(folder: Path, name: str) -> pd.DataFrame | None:
    """Read one of :data:`TABLES` of a checkpoint folder, None where it has none.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = folder / f"{name}.parquet"
    if not path.exists():
        return None
    try:
        about = pq.read_metadata(path)
        size = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
        if max(size, 8 * about.num_rows * about.num_columns) > LARGEST:
            raise ValueError(f"it would take more than {LARGEST / 1e9:.0f} GB of memory")
        return pd.read_parquet(path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise CheckpointError(f"'{path}' is damaged: {reason}.") from error


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
