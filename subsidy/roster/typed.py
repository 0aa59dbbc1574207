"""Typed columns of numbers, taken as they are where every cell can be stored: what is wrong is told of its text."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from subsidy.roster.cells import form_of, stored_range

if TYPE_CHECKING:
    import pyarrow as pa

    from subsidy.schedule.load import RosterColumn

DIGITS = 18  # which a decimal has room for


def numbers(spec: RosterColumn, column: pa.Array) -> pa.Int64Array | None:
    """The cells of a column of whole numbers or decimals as they are stored; None where they must be read as texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if form_of(spec) != "number" or not (pa.types.is_integer(kind) or pa.types.is_decimal128(kind)):
        return None
    scale, least, most = stored_range(spec)
    ends = [end for end in pc.min_max(column).as_py().values() if end is not None]
    if scale.denominator != 1 or not all(least <= Fraction(end) * scale <= most for end in ends):
        return None
    if pa.types.is_integer(kind):
        return pc.multiply(column.cast(pa.int64()), scale.numerator)
    places = len(str(scale)) - 1
    if scale != 10**places:
        return None
    try:
        exact = column.cast(pa.decimal128(DIGITS, places))
    except pa.ArrowInvalid:  # there are more decimals
        return None
    return pc.multiply(exact, pa.scalar(Decimal(scale.numerator), pa.decimal128(places + 1, 0))).cast(pa.int64())
