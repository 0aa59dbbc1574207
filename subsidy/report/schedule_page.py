"""One version of a schedule as a page for people who read policies: every provision in words, its figures as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from subsidy.engine.explain_words import Words
from subsidy.finding import Language, Text
from subsidy.report.figure_table import figure_table
from subsidy.report.markdown import table
from subsidy.report.phrases import Phrases
from subsidy.report.schedule_examples import example_table
from subsidy.report.schedule_limits import limit_sentence
from subsidy.report.schedule_payment import Payment
from subsidy.schedule.checked import CheckedClause
from subsidy.schedule.load import Version
from subsidy.schedule.model import Note, Payer, Provision, Target, Value
from subsidy.schedule.node import Node

EVERY = {
    "month": Text("每月", "every month"),
    "quarter": Text("每季度", "every quarter"),
    "half_year": Text("每半年", "every half-year"),
    "year": Text("每年", "every year"),
    "once": Text("一次性", "once"),
    "event": Text("每次", "for each event"),
}
SECTIONS = {
    "head": Text("文件", "The document"),
    "overview": Text("条款一览", "Provisions at a glance"),
    "clauses": Text("条款", "Provisions"),
    "limits": Text("限制和资金总额", "Limits and pots of money"),
    "targets": Text("目标", "Targets"),
    "unquantified": Text("有承诺、没有数额的事项", "Promised without a figure"),
    "rules": Text("不涉及计算的规定", "Rules that calculate nothing"),
    "notes": Text("说明", "Notes"),
    "values": Text("目标所用的数", "Figures of the targets"),
}
HEAD = {
    "number": Text("文号", "number"),
    "issuer": Text("发文机关", "issued by"),
    "issued": Text("发文日期", "issued on"),
    "from": Text("施行", "in force"),
    "id": Text("本项目编号", "id in this project"),
    "payers": Text("承担主体", "payers"),
    "districts": Text("适用区县", "districts"),
}
PERIOD = {
    True: Text("自 {0} 起", "from {0} on"),
    False: Text("{0} 至 {1}", "{0} to {1}"),
}
VERSION = Text("{0} 起的版本，编码第 {1} 稿", "version of {0}, revision {1} of the encoding")
LABELS = {
    "for": Text("对象", "for"),
    "every": Text("周期", "how often"),
    "when": Text("条件", "conditions"),
    "amount": Text("金额", "amount"),
    "steps": Text("步骤", "steps"),
    "where": Text("其中", "where"),
    "who": Text("承担", "who pays"),
    "paid": Text("拨付", "payment"),
    "limits": Text("限制", "limits"),
    "reading": Text("理解", "reading"),
    "figures": Text("数额", "figures"),
    "examples": Text("算例", "worked examples"),
    "item": Text("条", "item"),
    "provision": Text("条款", "provision"),
    "measure": Text("指标", "measure"),
    "goal": Text("应达到", "to be reached"),
}
DATED = Text("，按{0}归入年度", ", counted in the year of “{0}”")
VERSION_BY = Text("适用版本以{0}为准", "under the version in force on the day of “{0}”")
READS_AT = Text("随日期变化的事实以{0}为准", "what changes by date is read as of “{0}”")
NO_CASH = Text("减免，不拨付现金", "a relief: no cash is paid")
ALWAYS = Text("无", "none")
AT_LEAST, AT_MOST, PRINTED = (
    Text("不低于 {0}", "at least {0}"),
    Text("不超过 {0}", "at most {0}"),
    Text("文件所载 {0}", "printed: {0}"),
)
MEANS = Text("{0}：{1}", "{0}: {1}")
SUMMED = {
    "count": Text("{table}的数量", "the number of {table}"),
    "sum": Text("{table}的{measure}之和", "the sum of {measure} over {table}"),
    "average": Text("{table}的{measure}的平均数", "the average of {measure} over {table}"),
    "min": Text("{table}的{measure}的最小值", "the least {measure} of {table}"),
    "max": Text("{table}的{measure}的最大值", "the greatest {measure} of {table}"),
    "running": Text("{measure}的累计数", "the running total of {measure}"),
}
EACH = {
    "month": Text("各月", "its months"),
    "quarter": Text("各季度", "its quarters"),
    "half_year": Text("各半年", "its half-years"),
}
ONLY = Text("，只计{0}", ", only where {0}")
MADE = Text(
    "本页由补贴标准文件生成。用语是本项目的，数额和条件出自原文；“理解”写明原文没有说清、由编码者作出的选择。",
    "This page is made from the schedule. The wording is this project's; figures and conditions are the document's. A "
    "“reading” is what the encoder decided where the document is not clear.",
)
COEFFICIENT, LEAST, MOST = (
    Text("系数 {0}", "coefficient {0}"),
    Text("每份不低于 {0}", "each at least {0}"),
    Text("每份不超过 {0}", "each at most {0}"),
)
FACTORS = Text("{0} 按因素分配：{1}", "{0} shared out by factors: {1}")


def schedule_page(version: Version, language: Language) -> str:
    """The page, as Markdown."""
    return "\n".join(_Page(version, language).lines()).rstrip() + "\n"


class _Page:
    def __init__(self, version: Version, language: Language) -> None:
        self.version = version
        self.language: Language = language
        self.words = Words(version, language)
        self.phrases = Phrases(self.words)
        self.payment = Payment(version, self.phrases)

    def say(self, sentence: Text, *parts: str) -> str:
        return sentence.in_(self.language).format(*parts)

    def lines(self) -> Iterator[str]:
        model = self.version.model
        document = model.document
        yield f"# {document.title.in_(self.language) if document.title else document.number}"
        yield from ("", self.say(MADE), "")
        yield from self._head()
        if model.clauses:
            yield from self._section("overview", self._overview())
            yield from self._section("clauses", self._clauses())
        if self.version.limits:
            yield from self._section("limits", self._limits())
        if model.targets:
            yield from self._section("targets", self._targets())
        for name, provisions in (("unquantified", model.unquantified), ("rules", model.rules)):
            if provisions:
                yield from self._section(name, self._provisions(list(provisions.values())))
        if model.notes:
            yield from self._section("notes", self._notes(model.notes))

    def _section(self, name: str, lines: Iterator[str]) -> Iterator[str]:
        yield from ("", f"## {self.say(SECTIONS[name])}", "")
        yield from lines

    # --- the head ----------------------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        model, say = self.version.model, self.say
        first, last = model.in_force.from_.isoformat(), model.in_force.to
        in_force = say(PERIOD[last is None], first, last.isoformat() if last else "")
        payers = [self._payer(payer) for payer in model.payers.values()]
        facts = {
            "number": " ".join(filter(None, (model.document.cited(self.language), model.document.part))),
            "issuer": model.document.issuer,
            "issued": model.document.issued.isoformat(),
            "from": in_force,
            "payers": self.words.list.join(payers),
            "districts": self.words.list.join(model.districts or ()),
            "id": f"`{model.schedule}`{self.words.comma}{say(VERSION, first, str(model.revision))}",
        }
        yield from (f"- **{say(HEAD[key])}**{self.phrases.colon}{fact}" for key, fact in facts.items() if fact)

    def _payer(self, payer: Payer) -> str:
        place = self.phrases.in_brackets(self.phrases.fact(payer.of.split("."))) if payer.of else ""
        return f"{payer.label.in_(self.language)}{place}"

    def _overview(self) -> Iterator[str]:
        headings = [self.say(LABELS[key]) for key in ("item", "provision", "for", "every", "who")]
        yield from table(headings, [self._in_short(clause) for clause in self.version.clauses.values()])

    def _in_short(self, clause: CheckedClause) -> list[str]:
        model = clause.model
        where = " ".join(filter(None, (model.part, model.item)))
        link = f"[{self.words.clause(clause)}](#{clause.name})"
        return [where, link, self.phrases.word(clause.table), self.say(EVERY[model.every]), self._who(clause)]

    def _who(self, clause: CheckedClause) -> str:
        return self.payment.who(clause) if clause.model.cash else self.say(NO_CASH)

    # --- clauses -----------------------------------------------------------------------------------------------

    def _clauses(self) -> Iterator[str]:
        for clause in self.version.clauses.values():
            model = clause.model
            yield from (f'<a id="{clause.name}"></a>', "")
            yield from (f"### {self.phrases.item(model.item, model.part)} {self.words.clause(clause)}", "")
            for name, lines in self._entries(clause):
                yield from self._entry(self.say(LABELS[name]), lines)
            yield from self._figures(self._values_of(clause))
            if model.examples:
                yield from ("", f"**{self.say(LABELS['examples'])}**", "")
                yield from example_table(self.version, clause, self.phrases)
            yield ""

    def _entry(self, label: str, lines: Sequence[str]) -> Iterator[str]:
        if len(lines) == 1:
            yield f"- **{label}**{self.phrases.colon}{lines[0]}"
        elif lines:
            yield f"- **{label}**{self.phrases.colon.rstrip()}"
            yield from (f"    - {line}" for line in lines)

    def _entries(self, clause: CheckedClause) -> Iterator[tuple[str, list[str]]]:
        model, phrases = clause.model, self.phrases
        yield "for", [phrases.word(clause.table)]
        yield "every", list(self._every(clause))
        yield "when", [phrases.condition(one) for one in clause.conditions] or [self.say(ALWAYS)]
        yield "steps", [f"{phrases.word(name)} = {self.phrases.told(text)}" for name, text in model.steps.items()]
        yield "amount", list(self._amount(clause))
        yield "where", list(self._definitions(clause))
        yield "who", [self._who(clause)]
        yield "paid", self.payment.how(clause)
        limits = [name for name, limit in self.version.limits.items() if clause.name in limit.model.among]
        yield "limits", [f"[{self._limit_label(name)}](#limit-{name})" for name in limits]
        yield "reading", [model.reading.in_(self.language)] if model.reading else []

    def _every(self, clause: CheckedClause) -> Iterator[str]:
        model, word = clause.model, self.phrases.word
        yield self.say(EVERY[model.every]) + (self.say(DATED, word(model.dated)) if model.dated else "")
        if model.version_by:
            yield self.say(VERSION_BY, word(model.version_by))
        if model.reads_at != "last_day":
            yield self.say(READS_AT, word(model.reads_at))

    def _amount(self, clause: CheckedClause) -> Iterator[str]:
        model = clause.model
        if model.amount:
            yield self.phrases.told(model.amount)
        for payer, text in (model.parts or {}).items():
            yield f"{self.words.payer(payer)}: {self.phrases.told(text)}"
        if model.allocation:
            weights = model.allocation.factors.items()
            factors = [f"{self.phrases.fact([fact])} {self.phrases.told(weight)}" for fact, weight in weights]
            yield self.say(FACTORS, self.phrases.told(model.allocation.sum), self.words.list.join(factors))
            one = model.allocation
            rest = ((COEFFICIENT, one.coefficient), (LEAST, one.at_least), (MOST, one.at_most))
            yield from (self.say(sentence, self.phrases.told(text)) for sentence, text in rest if text)

    def _definitions(self, clause: CheckedClause) -> Iterator[str]:
        """What the derived facts are that a clause reads."""
        for name, node in _derived([*clause.expressions]).items():
            yield self.say(MEANS, self.phrases.fact(name.split(".")), self._definition(node))

    def _definition(self, node: Node) -> str:
        phrases = self.phrases
        if node.aggregate is None:
            assert node.fact is not None
            return phrases.asked(node.fact.column.formula or "")
        aggregate = node.aggregate
        column = self.version.tables[aggregate.table].columns[aggregate.column_name]
        measure = self.phrases.told(column.formula) if column.formula else ""
        over = self.say(EACH[aggregate.each]) if aggregate.each else phrases.word(aggregate.over or aggregate.table)
        told = SUMMED[aggregate.kind].in_(self.language).format(table=over, measure=measure)
        return told + (self.say(ONLY, phrases.asked(column.where)) if column.where else "")

    # --- figures -----------------------------------------------------------------------------------------------

    def _values_of(self, clause: CheckedClause) -> list[str]:
        """The values that a clause reads, in the order of the schedule."""
        model = clause.model
        read = {leaf.name for node in clause.expressions for leaf in node.all_leaves()
                if leaf.operation in ("value", "slices")}  # fmt: skip
        read |= {clause.sharing.value} if clause.sharing else set()
        read |= {one for one in (model.pay.shares, model.pay.chunk) if one} if model.pay else set()
        return [name for name in self.version.model.values if name in read]

    def _figures(self, names: Sequence[str]) -> Iterator[str]:
        single = [name for name in names if not self.version.model.values[name].by]
        if single:
            yield from self._entry(self.say(LABELS["figures"]), [self._single(name) for name in single])
        for name in names:
            model = self.version.model.values[name]
            if model.by:
                yield from ("", f"{self._value_title(name, model)}", "")
                yield from figure_table(model, self.phrases)
                if model.reading:
                    yield from ("", self.say(MEANS, self.say(LABELS["reading"]), model.reading.in_(self.language)))

    def _single(self, name: str) -> str:
        model = self.version.model.values[name]
        assert isinstance(model.figures, str)
        shown = f"{self._value_title(name, model)} {self.phrases.figure(model.figures, model.unit)}"
        if model.reading:
            shown += self.phrases.in_brackets(model.reading.in_(self.language))
        return shown

    def _value_title(self, name: str, model: Value) -> str:
        unit = self.words.unit(model.unit) if model.by else ""
        told = [unit, self.phrases.item(model.item, model.part) if model.item else "", model.source or ""]
        return f"**{self.phrases.value(name)}**{self.phrases.in_brackets(self.words.comma.join(filter(None, told)))}"

    # --- limits, targets and the rest --------------------------------------------------------------------------

    def _limit_label(self, name: str) -> str:
        label = self.version.limits[name].model.label
        return label.in_(self.language) if label else self.phrases.word(name)

    def _limits(self) -> Iterator[str]:
        for name, limit in self.version.limits.items():
            model = limit.model
            item = f"{self.phrases.item(model.item, model.part)} " if model.item else ""
            yield from (f'<a id="limit-{name}"></a>', "", f"### {item}{self._limit_label(name)}", "")
            yield limit_sentence(limit, self.phrases)
            if model.reading:
                yield from ("", self.say(MEANS, self.say(LABELS["reading"]), model.reading.in_(self.language)))
            read = {model.at_most, model.refund.share if model.refund else None}
            yield from self._figures([one for one, value in self.phrases.values.items() if value.by and one in read])
            yield ""

    def _targets(self) -> Iterator[str]:
        headings = [self.say(LABELS[key]) for key in ("item", "provision", "for", "measure", "goal", "reading")]
        targets = self.version.model.targets
        yield from table(headings, [self._target(name, target) for name, target in targets.items()])
        goals = {goal for target in targets.values() for goal in (target.at_least, target.at_most, target.printed)}
        read = [name for name in self.version.model.values if name in goals]
        if read:
            yield from ("", f"### {self.say(SECTIONS['values'])}", "")
            yield from self._figures(read)

    def _target(self, name: str, target: Target) -> list[str]:
        where = " ".join(filter(None, (target.part, target.item)))
        goals = ((AT_LEAST, target.at_least), (AT_MOST, target.at_most), (PRINTED, target.printed))
        goal = self.words.comma.join(self.say(bound, self.phrases.told(text)) for bound, text in goals if text)
        subject = self.phrases.word(target.for_)
        if target.when:
            subject += self.phrases.in_brackets(self.phrases.asked(target.when))
        label = target.label.in_(self.language) if target.label else self.phrases.word(name)
        reading = target.reading.in_(self.language) if target.reading else ""
        return [where, label, subject, self.phrases.told(target.measure), goal, reading]

    def _provisions(self, provisions: Sequence[Provision]) -> Iterator[str]:
        for one in provisions:
            label = one.label.in_(self.language) if one.label else ""
            reading = self.phrases.in_brackets(one.reading.in_(self.language)) if one.reading else ""
            yield f"- {self.phrases.item(one.item, one.part)}{self.words.comma}{label}{reading}"

    def _notes(self, notes: Sequence[Note]) -> Iterator[str]:
        for note in notes:
            item = f"{self.phrases.item(note.item, note.part)}{self.words.comma}" if note.item else ""
            yield f"- {item}{note.text.in_(self.language)}"


def _derived(nodes: Sequence[Node]) -> dict[str, Node]:
    """The derived facts and aggregates among what is read, by their dotted names."""
    found: dict[str, Node] = {}
    ahead, seen = list(reversed(nodes)), set[int]()
    while ahead:
        node = ahead.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.operation == "derived" and node.fact is not None:
            found.setdefault(node.fact.name, node)
        if node.aggregate is not None:
            found.setdefault(node.aggregate.name, node)
            ahead += reversed(node.aggregate.nodes)
        if node.operation != "clause":
            ahead += reversed(node.arguments)
    return found
