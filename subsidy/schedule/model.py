"""The form of a schedule: what may stand where. Meaning (names, units, ranges) is checked in `check`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, WithJsonSchema, model_validator

from subsidy.finding import Refusal, Text
from subsidy.schedule.column import Table
from subsidy.schedule.written import (
    Amount,
    ClauseAnywhere,
    ClauseElsewhere,
    CsvName,
    Date,
    Figures,
    Filled,
    Formula,
    Label,
    Name,
    Part,
    Period,
    Reading,
    Whole,
    YesNo,
)

Every = Literal["month", "quarter", "half_year", "year", "once", "event"]


class Document(Part):
    number: Filled
    part: Filled | None = None
    title: Label | None = None
    issuer: Filled
    issued: Date
    amended: tuple[Filled, ...] = ()  # numbers of the documents that this one amends

    def cited(self, language: Literal["zh", "en"]) -> str:
        """Its number, and those of the documents that it amends."""
        if not self.amended:
            return self.number
        return {
            "zh": f"{self.number}（修改{'、'.join(self.amended)}）",
            "en": f"{self.number} (amending {', '.join(self.amended)})",
        }[language]


class InForce(Part):
    from_: Date = Field(alias="from")
    to: Date | None = None

    @model_validator(mode="after")
    def _not_backwards(self) -> InForce:
        if self.to is not None and self.to < self.from_:
            raise Refusal(
                Text("止日早于起日", "the last day is before the first"), Text("请核对", "check the two days")
            )
        return self


class Payer(Part):
    """Who pays: `of` is the fact that names its place, `fund` the budget line where it is not the clause's."""

    label: Label
    of: Name | None = None
    fund: Filled | None = None


class Value(Part):
    """A printed figure, or a table of them by keys. `is: none` is no figure until an overlay gives one."""

    unit: Filled
    by: tuple[Filled, ...] = ()
    figures: Figures = Field(alias="is")
    item: Filled | None = None
    part: Filled | None = None
    label: Label | None = None
    source: Filled | None = None
    reading: Reading | None = None


Split = Annotated[
    Annotated[dict[Name, Whole], Tag("weights")] | Annotated[Name, Tag("value")],
    Discriminator(lambda written: "value" if isinstance(written, str) else "weights"),
]


class Allocation(Part):
    """A fixed `sum` distributed by factors (facts, derived facts or steps, each with its weight) over all rows."""

    sum: Name
    per: tuple[Filled, ...] = ()
    factors: dict[Name, Name] = Field(min_length=1)
    coefficient: Formula | None = None
    at_least: Formula | None = None
    at_most: Formula | None = None
    to: Name | None = None


class Pay(Part):
    """To whom and when: at once, by `shares`, or in a `chunk` each time until it is used up."""

    to: Name | None = None
    shares: Name | None = None
    chunk: Name | None = None
    every: Literal["month", "quarter", "half_year", "year"] | None = None
    not_before: Name | None = None
    while_: Formula | None = Field(default=None, alias="while")


class Clawback(Part):
    """What is taken back of everything paid up to the day `on`: the `share` of it."""

    on: Formula
    share: Formula


class Example(Part):
    """Rows of a roster and what a clause owes for them, in yuan, for one period or in all."""

    rows: dict[Name, tuple[dict[str, str], ...]]
    amount: Amount
    period: Period | None = None
    source: Filled | None = None


class Provision(Part):
    """What every entry has: its place in the document."""

    item: Filled
    part: Filled | None = None
    label: Label | None = None
    reading: Reading | None = None


class Clause(Provision):
    """One calculable provision: for whom, how often, when, how much, who pays and when."""

    for_: Name = Field(alias="for")
    every: Every
    dated: Name | None = None
    version_by: Name | None = None
    reads_at: Name = "last_day"
    when: Formula | None = None
    steps: dict[Name, Formula] = {}
    amount: Formula | None = None
    allocation: Allocation | None = None
    parts: dict[Name, Formula] | None = None
    split: Split | None = None
    split_to: Name | None = None
    pay: Pay | None = None
    clawback: Clawback | None = None
    cash: YesNo = True
    fund: Filled | None = None
    kind: Filled | None = None
    formerly: tuple[Name, ...] = ()
    replaces: ClauseElsewhere | None = None
    examples: tuple[Example, ...] = ()


class Refund(Part):
    """The `share` of what a payer pays that another payer (`by`) gives back to it."""

    by: Name
    share: Name


class Limit(Part):
    """Anything over a set of entitlements, or (a pot) over the parts of a payer."""

    item: Filled | None = None
    part: Filled | None = None
    label: Label | None = None
    reading: Reading | None = None
    among: tuple[ClauseAnywhere, ...] = Field(min_length=1)
    per: tuple[Filled, ...] = ()
    keep: Filled | None = None
    at_most: Name | None = None
    when_short: Filled | None = None
    last: Literal["partly", "nothing"] | None = None
    refund: Refund | None = None
    payer: Name | None = None
    years: Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}\\.\\.[0-9]{4}$"})] | None = None
    used_before: Name | None = None
    rest_to: Name | None = None


class Rule(Provision):
    """A provision that calculates nothing. `unread`: facts that no cash clause may read."""

    unread: tuple[Filled, ...] = ()


class Target(Provision):
    """A measure of each row (`when` says of which) with what it should reach, or what the document prints for it.

    `additions`: facts of the row that a plan may change; `costs`: the value that says what one of them costs.
    """

    for_: Name = Field(alias="for")
    every: Literal["month", "quarter", "half_year", "year", "once"]
    when: Formula | None = None
    measure: Formula
    at_least: Formula | None = None
    at_most: Formula | None = None
    printed: Formula | None = None
    additions: tuple[Name, ...] = ()
    costs: dict[Name, Name] = {}


class Note(Part):
    item: Filled | None = None
    part: Filled | None = None
    text: Label


class RosterCheck(Part):
    """What the rows of a table must be like beside one another, and why that is looked at.

    It has one of `holds`, `unique`, `unshared`, `count`, `sum` (with `over`), `at_once` and `listed_in` (with `by`).
    """

    label: Label
    severity: Literal["error", "warning"]
    for_: Name = Field(alias="for")
    when: Formula | None = None
    holds: Formula | None = None
    unique: Annotated[tuple[Formula, ...], Field(min_length=1)] | None = None
    unshared: Annotated[tuple[Formula, ...], Field(min_length=1)] | None = None
    count: Name | None = None
    sum: Formula | None = None
    over: Name | None = None
    at_once: Name | None = None
    listed_in: Name | None = None
    by: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    where: Formula | None = None
    equals: Formula | None = None
    at_least: Formula | None = None
    at_most: Formula | None = None
    practice: Label
    remedy: Label


class ScheduleFile(Part):
    """One version of one policy document."""

    schedule: Filled
    document: Document
    in_force: InForce
    revision: Whole
    place: Filled
    districts: Annotated[tuple[Filled, ...], Field(min_length=1)] | None = None
    payers: dict[Name, Payer] = {}
    words: dict[str, Filled] = {}
    facts: dict[Name, Table] = {}
    values: dict[Name, Value] = {}
    clauses: dict[Name, Clause] = {}
    limits: dict[Name, Limit] = {}
    unquantified: dict[Name, Provision] = {}
    rules: dict[Name, Rule] = {}
    targets: dict[Name, Target] = {}
    checks: dict[Name, RosterCheck] = {}
    rows: dict[Name, CsvName] = {}
    notes: tuple[Note, ...] = ()


class SharedFacts(Part):
    """A file of `schedules/_facts`: tables every schedule may use, checks of them, and the Chinese words for names.

    `units`: measure words, where a unit is called otherwise than the column or table of that name.
    """

    facts: dict[Name, Table] = {}
    checks: dict[Name, RosterCheck] = {}
    words: dict[str, Filled] = {}
    units: dict[str, Filled] = {}
