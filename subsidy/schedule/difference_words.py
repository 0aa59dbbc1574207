"""The differences between two versions in words: one sentence for each, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from subsidy.finding import Language, Text
from subsidy.schedule.conditions import Conjuncts
from subsidy.schedule.load import Version

SECTIONS = {
    "payers": Text("承担主体", "Payer"),
    "words": Text("用语", "Word"),
    "facts": Text("花名册列", "Column"),
    "values": Text("标准", "Figure"),
    "clauses": Text("条款", "Clause"),
    "limits": Text("限制", "Limit"),
    "unquantified": Text("未定标准的条款", "Provision without a figure"),
    "rules": Text("规定", "Rule"),
    "targets": Text("目标", "Target"),
    "checks": Text("核查", "Check"),
    "rows": Text("附表", "Table of the document"),
    "notes": Text("备注", "Note"),
}
FIELDS = {
    "for": Text("对象", "for"),
    "every": Text("周期", "every"),
    "dated": Text("归属日期", "dated"),
    "version_by": Text("适用版本的依据", "version by"),
    "reads_at": Text("取数日", "reads at"),
    "amount": Text("金额", "amount"),
    "allocation": Text("分配办法", "allocation"),
    "steps": Text("步骤", "step"),
    "parts": Text("承担部分", "part of"),
    "split": Text("分担比例", "who pays"),
    "split_to": Text("分担精度", "split to"),
    "pay": Text("拨付方式", "payment"),
    "clawback": Text("追回", "clawback"),
    "cash": Text("现金支付", "cash"),
    "fund": Text("资金来源", "fund"),
    "kind": Text("类别", "kind"),
    "formerly": Text("曾用名称", "former names"),
    "replaces": Text("替代的条款", "replaces"),
    "among": Text("所限条款", "among"),
    "per": Text("按", "per"),
    "keep": Text("保留", "keep"),
    "at_most": Text("最多", "at most"),
    "at_least": Text("最少", "at least"),
    "when_short": Text("不足时", "when short"),
    "last": Text("最后一笔", "the last one"),
    "refund": Text("退还", "refund"),
    "payer": Text("承担主体", "payer"),
    "years": Text("年度", "years"),
    "used_before": Text("此前已用", "used before"),
    "rest_to": Text("余额由谁承担", "rest to"),
    "unit": Text("单位", "unit"),
    "by": Text("分类依据", "by"),
    "is": Text("数值", "figures"),
    "item": Text("条款号", "item"),
    "part": Text("所在部分", "part"),
    "label": Text("名称", "label"),
    "reading": Text("理解", "reading"),
    "source": Text("来源", "source"),
    "measure": Text("指标", "measure"),
    "printed": Text("文件所载数", "printed"),
    "when": Text("条件", "condition"),
    "order": Text("顺序", "order"),
    "from": Text("施行起日", "in force from"),
    "to": Text("施行止日", "in force to"),
    "of": Text("所在地依据", "of"),
    "unread": Text("不得读取", "unread"),
    "place": Text("地区", "place"),
    "districts": Text("适用区县", "districts"),
    "number": Text("文号", "document"),
    "title": Text("文件标题", "title"),
    "issuer": Text("发文机关", "issuer"),
    "issued": Text("发文日期", "issued"),
    "amended": Text("所修改的文件", "amends"),
    "text": Text("内容", "text"),
    "span": Text("存续期", "span"),
}
LANGUAGES: tuple[Language, Language] = ("zh", "en")
BARE_UNITS = ("percent", "weight", "date")


class Words:
    """The two versions' own words: labels of entries, payers and keys."""

    def __init__(self, one: Version, two: Version) -> None:
        self.versions = (two, one)
        self.known = {**one.words, **two.words}
        later = two.first_day > one.first_day and one.id == two.id
        self.since = Text(f"自 {two.first_day} 起", f" from {two.first_day}") if later else Text("", "")

    def named(self, name: str) -> Text:
        return Text(self.known.get(name, name), name)

    def subject(self, section: str, name: str, label: Mapping[str, str] | None) -> Text:
        """An entry: what it is, its label, its name."""
        if section == "facts":
            chinese = ".".join(self.known.get(part, part) for part in name.split("."))
            return Text(f"{SECTIONS[section].zh}“{chinese}”（{name}）", f"Column {name}")
        zh = label["zh"] if label else self.known.get(name, name)
        zh_name = f" {name}" if zh == name else f"“{zh}”（{name}）"
        en_name = f"“{label['en']}” ({name})" if label else name
        return Text(f"{SECTIONS[section].zh}{zh_name}", f"{SECTIONS[section].en} {en_name}")

    def payer(self, name: str) -> Text:
        for version in self.versions:
            if name in version.model.payers:
                label = version.model.payers[name].label
                return Text(label.zh, label.en)
        return self.named(name)

    # --- figures -----------------------------------------------------------------------------------------------

    def figure(self, subject: Text, keys: Sequence[str], before: Any, after: Any, unit: str) -> Text:
        subject = self._at(subject, keys)
        old, new = _figure(before, unit), _figure(after, unit)
        units = self._unit(unit)
        return Text(
            f"{subject.zh}：{self.since.zh}由 {old} 调整为 {new}{units.zh}",
            f"{subject.en}: {old} → {new}{units.en}{self.since.en}",
        )

    def key_added(self, subject: Text, keys: Sequence[str], figure: Any, unit: str) -> Text:
        subject, units, new = self._at(subject, keys), self._unit(unit), _figure(figure, unit)
        return Text(f"{subject.zh}：新增，为 {new}{units.zh}", f"{subject.en}: added, {new}{units.en}")

    def key_removed(self, subject: Text, keys: Sequence[str], figure: Any, unit: str) -> Text:
        subject, units, old = self._at(subject, keys), self._unit(unit), _figure(figure, unit)
        return Text(f"{subject.zh}：删除，原为 {old}{units.zh}", f"{subject.en}: removed, it was {old}{units.en}")

    def _at(self, subject: Text, keys: Sequence[str]) -> Text:
        if not keys:
            return subject
        names = [self.named(key) for key in keys]
        zh, en = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
        return Text(f"{subject.zh}〔{zh}〕", f"{subject.en} [{en}]")

    def _unit(self, unit: str) -> Text:
        if unit in BARE_UNITS:
            return Text("", "")
        zh = "/".join(self.known.get(part.strip(), part.strip()).removesuffix("编号") for part in unit.split("/"))
        return Text(f"（{zh}）", f" {unit}")

    # --- entries -----------------------------------------------------------------------------------------------

    def added(self, subject: Text, section: str, entry: Any) -> Text:
        if section == "values":
            return self.key_added(subject, (), entry["is"], entry["unit"])
        shown = self._core(section, entry)
        return Text(f"{subject.zh}：新增{shown.zh}", f"{subject.en}: added{shown.en}")

    def removed(self, subject: Text, section: str, entry: Any) -> Text:
        if section == "values":
            return self.key_removed(subject, (), entry["is"], entry["unit"])
        zh, en = ("废止", "repealed") if section == "clauses" else ("删除", "removed")
        return Text(f"{subject.zh}：{zh}", f"{subject.en}: {en}")

    def _core(self, section: str, entry: Any) -> Text:
        """What a new entry says, in short."""
        if section == "clauses" and "amount" in entry:
            return Text(f"，金额为 {entry['amount']}", f", amount {entry['amount']}")
        if section in ("words", "rows", "facts"):
            return Text(f"，{flow(entry, 'zh')}", f", {flow(entry, 'en')}")
        return Text("", "")

    def renamed(self, subject: Text, before: str) -> Text:
        return Text(f"{subject.zh}：由 {before} 更名而来", f"{subject.en}: formerly called {before}")

    # --- fields ------------------------------------------------------------------------------------------------

    def field(self, subject: Text, field: str, name: str, before: Any, after: Any) -> Text:
        """A field, or the one of that name in it, has another content."""
        words = FIELDS.get(field, Text(field, field))
        if before is None:
            return Text(
                f"{subject.zh}：新增{words.zh}{_spaced(name)}：{flow(after, 'zh')}",
                f"{subject.en}: {words.en}{_spaced(name)} added: {flow(after, 'en')}",
            )
        if after is None:
            return Text(
                f"{subject.zh}：取消{words.zh}{_spaced(name)}，原为 {flow(before, 'zh')}",
                f"{subject.en}: {words.en}{_spaced(name)} removed, it was {flow(before, 'en')}",
            )
        zh, en = (_told_apart(before, after, language) for language in LANGUAGES)
        return Text(
            f"{subject.zh}：{words.zh}{_spaced(name)}由 {zh[0]} 改为 {zh[1]}",
            f"{subject.en}:{_spaced(words.en)}{_spaced(name)} {en[0]} → {en[1]}",
        )

    def condition(self, subject: Text, kind: str, change: Conjuncts) -> Text:
        added, removed = " and ".join(change.added), " and ".join(change.removed)
        if kind == "condition_narrowed":
            return Text(f"{subject.zh}：条件收紧，增加 {added}", f"{subject.en}: condition narrowed: … and {added}")
        if kind == "condition_widened":
            return Text(
                f"{subject.zh}：条件放宽，不再要求 {removed}", f"{subject.en}: condition widened: without {removed}"
            )
        return Text(
            f"{subject.zh}：条件由 {removed} 改为 {added}", f"{subject.en}: condition changed: {removed} → {added}"
        )

    def split(self, subject: Text, before: Mapping[str, int], after: Mapping[str, int]) -> Text:
        if list(before) == list(after):
            names = [self.payer(name) for name in before]
            zh, en = (":".join(name.in_(language) for name in names) for language in LANGUAGES)
            old, new = (":".join(map(str, shares.values())) for shares in (before, after))
            return Text(
                f"{subject.zh}：分担比例（{zh}）由 {old} 调整为 {new}", f"{subject.en}: who pays ({en}) {old} → {new}"
            )
        shares = {language: [self._shares(side, language) for side in (before, after)] for language in LANGUAGES}
        return Text(
            f"{subject.zh}：分担比例由 {' 调整为 '.join(shares['zh'])}",
            f"{subject.en}: who pays {' → '.join(shares['en'])}",
        )

    def _shares(self, shares: Mapping[str, int], language: Language) -> str:
        comma = {"zh": "、", "en": ", "}[language]
        return comma.join(f"{self.payer(name).in_(language)} {share}" for name, share in shares.items())


def flow(content: Any, language: Language) -> str:
    """Content in one line; of a text in two languages the one."""
    if isinstance(content, dict):
        if set(content) == {"zh", "en"}:
            return str(content[language])
        return f"{{{', '.join(f'{key}: {flow(inner, language)}' for key, inner in content.items())}}}"
    if isinstance(content, list):
        return f"[{', '.join(flow(one, language) for one in content)}]"
    if isinstance(content, bool):
        return "yes" if content else "no"
    return " ".join(str(content).split())


def _figure(written: Any, unit: str) -> str:
    """A figure as it is read: sums of money with separators, tables in one line."""
    if isinstance(written, dict):
        return f"{{{', '.join(f'{key}: {_figure(inner, unit)}' for key, inner in written.items())}}}"
    text = str(written)
    if not unit.startswith("yuan") or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return text
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}"


def _told_apart(before: Any, after: Any, language: Language) -> tuple[str, str]:
    """Both contents in one line; in the other language too where this one does not show the difference."""
    one, two = flow(before, language), flow(after, language)
    if one != two:
        return one, two
    other: Language = "en" if language == "zh" else "zh"
    return f"{one} / {flow(before, other)}", f"{two} / {flow(after, other)}"


def _spaced(name: str) -> str:
    return f" {name}" if name else ""
