"""Hypothesis strategies: small valid schedules that use all of the language, and rosters on which groups collide.

The template is one made-up policy; figures, operators, conditions, amounts, grains, blanks and limits are drawn.
What the semantics leave open is not generated.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st

Draw = st.DrawFn
Rows = dict[str, list[dict[str, str | None]]]
PERIODS = ("month", "quarter", "half_year", "year")
ROUNDINGS = tuple(f"to {step} {way}" for step in ("fen", "jiao", "yuan", "step") for way in ("half_up", "down", "up"))


@dataclass(frozen=True)
class Case:
    """Texts of the versions of one schedule, oldest first, and a roster for them."""

    texts: tuple[str, ...]
    rows: Rows
    year: int


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def pick(draw: Draw, options: Sequence[Any]) -> Any:
    return draw(st.sampled_from(list(options)))


def chance(draw: Draw, one_in: int = 2) -> bool:
    return bool(draw(st.integers(1, one_in)) == 1)


# --- figures -------------------------------------------------------------------------------------------------------

MONEY = ("0", "0.01", "0.5", "1", "3.33", "20", "33.33", "80", "100.01", "150", "333.35", "1000")
SHARES = ("0%", "10%", "33%", "33.3%", "50%", "66.67%", "100%", "120%")
WEIGHTS = ("0", "1", "2", "3", "4", "7")


def by_tier(draw: Draw, figures: Any) -> dict[str, Any]:
    ranges = pick(draw, [
        ("0", "1..3", "4.."), ("..2", "3..5"), ("1", "3", "other"), ("0..1", "4..5", "other"),
        ("..<2", "2..<4", "4.."), (">3..", "..3"), (">0..2", "other"),
    ])  # fmt: skip
    return {key: figures() for key in ranges}


def by_need(draw: Draw, figures: Any) -> dict[str, Any]:
    named = pick(draw, [("heavy", "light", "nil"), ("heavy", "other"), ("nil", "light", "other"), ("other",)])
    return {key: figures() for key in named}


def by_year(draw: Draw, figures: Any) -> dict[str, Any]:
    ranges = (
        ("..2021", "2022..2023", "2024.."), ("2022", "other"), ("2022..2023",), ("2021..2022", "other"),
        ("..<2022", ">2021.."),
    )  # fmt: skip
    return {key: figures() for key in pick(draw, ranges)}


def by_month(draw: Draw, figures: Any) -> dict[str, Any]:
    return {key: figures() for key in pick(draw, [("..2022-06", ">2022-06.."), ("2022-01..<2023-02", "other")])}


def by_season(draw: Draw, figures: Any) -> dict[str, Any]:
    ranges = [("..5", "6..8", ">8.."), ("6..<9", "other"), ("12", "1..2", "other")]
    return {key: figures() for key in pick(draw, ranges)}


def by_use(draw: Draw, figures: Any) -> dict[str, Any]:
    return {key: figures() for key in pick(draw, [("..<60%", "60%..80%", ">80%.."), (">0%..<50%", "other")])}


def by_slices(draw: Draw, rates: Sequence[str]) -> dict[str, Any]:
    """Slices of yuan, with bounds finer than a fen among them."""
    ranges = pick(draw, [
        ("..100", ">100..1000", ">1000.."), ("0..<33.333", "33.333..<500.5", "500.5.."), ("..",),
        (">150..", "..150"), (">0..0.01", ">0.01.."),
    ])  # fmt: skip
    return {key: pick(draw, rates) for key in ranges}


def by_tenure(draw: Draw, figures: Any) -> dict[str, Any]:
    return {key: figures() for key in pick(draw, [("..0", "1..11", "12.."), ("..5", "6..24", "other")])}


def by_poor(draw: Draw, figures: Any) -> dict[str, Any]:
    return {key: figures() for key in pick(draw, [("yes", "no"), ("no", "other")])}


KEYS = {
    "facility.tier": by_tier, "tier": by_tier, "need": by_need, "year": by_year, "month": by_month,
    "full_months_since(from)": by_tenure, "full_months_since(from, since)": by_tenure, "month_of_year": by_season,
    "month_of_year(from)": by_season, "round heavy / beds to whole half_up": by_use, "poor": by_poor,
}  # fmt: skip


def figures_by(draw: Draw, keys: Sequence[str], last: Sequence[str] = MONEY) -> Any:
    def inner(rest: Sequence[str]) -> Any:
        return KEYS[rest[0]](draw, lambda: inner(rest[1:])) if rest else pick(draw, last)

    return inner(keys)


def payer_shares(draw: Draw) -> dict[str, str]:
    first = pick(draw, ("1", "3", "5"))
    shares: dict[str, str] = pick(draw, (
        {"city": first, "county": pick(draw, WEIGHTS), "other": "0"}, {"town": first, "other": pick(draw, WEIGHTS)},
        {"not_stated": first, "other": "0"},
    ))  # fmt: skip
    return shares


def drawn_values(draw: Draw) -> dict[str, Any]:
    care_keys = pick(draw, (
        [], ["need"], ["facility.tier", "need"], ["year", "tier"], ["need", "month", "tier"],
        ["full_months_since(from)"], ["full_months_since(from, since)"], ["month_of_year", "need"],
        ["month_of_year(from)"], ["round heavy / beds to whole half_up"],
    ))  # fmt: skip
    long_keys = pick(draw, ([], ["year"], ["tier"]))

    def small(options: Sequence[Any]) -> Any:
        return pick(draw, options)

    return {
        "care_rate": {"unit": "yuan / person / month", "by": care_keys, "is": figures_by(draw, care_keys)},
        "other_rate": {"unit": "yuan", "by": ["year"], "is": {"2021..2023": small(MONEY), "other": small(MONEY)}},
        "day_rate": {"unit": "yuan / day", "by": long_keys, "is": figures_by(draw, long_keys)},
        "hour_rate": {"unit": "yuan / hour", "is": small(MONEY)},
        "bed_rate": {"unit": "yuan / bed", "is": small(MONEY)},
        "serving_rate": {
            "unit": "yuan / serving", "by": ["servings", "year"],
            "is": {"..10": {"other": small(MONEY)}, "11..": by_year(draw, lambda: small(MONEY))},
        },
        "flat": {"unit": "yuan", "is": small(MONEY)},
        "head_rate": {"unit": "yuan / stays", "is": small(MONEY)},
        "penalty": {"unit": "yuan", "is": small(MONEY)},
        "fee_line": {"unit": "yuan", "is": small(MONEY)},
        "deductible": {"unit": "yuan", "is": small(MONEY)},
        "part_cap": {"unit": "yuan", "is": small(MONEY)},
        "step": {"unit": "yuan", "is": small(("0.3", "5", "100"))},
        "whole": {"unit": "percent", "is": small(("1%", "0.5%", "33.3%"))},
        "some_hours": {"unit": "hour", "is": small(("0.25", "3"))},
        "july": {"unit": "month_of_year", "is": small(("1", "7", "12"))},
        "bracket": {
            "unit": "percent", "by": ["poor", "fee"], "is": by_poor(draw, lambda: by_slices(draw, (*SHARES, "0.05%"))),
        },
        "hour_slices": {"unit": "yuan / hour", "by": ["hours"], "is": by_slices(draw, MONEY)},
        "share": {"unit": "percent", "is": small(SHARES)},
        "city_share": {"unit": "percent", "is": small(SHARES[:-1])},
        "share_by": {"unit": "percent", "by": ["facility.tier"], "is": by_tier(draw, lambda: small(SHARES))},
        "min_tier": {"unit": "tier", "is": small("01235")},
        "min_days": {"unit": "day", "is": small(("1", "2", "15", "28"))},
        "few_months": {"unit": "month", "is": small(("0", "1", "2", "5", "13"))},
        "more_months": {"unit": "month", "is": small(("2", "6", "24"))},
        "long_stay": {"unit": "year", "is": small("012")},
        "min_hours": {"unit": "hour", "is": small(("0", "7.5", "40"))},
        "some_year": {"unit": "calendar_year", "is": small(("2021", "2022", "2023"))},
        "some_day": {"unit": "date", "is": small(("2022-01-31", "2022-06-30", "2023-03-01"))},
        "cost_cap": {"unit": "yuan", "by": ["kind", "urgent"], "is": {
            "build": {"other": "1000"}, "convert": {"yes": "600.5", "no": "300"},
            "other": {"other": small(("0", "250"))},
        }},
        "thirds": {"unit": "percent", "by": ["instalment"], "is": small((
            {"1": "30%", "2": "30%", "3": "40%"}, {"1": "33.3%", "2": "33.3%", "3": "33.4%"}, {"1": "100%"},
            {"1": "50%", "2": "0%", "3": "50%"},
        ))},
        "chunk": {"unit": "yuan", "by": ["year"], "is": {"2022": small(("50", "333.33")), "other": "700"}},
        "wait": {"unit": "month", "is": small(("0", "14"))},
        "back_share": {"unit": "percent", "by": ["year"], "is": {
            "2022..": small(SHARES[:-1]), "2020": "20%", "2021": "none",
        }},
        "fund_sum": {"unit": "yuan", "by": ["year"], "is": {"2022": small(("0", "100", "5000")), "other": "1000"}},
        "fund_by_type": {"unit": "yuan", "by": ["facility.type"], "is": {"institution": "300.50", "other": "77"}},
        "fund_weight": {"unit": "weight", "by": ["year"], "is": {"2022": small(("0", "1.5")), "other": "0.3"}},
        "fund_step": {"unit": "yuan", "is": small(("0.5", "0.1"))},
        "payer_shares": {"unit": "weight", **small((
            {"by": ["year", "payer"], "is": {"2022..2023": payer_shares(draw), "other": payer_shares(draw)}},
            {"by": ["month_of_year", "payer"], "is": {"..<7": payer_shares(draw), "7..": payer_shares(draw)}},
            {"by": ["date", "payer"], "is": {"..<2022-03-31": payer_shares(draw), "other": payer_shares(draw)}},
        ))},
        "type_shares": {"unit": "weight", **pick(draw, (
            {"by": ["facility.type", "payer"], "is": {"institution": payer_shares(draw), "other": payer_shares(draw)}},
            {"by": ["facility.public", "payer"], "is": {"yes": payer_shares(draw), "no": payer_shares(draw)}},
        ))},
        "cap": {"unit": "yuan", "is": small(("0", "0.05", "50", "100", "333.34", "1000"))},
        "year_cap": {"unit": "yuan", "by": ["year"], "is": by_year(draw, lambda: small(("0", "33.34", "500")))},
        "pot_sum": {"unit": "yuan", "is": small(("0", "0.01", "100", "777.77", "3000", "none"))},
        "stay_places": {"unit": "stay", "is": small(("0", "1", "3"))},
        "work_places": {"unit": "work", "is": small(("1", "2"))},
        "refund_share": {"unit": "percent", "is": small(("0%", "33.3%", "50%", "100%"))},
        "pot_used": {"unit": "yuan", "is": small(("0", "10.01", "5000"))},
        "pot_by": {"unit": "yuan", "by": ["district", "year"], "is": {
            "D1": by_year(draw, lambda: small(("20", "200"))), "other": {"other": small(("0", "99.99", "500"))},
        }},
    }  # fmt: skip


# --- facts ---------------------------------------------------------------------------------------------------------

PLACED = {"facility": "facilities"}


def drawn_facts(draw: Draw) -> dict[str, Any]:
    def blank(column: dict[str, Any], *blanks: str) -> dict[str, Any]:
        chosen = pick(draw, ("missing", *blanks))
        return column if chosen == "missing" else {**column, "blank": chosen}

    where_heavy = pick(draw, ("need = 'heavy'", "need <> 'nil' and tier >= min_tier", "days_present >= min_days"))
    far = pick(draw, ("quarter", "half_year", "year"))
    within = {"over": pick(draw, ("month", "quarter")), "every": pick(draw, ("half_year", "year"))}
    some_months = pick(draw, ("people > 1", "crowded", "known(tier) and tier >= min_tier", "days_present >= min_days"))
    within_ever = pick(draw, ({}, {"every": "year"}, {"every": "quarter"}))
    return {
        "groups": {"group": "key", "guests": {"sum": "guests", "over": "operators", "every": "month"}},
        "operators": {
            "group": {"ref": "groups", "blank": "none"},
            "homes": {"count": "facilities", "where": pick(draw, ("type = 'institution'", "public", "beds > 0"))},
            "guests": {"sum": "people", "over": "facilities", "every": "month"},
            "first_home": {"min": "opened", "over": "facilities"},
        },
        "facilities": {
            "mean_people": {"average": pick(draw, ("people", "heavy")), **within},
            "busy_months": {"count": "month", "every": far, "where": some_months},
            "own_fees": {pick(draw, ("sum", "max", "min")): "fees", **within},
            "first_come": {"min": "from", "over": "stays", **pick(draw, ({}, {"every": far}))},
            "last_since": {"max": "since", "over": "stays", **pick(draw, ({}, {"where": "known(since)"}))},
            "span": ["opened", "closed"], "opened": "date", "closed": {"date": "..", "blank": "ongoing"},
            "public": blank({"yes_no": ".."}, "none", "no"),
            "people": {"count": "stays", "every": "month"},
            "heavy": {"count": "stays", "every": "month", "where": where_heavy},
            "people_year": {"count": "stays", "every": "year", "where": "days_present >= min_days"},
            "ever": {"count": "stays"},
            "ever_poor": {"count": "stays", "where": pick(draw, ("poor", "known(fee) and fee > fee_line", "not poor"))},
            "fees": {"sum": pick(draw, ("fee", "charge")), "over": "stays", "every": "month"},
            "mean_fee": {"average": "fee", "over": "stays", "every": far, "where": "known(fee)"},
            "top_hours": {"max": "hours", "over": "stays", "every": far},
            "low_hours": {"min": "hours", "over": "stays", "where": pick(draw, ("poor", "hours > 0"))},
            "served": {"sum": "servings", "over": "dinners", "every": far},
            "premiums": {"sum": "premium", "over": "pacts", "every": "year"},
            "crowded": {"formula": pick(draw, ("people > 1", "heavy > 0 or people > beds", "people * 1 > heavy + 1"))},
        },
        "gradings": {
            **PLACED, "from": "date",
            "tier": blank({"tier": "0..5"}, "none", "0", "open") if chance(draw) else {"tier": "0..5"},
        },
        "needs": {
            "person": "text", "from": "date", "need": blank({"one_of": ["heavy", "light", "nil"]}, "none", "nil"),
        },
        "stays": {
            "stay": "key", "person": "text", **PLACED, "from": "date", "to": {"date": "..", "blank": "ongoing"},
            "poor": blank({"yes_no": ".."}, "none", "no", "yes"),
            "so_far": {
                "running": pick(draw, ("fee", "charge")), "by": pick(draw, ("from", "since")), **within_ever,
                "per": pick(draw, (["person"], ["facility"], ["person", "facility.type"], ["tier"])),
            },
            "fee": blank({"yuan": "0..2000"}, "none", "0", "open"),
            "hours": blank({"hour": "0..200"}, "none", "0"),
            "since": {"date": "..", "blank": pick(draw, ("missing", "none"))},
            "charge": {"formula": pick(draw, ("greatest(fee - deductible, 0)", "if poor then 0 else fee", "fee"))},
            "senior": {"formula": pick(draw, (
                "full_years_since(from) >= long_stay", "known(since) and days_since(since) > min_days", "charge > 0",
            ))},
        },
        "works": {
            "work": "key", "facility": {"ref": "facilities", "blank": "none"}, "district": "districts",
            "started": "date", "done": {"date": "..", "blank": "none"}, "kind": ["build", "convert", "repair"],
            "urgent": "yes_no", "cost": blank({"yuan": "0..5000"}, "none", "0"),
            "assessed": {"yuan": "0..cost_cap", "blank": "open"},
            "spent": {
                "running": "cost", "by": pick(draw, ("done", "started")), **within_ever,
                **pick(draw, ({}, {"per": ["kind"]}, {"per": ["facility"]}, {"per": ["district", "urgent"]})),
                **pick(draw, ({}, {"where": "known(cost)"}, {"where": "urgent"}, {"where": "tier >= min_tier"})),
            },
            "crowd": {"max": "facility.people", **within},
        },
        "dinners": {"dinner": "key", **PLACED, "month": "month", "servings": blank({"serving": "0..100"}, "none", "0")},
        "pacts": {"pact": "key", **PLACED, "year": "year", "premium": {"yuan": "0..900"},
                  "met": blank({"yes_no": ".."}, "none", "no"),
                  "crowd": {"average": "facility.people", "over": "month", "every": "year"}},
    }  # fmt: skip


# --- expressions ---------------------------------------------------------------------------------------------------

TIER = ("tier >= min_tier", "known(tier)", "tier in (1, min_tier)", "tier <> min_tier")
TIME = (
    "year >= some_year", "date <= some_day", "year_of(some_day) = year", "month_of_year >= july",
    "month(year, july) < month", "month >= month_of(some_day)", "month(year - 1, july) <= month_of(some_day)",
)  # fmt: skip
STAY = (
    *TIER, *TIME, "need = 'heavy'", "need in ('heavy', 'light')", "need <> 'nil'", "poor", "known(fee)",
    "fee <= fee_line", "days_present >= min_days", "full_months_since(from) between few_months and more_months",
    "days_since(since) >= min_days", "known(since)", "entry_month = month", "senior", "charge > fee_line", "present",
    "hours not between 0 and min_hours", "full_years_since(from, some_day) < long_stay",
    "full_months_since(from, to) > few_months", "days_since(since, from) >= min_days", "month_of_year(since) = july",
    "month > month_of(since)", "slices(fee, bracket) > fee_line", "round hours to some_hours up >= min_hours",
 "days_present = days_in_month", "facility.public",
)  # fmt: skip
STAY_MONTH = (
    *STAY, "facility.crowded", "facility.people > 1", "facility.heavy >= 1", "facility.mean_fee < fee_line",
    "facility.fees >= fee_line", "facility.top_hours > min_hours", "facility.low_hours > min_hours",
    "facility.served > 0", "facility.ever_poor = 0", "facility.heavy / facility.beds > share",
    "facility.heavy / facility.people >= share",
    "facility.mean_people > 1", "facility.busy_months > few_months", "facility.own_fees >= fee_line",
    "full_months_since(facility.first_come) >= few_months", "date > facility.last_since", "so_far > fee_line",
    "facility.operator.homes > 1", "facility.operator.group.guests > 1",
)  # fmt: skip
FACILITY = (
    *TIER, *TIME, "public", "known(public)", "people_year >= 1", "ever > 1", "ever_poor < ever", "low_hours > 0",
    "premiums > fee_line", "days_present >= min_days", "full_years_since(opened) >= long_stay", "type = 'centre'",
    "mean_people > 1", "busy_months >= few_months", "own_fees > fee_line", "full_years_since(first_come) >= long_stay",
    "operator.homes > 1", "known(operator.guests) and operator.guests > 1", "operator.group.guests < 1",
    "days_since(operator.first_home) > min_days", "known(last_since)",
)  # fmt: skip
WORK = (
    "year >= some_year", "urgent", "not urgent", "kind in ('build', 'repair')", "cost > fee_line", "known(cost)",
    "assessed >= cost_cap", "facility.type = 'institution'", "known(facility)", "facility.tier >= min_tier",
    "facility.people > 1", "known(done) and done > started", "days_since(started) > min_days", "date <= some_day",
    "spent > fee_line", "spent - cost < fee_line", "crowd > 1", "facility.operator.homes = 0", "known(facility.ever)",
)  # fmt: skip
DINNER = ("servings > 1", "facility.people > 0", "facility.public or tier > 1", *TIER, *TIME)
PACT = (
    "met", "known(met)", "facility.people_year > 0", "premium > fee_line", "facility.premiums > premium", "crowd > 1",
    *TIER,
)  # fmt: skip


def condition(draw: Draw, atoms: Sequence[str]) -> str:
    a, b, c = (pick(draw, atoms) for _ in range(3))
    return str(pick(draw, (
        a, a, f"{a} and {b}", f"{a} or {b}", f"not ({a}) and {b}", f"({a} or {b}) and {c}", f"if {a} then {b} else {c}",
        f"{a} and not ({b} and {c})", "min_days > 0",
    )))  # fmt: skip


def amount(draw: Draw, exact: Sequence[str], unrounded: Sequence[str], atoms: Sequence[str]) -> str:
    a, b = pick(draw, exact), pick(draw, exact)
    loose = pick(draw, unrounded)
    rounding = pick(draw, ROUNDINGS)
    return str(pick(draw, (
        a, f"{a} + {b}", f"least({a}, {b})", f"greatest({a} - {b}, 0)", f"round {loose} {rounding}",
        f"round {a} * share {rounding}", f"if {pick(draw, atoms)} then {a} else {b}",
        f"least({a}, round {loose} {rounding}, {b})",
    )))  # fmt: skip


STAY_EXACT = ("other_rate", "flat", "charge", "fee", "other_rate(year - 1)", "day_rate * days_present", "so_far")
STAY_LOOSE = (
    "flat * days_present / days_in_month", "fee * share_by", "hours * hour_rate",
    "flat * facility.ever_poor / facility.ever", "charge * facility.heavy / facility.people",
    "fee * 100% + charge * share", "head_rate * facility.mean_people", "slices(slices(fee, bracket('no')), bracket)",
)  # fmt: skip
MONTH_EXACT = ("care_rate", "care_rate", *STAY_EXACT, "head_rate * facility.heavy")
MONTH_LOOSE = ("care_rate * days_present / days_in_month", "care_rate * share", *STAY_LOOSE)
FACILITY_EXACT = ("bed_rate * beds", "flat", "other_rate", "premiums", "head_rate * people_year", "own_fees")
FACILITY_LOOSE = ("bed_rate * beds * share", "head_rate * mean_people", "flat * ever_poor / ever", "premiums * share")
SLICE = ("greatest(least(spent, fee_line) - least(spent - cost, fee_line), 0)",)
WORK_EXACT = ("cost", "assessed", "flat", "least(cost, cost_cap)", "cost_cap", "spent", *SLICE, *SLICE)
WORK_LOOSE = ("cost * share", "cost * facility.ever_poor / facility.ever", "assessed * share")


def who_pays(draw: Draw, money: str, values: Sequence[str] = ("payer_shares",)) -> dict[str, Any]:
    way = draw(st.integers(0, 5))
    to = {"split_to": "step"} if chance(draw, 4) else {}
    if way <= 1:
        payers = pick(draw, (("city", "county"), ("county", "city", "town")))
        return {"amount": money, "split": {payer: pick(draw, WEIGHTS[1:]) for payer in payers}, **to}
    if way == 2:
        return {"amount": money, "split": {"city": pick(draw, WEIGHTS), "county": "3", "town": pick(draw, WEIGHTS)}}
    if way == 3:
        return {"amount": money, "split": pick(draw, values), **to}
    if way == 4:
        most = f"least(round ({money}) * city_share to fen {pick(draw, ('down', 'half_up'))}, part_cap)"
        return {"amount": money, "parts": {"city": most, "county": "rest"}}
    return {"parts": {"county": f"{money}", "city": "greatest(flat - county, 0)", "town": "part_cap"}}


CLAWED = ("city_share", "100%", "back_share", "if date < some_day then city_share else 100%")

# --- clauses, limits -----------------------------------------------------------------------------------------------


def with_condition(draw: Draw, clause: dict[str, Any], atoms: Sequence[str]) -> dict[str, Any]:
    return {**clause, "when": condition(draw, atoms)} if chance(draw, 3) is False else clause


def drawn_clauses(draw: Draw) -> dict[str, Any]:
    stays = {"for": "stays", "reads_at": pick(draw, ("last_day", "first_day", "from"))}
    both = ("payer_shares", "type_shares")
    care = amount(draw, MONTH_EXACT, MONTH_LOOSE, STAY_MONTH)
    clauses: dict[str, Any] = {
        "care": with_condition(draw, {**stays, "every": "month", **who_pays(draw, care, both)}, STAY_MONTH)
    }
    if chance(draw):
        care = amount(draw, STAY_EXACT, STAY_LOOSE, STAY)
        long = {**stays, "every": pick(draw, PERIODS[1:]), **who_pays(draw, care)}
        clauses["long_care"] = with_condition(draw, long, STAY)
    if chance(draw):
        clauses["base"] = with_condition(draw, {
            "for": "facilities", "every": pick(draw, ("half_year", "year")),
            **who_pays(draw, amount(draw, FACILITY_EXACT, FACILITY_LOOSE, FACILITY)),
        }, FACILITY)  # fmt: skip
    reads = ["care"] + [name for name in ("long_care",) if name in clauses]
    reads += ["facility.base"] if "base" in clauses else []
    if chance(draw):
        read = pick(draw, reads)
        clauses["top_up"] = {
            "for": "stays", "every": "month",
            "steps": {"first": read, "second": f"least(first, {pick(draw, STAY_EXACT)})"},
            "when": f"{pick(draw, ('first > 0', 'second >= fee_line', 'known(second)'))} or {pick(draw, STAY_MONTH)}",
            **who_pays(draw, pick(draw, ("second", "first + second", "round first * share to jiao up"))),
        }  # fmt: skip
    if chance(draw):
        clauses["joiners"] = with_condition(draw, {
            "for": "stays", "every": pick(draw, ("once", "event")), "dated": pick(draw, ("from", "since")),
            **({"version_by": "from"} if chance(draw, 3) else {}),
            **who_pays(draw, pick(draw, ("flat", "other_rate", "fee", "flat + charge"))),
            "pay": {"to": pick(draw, ("person", "facility", "stay")), "every": pick(draw, PERIODS),
                    **pick(draw, ({"shares": "thirds"}, {"chunk": "chunk"}, {"chunk": "chunk", "not_before": "wait"})),
                    "while": condition(draw, ("present", "tier >= min_tier", "need = 'heavy'", "poor"))},
            **({"clawback": {"on": "since", "share": pick(draw, CLAWED)}} if chance(draw, 3) else {}),
        }, STAY[:7])  # fmt: skip
    if chance(draw):
        late = chance(draw)
        pay = {"shares": "thirds", "every": pick(draw, PERIODS), **({"while": "urgent"} if chance(draw) else {}),
               **({"not_before": "wait"} if chance(draw, 3) else {})}  # fmt: skip
        clauses["work_grant"] = with_condition(draw, {
            "for": "works", "every": pick(draw, ("once", "event")), "dated": pick(draw, ("done", "started")),
            **who_pays(draw, amount(draw, WORK_EXACT, WORK_LOOSE, WORK)), **({"pay": pay} if chance(draw) else {}),
            **({"clawback": {"on": pick(draw, ("done", "some_day")), "share": pick(draw, CLAWED)}} if late else {}),
        }, WORK)  # fmt: skip
    if chance(draw):
        clauses["work_fine"] = with_condition(draw, {
            "for": "works", "every": "event", "dated": "done", "reads_at": pick(draw, ("last_day", "started")),
            "amount": pick(draw, ("flat - penalty", "-penalty", "round -(cost * share) to jiao half_up")),
            **pick(draw, ({"split": {"city": "1", "county": "1"}}, {"cash": "no"}, {"split": "payer_shares"})),
        }, WORK)  # fmt: skip
    if chance(draw):
        clauses["dinner_grant"] = with_condition(draw, {
            "for": "dinners", "every": "month",
            **who_pays(draw, pick(draw, ("servings * serving_rate", "least(servings * serving_rate, fee_line)")), both),
        }, DINNER)  # fmt: skip
    if chance(draw):
        clauses["pact_grant"] = with_condition(draw, {
            "for": "pacts", "every": "year", **who_pays(draw, f"round premium * share {pick(draw, ROUNDINGS)}", both),
        }, PACT)  # fmt: skip
    if chance(draw, 3):
        clauses["pact_fund"] = with_condition(draw, {
            "for": "pacts", "every": "year", "steps": {"worth": "facility.beds * 100%"},
            "allocation": {
                "sum": pick(draw, ("fund_sum", "fund_by_type")), "per": ["facility.type"],
                "factors": pick(draw, ({"premium": "share"}, {"premium": "share", "worth": "fund_weight"})),
                **({"coefficient": pick(draw, ("share", "if met then 100% else share"))} if chance(draw) else {}),
                **pick(draw, ({}, {"at_least": "premium"}, {"at_least": "round premium * share to step down"})),
                **({"at_most": pick(draw, ("premium + flat", "flat"))} if chance(draw) else {}),
                **({"to": "fund_step"} if chance(draw, 3) else {}),
            },
            **pick(draw, ({"split": {"city": "1", "county": "2"}}, {"split": "payer_shares"}, {"cash": "no"})),
        }, PACT)  # fmt: skip
    return {name: {"item": str(number), **clause} for number, (name, clause) in enumerate(clauses.items(), 1)}


KEEPS = ("highest", "first", "most days_present", "most fee", "most poor", "most from", "most tier")
SHORT = ("report", "pro_rata", "in_order poor", "in_order tier", "by_rank from", "in_order hours")

LIMIT_VALUES = (
    "few_months", "more_months", "cap", "year_cap", "pot_sum", "pot_used", "pot_by", "stay_places", "work_places",
    "refund_share",
)  # fmt: skip


def drawn_limits(draw: Draw, clauses: dict[str, Any]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    by_month = [name for name in ("care", "top_up") if name in clauses]
    stays = [name for name, clause in clauses.items() if clause["for"] == "stays" and clause["every"] in PERIODS]
    for name in stays:
        if "days_present" not in str(clauses[name].get("amount")) or clauses[name].get("parts") or chance(draw, 3):
            period = clauses[name]["every"]
            limits[f"one_{name}"] = {"among": [name], "per": ["person", period], "keep": pick(draw, KEEPS)}
    among_stays = pick(draw, (by_month, list(reversed(by_month)), stays))
    if chance(draw, 3):
        per = pick(draw, (["person"], ["stay"], ["person", "year"], ["facility", "need"]))
        limits["months"] = {"among": among_stays, "per": per, "at_most": pick(draw, ("few_months", "more_months"))}
    if chance(draw):
        per = pick(draw, (
            ["facility", "month"], ["facility", "quarter"], ["person"], ["stay", "year"], ["need", "facility"],
        ))  # fmt: skip
        limits["stay_cap"] = {"among": among_stays, "per": per, "at_most": "cap", "when_short": pick(draw, SHORT)}
    if chance(draw, 3):
        per = pick(draw, (["facility", "year"], ["person", "year"]))
        limits["yearly"] = {"among": stays, "per": per, "at_most": "year_cap", "when_short": pick(draw, SHORT)}
    works = [name for name in ("work_grant", "work_fine") if name in clauses]
    if len(works) == 2 and chance(draw):
        per = pick(draw, (["work"], ["district", "kind"], ["work", "year"]))
        limits["one_work"] = {"among": works, "per": per, "keep": pick(draw, ("highest", "first", "most cost"))}
    placed = [name for name in ("dinner_grant", "base", "pact_grant", "pact_fund") if name in clauses]
    if placed and chance(draw):
        keep = pick(draw, ("highest", "first", "most beds"))
        limits["together"] = {"among": placed, "per": ["facility", "year"], "keep": keep}
    positive = [name for name in clauses if name != "work_fine"]
    ways = ("report", "pro_rata", "in_order beds", "by_rank type = 'institution'")
    if chance(draw):
        limits["city_pot"] = {
            "among": positive, "payer": "city", "years": pick(draw, ("2022..2023", "2021..2024")), "at_most": "pot_sum",
            "used_before": "pot_used", "when_short": pick(draw, ways),
            **({"rest_to": "town"} if chance(draw, 3) else {}),
        }  # fmt: skip
    if chance(draw):
        among = pick(draw, (positive, list(reversed(positive))))
        limits["county_pot"] = {
            "among": among, "payer": "county", "per": pick(draw, (["year"], ["district", "quarter"], ["month"])),
            "at_most": pick(draw, ("cap", "pot_sum")), "when_short": pick(draw, ways),
        }  # fmt: skip
    if chance(draw, 3):
        limits["common_pot"] = {
            "among": positive, "per": ["district", "year"], "at_most": "pot_by", "when_short": pick(draw, ways),
        }  # fmt: skip
    for name, limit in limits.items():
        if limit.get("when_short", "").startswith(("in_order", "by_rank")) and chance(draw, 3):
            limits[name] = {**limit, "last": pick(draw, ("nothing", "partly"))}
    for name, at_most, among in (("first_stays", "stay_places", stays), ("first_works", "work_places", works)):
        if among and chance(draw, 3):
            per = pick(draw, (["year"], [], ["facility"], ["facility.type", "quarter"]))
            ranked = {"when_short": pick(draw, ("in_order tier", "by_rank -beds"))} if chance(draw) else {}
            limits[name] = {"among": among, "per": per, "at_most": at_most, **ranked}
    if chance(draw, 3):
        ceiling = {"at_most": pick(draw, ("cap", "pot_sum"))} if chance(draw) else {}
        limits["city_refund"] = {
            "among": positive, "payer": "county", "per": pick(draw, (["year"], ["district", "month"], [])),
            "refund": {"by": "city", "share": "refund_share"}, **ceiling,
        }  # fmt: skip
    return limits


# --- schedules and rosters -----------------------------------------------------------------------------------------


@st.composite
def schedules(draw: Draw) -> tuple[str, ...]:
    """YAML texts of the versions of a schedule, oldest first: one, or two with other figures."""
    facts = drawn_facts(draw)
    starts = pick(draw, (["2021-01-01"], ["2021-06-15"], ["2021-01-01", "2022-07-01"], ["2021-03-01", "2023-01-01"]))
    clauses = drawn_clauses(draw)
    limits = drawn_limits(draw, clauses)
    of_limits: dict[str, Any] = {}
    texts = []
    for start in starts:
        values = drawn_values(draw) | of_limits
        of_limits = {name: values[name] for name in LIMIT_VALUES}
        in_force = {"from": start}
        if start == starts[-1] and chance(draw, 4):
            in_force["to"] = "2023-12-31"
        texts.append(yaml.dump({
            "schedule": "test/random",
            "document": {"number": "1", "issuer": "test", "issued": "2021-01-01"},
            "in_force": in_force,
            "revision": "1",
            "place": "CN",
            "payers": {
                "city": {"label": {"zh": "市", "en": "city"}},
                "county": {"label": {"zh": "县", "en": "county"}, "of": "district"},
                "town": {"label": {"zh": "镇", "en": "town"}},
            },
            "facts": facts,
            "values": values,
            "clauses": clauses,
            "limits": limits,
        }, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))  # fmt: skip
    return tuple(texts)


DAYS_OF_YEAR = ("01-01", "01-31", "02-28", "03-15", "04-01", "06-30", "07-01", "10-31", "12-31")
DAYS = (
    *(f"{year}-{rest}" for year in (2021, 2022, 2023) for rest in DAYS_OF_YEAR),
    "2021-06-14", "2021-06-15", "2024-02-29", "2024-03-31",
)  # fmt: skip


def maybe(draw: Draw, options: Sequence[str], blank_one_in: int = 4) -> str | None:
    return None if chance(draw, blank_one_in) else str(pick(draw, options))


def life(draw: Draw, before: str | None) -> tuple[str, str | None]:
    """The first and the last day of a row, often adjoining the one before."""
    if before and chance(draw):
        first = (datetime.date.fromisoformat(before) + datetime.timedelta(days=1)).isoformat()
    else:
        first = pick(draw, DAYS)
    days = pick(draw, (0, 1, 14, 30, 45, 100, 365, None))
    if days is None:
        return first, None
    return first, (datetime.date.fromisoformat(first) + datetime.timedelta(days=days)).isoformat()


def overlaps(one: dict[str, str | None], two: dict[str, str | None]) -> bool:
    if one["person"] is None or (one["person"], one["facility"]) != (two["person"], two["facility"]):
        return False
    return str(one["from"]) <= (two["to"] or "9999") and str(two["from"]) <= (one["to"] or "9999")


def drawn_stays(draw: Draw, facilities: Sequence[str]) -> list[dict[str, str | None]]:
    rows: list[dict[str, str | None]] = []
    for number in range(draw(st.integers(0, 8))):
        before = rows[-1] if rows else None
        same = before is not None and chance(draw)
        first, last = life(draw, before["to"] if before else None)
        row: dict[str, str | None] = {
            "stay": f"S{number}", "person": (same and before and before["person"]) or pick(draw, ("P1", "P2", "P3")),
            "facility": before["facility"] if before and same and chance(draw) else pick(draw, facilities),
            "from": first, "to": last,
        }  # fmt: skip
        if before and same and chance(draw):
            row |= {name: before[name] for name in ("poor", "fee", "hours", "since", "need")} | {"count": None}
        else:
            row |= {
                "poor": maybe(draw, ("yes", "no")), "fee": maybe(draw, ("0", "100", "333.33", "1999.99")),
                "hours": maybe(draw, ("0", "7.5", "80.25")), "since": maybe(draw, DAYS),
                "need": maybe(draw, ("heavy", "light", "nil"), 1 if chance(draw) else 3), "count": None,
            }  # fmt: skip
        if chance(draw, 6):
            row |= {"person": None, "count": pick(draw, ("1", "2", "3"))}
        if not any(overlaps(row, other) for other in rows):
            rows.append(row)
    return rows


def dated(
    draw: Draw, links: Sequence[str], link: str, fact: str, options: Sequence[str]
) -> list[dict[str, str | None]]:
    pairs = draw(st.lists(st.tuples(st.sampled_from(links), st.sampled_from(DAYS)), max_size=5, unique=True))
    return [{link: whom, "from": day, fact: maybe(draw, options, 6)} for whom, day in pairs]


@st.composite
def rosters(draw: Draw) -> Rows:
    """Rows for the tables of `schedules()`, few ids and few days."""
    facilities = ["F1", "F2", "F3"][: draw(st.integers(1, 3))]
    months = [f"{year}-{month:02d}" for year in (2021, 2022, 2023) for month in (1, 3, 6, 12)]

    def some(most: int) -> range:
        return range(draw(st.integers(0, most)))

    return {
        "districts": [{"district": "D1"}, {"district": "D2"}],
        "groups": [{"group": "G1"}],
        "operators": [
            {"operator": "O1", "group": "G1", "homes": maybe(draw, ("0", "3"), 3)}, {"operator": "O2", "group": None},
        ],
        "facilities": [
            {
                "facility": key, "district": pick(draw, ("D1", "D2")), "operator": maybe(draw, ("O1", "O2")),
                "type": pick(draw, ("institution", "centre")), "profit_status": "non_profit",
                "beds": pick(draw, ("1", "2", "33")), "opened": pick(draw, ("2021-01-01", "2021-03-15", "2022-06-30")),
                "closed": maybe(draw, ("2022-06-30", "2023-03-15"), 2), "public": maybe(draw, ("yes", "no")),
                "people": maybe(draw, ("0", "7"), 1 if chance(draw) else 3),
                "mean_people": maybe(draw, ("0.5", "1"), 1 if chance(draw) else 3),
                "first_come": maybe(draw, DAYS, 1 if chance(draw) else 3),
                "tier": maybe(draw, "0135", 1 if chance(draw) else 2),
            }
            for key in facilities
        ],
        "gradings": dated(draw, facilities, "facility", "tier", "012345"),
        "needs": dated(draw, ("P1", "P2", "P3"), "person", "need", ("heavy", "light", "nil")),
        "stays": drawn_stays(draw, facilities),
        "works": [
            {
                "work": f"W{number}", "facility": maybe(draw, facilities, 3), "district": pick(draw, ("D1", "D2")),
                "started": pick(draw, DAYS), "done": maybe(draw, DAYS),
                "kind": maybe(draw, ("build", "convert", "repair"), 6), "urgent": maybe(draw, ("yes", "no"), 6),
                "cost": maybe(draw, ("0", "0.01", "250", "1000.01", "4999.99")), "assessed": None,
                "count": maybe(draw, ("2", "3"), 1 if chance(draw, 2) else 2),
            }
            for number in some(5)
        ],
        "dinners": [
            {"dinner": f"N{number}", "facility": pick(draw, facilities), "month": pick(draw, months),
             "servings": maybe(draw, ("0", "1", "10", "11", "99"))}
            for number in some(4)
        ],
        "pacts": [
            {"pact": f"A{number}", "facility": pick(draw, facilities), "year": pick(draw, ("2021", "2022", "2023")),
             "premium": maybe(draw, ("0", "33.33", "899.99"), 6), "met": maybe(draw, ("yes", "no")),
             "count": maybe(draw, ("2",), 1 if chance(draw, 2) else 2)}
            for number in some(3)
        ],
    }  # fmt: skip


@st.composite
def cases(draw: Draw) -> Case:
    """A schedule, a roster for it, and the year asked for."""
    return Case(draw(schedules()), draw(rosters()), draw(st.integers(2022, 2024)))
