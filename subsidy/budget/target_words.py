"""Outcomes of targets in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from subsidy.budget.causes import Parts
from subsidy.budget.targets import Addition, Bound, Measurement, Outcome
from subsidy.engine.calendar import period_label
from subsidy.finding import Language, Text
from subsidy.money import round_to, yuan_text
from subsidy.schedule.expression import plain_number
from subsidy.schedule.load import Version
from subsidy.schedule.node import MONTH, YEAR, Node, Type, Unit

YUAN = Type("number", Unit(("yuan",)), 100)
TEN_THOUSAND = 10_000
MOST_DECIMALS = 8
DECIMALS_OF_TEN_THOUSANDS = 6  # down to the fen
MEASURE_WORDS = {"person": "人", "bed": "张", "facility": "家", "household": "户", "piece": "个", "project": "个"}
WITHOUT_PLURAL = ("yuan", "mu", "m2")

SENTENCES = {
    "reached": Text("达标：{what}为{measure}，{bounds}。", "Met: {what} is {measure}, {bounds}."),
    "missed": Text("未达标：{what}为{measure}，{bounds}。", "Not met: {what} is {measure}, {bounds}."),
    "agrees": Text("与所载相符：{what}为{measure}。", "As printed: {what} is {measure}."),
    "alone": Text(
        "与所载相符，且只有此项相符：{what}为{measure}。",
        "As printed, and the only one that gives it: {what} is {measure}.",
    ),
    "differs": Text(
        "与所载不符：{what}应为{measure}，所载为{printed}，相差{gap}{cause}。",
        "Not as printed: {what} should be {measure} and is printed as {printed}, a difference of {gap}{cause}.",
    ),
    "unknown": Text("无法计算：{what}，缺{missing}。", "Cannot be measured: {what}: {missing} is blank."),
    "goalless": Text(
        "无从比较：{what}为{measure}，该期没有可比的数。",
        "Nothing to compare with: {what} is {measure}, and there is no figure for it in this period.",
    ),
    "undivided": Text("无法计算：{what}，除数为零。", "Cannot be measured: {what}: the divisor is 0."),
}
BOUNDS = {
    ("at_least", True): Text("不低于{bound}，高出{gap}", "at least {bound}, {gap} above"),
    ("at_least", False): Text("低于{bound}，差{gap}", "below {bound} by {gap}"),
    ("at_most", True): Text("不高于{bound}，比其低{gap}", "at most {bound}, {gap} below"),
    ("at_most", False): Text("高于{bound}，超出{gap}", "above {bound} by {gap}"),
}
JUST = Text("恰好等于{bound}", "exactly {bound}")
ADDITIONS = {
    ("at_least", False): Text(
        "其他按计划不变，{fact}须为{number}（计划{planned}，多{gap}），即{then}{cost}。",
        "All else as planned, {fact} must be {number} (planned {planned}, {gap} more), which gives {then}{cost}.",
    ),
    ("at_most", False): Text(
        "其他按计划不变，{fact}至多{number}（计划{planned}，少{gap}），即{then}{without}。",
        "All else as planned, {fact} may be {number} at most (planned {planned}, {gap} less), "
        "which gives {then}{without}.",
    ),
    ("at_least", True): Text(
        "其他按计划不变，{fact}有{number}即可达到（计划{planned}）{cost}。",
        "All else as planned, {number} of {fact} would do (planned {planned}){cost}.",
    ),
    ("at_most", True): Text(
        "其他按计划不变，{fact}最多可增至{number}（计划{planned}）。",
        "All else as planned, {fact} may grow to {number} at most (planned {planned}).",
    ),
    (None, False): Text(
        "只改变{fact}（计划{planned}）达不到。", "No number of {fact} alone (planned {planned}) would do."
    ),
    (None, True): Text("", ""),
}
WITHOUT = Text("；不增则为{}", "; with none of it {}")
COST = Text("；按标准需{}，其中超出计划的部分{}", "; it costs {}, what is above the plan {}")
SEPARATOR = {"zh": "，", "en": ", "}
LIST = {"zh": "、", "en": ", "}


def sentences(outcome: Outcome, version: Version, language: Language) -> list[str]:
    """What came out, then a sentence for each addition of the plan."""
    teller = _Teller(version, language)
    return [teller.outcome(outcome), *teller.additions(outcome)]


class _Teller:
    def __init__(self, version: Version, language: Language) -> None:
        self.version = version
        self.language = language

    # --- numbers -----------------------------------------------------------------------------------------------

    def word(self, name: str) -> str:
        last = name.rsplit(".", 1)[-1]
        return self.version.words.get(last, last) if self.language == "zh" else last.replace("_", " ")

    def number(self, number: Fraction, kind: Type, apart_from: Fraction | None = None) -> str:
        """A number with its unit, short, but never so short that it looks like another one it is compared with."""
        if kind.unit.over in ((YEAR,), (MONTH,)):
            return period_label("year" if kind.unit.over == (YEAR,) else "month", int(number))
        if not kind.unit.over and not kind.unit.under:
            return f"{_short(number * 100, None if apart_from is None else apart_from * 100)}%"
        if kind.unit.over == ("yuan",) and self.language == "zh" and abs(number) >= TEN_THOUSAND:
            rest = "".join(f"/{self.unit(word, False)}" for word in kind.unit.under)
            return f"{_short(number / TEN_THOUSAND, None, DECIMALS_OF_TEN_THOUSANDS)}万元{rest}"
        text = _short(number, apart_from)
        over = "".join(self.unit(word, text != "1") for word in kind.unit.over)
        unit = "/".join([over, *(self.unit(word, False) for word in kind.unit.under)])
        return f"{text}{unit}" if self.language == "zh" else f"{text} {unit}".rstrip()

    def unit(self, word: str, is_many: bool) -> str:
        """The word for a unit: in Chinese a measure word, in English a plural where there are many."""
        if self.language == "zh":
            is_row = word in self.version.tables
            return MEASURE_WORDS.get(word) or ("个" if is_row else self.version.words.get(word, word))
        many = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
        return (many if is_many and word not in WITHOUT_PLURAL else word).replace("_", " ")

    def gap(self, number: Fraction, kind: Type) -> str:
        if not kind.unit.over and not kind.unit.under:
            points = _short(number * 100, Fraction(0))
            return f"{points}个百分点" if self.language == "zh" else f"{points} point{'s' * (points != '1')}"
        return self.number(number, kind, Fraction(0))

    def measurement(
        self, measured: Measurement, target: Node, apart_from: Fraction | None = None, read: str = ""
    ) -> str:
        """A measure with what it was made of in brackets."""
        text = self.number(measured.result, target.type, apart_from)
        made_of = [read] if read else []
        if measured.above is not None and measured.below is not None:
            made_of.insert(0, f"{_grouped(plain_number(measured.above))} / {_grouped(plain_number(measured.below))}")
        if not made_of:
            return text
        return f"{text}（{'：'.join(made_of)}）" if self.language == "zh" else f"{text} ({': '.join(made_of)})"

    # --- sentences ---------------------------------------------------------------------------------------------

    def outcome(self, outcome: Outcome) -> str:
        state: str = outcome.state
        if state == "unknown" and not outcome.missing:
            state = "goalless" if outcome.goalless else "undivided"
        if outcome.alone:
            state = "alone"
        return SENTENCES[state].in_(self.language).format(**self._filling(outcome))

    def _filling(self, outcome: Outcome) -> Mapping[str, str]:
        target, measured = outcome.target, outcome.measured
        filling = {
            "what": self._what(outcome),
            "missing": LIST[self.language].join(self.word(leaf.name) for leaf in outcome.missing),
        }
        if measured is None:
            return filling
        kind = target.measure.type
        near = outcome.printed if outcome.printed is not None else _nearest(outcome)
        filling["measure"] = self.measurement(measured, target.measure, near, self._read(outcome))
        filling["bounds"] = SEPARATOR[self.language].join(self._bound(one, measured, kind) for one in _telling(outcome))
        if outcome.printed is not None:
            filling["printed"] = self.number(outcome.printed, kind, measured.result)
            filling["gap"] = self.gap(abs(outcome.printed - measured.result), kind)
            why = outcome.cause.in_(self.language) if outcome.cause else ""
            filling["cause"] = f"{SEPARATOR[self.language] if self.language == 'zh' else ': '}{why}" if why else ""
        return filling

    def _what(self, outcome: Outcome) -> str:
        label = outcome.target.model.label
        name = label.in_(self.language) if label else outcome.target.name
        of = SEPARATOR[self.language].join(part for part in (outcome.subject, outcome.period) if part)
        if not of:
            return name
        return f"{name}（{of}）" if self.language == "zh" else f"{name} ({of})"

    def _read(self, outcome: Outcome) -> str:
        """The quantities behind a measure, unless it is one of them or the quotient of two."""
        parts = Parts.of(outcome.target.measure)
        if all(part is not None and part.operation in ("fact", "aggregate") for part in (parts.above, parts.below)):
            return ""
        said = {node.name for node in (outcome.target.measure, outcome.target.printed) if node is not None}
        shown = [
            f"{self.word(leaf.name)}{' ' if self.language == 'en' else ''}{self.number(number, leaf.type)}"
            for leaf, number in outcome.read
            if leaf.name not in said and leaf.type.unit.over not in ((YEAR,), (MONTH,))
        ]
        if not shown:
            return ""
        return SEPARATOR[self.language].join(shown)

    def _bound(self, bound: Bound, measured: Measurement, kind: Type) -> str:
        gap = abs(measured.result - bound.number)
        words = BOUNDS[bound.kind, bound.reached] if gap else JUST
        filling = {"bound": self.number(bound.number, kind, measured.result), "gap": self.gap(gap, kind)}
        return words.in_(self.language).format(**filling)

    def additions(self, outcome: Outcome) -> Iterator[str]:
        for bound in _telling(outcome):
            for addition in bound.additions:
                sentence = ADDITIONS[addition.kind, bound.reached].in_(self.language)
                if sentence:
                    yield sentence.format(**self._addition(addition, outcome.target.measure, bound))

    def _addition(self, addition: Addition, measure: Node, bound: Bound) -> Mapping[str, str]:
        kind = addition.fact.type
        filling = {
            "fact": self.word(addition.fact.name),
            "number": self.number(addition.number, kind),
            "planned": self.number(addition.planned, kind),
            "gap": self.number(abs(addition.number - addition.planned), kind),
            "then": self.measurement(addition.then, measure, bound.number) if addition.then else "",
            "without": "",
            "cost": "",
        }
        if addition.without is not None and addition.number:
            without = self.measurement(addition.without, measure, bound.number)
            filling["without"] = WITHOUT.in_(self.language).format(without)
        if addition.costs is not None:
            whole, extra = (self._cost(cost) for cost in addition.costs)
            filling["cost"] = COST.in_(self.language).format(whole, extra)
        return filling

    def _cost(self, cost: tuple[Fraction, Fraction]) -> str:
        low, high = (self.number(amount, YUAN) for amount in cost)
        return low if low == high else f"{low}–{high}"


def _telling(outcome: Outcome) -> list[Bound]:
    """The bounds that are missed; where none is, all of them."""
    return [bound for bound in outcome.bounds if not bound.reached] or list(outcome.bounds)


def _nearest(outcome: Outcome) -> Fraction | None:
    """The bound to compare with first."""
    bounds = _telling(outcome)
    return bounds[0].number if bounds else None


def _short(number: Fraction, apart_from: Fraction | None, fewest: int = 2) -> str:
    """At most `fewest` decimals, more where it would else look like the other number."""
    for decimals in range(fewest, MOST_DECIMALS + 1):
        rounded = round_to(number, Fraction(1, 10**decimals), "half_up")
        if apart_from is None or (rounded == round_to(apart_from, Fraction(1, 10**decimals), "half_up")) == (
            number == apart_from
        ):
            return _grouped(plain_number(rounded))
    return _grouped(plain_number(number))


def _grouped(text: str) -> str:
    whole, point, decimals = text.partition(".")
    return f"{int(whole):,}{point}{decimals}" if "/" not in text and whole not in ("-0",) else text


# --- JSON ----------------------------------------------------------------------------------------------------------


def as_dict(outcome: Outcome, version: Version) -> dict[str, Any]:
    """An outcome as JSON: exact numbers as texts, sentences in both languages."""
    target, measured = outcome.target, outcome.measured
    content: dict[str, Any] = {
        "target": target.name,
        "item": target.model.item,
        "part": target.model.part,
        "table": target.model.for_,
        "subject": outcome.subject,
        "period": outcome.period or None,
        "place": str(outcome.place),
        "state": outcome.state,
        "unit": str(target.measure.type.unit),
        "measure": plain_number(measured.result) if measured else None,
        "above": plain_number(measured.above) if measured and measured.above is not None else None,
        "below": plain_number(measured.below) if measured and measured.below is not None else None,
        "read": {leaf.name: plain_number(number) for leaf, number in outcome.read},
        "missing": [leaf.name for leaf in outcome.missing],
    }
    bounds = {bound.kind: plain_number(bound.number) for bound in outcome.bounds}
    content |= {"at_least": bounds.get("at_least"), "at_most": bounds.get("at_most")}
    content["printed"] = plain_number(outcome.printed) if outcome.printed is not None else None
    content["cause"] = {"zh": outcome.cause.zh, "en": outcome.cause.en} if outcome.cause else None
    content["additions"] = [
        {"bound": bound.kind, **_addition_dict(addition)} for bound in outcome.bounds for addition in bound.additions
    ]
    content["sentences"] = {"zh": sentences(outcome, version, "zh"), "en": sentences(outcome, version, "en")}
    return content


def _addition_dict(addition: Addition) -> dict[str, Any]:
    names = ("cost_low", "cost_high", "extra_cost_low", "extra_cost_high")
    costs = [amount for pair in addition.costs for amount in pair] if addition.costs else [None] * 4
    return {
        "fact": addition.fact.name,
        "planned": plain_number(addition.planned),
        "kind": addition.kind,
        "number": plain_number(addition.number) if addition.kind else None,
        **{name: None if cost is None else yuan_text(int(cost * 100)) for name, cost in zip(names, costs, strict=True)},
    }
