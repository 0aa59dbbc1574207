"""Arrow schemas of the tables: exact types, with unit and meaning of each column in its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from subsidy.dictionary.columns import Column, tables


def arrow_schema(table: str, columns: Sequence[str], metadata: Mapping[str, str] | None = None) -> Any:
    """The schema of these columns of a table: amounts as decimals in yuan, days as date32.

    `metadata`: of the whole, beside the name of the table.
    """
    import pyarrow as pa

    described = tables()[table]
    fields = [
        pa.field(name, arrow_type(column.type), metadata=_told(column))
        for name, column in ((name, described.column(name)) for name in columns)
    ]
    return pa.schema(fields, {"table": table, **(metadata or {})})


def arrow_type(written: str) -> Any:
    """The Arrow type of a column's type; what is no number, day or yes and no is text."""
    import pyarrow as pa

    kinds = {"whole": pa.int64(), "yuan": pa.decimal128(18, 2), "date": pa.date32(), "yes_no": pa.bool_()}
    return kinds.get(written, pa.string())


def _told(column: Column) -> dict[str, str]:
    told = {"unit": column.unit, "zh": column.meaning.zh, "en": column.meaning.en}
    told |= {"blank_zh": column.blank.zh, "blank_en": column.blank.en}
    return {name: text for name, text in told.items() if text}
