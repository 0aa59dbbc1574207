"""Differences between receipts in words: what, what the receipt says, what it is now."""

from __future__ import annotations

import re
from collections.abc import Set
from decimal import Decimal
from typing import Any

from subsidy.finding import Text

Path = tuple[str, ...]

LABELS = {
    "engine": Text("程序", "program"),
    "version": Text("版本", "version"),
    "schedules": Text("补贴标准", "schedule"),
    "revision": Text("修订号", "revision"),
    "document": Text("文号", "document"),
    "overlays": Text("临时改动", "overlay"),
    "overlay_files": Text("临时改动文件", "files of overlays"),
    "roster": Text("表", "table"),
    "rows": Text("行数", "rows"),
    "example_rows": Text("示例行数，表", "example rows in the table"),
    "given_facts": Text("花名册直接给出的推算列，表", "derived facts that the roster gives ready, table"),
    "options": Text("计算选项", "option"),
    "readings": Text("所作理解", "readings taken"),
    "findings": Text("疑点数", "number of findings"),
    "blocked_rows": Text("因错误未计算的行数，表", "rows left out for their errors, table"),
    "by_clause": Text("条款", "clause"),
    "by_payer": Text("承担主体", "payer"),
    "by_district": Text("区县", "district"),
    "relief": Text("减免", "relief"),
    "pots": Text("资金总额", "pot"),
    "total": Text("合计", "total"),
    "low": Text("下限", "low"),
    "amount": Text("金额", "amount"),
    "item": Text("条", "item"),
    "payers": Text("承担主体", "payer"),
    "clauses": Text("条款", "clause"),
    "years": Text("年度", "years"),
    "at_most": Text("总额", "at most"),
    "used_before": Text("此前已用", "used before"),
    "asked": Text("需求", "asked for"),
    "over": Text("超出", "over"),
    "cut": Text("核减", "cut"),
    "refunded": Text("退还", "refunded"),
    "when_short": Text("不足时的办法", "when short"),
    "year": Text("年度", "year"),
    "basis": Text("口径", "basis"),
    "proceed": Text("有错照算", "proceed"),
    "as_of": Text("核查日", "day of the checks"),
    "known_on": Text("知悉日", "known on"),
    "issued": Text("印发日", "day of issue"),
}
SAME_FILE = Text(
    "文件未变，变的是共用的表、临时改动或程序", "the file is the same: shared tables, overlays or the program differ"
)
OWN_FILE = Text(
    "如当时用的是自己的文件，请用 --schedule 给出", "if a file of one's own was used, give it with --schedule"
)
IN_TOTALS = {"by_clause", "by_payer", "by_district", "relief", "pots", "total", "low"}
IN_YUAN = {"amount", "low", "total", "at_most", "used_before", "asked", "over", "cut", "refunded"}


def sentence(path: Path, receipt: Any, now: Any, changed: Set[Path]) -> Text:
    """One difference as a sentence without its full stop. `changed`: the paths of all differences."""
    if path[0] == "schedules":
        return _of_schedule(path, receipt, now, changed)
    if path[0] == "roster" and len(path) == 2:
        return _of_whole_table(path[1], receipt, now)
    if path[0] == "roster" and path[-1] == "sha256":
        return Text(
            f"表 {path[1]} 的内容有改动，行数未变（校验值：凭证为 {receipt[:12]}…，现为 {now[:12]}…）",
            f"the content of the table {path[1]} was changed, with as many rows as before "
            f"(hash: {receipt[:12]}… in the receipt, {now[:12]}… now)",
        )
    if path == ("mapping",):
        return Text(
            f"列名对照表：凭证为 {_hash(receipt).zh}，现为 {_hash(now).zh}",
            f"mapping: {_hash(receipt).en} in the receipt, {_hash(now).en} now",
        )
    return _both(_label(path), _value(path, receipt), _value(path, now))


def _of_schedule(path: Path, receipt: Any, now: Any, changed: Set[Path]) -> Text:
    name = path[1]
    if len(path) == 2 and now is None:
        return Text(
            f"补贴标准 {name}：凭证用了这一版，现在没有",
            f"schedule {name}: the receipt has this version, it is not there now",
        )
    if len(path) == 2:
        return Text(f"补贴标准 {name}：凭证没有用这一版", f"schedule {name}: the receipt does not have this version")
    if path[-1] == "bytes_sha256":
        return Text(
            f"补贴标准 {name} 的文件有改动（校验值：凭证为 {receipt[:12]}…，现为 {now[:12]}…）",
            f"schedule {name}: the file was changed (hash: {receipt[:12]}… in the receipt, {now[:12]}… now)",
        )
    if path[-1] == "meaning_sha256":
        same_file = (*path[:-1], "bytes_sha256") not in changed
        cause = SAME_FILE if same_file else OWN_FILE
        return Text(
            f"补贴标准 {name} 的含义不同（校验值：凭证为 {receipt[:12]}…，现为 {now[:12]}…）；{cause.zh}",
            f"schedule {name}: it means something else "
            f"(hash: {receipt[:12]}… in the receipt, {now[:12]}… now); {cause.en}",
        )
    return _both(_label(path), _value(path, receipt), _value(path, now))


def _of_whole_table(table: str, receipt: Any, now: Any) -> Text:
    if now is None:
        rows = receipt["rows"]
        return Text(
            f"表 {table}：凭证有 {rows} 行，现在没有这张表",
            f"table {table}: {rows} rows in the receipt, no such table now",
        )
    rows = now["rows"]
    return Text(f"表 {table}：凭证没有这张表，现有 {rows} 行", f"table {table}: not in the receipt, {rows} rows now")


def _both(label: Text, receipt: Text, now: Text) -> Text:
    return Text(
        f"{label.zh}：凭证为 {receipt.zh}，现为 {now.zh}", f"{label.en}: {receipt.en} in the receipt, {now.en} now"
    )


def _label(path: Path) -> Text:
    """Words of the receipt's own in words, names as they are."""
    parts = [LABELS[path[0]]]
    if len(path) > 1:
        name = Text(f" {path[1]}", path[1])
        second = LABELS.get(path[1], name) if path[0] in ("engine", "options") else name
        parts = [Text(f"{parts[0].zh}{second.zh}", f"{parts[0].en} {second.en}")]
    if len(path) > 2:
        field = LABELS.get(path[2], Text(path[2], path[2]))
        names = " ".join(path[3:])
        parts.append(Text(f"{field.zh} {names}".strip(), f"{field.en} {names}".strip()))
    return Text(" · ".join(part.zh for part in parts), " · ".join(part.en for part in parts))


def _value(path: Path, value: Any) -> Text:
    if value is None or value == []:
        return Text("无", "none")
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, dict):
        amount = value.get("amount", value.get("cut"))
        return Text("有", "there") if amount is None else _value((path[0], "amount"), amount)
    if isinstance(value, list):
        return Text("、".join(map(str, value)), ", ".join(map(str, value)))
    is_amount = path[0] in IN_TOTALS and (path[-1] in IN_YUAN or (len(path) == 4 and path[2] in ("payers", "clauses")))
    if is_amount and isinstance(value, str) and re.fullmatch(r"-?\d+\.\d\d", value):
        return Text(f"{Decimal(value):,} 元", f"{Decimal(value):,} yuan")
    return Text(str(value), str(value))


def _hash(value: str | None) -> Text:
    return Text("无", "none") if value is None else Text(f"{value[:12]}…", f"{value[:12]}…")
