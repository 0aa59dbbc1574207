"""Amounts in Chinese capitals (大写), as on a voucher: 壹拾贰元叁角."""

from __future__ import annotations

from subsidy.money import yuan_text

LARGEST = 10**18 - 1  # fen


def in_capitals(fen: int) -> str:
    """An amount in capitals. Raises ValueError for one of 10^16 yuan or more."""
    if abs(fen) > LARGEST:
        raise ValueError("an amount of 10^16 yuan or more has no name here")
    import cn2an

    words: str = cn2an.an2cn(yuan_text(abs(fen)), "rmb")
    return f"负{words}" if fen < 0 else words
