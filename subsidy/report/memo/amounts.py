"""Amounts as a bureau writes them: in full, in 万元; shares in percent."""

from __future__ import annotations

from fractions import Fraction

from subsidy.engine.explain_words import money
from subsidy.finding import Language
from subsidy.money import round_to

TEN_THOUSAND, MILLION = 10_000 * 100, 1_000_000 * 100  # fen


def in_full(fen: int, language: Language) -> str:
    """1,234.50元, 1,234.50 yuan."""
    return f"{money(fen)}元" if language == "zh" else f"{money(fen)} yuan"


def in_prose(fen: int, language: Language) -> str:
    """In 万元 (Chinese) or millions (English) with two decimals; a smaller amount in full."""
    step, unit = (TEN_THOUSAND, "万元") if language == "zh" else (MILLION, " million yuan")
    if abs(fen) < step:
        return in_full(fen, language)
    return f"{_two_decimals(Fraction(fen, step))}{unit}"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent with two decimals; a dash where there is no whole."""
    return f"{_two_decimals(Fraction(part * 100, whole))}%" if whole else "—"


def average(fen: int, number: int) -> int:
    """To the fen, half up."""
    return int(round_to(Fraction(fen, number), Fraction(1), "half_up")) if number else 0


def _two_decimals(number: Fraction) -> str:
    return money(int(round_to(number * 100, Fraction(1), "half_up")))
