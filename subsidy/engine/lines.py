"""From amounts to payment lines: what falls due when, and which payer bears which part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from subsidy import sql
from subsidy.engine.base import DUE
from subsidy.engine.date_words import month_of_year
from subsidy.engine.grain import ClauseColumns, CompiledGrain
from subsidy.engine.lookup import figure_table
from subsidy.engine.narrow import Narrow
from subsidy.money import split_fixed_sql, split_sql, split_with_rest_sql
from subsidy.schedule.checked import NOT_STATED, CheckedClause
from subsidy.schedule.column import MONTHS_IN
from subsidy.schedule.date_words import MONTH_OF_YEAR
from subsidy.schedule.load import Version
from subsidy.sql import Sql

LEDGER_HEAD = (
    "subject",
    "period",
    "piece",
    "count",
    "counted",
    "unit",
    "owed",
    "cut_by",
    "due",
    "due#m",
    "due#d",
    "accrued#m",
)
UNIT, COUNT = "unit", "count"
PART_COLUMNS = (
    "clause",
    "version",
    "line",
    "payee",
    "facility",
    "district",
    "due",
    "due#m",
    "accrued",
    "accrued#m",
    "payer",
    "position",
    "place",
    "owed",
)


MONTHS = ("due#m", "accrued#m")


def c(name: str) -> Sql:
    return sql.column(name)


@dataclass(frozen=True)
class Ledger:
    """The amounts of one clause in one version: a relation of units and the columns its lines are made of."""

    relation: str
    clause: CheckedClause
    version: Version
    version_index: int
    columns: ClauseColumns
    compiled: CompiledGrain
    allocated: str = ""  # the relation that says what decided about each recipient of a distributed sum
    is_view: bool = False  # whether its amounts are calculated again by each who reads them
    narrow: Narrow | None = None  # how it is held, if narrow; then `held` is the relation of its rows
    held: str = ""
    left: str = ""  # where there is one: subject, period, count and unit of what is left of them, quicker to read
    is_limited: bool = False  # whether its rows may be pieces of the amounts


@dataclass(frozen=True)
class LineSource:
    """What the payment lines of a ledger are made of: `rows` (units, with `part:PAYER` where parts make the amount)
    grouped into `lines`."""

    ledger: Ledger
    rows: str
    lines: str


def ledger_query(ledger: Ledger, grain_relation: str) -> exp.Select:
    """The amounts other than 0 of a clause, one row per subject and period of `count` (one at least) equal units."""
    owed = c(ledger.columns.owed)
    counts = sql.all_of([sql.compare("<>", amount, sql.whole(0)) for amount in (owed, c("#count"))])
    head = {
        "subject": c("#subject"),
        "period": c("#period"),
        "piece": sql.whole(1),
        "count": c("#count"),
        "counted": c("#counted"),
        "unit": owed,
        "owed": owed,
        "cut_by": sql.missing_text(),
        "due": c(DUE),
        "due#m": c(f"{DUE}#m"),
        "due#d": c(f"{DUE}#d"),
        "accrued#m": c(f"{DUE}#m"),
    }
    columns = [sql.alias(tree, name) for name, tree in head.items()]
    columns += [sql.alias(c(name), f"x:{name}") for name in ledger.columns.carried]
    return sql.select(columns, sql.table(grain_relation), where=counts)


def ledger_columns(ledger: Ledger) -> list[str]:
    return [*LEDGER_HEAD, *(f"x:{name}" for name in ledger.columns.carried)]


def extra(name: str) -> Sql:
    return c(f"x:{name}")


def line_key_columns(ledger: Ledger) -> dict[str, Sql]:
    """What tells the lines of a ledger apart: the names of `line_keys`, as columns of the ledger's rows."""
    columns = ledger.columns
    keys: dict[str, Sql] = {
        "payee": extra(columns.payee),
        "facility": extra(columns.facility),
        "district": extra(columns.district),
        "due": c("due"),
        "due#m": c("due#m"),
        "accrued": c("period"),
        "accrued#m": c("accrued#m"),
    }
    keys |= {f"at:{of}": extra(name) for of, name in columns.places.items()}
    return keys | {f"split:{index}": extra(name) for index, name in enumerate(columns.split_keys)}


def line_keys(ledger: Ledger) -> list[str]:
    return list(line_key_columns(ledger))


def line_order(ledger: Ledger) -> list[str]:
    """The keys by which the lines of a ledger are numbered: those that say something of their own."""
    first: dict[str, str] = {}
    for name, tree in line_key_columns(ledger).items():
        if name not in MONTHS:
            first.setdefault(tree.name, name)
    return list(first.values())


def pot_columns(ledger: Ledger, pots: Sequence[str]) -> list[str]:
    return [f"pot:{pot}" for pot in pots if pot in ledger.columns.pots]


def numbered(lines: exp.Select, order: Sequence[str]) -> exp.Select:
    """Lines with a number of their own, the same whatever the order of rows; lines of 0 are left out."""
    number = sql.row_number([], [(c(key), False) for key in order])
    inner = sql.select([sql.all_columns("n"), sql.alias(number, "line")], sql.subquery(lines, "n"))
    return sql.select(
        [sql.all_columns("z")], sql.subquery(inner, "z"), where=sql.compare("<>", c("owed"), sql.whole(0))
    )


def row_parts_query(ledger: Ledger, rows: Sql, names: Sequence[str]) -> exp.Select:
    """Rows with each payer's part of their unit (`part:PAYER`): the unit divided with the clause's parts as weights."""
    clause = ledger.clause
    weights = sql.case(
        [
            (
                sql.compare("=", sql.column("payer", "p"), sql.text(payer)),
                sql.column(f"x:{ledger.columns.parts[payer]}", "l"),
            )
            for payer in clause.payers
        ]
    )
    payers = sql.inline_rows(["payer", "position"], [[payer, i] for i, payer in enumerate(clause.payers)], "p")
    crossed = sql.select(
        [
            *(sql.column(name, "l") for name in names),
            sql.column("payer", "p"),
            sql.column("position", "p"),
            sql.alias(weights, "weight"),
        ],
        rows,
        [("inner", payers, sql.boolean(True))],
        where=sql.compare("<>", sql.column(UNIT, "l"), sql.whole(0)),
    )
    among = ["subject", "period", "piece", *(["instalment"] if "instalment" in names else [])]
    is_whole = sql.compare("=", c(UNIT), c("owed"))
    to_split = sql.select(
        [sql.all_columns("c"), sql.alias(sql.case([(is_whole, sql.whole(0))], c(UNIT)), "to_split")],
        sql.subquery(crossed, "c"),
    )
    kept = [*names, "payer", "weight"]
    divided = split_sql(to_split, kept, among, "to_split", "weight", ["position"], "part_of_cut")
    share = sql.case([(is_whole, c("weight"))], c("part_of_cut"))
    shared = sql.select(
        [*(c(name) for name in [*names, "payer"]), sql.alias(share, "share")], sql.subquery(divided, "v")
    )
    sums = [
        sql.alias(
            sql.total(sql.case([(sql.compare("=", c("payer"), sql.text(payer)), c("share"))], sql.whole(0))),
            f"part:{payer}",
        )
        for payer in clause.payers
    ]
    return sql.select(
        [*(c(name) for name in names), *sums], sql.subquery(shared, "d"), group=[c(name) for name in names]
    )


def is_divided_alike(ledger: Ledger) -> bool:
    """Whether each payer's part stands in the line or is a fixed share of it, so that no other row is looked at."""
    sharing = ledger.clause.sharing
    return bool(ledger.clause.parts) or bool(sharing and not sharing.value and not sharing.step)


def parts_query(ledger: Ledger, lines: str, pots: Sequence[str]) -> exp.Select:
    """Each payer's part of each line, with the payer's place. Columns PART_COLUMNS and `pot:…`."""
    clause = ledger.clause
    payers = sql.inline_rows(["payer", "position"], [[payer, i] for i, payer in enumerate(clause.payers)], "p")
    keys = [*line_keys(ledger), *pot_columns(ledger, pots)]
    carried = [
        *(sql.column(key, "l") for key in keys),
        sql.column("line", "l"),
        sql.column("payer", "p"),
        sql.column("position", "p"),
    ]
    sharing = clause.sharing
    if is_divided_alike(ledger):
        divided = sql.table(lines, "l") if clause.parts else _divided(ledger, lines, [*keys, "line"])
        own = sql.case(
            [
                (sql.compare("=", sql.column("payer", "p"), sql.text(payer)), sql.column(f"part:{payer}", "l"))
                for payer in clause.payers
            ]
        )
        everyone = sql.boolean(True)
        shared = sql.select([*carried, sql.alias(own, "part")], divided, [("inner", payers, everyone)])
    else:
        weighed = _weighed(ledger, lines, carried, payers)
        keep = [*keys, "line", "payer", "position"]
        step = sharing.step if sharing else 0
        if not step:
            shared = split_sql(weighed, keep, ["line"], "owed", "weight", ["position"], "part")
        else:
            shared = split_with_rest_sql(weighed, keep, ["line"], "owed", "weight", "position", step, "part")
    return _placed(ledger, shared, pots)


def _divided(ledger: Ledger, lines: str, keep: Sequence[str]) -> Sql:
    """The lines with each payer's part (`part:PAYER`) where all are divided alike; by nothing, all is `not_stated`."""
    sharing = ledger.clause.sharing
    assert sharing is not None
    shares = dict(sharing.weights) if any(share for _, share in sharing.weights) else {NOT_STATED: 1}
    weights = {f"part:{payer}": shares.get(payer, 0) for payer in ledger.clause.payers}
    rows = sql.select([sql.all_columns("l")], sql.table(lines, "l"))
    return sql.subquery(split_fixed_sql(rows, keep, "owed", weights), "l")


def weights_query(ledger: Ledger, lines: str) -> exp.Select:
    """Columns line, payer, position, weight: how the payers of a ledger divide each of its lines."""
    payers = sql.inline_rows(["payer", "position"], [[payer, i] for i, payer in enumerate(ledger.clause.payers)], "p")
    carried = [sql.column("line", "l"), sql.column("payer", "p"), sql.column("position", "p")]
    return _weighed(ledger, lines, carried, payers)


def _weighed(ledger: Ledger, lines: str, carried: list[Sql], payers: Sql) -> exp.Select:
    sharing = ledger.clause.sharing
    assert sharing is not None
    joins: list[tuple[str, Sql, Sql]] = [("inner", payers, sql.boolean(True))]
    if not sharing.value:
        weight = sql.case(
            [
                (sql.compare("=", sql.column("payer", "p"), sql.text(payer)), sql.whole(share))
                for payer, share in sharing.weights
            ]
        )
    else:
        weight = sql.column("figure", "w")
        joins.append(("left", *_weight_table(ledger)))
    weighed = sql.select(
        [*carried, sql.column("owed", "l"), sql.alias(sql.first_known(weight, sql.whole(0)), "share")],
        sql.table(lines, "l"),
        joins,
    )
    return _or_not_stated(weighed)


def _or_not_stated(weighed: exp.Select) -> exp.Select:
    """Where no payer has a share, nobody is said to pay: all of it is `not_stated`."""
    nobody = sql.compare("=", sql.window_total(c("share"), [c("line")]), sql.whole(0))
    not_stated = sql.compare("=", c("payer"), sql.text(NOT_STATED))
    weight = sql.case([(sql.all_of([nobody, not_stated]), sql.whole(1))], c("share"))
    return sql.select([sql.all_columns("w"), sql.alias(weight, "weight")], sql.subquery(weighed, "w"))


def _weight_table(ledger: Ledger) -> tuple[Sql, Sql]:
    sharing, checker = ledger.clause.sharing, ledger.version.checker
    assert sharing is not None
    node = checker.shares_of(sharing)
    source, matches = figure_table(checker.figures_of(node), node.type, "w")
    stored = iter(range(len(ledger.columns.split_keys)))
    keys = [
        _due_word(key.name) if key.operation == "time" else sql.column(f"split:{next(stored)}", "l")
        for key in sharing.keys
    ]
    keys.append(sql.column("payer", "p"))
    return source, sql.all_of(match(key) for match, key in zip(matches, keys, strict=True))


def _due_word(word: str) -> Sql:
    month = sql.column("due#m", "l")
    if word == MONTH_OF_YEAR:
        return month_of_year(month)
    if word == "date":
        return sql.column("due", "l")
    length = MONTHS_IN.get(word, 1)
    return month if length == 1 else sql.int_div(month, sql.whole(length))


def _placed(ledger: Ledger, shared: exp.Select, pots: Sequence[str]) -> exp.Select:
    places: Mapping[str, str | None] = {
        payer: ledger.version.model.payers[payer].of if payer in ledger.version.model.payers else None
        for payer in ledger.clause.payers
    }
    branches = [(sql.compare("=", c("payer"), sql.text(NOT_STATED)), sql.missing_text())]
    branches += [(sql.compare("=", c("payer"), sql.text(payer)), c(f"at:{of}")) for payer, of in places.items() if of]
    place = sql.case(branches, c("district"))
    fixed = {
        "clause": sql.text(ledger.clause.name),
        "version": sql.whole(ledger.version_index),
        "place": place,
        "owed": c("part"),
    }
    mine = ledger.columns.pots
    columns = [sql.alias(fixed.get(name, c(name)), name) for name in PART_COLUMNS]
    columns += [sql.alias(c(f"pot:{pot}") if pot in mine else sql.missing(), f"pot:{pot}") for pot in pots]
    return sql.select(columns, sql.subquery(shared, "x"), where=sql.compare("<>", c("part"), sql.whole(0)))
