"""The cells of a table in a cluster as the engine reads them, and which of them cannot be taken as they are.

Numbers and days are converted in the cluster. In all other columns that are no texts the distinct cells come to the
driver, where they are read by the one reader there is. What is doubtful is told by the intake of this machine.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from subsidy.finding import Refusal
from subsidy.roster.arrays import APOSTROPHES
from subsidy.roster.cells import DATE_PARTS, Read, form_of, reader, stored_range
from subsidy.roster.columns import blank_value
from subsidy.roster.damaged import SUSPECT
from subsidy.roster.example_rows import MAY_BE_MARKED
from subsidy.roster.footers import WORDED
from subsidy.roster.names import Names, Shape
from subsidy.roster.raw import text_array
from subsidy.roster.refusal import CodedRefusal, coded
from subsidy.roster.suspect import WIDE
from subsidy.roster.typed import DIGITS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from subsidy.engine.spark import Spark
    from subsidy.schedule.load import RosterColumn

DOUBTFUL = "#doubtful"
MOST_SPELLINGS = 100_000  # of a column that is read by its distinct cells
WHOLE = ("tinyint", "smallint", "int", "bigint")
YEARS = datetime.date(1900, 1, 1), datetime.date(2200, 12, 31)
_WIDE_LETTERS = "".join(chr(letter) for first in "０Ａａ" for letter in range(ord(first), ord(first) + 26))
_PLAIN_LETTERS = "".join(chr(ord(letter) - 0xFEE0) for letter in _WIDE_LETTERS)


class TypedColumns:
    """The columns of a table in the making. `source`: its cells as given and `_row`; `positions`: where they stand."""

    def __init__(
        self, database: Spark, names: Names, shape: Shape, source: DataFrame, positions: Mapping[str, str]
    ) -> None:
        self.database = database
        self.names = names
        self.shape = shape
        self.source = source
        self.positions = positions
        self.kinds = dict(source.dtypes)
        self.unfit: dict[str, CodedRefusal] = {}  # columns of types that are not read
        self._joined = source
        self._typed: dict[str, Column] = {}
        self._doubts: list[Column] = []
        for name, spec in shape.columns.items():
            if name in positions:
                self._read(name, spec)
            elif spec.origin == "own":
                self._store_nothing(name, spec)

    def frame(self) -> DataFrame:
        """The typed columns, `_row`, and whether any of a row's cells is doubtful."""
        from pyspark.sql import functions as f

        doubtful = reduce(or_, (f.coalesce(doubt, f.lit(False)) for doubt in self._doubts), f.lit(False))
        typed = [column.alias(name) for name, column in self._typed.items()]
        return self._joined.select(*typed, f.col("_row"), doubtful.alias(DOUBTFUL))

    # --- columns -----------------------------------------------------------------------------------------------

    def _read(self, name: str, spec: RosterColumn) -> None:
        kind = self.kinds[self.positions[name]]
        form = form_of(spec)
        if kind not in (*WHOLE, "string", "boolean", "date") and not kind.startswith("decimal"):
            self.unfit[name] = _uncast(kind, form)
        elif form == "text":
            self._read_text(name, kind)
        elif form == "date" and kind == "date":
            self._read_days(name, spec)
        elif form == "number" and (kind in WHOLE or kind.startswith("decimal")) and _places(spec) is not None:
            self._read_numbers(name, spec, kind)
        else:
            self._read_spellings(name, spec, form)
        if name in self._typed and name in self.shape.needed and spec.column.blank == "missing":
            self._doubts.append(self._typed[name].isNull())

    def _read_text(self, name: str, kind: str) -> None:
        from pyspark.sql import functions as f

        cell = f.col(self.positions[name])
        written = f.when(cell, "yes").otherwise("no") if kind == "boolean" else cell.cast("string")
        text = f.regexp_replace(f.when(cell.isNotNull(), written), r"(?U)^\s+|\s+$", "")
        text = f.when(text != "", text)
        self._typed[name] = text
        self._doubts += [text.rlike(SUSPECT), text.rlike(MAY_BE_MARKED)]
        if name in (self.shape.key, "person", *self.shape.references):
            self._doubts += [f.length(text) != f.length(written), text.rlike(f"^[{APOSTROPHES}]|{WIDE}")]
        if name in (self.shape.key, self.shape.link):
            self._doubts.append(text.rlike(WORDED))

    def _read_days(self, name: str, spec: RosterColumn) -> None:
        from pyspark.sql import functions as f

        day = f.col(self.positions[name])
        sound = day.between(*map(f.lit, YEARS))
        if spec.column.blank == "ongoing":
            sound |= day == f.lit(datetime.date(9999, 12, 31))
        parts = (f.unix_date(day), f.year(day) * 12 + f.month(day) - 1, f.dayofmonth(day))
        self._doubts.append(~sound)
        self._put(name, spec, [f.when(sound, part.cast("bigint")) for part in parts])

    def _read_numbers(self, name: str, spec: RosterColumn, kind: str) -> None:
        from pyspark.sql import functions as f

        places = _places(spec) or 0
        _, least, most = stored_range(spec)
        number = f.col(self.positions[name]).cast("decimal(20,0)") if kind in WHOLE else f.col(self.positions[name])
        sound = number.between(*(f.lit(Decimal(end).scaleb(-places)) for end in (least, most)))
        exact = f.when(sound, number).cast(f"decimal({DIGITS},{places})")
        self._doubts.append(~(sound & (exact == number)))
        self._put(name, spec, [(exact * f.lit(Decimal(10**places))).cast("bigint")])

    def _read_spellings(self, name: str, spec: RosterColumn, form: str) -> None:
        """Each distinct cell is read on the driver; the frame is joined with what they mean."""
        import pyarrow as pa
        from pyspark.sql import functions as f

        position = self.positions[name]
        written = self.source.select(position).distinct().limit(MOST_SPELLINGS + 1).toArrow()[position]
        if len(written) > MOST_SPELLINGS:
            self.unfit[name] = _uncast(self.kinds[position], form)
            return
        read = reader(spec, self.names.words, in_workbook=False)
        blank, parts = blank_value(spec), DATE_PARTS if form == "date" else ("",)
        values = [_meaning(read, text, blank) for text in text_array(written).to_pylist()]
        of_type = {"category": pa.string(), "yes_no": pa.bool_()}.get(form, pa.int64())
        means = [
            pa.array([value if len(parts) == 1 or value is None else value[nth] for _, value in values], of_type)
            for nth in range(len(parts))
        ]
        columns = {"written": written, "is_read": pa.array([is_read for is_read, _ in values])}
        columns |= {f"part{nth}": mean for nth, mean in enumerate(means)}
        named = {column: f"{position}:{column}" for column in columns}
        meant = self.database.of_arrow(pa.table({named[column]: cells for column, cells in columns.items()}))
        same = f.col(position).eqNullSafe(f.col(f"`{named['written']}`"))
        self._joined = self._joined.join(f.broadcast(meant), same, "left")
        self._doubts.append(~f.col(f"`{named['is_read']}`"))
        for nth, part in enumerate(parts):
            self._typed[name + part] = f.col(f"`{named[f'part{nth}']}`")

    def _put(self, name: str, spec: RosterColumn, parts: Sequence[Column]) -> None:
        """Store the columns of a number or a date, with what a blank cell means."""
        from pyspark.sql import functions as f

        blank = blank_value(spec)
        blanks: Sequence[Any] = blank if isinstance(blank, tuple) else (blank,) * len(parts)
        for suffix, part, filling in zip(DATE_PARTS, parts, blanks, strict=False):
            is_blank = f.col(self.positions[name]).isNull()
            self._typed[name + suffix] = part if filling is None else f.when(is_blank, filling).otherwise(part)

    def _store_nothing(self, name: str, spec: RosterColumn) -> None:
        from pyspark.sql import functions as f

        form, blank = form_of(spec), blank_value(spec)
        of_type = {"text": "string", "category": "string", "yes_no": "boolean"}.get(form, "bigint")
        parts = DATE_PARTS if form == "date" else ("",)
        blanks: Sequence[Any] = blank if isinstance(blank, tuple) else (blank,) * len(parts)
        for suffix, filling in zip(parts, blanks, strict=True):
            self._typed[name + suffix] = f.lit(filling).cast(of_type)


def folded(text: Column) -> Column:
    """A text without what a reader overlooks: case, width and blanks."""
    from pyspark.sql import functions as f

    plain = f.translate(text, _WIDE_LETTERS, _PLAIN_LETTERS)
    return f.lower(f.regexp_replace(plain, r"(?U)\s", ""))


def _meaning(read: Read, text: str | None, blank: Any) -> tuple[bool, Any]:
    """Whether a cell can be read, and what it means."""
    if text is None or not text.strip():
        return True, blank
    try:
        return True, read(text.strip())
    except Refusal:
        return False, None


def _places(spec: RosterColumn) -> int | None:
    """How many decimals are stored; None where numbers are not stored as decimals."""
    scale = stored_range(spec)[0]
    places = len(str(scale)) - 1
    return places if scale == 10**places else None


def _uncast(kind: str, form: str) -> CodedRefusal:
    right = {"number": "long, decimal", "date": "date", "yes_no": "boolean, string"}.get(form, "string")
    return coded(
        "column-type",
        f"Spark 中此列的类型为 {kind}，不能直接读取", f"the type of this column in Spark is {kind}, which is not read",
        f"请先 cast 为 {right}", f"cast it to {right}",
    )  # fmt: skip
