"""A limit or a pot in words: over which amounts, per what, what is kept or at most paid, and what happens above it."""

from __future__ import annotations

from subsidy.finding import Text
from subsidy.report.phrases import Phrases
from subsidy.schedule.checked import CheckedLimit
from subsidy.schedule.column import PERIODS

BOTH = Text("适用于{0}。{1}。", "It is over {0}. {1}.")
PER = Text("同一{0}的", "For the same {0}")
ALL = Text("全部合计", "All together")
KEEP = {
    "highest": Text("只保留金额最高的一项", "only the highest amount is kept"),
    "first": Text(
        "只保留一项：条款列在前的，再取日期早的", "only one is kept: of the clause listed first, then the earliest"
    ),
    "most": Text("只保留{0}最多的一项", "only the one with the most {0} is kept"),
}
AT_MOST = {
    "money": Text("不超过 {0}", "at most {0}"),
    "months": Text("至多 {0}", "at most {0}"),
    "subjects": Text("至多 {0}", "at most {0}"),
}
NO_SUM = Text("总额未印出，给出总额之前不起作用", "no sum is printed: it does nothing until one is given")
OF_PAYER = Text("只指{0}承担的部分", "of what is paid by the {0}")
YEARS = Text("{0} 年", "years {0}")
SHORT = {
    "report": Text("超出时只提示，不核减", "what is above it is reported and not cut"),
    "pro_rata": Text("超出时按比例核减", "above it all are cut in proportion"),
    "in_order": Text("不足时按{0}先后满足", "when short, served in order of {0}"),
    "by_rank": Text("不足时按{0}排名满足", "when short, served by rank of {0}"),
}
NOTHING = Text("不足一整份的不发", "what no longer fits whole gets nothing")
REST_TO = Text("核减的部分由{0}承担", "what is cut is paid by the {0}")
REFUND = Text("由{0}返还 {1}", "the {0} gives back {1}")
HIGHEST_FIRST = Text("{0}由高到低", "{0}, highest first")
USED = Text("此前已用 {0}", "{0} used before")


def limit_sentence(limit: CheckedLimit, phrases: Phrases) -> str:
    """What the limit says, in two sentences."""
    model, say, words = limit.model, phrases.say, phrases.words
    clauses = words.version.clauses
    among = [f"“{words.clause(clauses[one])}”" if one in clauses else f"`{one}`" for one in model.among]
    told = [say(PER, phrases.listed([_key(one, phrases) for one in model.per], "and")) if model.per else say(ALL)]
    told += [say(OF_PAYER, words.payer(model.payer))] if model.payer else []
    told += [say(YEARS, phrases.key(model.years))] if model.years else []
    if limit.keep:
        told.append(say(KEEP[limit.keep], _fact(model.keep or "", phrases)))
    if model.at_most:
        told += _at_most(limit, phrases)
    if model.refund:
        told.append(say(REFUND, words.payer(model.refund.by), phrases.told(model.refund.share)))
    return say(BOTH, words.list.join(among), words.comma.join(told))


def _at_most(limit: CheckedLimit, phrases: Phrases) -> list[str]:
    model, say = limit.model, phrases.say
    value = phrases.values.get(model.at_most or "")
    if value is not None and value.figures == "none":
        found = [say(NO_SUM)]
    else:
        found = [say(AT_MOST[limit.counts], phrases.told(model.at_most or ""))]
    used = phrases.values.get(model.used_before or "")
    if used is not None and isinstance(used.figures, str) and used.figures != "0":
        found.append(say(USED, phrases.figure(used.figures, used.unit)))
    if limit.when_short:
        found.append(say(SHORT[limit.when_short], _fact(model.when_short or "", phrases)))
    found += [say(NOTHING)] if limit.last_gets_nothing else []
    return found + ([say(REST_TO, phrases.words.payer(model.rest_to))] if model.rest_to else [])


def _key(name: str, phrases: Phrases) -> str:
    return phrases.word(name) if name in PERIODS else phrases.fact(name.split("."))


def _fact(written: str, phrases: Phrases) -> str:
    """The fact of `most FACT` or `by_rank -FACT`."""
    name = written.partition(" ")[2]
    if not name:
        return ""
    told = phrases.fact(name.removeprefix("-").split("."))
    return phrases.say(HIGHEST_FIRST, told) if name.startswith("-") else told
