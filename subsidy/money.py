"""Money: whole fen inside, Decimal yuan at the edges; named rounding and the one split, in Python and in SQL.

Every amount in the library is an integer number of fen. Nothing here or above it uses a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

from subsidy.finding import Finding, Place, Refusal, RosterError, Text

if TYPE_CHECKING:
    from sqlglot.expressions import Select

    from subsidy.sql import Sql

FEN_PER_YUAN = 100
LARGEST = 2**63 - 1
LARGEST_SHOWN = 10**18 - 1  # fen, of an amount in frames and files and of a total
Rounding = Literal["half_up", "down", "up"]

_EXACT = Context(prec=1000)  # whatever the precision of the program that calls
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def exact_number(text: str) -> Fraction:
    """The exact value of a plain decimal numeral such as `12.50`.

    Raises Refusal for anything else: thousands separators, exponents, full-width digits, signs other than `-`.
    """
    if len(text) > 40 or not _PLAIN_NUMBER.fullmatch(text):
        raise Refusal(
            Text("不是普通的十进制数", "this is not a plain decimal number"),
            Text("请写成 12 或 12.50 的形式", "write it like 12 or 12.50"),
        )
    return Fraction(text)


def fen(amount: Decimal | int | str) -> int:
    """Yuan to fen, exactly. Raises Refusal when the amount is a float, is no number, or has a part of a fen."""
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int, str)):
        raise Refusal(
            Text("金额不能是浮点数", "money is never a float"),
            Text("请用 Decimal、int 或 str", "pass a Decimal, an int or a str"),
        )
    if isinstance(amount, Decimal) and not amount.is_finite():
        raise Refusal(
            Text(f"{amount} 不是金额", f"{amount} is no amount"), Text("请写成 12.50 的形式", "write it like 12.50")
        )
    value = exact_number(amount) if isinstance(amount, str) else Fraction(amount)
    whole = value * FEN_PER_YUAN
    if whole.denominator != 1:
        raise Refusal(
            Text("金额不足一分的部分无法入账", "the amount has a part of a fen"),
            Text("最多两位小数", "give at most two decimals"),
        )
    return whole.numerator


def yuan(amount: int) -> Decimal:
    """Fen to yuan with two decimals, exactly."""
    return Decimal(amount).scaleb(-2, _EXACT)


def yuan_text(amount: int) -> str:
    """Fen as a plain string in yuan with two decimals: -101 is `-1.01`."""
    return f"{yuan(amount):.2f}"


def check_total(amounts: Iterable[int]) -> None:
    """Raises RosterError where amounts (fen) come to 10^16 yuan or more, whatever their signs."""
    if sum(map(abs, amounts)) > LARGEST_SHOWN:
        raise too_large(Text("合计达到或超过 10^16 元", "the total is 10^16 yuan or more"))


def yuan_column(amounts: Iterable[int]) -> Any:
    """Fen as an Arrow column of decimals in yuan. Raises RosterError for one of 10^16 yuan or more."""
    return decimal_column(map(yuan, amounts))


def yuan_of_fen(column: Any) -> Any:
    """An Arrow column of fen (int64) as decimals in yuan. Raises RosterError for one of 10^16 yuan or more."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fen = column.cast(pa.int64())
    ends = pc.min_max(fen).as_py()
    if any(end is not None and abs(end) > LARGEST_SHOWN for end in ends.values()):
        raise _too_large_to_show()
    buffers = fen.cast(pa.decimal128(19, 0)).buffers()
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(fen), buffers)


def decimal_column(amounts: Iterable[Decimal | None]) -> Any:
    """Yuan as an Arrow column. Raises RosterError for one of 10^16 yuan or more."""
    import pyarrow as pa

    try:
        return pa.array(amounts, pa.decimal128(18, 2))
    except pa.ArrowInvalid:
        raise _too_large_to_show() from None


def _too_large_to_show() -> RosterError:
    return too_large(Text("有金额达到或超过 10^16 元", "an amount is 10^16 yuan or more"))


def too_large(why: Text) -> RosterError:
    """The refusal of numbers that are beyond what is exact."""
    remedy = Text("请核对花名册中的金额和数量", "check the amounts and quantities of the roster")
    return RosterError([Finding(Place(), "too-large", why, remedy)])


def round_to(value: Fraction, step: Fraction, rounding: Rounding) -> Fraction:
    """The multiple of `step` (> 0) that `rounding` names, acting on the absolute value.

    `half_up`: the nearest, a half away from zero; `down`: towards zero; `up`: away from zero.
    """
    if step <= 0:
        raise ValueError("a rounding step is greater than zero")
    steps = abs(value) / step
    if rounding == "half_up":
        count = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator)
    elif rounding == "down":
        count = steps.numerator // steps.denominator
    else:
        count = -(-steps.numerator // steps.denominator)
    return (count if value >= 0 else -count) * step


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to `weights` (>= 0), whole units that add up exactly.

    Largest remainder on the absolute value: each gets the whole part of its quota, the units left go one each to
    the largest remainders, ties to the earlier position, never to a zero weight; then the sign is put back. So the
    split of -n is the exact opposite of the split of n. Raises ValueError when no weight is positive and the total
    is not zero, or a weight is negative.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights are not negative")
    all_weights = sum(weights)
    if all_weights == 0:
        if total == 0:
            return [0] * len(weights)
        raise ValueError("an amount cannot be split over zero weights")
    size = abs(total)
    parts = [size * weight // all_weights for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] - parts[i] * all_weights), i))
    for i in by_remainder[: size - sum(parts)]:
        parts[i] += 1
    return parts if total >= 0 else [-part for part in parts]


def split_column(total: int, weights: Any) -> Any:
    """`split` of a NumPy column of whole numbers; where a product could pass 2^63, by Python's own."""
    import numpy as np

    size, largest = abs(total), int(weights.max(initial=0))
    if size * largest > LARGEST or len(weights) * largest > LARGEST or not weights.any() or weights.min() < 0:
        return np.array(split(total, weights.tolist()), np.int64)
    all_weights = int(weights.sum())
    parts, remainders = np.divmod(size * weights, all_weights)
    by_remainder = np.argsort(-remainders, kind="stable")
    parts[by_remainder[: size - int(parts.sum())]] += 1
    return parts if total >= 0 else -parts


def total_of(column: Any) -> int:
    """The sum of a NumPy column of whole numbers, whatever its size."""
    largest = max(abs(int(column.max(initial=0))), abs(int(column.min(initial=0))))
    return int(column.sum()) if len(column) * largest <= LARGEST else sum(column.tolist())


def split_with_rest(total: int, weights: Sequence[int], step: int) -> list[int]:
    """Divide `total` in proportion to `weights` (>= 0, one positive) into multiples of `step` and a rest.

    Each part is its quota rounded half up to a multiple of `step` on the absolute value; the last one with a weight
    takes the rest. Where the others would then take more than there is, they are rounded down.
    """
    size, all_weights = abs(total), sum(weights)
    last = max(i for i, weight in enumerate(weights) if weight > 0)

    def others(rounding: Rounding) -> list[int]:
        quotas = [Fraction(size * weight, all_weights) for weight in weights[:last]]
        return [int(round_to(quota, Fraction(step), rounding)) for quota in quotas]

    parts = others("half_up")
    if sum(parts) > size:
        parts = others("down")
    parts += [size - sum(parts), *([0] * (len(weights) - last - 1))]
    return parts if total >= 0 else [-part for part in parts]


def odd_units(total: int, weights: Sequence[int]) -> list[int]:
    """The positions that received one unit more than the whole part of their quota in `split`."""
    size, all_weights = abs(total), sum(weights)
    if all_weights == 0:
        return []
    return [i for i, part in enumerate(split(size, weights)) if part > size * weights[i] // all_weights]


# --- the same two in SQL -------------------------------------------------------------------------------------------


def round_to_sql(numerator: Sql, denominator: Sql, step: Fraction, rounding: Rounding) -> Sql:
    """`round_to(numerator / denominator, step, rounding) / step` in SQL: a whole count of steps.

    The denominator is positive or NULL (then so is the result).
    """
    from subsidy import sql

    size = sql.scaled(sql.absolute(numerator), step.denominator)
    per_step = sql.scaled(denominator, step.numerator)
    if rounding == "half_up":
        count = sql.int_div(sql.add(sql.scaled(size, 2), per_step), sql.scaled(per_step, 2))
    elif rounding == "down":
        count = sql.int_div(size, per_step)
    else:
        count = sql.int_div(sql.sub(sql.add(size, per_step), sql.whole(1)), per_step)
    return sql.with_sign_of(numerator, count)


def split_sql(
    rows: Select,
    keep: Sequence[str],
    among: Sequence[str],
    total: str,
    weight: str,
    position: Sequence[str],
    part: str,
) -> Select:
    """`split` in SQL: the columns `keep` of `rows`, and `part`.

    Rows that agree in the columns `among` share the amount in column `total` (the same on each of them) in
    proportion to `weight`; ties go to the first in the order of the columns `position`. Where no weight is positive
    the parts are NULL.
    """
    from subsidy import sql

    group = [sql.column(key) for key in among]
    size, own = sql.absolute(sql.column(total)), sql.column(weight)
    weighed = sql.select(
        [sql.all_columns("r"), sql.alias(sql.window_total(own, group), "weights#")], sql.subquery(rows, "r")
    )
    quota = sql.int_div(sql.mul(size, own), _positive(sql.column("weights#")))
    floored = sql.select([sql.all_columns("w"), sql.alias(quota, "floor#")], sql.subquery(weighed, "w"))
    remainder = sql.sub(sql.mul(size, own), sql.mul(sql.column("floor#"), sql.column("weights#")))
    left_over = sql.sub(size, sql.window_total(sql.column("floor#"), group))
    rank = sql.row_number(group, [(sql.column("remainder#"), True), *((sql.column(key), False) for key in position)])
    measured = sql.select(
        [sql.all_columns("f"), sql.alias(remainder, "remainder#"), sql.alias(left_over, "left#")],
        sql.subquery(floored, "f"),
    )
    ranked = sql.select([sql.all_columns("m"), sql.alias(rank, "rank#")], sql.subquery(measured, "m"))
    one_more = sql.add(sql.column("floor#"), sql.whole(1))
    is_odd = sql.compare("<=", sql.column("rank#"), sql.column("left#"))
    amount = sql.with_sign_of(sql.column(total), sql.case([(is_odd, one_more)], sql.column("floor#")))
    return sql.select([*(sql.column(kept) for kept in keep), sql.alias(amount, part)], sql.subquery(ranked, "k"))


def split_fixed_sql(rows: Select, keep: Sequence[str], total: str, weights: Mapping[str, int]) -> Select:
    """`split` in SQL with the same weights (one positive) on every row: the columns `keep`, and one for each part.

    `weights`: the name of a part's column -> its weight, in the order that settles ties.
    """
    from subsidy import sql

    whole, size = sql.whole(sum(weights.values())), sql.absolute(sql.column(total))
    floors, remainders = ({name: f"{what}#{name}" for name in weights} for what in ("floor", "remainder"))
    floored = sql.select(
        [
            sql.all_columns("r"),
            *(
                sql.alias(sql.int_div(sql.scaled(size, weight), whole), floors[name])
                for name, weight in weights.items()
            ),
        ],
        sql.subquery(rows, "r"),
    )
    quotas = {name: sql.scaled(size, weight) for name, weight in weights.items()}
    taken = [sql.mul(sql.column(floors[name]), whole) for name in weights]
    measured = sql.select(
        [
            sql.all_columns("f"),
            *(
                sql.alias(sql.sub(quotas[name], one), remainders[name])
                for name, one in zip(weights, taken, strict=True)
            ),
            sql.alias(reduce(sql.sub, (sql.column(floors[name]) for name in weights), size), "left#"),
        ],
        sql.subquery(floored, "f"),
    )
    names = list(weights)

    def goes_before(other: int, own: int) -> Sql:
        operator = ">=" if other < own else ">"
        larger = sql.compare(operator, sql.column(remainders[names[other]]), sql.column(remainders[names[own]]))
        return sql.case([(larger, sql.whole(1))], sql.whole(0))

    parts = []
    for own, name in enumerate(names):
        before = [goes_before(other, own) for other in range(len(names)) if other != own]
        is_odd = sql.compare("<", reduce(sql.add, before, sql.whole(0)), sql.column("left#"))
        floor = sql.column(floors[name])
        amount = sql.case([(is_odd, sql.add(floor, sql.whole(1)))], floor)
        parts.append(sql.alias(sql.with_sign_of(sql.column(total), amount), name))
    return sql.select([*(sql.column(kept) for kept in keep), *parts], sql.subquery(measured, "m"))


def split_with_rest_sql(
    rows: Select,
    keep: Sequence[str],
    among: Sequence[str],
    total: str,
    weight: str,
    position: str,
    step: int,
    part: str,
) -> Select:
    """`split_with_rest` in SQL: the columns `keep` of `rows`, and `part`; see `split_sql`."""
    from subsidy import sql

    group = [sql.column(key) for key in among]
    size, own = sql.absolute(sql.column(total)), sql.column(weight)
    has_weight = sql.case([(sql.compare(">", own, sql.whole(0)), sql.whole(1))], sql.whole(0))
    rank = sql.row_number(group, [(has_weight, True), (sql.column(position), True)])
    weighed = sql.select(
        [
            sql.all_columns("r"),
            sql.alias(sql.window_total(own, group), "weights#"),
            sql.alias(sql.compare("=", rank, sql.whole(1)), "last#"),
        ],
        sql.subquery(rows, "r"),
    )
    quota = sql.mul(size, own)
    whole_steps = {
        way: sql.scaled(round_to_sql(quota, _positive(sql.column("weights#")), Fraction(step), way), step)
        for way in ("half_up", "down")
    }
    rounded = sql.select(
        [
            sql.all_columns("w"),
            *(
                sql.alias(sql.case([(sql.column("last#"), sql.whole(0))], tree), f"{way}#")
                for way, tree in whole_steps.items()
            ),
        ],
        sql.subquery(weighed, "w"),
    )
    too_much = sql.compare(">", sql.window_total(sql.column("half_up#"), group), size)
    chosen = sql.case([(too_much, sql.column("down#"))], sql.column("half_up#"))
    taken = sql.select([sql.all_columns("d"), sql.alias(chosen, "taken#")], sql.subquery(rounded, "d"))
    rest = sql.sub(size, sql.window_total(sql.column("taken#"), group))
    own_part = sql.with_sign_of(sql.column(total), sql.case([(sql.column("last#"), rest)], sql.column("taken#")))
    return sql.select([*(sql.column(kept) for kept in keep), sql.alias(own_part, part)], sql.subquery(taken, "k"))


def _positive(number: Sql) -> Sql:
    from subsidy import sql

    return sql.case([(sql.compare(">", number, sql.whole(0)), number)])
