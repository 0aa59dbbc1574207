"""The intake of a roster that stays in a cluster.

What can be proved there is proved there: that each cell can be read, keys are unique, references lead somewhere, lives
do not overlap. Rows of which it is not proved are suspects. They come to the driver together with the rows they are to
be read beside (those they refer to, other rows of the same person), and the intake of this machine says what is wrong
with them. So each error has one wording, and a roster without errors stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from subsidy.engine.cluster import ClusterTable
from subsidy.engine.cluster_columns import DOUBTFUL, TypedColumns
from subsidy.engine.cluster_doubts import suspects
from subsidy.engine.cluster_lives import finished
from subsidy.engine.spark import Spark
from subsidy.finding import Finding, RosterError, Text
from subsidy.roster.intake import Intake, intake
from subsidy.roster.names import Names, Shape
from subsidy.roster.raw import RawTable, kept, raw_table
from subsidy.roster.rows import FEW_KEYS
from subsidy.roster.tables import Roster

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from subsidy.schedule.load import Version

MOST_SUSPECTS = 100_000  # rows of a table
OF_WHOLE_COLUMNS = ("magnitude",)  # codes of findings that a part of the rows says nothing about
Rows = dict[str, set[int]]  # by table, numbers of rows


@dataclass(frozen=True, eq=False)
class ClusterIntake(Intake):
    """An intake whose tables are in a cluster. Its sheets hold the suspects and what they are read beside."""

    cluster: Cluster = field(kw_only=True, repr=False)
    without_rows: frozenset[tuple[str, int]] = field(default=frozenset(), kw_only=True)

    def written(self, table: str, column: str, row: int) -> str:
        """The cell of a source row as written; empty where the roster does not have the column."""
        if row in self.cluster.brought.get(table, ()):
            return super().written(table, column, row)
        return self.cluster.written(table, self.headings.get(table, {}).get(column), row)

    def without(self, rows: Iterable[tuple[str, int]]) -> ClusterIntake:
        """The same with these rows blocked, and with them the rows that refer to them."""
        found = self.cluster.taken_in(self.without_rows | set(rows))
        return replace(found, findings=sorted({*self.findings, *found.findings}))


def cluster_intake(roster: Roster, versions: Sequence[Version], others: Sequence[Version] = ()) -> ClusterIntake:
    """As `intake`, of a roster with Spark frames. Raises Refusal where there is no Spark, RosterError for a table with
    more suspects than can be brought here."""
    return Cluster(roster, versions, others).taken_in(frozenset())


class Cluster:
    """A roster's tables in a cluster, and the rows of them that were brought to the driver."""

    def __init__(self, roster: Roster, versions: Sequence[Version], others: Sequence[Version]) -> None:
        self.database = Spark(next(iter(roster.frames.values())).sparkSession)
        self.versions, self.others = versions, others
        self.names = Names(versions, others)
        self.raw: dict[str, DataFrame] = {}  # by name in the roster; columns by position, and `_row`
        self.headings: dict[str, list[str]] = {}
        for name, frame in roster.given:
            self._put(name, frame)
        empty = intake(Roster.of([self._raw_table(name, ()) for name in self.raw]), versions, others)
        self.sheets = {table: sheet for table, sheet in empty._sheets.items() if sheet.usable}
        self.shapes: dict[str, Shape] = {table: sheet.shape for table, sheet in self.sheets.items()}
        self.frames = self._converted()
        self.brought: Rows = {table: set() for table in self.sheets}
        self.whole: set[str] = set()  # tables all of whose rows are here
        self.looked_at: set[str] = set()
        for table in self.frames:
            self._bring_suspects(table)

    def _put(self, name: str, frame: Any) -> None:
        """Put a table into the cluster with its rows numbered: a frame of Spark in the order of its columns."""
        from pyspark.sql import functions as f

        if isinstance(frame, RawTable):
            self.headings[name] = frame.headings
            columns = [frame.data.column(position) for position in range(len(frame.headings))]
            self.raw[name] = self.database.of_arrow(_by_position(columns, frame.rows))
            return
        self.headings[name] = list(frame.columns)
        named = self.database.received(frame.toDF(*(f"c{position}" for position in range(len(frame.columns)))))
        ordered = self.database.kept(named.sort(*named.columns).withColumn("#id", f.monotonically_increasing_id()))
        parts = ordered.groupBy(f.shiftright("#id", 33).alias("part")).count().sort("part").collect()
        before, offsets = 0, []
        for part, count in parts:
            offsets.append((part, before + 1 - (part << 33)))
            before += count
        numbered = ordered.join(f.broadcast(self._numbers(offsets)), f.shiftright("#id", 33) == f.col("#part"), "left")
        self.raw[name] = numbered.select(*named.columns, (f.col("#id") + f.col("#offset")).alias("_row"))

    def _numbers(self, pairs: Sequence[tuple[int, int]]) -> DataFrame:
        import pyarrow as pa

        columns = zip(*pairs, strict=True) if pairs else ((), ())
        one, two = (pa.array(list(column), pa.int64()) for column in columns)
        return self.database.of_arrow(pa.table({"#part": one, "#offset": two}))

    def _converted(self) -> dict[str, DataFrame]:
        """The typed tables. Raises RosterError for columns of types that are not read."""
        found, unfit = {}, []
        for table, sheet in self.sheets.items():
            name, headings = sheet.raw.name, self.headings[sheet.raw.name]
            positions = {column: f"c{headings.index(heading)}" for column, heading in sheet.headings.items()}
            columns = TypedColumns(self.database, self.names, sheet.shape, self.raw[name], positions)
            found[table] = self.database.kept(columns.frame())
            for column, refused in columns.unfit.items():
                place = sheet.place(column=column)
                unfit.append(Finding(place, refused.code, refused.why, refused.remedy, table=table))
        if unfit:
            raise RosterError(sorted(unfit))
        return found

    # --- what is brought to the driver -------------------------------------------------------------------------

    def _bring_suspects(self, table: str) -> None:
        found = suspects(table, self.frames, self.shapes).limit(MOST_SUSPECTS + 1).toArrow()["_row"].to_pylist()
        self._bring(table, found)

    def _bring(self, table: str, numbers: Iterable[int]) -> bool:
        """Whether there are new ones among these rows."""
        before = len(self.brought[table])
        self.brought[table] |= set(numbers)
        if len(self.brought[table]) > MOST_SUSPECTS:
            raise RosterError([self._too_many(table)])
        return len(self.brought[table]) > before

    def _too_many(self, table: str) -> Finding:
        return Finding(
            self.sheets[table].place(), "too-many-suspects",
            Text(
                f"需逐行核对的行超过 {MOST_SUSPECTS:,} 行",
                f"more than {MOST_SUSPECTS:,} rows would have to be looked at",
            ),
            Text("请先取一部分行，用 subsidy.check 核对并改正", "check a part of the rows with subsidy.check first"),
            table=table,
        )  # fmt: skip

    def _bring_company(self) -> None:
        """Bring what the rows that are here have to be read beside, until nothing is missing."""
        if not any(self.brought.values()):
            return
        self._bring_small_tables()
        asked: set[tuple[str, str, str]] = set()
        while wanted := {one for one in self._company() if one not in asked}:
            asked |= wanted
            for table, column in sorted({(table, column) for table, column, _ in wanted}):
                values = [value for one, other, value in wanted if (one, other) == (table, column)]
                self._bring(table, self._where(table, column, values))

    def _bring_small_tables(self) -> None:
        """Bring tables whole that have so few rows that among their keys the nearest one is looked for."""
        for table in self.frames.keys() - self.looked_at:
            rows = self.frames[table].select("_row").limit(FEW_KEYS + 1).collect()
            self.looked_at.add(table)
            if len(rows) <= FEW_KEYS:
                self.whole.add(table)
                self._bring(table, [row for (row,) in rows])

    def _company(self) -> Iterator[tuple[str, str, str]]:
        """Table, column and text of the rows that those which are here must be read beside."""
        for table in self.frames:
            leads = [lead for lead in self._leads(table) if lead[0] not in self.whole]
            if self.brought[table] and leads:
                texts = self._texts(table, {own for *_, own in leads})
                for other, column, own in leads:
                    yield from ((other, column, text) for text in texts[own])

    def _leads(self, table: str) -> Iterator[tuple[str, str, str]]:
        """Where a row leads: a table, the column by which its rows are found, and the row's own column that says it."""
        shape = self.shapes[table]
        for name, to in shape.references.items():
            if to in self.frames:
                yield to, self.shapes[to].key or "", name
        if shape.is_history and shape.link:
            yield table, shape.link, shape.link
        if shape.has_persons:
            yield table, "person", "person"
        if shape.is_history and shape.link == "person":
            for other, frame in self.frames.items():
                if not self.shapes[other].is_history and "person" in frame.columns:
                    yield other, "person", "person"

    def _texts(self, table: str, columns: Iterable[str]) -> dict[str, set[str]]:
        """The texts of columns in the rows that are here."""
        names = sorted(columns)
        here = self.frames[table].join(self._of_numbers(table), "_row", "left_semi").select(*names).toArrow()
        return {name: set(here[name].drop_null().to_pylist()) for name in names}

    def _where(self, table: str, column: str, texts: Sequence[str]) -> list[int]:
        import pyarrow as pa
        from pyspark.sql import functions as f

        wanted = f.broadcast(self.database.of_arrow(pa.table({column: pa.array(texts, pa.string())})))
        rows = self.frames[table].join(wanted, column, "left_semi").select("_row").limit(MOST_SUSPECTS + 1)
        return [row for (row,) in rows.collect()]

    def _of_numbers(self, table: str) -> DataFrame:
        import pyarrow as pa
        from pyspark.sql import functions as f

        numbers = pa.array(sorted(self.brought[table]), pa.int64())
        return f.broadcast(self.database.of_arrow(pa.table({"_row": numbers})))

    # --- the intake --------------------------------------------------------------------------------------------

    def taken_in(self, blocked: frozenset[tuple[str, int]]) -> ClusterIntake:
        """The roster without these rows and those that refer to them."""
        for table, number in blocked:
            self._bring(table, [number])
        while True:
            self._bring_company()
            local = intake(Roster.of(self._raw_tables()), self.versions, self.others)
            local = local.without(blocked) if blocked else local
            if not self._bring_dependents(local.blocked_keys()):
                break
        own = {one.name: getattr(local, one.name) for one in fields(Intake)}
        own["tables"] = {table: self._table(table, local) for table in self.frames}
        own["findings"] = [finding for finding in local.findings if finding.code not in OF_WHOLE_COLUMNS]
        return ClusterIntake(**own, cluster=self, without_rows=blocked)

    def _bring_dependents(self, wrong: Mapping[str, set[str]]) -> bool:
        """Bring the rows that refer to wrong ones, which are blocked with them; whether there are new ones."""
        found = False
        for table, shape in self.shapes.items():
            for name, to in shape.references.items():
                if wrong.get(to) and table in self.frames.keys() - self.whole:
                    found |= self._bring(table, self._where(table, name, sorted(wrong[to])))
        return found

    def _raw_tables(self) -> list[RawTable]:
        by_name = {sheet.raw.name: table for table, sheet in self.sheets.items()}
        return [self._raw_table(name, self.brought[by_name[name]] if name in by_name else ()) for name in self.raw]

    def _raw_table(self, name: str, numbers: Iterable[int]) -> RawTable:
        """Rows as they were given, in order of their numbers."""
        import pyarrow as pa
        from pyspark.sql import functions as f

        headings, wanted = self.headings[name], sorted(numbers)
        rows = self.raw[name].limit(0)
        if wanted:
            listed = self.database.of_arrow(pa.table({"_row": pa.array(wanted, pa.int64())}))
            rows = self.raw[name].join(f.broadcast(listed), "_row", "left_semi")
        table = rows.toArrow().sort_by("_row")
        columns = [kept(table[f"c{position}"]) for position in range(len(headings))]
        return raw_table(name, headings, columns, table["_row"].combine_chunks(), sheet=name)

    def _table(self, table: str, local: Intake) -> ClusterTable:
        """The sound rows, converted in the cluster, and those that were brought to the driver and are sound too."""
        if table in self.whole:
            return ClusterTable(self.database, self.database.of_arrow(local.tables[table]))
        sound = self.frames[table].drop(DOUBTFUL)
        if self.brought[table]:
            sound = sound.join(self._of_numbers(table), "_row", "left_anti")
        frame = finished(sound, self.shapes[table])
        if self.brought[table]:
            frame = frame.unionByName(self.database.of_arrow(local.tables[table]))
        return ClusterTable(self.database, self.database.kept(frame))

    def written(self, table: str, heading: str | None, row: int) -> str:
        sheet = self.sheets[table]
        if heading is None:
            return ""
        one = self._raw_table(sheet.raw.name, [row])
        return one.text(one.headings.index(heading), 0) if len(one) else ""


def _by_position(columns: Sequence[Any], rows: pa.Int64Array) -> pa.Table:
    import pyarrow as pa

    return pa.table({**{f"c{position}": column for position, column in enumerate(columns)}, "_row": rows})

