"""The engine for what outgrows one machine: Spark, in a session of its own beside the caller's.

Views and settings of a session are its own, so calculations do not meet each other or what the caller has there. A
table is a checkpoint: it is computed once, however often it is read, and what reads it plans from its rows and not from
everything beneath them. It is let go with the database, so with the result that holds it.
"""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from subsidy import sql, sql_cells
from subsidy.engine.database import Kind, Query, Rows, too_large_in
from subsidy.engine.in_place import NUMBER, PLAIN, InPlaceTable
from subsidy.finding import Refusal, Text
from subsidy.roster.raw import RawTable, empty_table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

KINDS = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), "whole"),
    **{"string": "text", "boolean": "boolean", "date": "date", "decimal": "decimal", "void": "nothing"},
}  # fmt: skip
SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # refuses a number past 2^63
    "spark.sql.caseSensitive": "true",
    "spark.sql.constraintPropagation.enabled": "false",  # slow on wide rows; a union of checkpoints trips over it
    "spark.sql.variable.substitute": "false",  # `${…}` in a text is that text
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


class Spark:
    """The relations of one roster as temporary views of a session that only they are in.

    `session`: in whose cluster; by default the active one, or else the one that Spark's own settings lead to. Raises
    Refusal where there is no Spark, or none but by Spark Connect.
    """

    def __init__(self, session: SparkSession | None = None) -> None:
        self.caller = session or _found()
        if ".connect." in type(self.caller).__module__:
            raise _is_remote()
        self.session = _beside(self.caller)
        for name, value in SETTINGS.items():
            self.session.conf.set(name, value)
        self._tables: list[DataFrame] = []
        weakref.finalize(self, _let_go, self._tables).atexit = False

    def beside(self) -> Spark:
        """The relations of another roster in the same cluster."""
        return Spark(self.caller)

    # --- as a place of rosters ---------------------------------------------------------------------------------

    reads_again = False

    def number(self, name: str, given: Any) -> None:
        """A frame's rows in the order of its columns, blanks first; those of a raw table by their own numbers."""
        self.put(name, self.of_arrow(given.by_position()) if isinstance(given, RawTable) else self._numbered(given))

    def empty(self, name: str, given: Any) -> RawTable:
        return empty_table(name, list(given.columns), sheet=name)

    def kinds(self, name: str) -> dict[str, str]:
        found = self.session.table(f"`{name}`").dtypes
        return {column: KINDS.get(kind.split("(")[0], kind) for column, kind in found}

    def plain(self, name: str, columns: Sequence[str]) -> set[str]:
        cells = [(one, sql.column(one)) for one in columns]
        is_plain = [(one, sql.any_of([sql.is_missing(cell), sql_cells.matches(cell, PLAIN)])) for one, cell in cells]
        odd = [sql.alias(sql.highest(sql.case([(test, sql.whole(0))], sql.whole(1))), one) for one, test in is_plain]
        found = self.rows(Query(sql.select(odd, sql.table(name))))[0] if odd else ()
        return {one for one, is_odd in zip(columns, found, strict=True) if not is_odd}

    def are_unique(self, name: str, column: str) -> bool:
        return False

    def _numbered(self, frame: DataFrame) -> DataFrame:
        import pyarrow as pa
        from pyspark.sql import functions as f

        named = self.received(frame.toDF(*(f"c{position}" for position in range(len(frame.columns)))))
        ordered = self.kept(named.sort(*named.columns).withColumn("#id", f.monotonically_increasing_id()))
        parts = ordered.groupBy(f.shiftright("#id", 33).alias("part")).count().sort("part").collect()
        before, offsets = 0, []
        for part, count in parts:
            offsets.append(before + 1 - (part << 33))
            before += count
        of_part = {"#part": pa.array([part for part, _ in parts], pa.int64()), "#offset": pa.array(offsets, pa.int64())}
        by_part = f.broadcast(self.of_arrow(pa.table(of_part)))
        numbered = ordered.join(by_part, f.shiftright("#id", 33) == f.col("#part"), "left")
        return numbered.select(*named.columns, (f.col("#id") + f.col("#offset")).alias(NUMBER))

    def _of_place(self, table: InPlaceTable) -> DataFrame:
        place = table.place
        assert isinstance(place, Spark)
        return self.received(place.session.table(f"`{table.name}`"))

    # --- relations ---------------------------------------------------------------------------------------------

    def register(self, name: str, table: Any) -> None:
        self.put(name, self._of_place(table) if isinstance(table, InPlaceTable) else self.of_arrow(table))

    def create(self, name: str, query: Query, kind: Kind) -> None:
        with _exact(name):
            frame = self.frame(query)
            self.put(name, self.kept(frame) if kind in ("table", "quick") else frame)

    def rows(self, query: Query) -> Rows:
        with _exact(""):
            return [tuple(row) for row in self.frame(query).collect()]

    def arrow(self, query: Query) -> Any:
        with _exact(""):
            return self.frame(query).toArrow()

    def batches(self, query: Query) -> Iterator[Any]:
        yield from self.arrow(query).to_batches()

    def drop(self, name: str) -> None:
        self.session.catalog.dropTempView(f"`{name}`")

    def frame(self, query: Query) -> DataFrame:
        """The rows of a query where they are, in the cluster."""
        return self.session.sql(query.spark)

    def of_arrow(self, table: Any) -> DataFrame:
        """An Arrow table as a frame of this session."""
        return self.received(self.caller.createDataFrame(_typed(table)))

    def received(self, frame: DataFrame) -> DataFrame:
        """The caller's frame in this session. (Made here, `createDataFrame` would make this session the active one.)"""
        name = f"subsidy_{uuid.uuid4().hex}"
        frame.createGlobalTempView(name)
        try:
            return self.session.table(f"global_temp.{name}")
        finally:
            self.caller.catalog.dropGlobalTempView(name)

    def put(self, name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(f"`{name}`")

    def kept(self, frame: DataFrame) -> DataFrame:
        """Computed at its first use: on the executors, or in the caller's checkpoint directory where there is one."""
        if self.session.sparkContext.getCheckpointDir() is not None:
            return frame.checkpoint()
        self._tables.append(frame.localCheckpoint(eager=False))
        return self._tables[-1]


def _let_go(tables: Sequence[DataFrame]) -> None:
    for table in tables:
        if table.sparkSession.sparkContext._jsc is not None:  # else all is gone already
            table._jdf.queryExecution().logical().rdd().unpersist(False)


def _beside(session: SparkSession) -> SparkSession:
    """Another session of the same cluster; `RDD.toDF`, which a new session takes over, stays that of the first."""
    from pyspark import RDD

    to_frame = RDD.toDF
    try:
        return session.newSession()
    finally:
        RDD.toDF = to_frame  # type: ignore[method-assign]


def _found() -> SparkSession:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        why = Text("没有安装 pyspark", "pyspark is not installed")
        raise Refusal(why, Text("请执行 pip install 'subsidy[spark]'", "pip install 'subsidy[spark]'")) from None
    try:
        return SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()
    except (PySparkException, FileNotFoundError):
        why = Text("无法启动 Spark", "Spark does not start")
        remedy = Text("请安装 Java 17，或先自行建立会话", "install Java 17, or start a session before")
        raise Refusal(why, remedy) from None


def _is_remote() -> Refusal:
    return Refusal(
        Text("不支持 Spark Connect 会话", "a session of Spark Connect does not serve"),
        Text(
            "请在集群的驱动程序中运行，例如用 spark-submit",
            "run the calculation in a driver of the cluster, by spark-submit for example",
        ),
    )


def _typed(table: Any) -> Any:
    """With coded texts as texts, and columns of nothing but blanks as whole numbers: Spark has no others."""
    import pyarrow as pa

    def fit(kind: Any) -> Any:
        if pa.types.is_dictionary(kind):
            return kind.value_type
        return pa.int64() if pa.types.is_null(kind) else kind

    return table.cast(pa.schema([field.with_type(fit(field.type)) for field in table.schema]))


@contextmanager
def _exact(relation: str) -> Iterator[None]:
    from pyspark.errors import ArithmeticException, NumberFormatException

    try:
        yield
    except (ArithmeticException, NumberFormatException):
        raise too_large_in(relation) from None
