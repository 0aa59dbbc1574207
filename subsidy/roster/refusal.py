"""Why something of a roster cannot be accepted, in both languages."""

from __future__ import annotations

from subsidy.finding import Refusal, Text


def refusal(zh: str, en: str, fix_zh: str, fix_en: str) -> Refusal:
    """Why, and what would be right, each in Chinese and English."""
    return Refusal(Text(zh, en), Text(fix_zh, fix_en))


class CodedRefusal(Refusal):
    """A cell or a heading that cannot be read, with the code of its finding."""

    def __init__(self, code: str, why: Text, remedy: Text) -> None:
        super().__init__(why, remedy)
        self.code = code


def coded(code: str, zh: str, en: str, fix_zh: str, fix_en: str) -> CodedRefusal:
    """A refusal with the code of its finding."""
    return CodedRefusal(code, Text(zh, en), Text(fix_zh, fix_en))
