"""Units as they are read: `yuan / person / month` is 元/人/月 in Chinese, and 2 beds are not 2 bed in English."""

from __future__ import annotations

from collections.abc import Mapping

from subsidy.finding import Language

WITHOUT_PLURAL = ("yuan", "mu", "m2", "km", "percent", "staff")

LENGTHS = {"month": "个月"}  # 12 个月 is how long, as against 元/月


def many(word: str) -> str:
    """The English plural of a unit."""
    if word in WITHOUT_PLURAL or word.endswith("s"):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:] not in ("ay", "ey", "oy") else f"{word}s"


def unit_text(unit: str, words: Mapping[str, str], language: Language, is_many: bool = False) -> str:
    """A unit as a schedule writes it, in words. `is_many`: it stands after a number other than 1."""
    over, *under = [word.strip() for word in unit.split("/")]
    if language == "zh":
        first = "".join(LENGTHS.get(word, words.get(word, word)) for word in over.split())
        return "/".join([first, *(words.get(word, word) for word in under)])
    shown = [one.replace("_", " ") for one in ((many(over) if is_many else over), *under)]
    return " / ".join(shown)
