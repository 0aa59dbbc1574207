"""How a roster is taken in: whole, or where it stays."""

from __future__ import annotations

from collections.abc import Sequence

from subsidy.engine.in_place_intake import (
    MOST_SUSPECTS,
    TooManySuspectsError,
    UnfitColumn,
    UnfitColumnsError,
    UnfitError,
    in_place_intake,
)
from subsidy.finding import Finding, RosterError, Text
from subsidy.roster.intake import Intake, intake
from subsidy.roster.tables import Roster
from subsidy.schedule.load import Version


def taken_in_place(roster: Roster, versions: Sequence[Version], others: Sequence[Version] = ()) -> Intake:
    """As `intake`; large files are read where they are, if what is in them can be."""
    has_doubles = len(set(roster.tables)) < len(roster.tables)
    if not roster.files or roster.mapping or roster.frames or has_doubles:
        return intake(roster, versions, others)
    import duckdb

    from subsidy.engine.parquet_files import ParquetFiles

    try:
        found = in_place_intake(roster, ParquetFiles(roster.files), versions, others)
        return intake(roster, versions, others) if found.rows.may_have_footers() else found
    except (UnfitError, duckdb.Error):
        return intake(roster, versions, others)


def taken_in_cluster(roster: Roster, versions: Sequence[Version], others: Sequence[Version] = ()) -> Intake:
    """As `intake`; frames of Spark stay there. Raises Refusal where there is no Spark, RosterError for a column of a
    type that is not read there, and for a table with more suspects than can be brought here."""
    if not roster.frames:
        return intake(roster, versions, others)
    from subsidy.engine.spark import Spark

    place = Spark(next(iter(roster.frames.values())).sparkSession)
    try:
        return in_place_intake(roster, place, versions, others)
    except UnfitColumnsError as error:
        raise RosterError(sorted(map(_uncast, error.columns))) from None
    except TooManySuspectsError as error:
        raise RosterError([_too_many(error)]) from None


def _too_many(error: TooManySuspectsError) -> Finding:
    return Finding(
        error.place, "too-many-suspects",
        Text(
            f"需逐行核对的行超过 {MOST_SUSPECTS:,} 行", f"more than {MOST_SUSPECTS:,} rows would have to be looked at"
        ),
        Text("请先取一部分行，用 subsidy.check 核对并改正", "check a part of the rows with subsidy.check first"),
        table=error.table,
    )  # fmt: skip


def _uncast(one: UnfitColumn) -> Finding:
    right = {"number": "long, decimal", "date": "date", "yes_no": "boolean, string"}.get(one.form, "string")
    return Finding(
        one.place, "column-type",
        Text(
            f"Spark 中此列的类型为 {one.kind}，不能直接读取",
            f"the type of this column in Spark is {one.kind}, which is not read",
        ),
        Text(f"请先 cast 为 {right}", f"cast it to {right}"),
        table=one.table,
    )  # fmt: skip
