"""Who pays the amounts of a clause, to whom, and in which parts, in words."""

from __future__ import annotations

from subsidy.finding import Text
from subsidy.report.phrases import Phrases
from subsidy.schedule.checked import NOT_STATED, CheckedClause
from subsidy.schedule.load import Version

BY_VALUE = Text("见“{0}”", "as “{0}” says")
EACH_ITS_PART = Text("{0}，各自的部分见金额", "{0}, each its own part of the amount")
IN_STEPS = Text("，各部分取整到 {0}，余数归最后一方", ", in multiples of {0}, the last takes the rest")
NOBODY = Text("原文未写明由谁承担", "the document does not say who pays")
TO = Text("付给{0}", "paid to the {0}")
SHARES = Text("按“{0}”分期", "in instalments, as “{0}” says")
CHUNK = Text("每期至多 {0}，直到付完", "at most {0} each time until all is paid")
DISTANCE = {
    "month": Text("每月一期", "one every month"),
    "quarter": Text("每季度一期", "one every quarter"),
    "half_year": Text("每半年一期", "one every half-year"),
    "year": Text("每年一期", "one every year"),
}
NOT_BEFORE = Text("不早于{0}", "not before {0}")
WHILE = Text("到期时须{0}，否则该期不付", "each only if, on its day, {0}")
CLAWED = Text("{0}追回已付金额的一部分：{1}", "on {0} part of what was paid is taken back: {1}")
FUND = Text("资金来源：{0}", "fund: {0}")
REPLACES = Text("代替 {0}", "instead of {0}")


class Payment:
    """The sentences about one version's payments."""

    def __init__(self, version: Version, phrases: Phrases) -> None:
        self.version = version
        self.phrases = phrases
        self.words = phrases.words

    def who(self, clause: CheckedClause) -> str:
        """市级财政 5：区县财政 5."""
        model, say = clause.model, self.phrases.say
        if model.parts:
            return say(EACH_ITS_PART, self.words.list.join(map(self.words.payer, model.parts)))
        if isinstance(model.split, str):
            return say(BY_VALUE, self.phrases.value(model.split))
        weights = model.split or {}
        if list(weights) == [NOT_STATED]:
            return say(NOBODY)
        if len(weights) == 1:
            return self.words.payer(next(iter(weights)))
        shares = " : ".join(f"{self.words.payer(payer)} {weight}" for payer, weight in weights.items())
        return shares + (say(IN_STEPS, self.phrases.told(model.split_to)) if model.split_to else "")

    def how(self, clause: CheckedClause) -> list[str]:
        """To whom and when, where that is not said by the clause itself."""
        model, phrases = clause.model, self.phrases
        pay, found = model.pay, []
        if pay:
            found += [phrases.say(TO, phrases.word(pay.to))] if pay.to else []
            found += [phrases.say(SHARES, phrases.value(pay.shares))] if pay.shares else []
            found += [phrases.say(CHUNK, phrases.told(pay.chunk))] if pay.chunk else []
            found += [phrases.say(DISTANCE[pay.every])] if pay.every else []
            found += [phrases.say(NOT_BEFORE, phrases.told(pay.not_before))] if pay.not_before else []
            found += [phrases.say(WHILE, phrases.asked(pay.while_))] if pay.while_ else []
        if model.clawback:
            found.append(phrases.say(CLAWED, *map(phrases.told, (model.clawback.on, model.clawback.share))))
        found += [phrases.say(FUND, model.fund)] if model.fund else []
        return found + ([phrases.say(REPLACES, f"`{model.replaces}`")] if model.replaces else [])
