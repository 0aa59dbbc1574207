"""How the documents were read where they leave room, what they promise without a figure, and how to check it all."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy import __version__
from subsidy.budget.cells import sums_by
from subsidy.report.memo.paper import Block, Paragraph
from subsidy.report.memo.told import Told, listed_with_numbers
from subsidy.schedule.written import Reading

MOST_READINGS = 12


def readings(told: Told) -> tuple[Block, ...]:
    """Those of the clauses that pay in the year and of the limits over them, the largest clause first."""
    found = list(dict.fromkeys(_readings(told)))
    number = len(told.result.readings)
    if not found:
        nothing = told("本年度有支出的条款没有须另作理解之处。", "No clause that pays leaves room for a reading.")
        return (Paragraph(nothing),)
    shown = found[:MOST_READINGS]
    first = told(
        f"文件未写明或有多种理解之处，测算中共作了{number}处理解，不同理解会改变结果。"
        + ("其中与本年度支出关系最大的如下：" if len(shown) < number else "具体如下："),
        f"Where the documents leave room, {number} readings were taken; another reading may change the result. "
        + ("Those that matter most to the year's money:" if len(shown) < number else "They are:"),
    )
    blocks = [Paragraph(first), *map(Paragraph, listed_with_numbers(shown, told.language))]
    if len(shown) < number:
        ids = told.listed(dict.fromkeys(version.id for version in told.versions))
        blocks.append(
            Paragraph(
                told(
                    f"其余各处载于补贴标准（{ids}）的相应条目。",
                    f"The others stand in the schedule ({ids}) with the entries they belong to.",
                )
            )
        )
    return tuple(blocks)


def _readings(told: Told) -> Iterator[str]:
    sums = sums_by(told.result.cells, lambda cell: (cell.clause,))
    for clause in sorted((clause for (clause,) in sums), key=lambda name: -abs(sums[(name,)][0])):
        one, name = told.result.names.clauses[clause]
        for version in one.schedule.versions:
            if version in told.versions and name in version.model.clauses:
                yield from _reading(told, told.clause(clause), told.item(clause), version.model.clauses[name].reading)
                for limit_name, limit in version.model.limits.items():
                    if name in limit.among:
                        yield from _reading(told, told.clause(limit_name), limit.item, limit.reading)


def _reading(told: Told, label: str, item: str | None, reading: Reading | None) -> Iterator[str]:
    if reading is not None:
        text = reading.in_(told.language).rstrip("。.；;")
        where = told(f"（{told.items([item])}）", f" ({told.items([item])})") if item else ""
        yield told(f"{label}{where}：{text}。", f"{label}{where}: {text}.")


def unquantified(told: Told) -> tuple[Block, ...]:
    """What is promised without a figure, so that nothing of it is in the total."""
    entries = told.result.unquantified
    if not entries:
        return ()
    each = [
        f"{entry['label'][told.language] if entry['label'] else entry['name']}"
        + told(f"（{told.items([entry['item']])}）", f" (item {entry['item']})")
        for entry in entries
    ]
    return (
        Paragraph(
            told(
                f"下列事项文件要求给予支持但未规定标准，未作测算，如需安排应另行核定：{'；'.join(each)}。",
                f"The documents promise the following without a figure. None of it is in the total: {'; '.join(each)}.",
            )
        ),
    )


def checking(told: Told) -> tuple[Block, ...]:
    """The receipt, and how a number is calculated again."""
    return (
        Paragraph(
            told(
                f"本说明全部数字由 subsidy {__version__} 按上述文件和花名册一次测算得出，计算凭证的校验值列于下。"
                f"同一文件、同一花名册重新测算，结果逐分相同；任何一个数都可逐级追溯到花名册的行。",
                f"All numbers are of one calculation by subsidy {__version__}. The hash of its receipt stands below. "
                f"The same documents and roster give the same fen again, and each number can be "
                f"followed down to the rows of the roster.",
            )
        ),
        Paragraph(f"SHA-256  {told.receipt_hash}", "note"),
    )
