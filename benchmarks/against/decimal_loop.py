"""A loop over rows in Python with Decimal: what a script of an office does. Slow, so it is run on a small roster."""

from __future__ import annotations

import datetime
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from benchmarks.against.figures import (
    CARE,
    CARE_MOST,
    GRADE,
    LEVEL,
    MEAL,
    MEAL_MONEY,
    ODD_MEAL,
    POST,
    SPLIT,
    WAGE_SHARE,
)

Row = dict[str, Any]
Read = Callable[[str], list[Row]]
Amounts = dict[str, dict[tuple[str, int], Decimal]]  # clause -> facility and month -> yuan
FEN = Decimal("0.01")


def yuan(fen: int) -> Decimal:
    return Decimal(fen) * FEN


def totals(form: str, folder: Path) -> Any:
    """Columns facility, payer, fen, as an Arrow table."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    amounts = FORMS[form](lambda name: parquet.read_table(folder / f"{name}.parquet").to_pylist())
    parts = [
        (clause, facility, month, payer, part)
        for clause, lines in amounts.items()
        for (facility, month), owed in lines.items()
        for payer, part in zip(SPLIT[form][clause], shared(owed, list(SPLIT[form][clause].values())), strict=True)
    ]
    if form == "shares":
        parts = _under_pot(parts)
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for _, facility, _, payer, part in parts:
        sums[facility, payer] += part
    facilities, payers = zip(*sums, strict=True)
    return pa.table({"facility": facilities, "payer": payers, "fen": [int(one / FEN) for one in sums.values()]})


def shared(amount: Decimal, weights: Sequence[int | Decimal]) -> list[Decimal]:
    """The parts of an amount, whole fen: what is left goes to the largest remainders, then to the earlier ones."""
    whole = sum(weights)
    exact = [amount * weight / whole if whole else Decimal(0) for weight in weights]
    parts = [one.quantize(FEN, ROUND_FLOOR) for one in exact]
    # remainders are compared as whole products: a quotient of decimals is cut off after 28 digits
    remainders = [amount * weight - part * whole for weight, part in zip(weights, parts, strict=True)]
    for i in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[: int((amount - sum(parts)) / FEN)]:
        parts[i] += FEN
    return parts


def _months(read: Read) -> Amounts:
    grades = {row["facility"]: row["grade"] for row in read("facilities")}
    found: Amounts = {"care": defaultdict(Decimal), "posts": defaultdict(Decimal), "meals": _meals(read, MEAL)}
    for row in read("resident_months"):
        found["care"][_line(row)] += yuan(CARE[grades[row["facility"]]][row["ability"]])
    for row in read("staff_months"):
        found["posts"][_line(row)] += yuan(POST[row["post"]])
    return found


def _stays(read: Read) -> Amounts:
    stars, abilities = _history(read("ratings"), "facility", "star"), _history(read("assessments"), "person", "ability")
    levels = _history(read("certificates"), "person", "level")
    care, posts = [], []
    for row, month, present, day in _in_months(read("residents"), "from", "to"):
        rate = CARE[_on(stars[row["facility"]], day)][_on(abilities[row["person"]], day)]
        care.append((row["person"], month, -present, row["resident"], row["facility"], rate))
    for row, month, present, day in _in_months(read("staff"), "hired", "left"):
        rate = LEVEL[_on(levels[row["person"]], day)]
        posts.append((row["person"], month, -present, row["staff"], row["facility"], rate))
    return {"care": _longest(care), "posts": _longest(posts), "meals": _meals(read, MEAL)}


def _shares(read: Read) -> Amounts:
    grades = {row["facility"]: row["grade"] for row in read("facilities")}
    care: defaultdict[str, list[tuple[int, str, str, Decimal]]] = defaultdict(list)
    for row, month, present, _ in _in_months(read("residents"), "from", "to"):
        rate = yuan(GRADE[grades[row["facility"]]])
        amount = (rate * present / monthrange(2023, month)[1]).quantize(FEN, ROUND_HALF_UP)
        care[row["person"]].append((month, row["resident"], row["facility"], amount))
    found: Amounts = {"care": defaultdict(Decimal), "posts": defaultdict(Decimal), "meals": _meals(read, ODD_MEAL)}
    for rows in care.values():
        rows.sort()
        amounts = [amount for *_, amount in rows]
        if sum(amounts) > yuan(CARE_MOST):
            amounts = shared(yuan(CARE_MOST), amounts)
        for (month, _, facility, _), amount in zip(rows, amounts, strict=True):
            found["care"][facility, month] += amount
    for row, month, present, _ in _in_months(read("staff"), "hired", "left"):
        amount = row["wage"] * WAGE_SHARE * present / (1000 * monthrange(2023, month)[1])
        found["posts"][row["facility"], month] += amount.quantize(FEN, ROUND_HALF_UP)
    return found


FORMS: Mapping[str, Callable[[Read], Amounts]] = {"months": _months, "stays": _stays, "shares": _shares}


def _line(row: Row) -> tuple[str, int]:
    return row["facility"], int(row["month"][5:])


def _meals(read: Read, rate: int) -> dict[tuple[str, int], Decimal]:
    return {_line(row): yuan(rate) * row["person_days"] for row in read("meals")}


def _in_months(rows: list[Row], first: str, last: str) -> Iterator[tuple[Row, int, int, datetime.date]]:
    """Each row in every month that it touches: the month, how many days it is there, when it is read."""
    for row in rows:
        for month in range(1, 13):
            begins = datetime.date(2023, month, 1)
            ends = datetime.date(2023, month, monthrange(2023, month)[1])
            starts, stops = max(row[first], begins), min(row[last] or ends, ends)
            if starts <= stops:
                yield row, month, (stops - starts).days + 1, stops


def _history(rows: list[Row], key: str, fact: str) -> dict[str, list[tuple[datetime.date, Any]]]:
    found: defaultdict[str, list[tuple[datetime.date, Any]]] = defaultdict(list)
    for row in rows:
        found[row[key]].append((row["from"], row[fact]))
    return {of: sorted(dated) for of, dated in found.items()}


def _on(dated: list[tuple[datetime.date, Any]], day: datetime.date) -> Any:
    return [fact for begins, fact in dated if begins <= day][-1]


def _longest(rows: list[tuple[str, int, int, str, str, int]]) -> dict[tuple[str, int], Decimal]:
    found: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    seen = set()
    for person, month, _, _, facility, rate in sorted(row for row in rows if row[-1] > 0):
        if (person, month) not in seen:
            seen.add((person, month))
            found[facility, month] += yuan(rate)
    return found


def _under_pot(parts: list[tuple[str, str, int, str, Decimal]]) -> list[tuple[str, str, int, str, Decimal]]:
    """The city's parts of meals share its money, the earlier month and the smaller name first."""
    pot = sorted((part for part in parts if (part[0], part[3]) == ("meals", "city")), key=lambda one: (one[2], one[1]))
    paid = shared(yuan(MEAL_MONEY), [part for *_, part in pot])
    others = [part for part in parts if (part[0], part[3]) != ("meals", "city")]
    return others + [(*one[:4], part) for one, part in zip(pot, paid, strict=True)]
