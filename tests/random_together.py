"""Hypothesis strategies: two of the random schedules on one roster, each of which may speak of clauses of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st
from random_schedules import KEEPS, PERIODS, SHORT, Draw, Rows, _Dumper, chance, pick, rosters, schedules

Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Pair:
    """Texts of the versions of two schedules, oldest first, in the order in which they are given, and a roster."""

    texts: tuple[tuple[str, ...], ...]
    rows: Rows
    year: int


def shorter(draw: Draw, documents: Documents) -> None:
    """Leave some clauses out, with what speaks of them: planning the queries of all of them takes long."""
    names = list(documents[0]["clauses"])
    left = set(pick(draw, [names[:1], names[:2], [names[0], names[-1]], [names[0], names[len(names) // 2]]]))
    left -= {"top_up"} if len(left) < len(names) else set()  # it reads others
    for document in documents:
        document["clauses"] = {name: one for name, one in document["clauses"].items() if name in left}
        limits = document["limits"].items()
        cut = {name: {**one, "among": [clause for clause in one["among"] if clause in left]} for name, one in limits}
        document["limits"] = {name: one for name, one in cut.items() if one["among"]}


def mixed(draw: Draw, own: Sequence[str], other: str, theirs: Sequence[str]) -> list[str]:
    """Some clauses of both schedules, in any order; at least one is the other's."""
    names = [*own, *(f"{other}:{name}" for name in theirs)]
    chosen = draw(st.permutations(names))[: draw(st.integers(1, len(names)))]
    return chosen if any(":" in name for name in chosen) else [*chosen, f"{other}:{theirs[0]}"]


def named(clauses: dict[str, Any], table: str, every: Sequence[str]) -> list[str]:
    return [name for name, one in clauses.items() if one["for"] == table and one["every"] in every]


def shared_limits(draw: Draw, mine: dict[str, Any], other: str, theirs: dict[str, Any]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    stays = [named(clauses, "stays", PERIODS) for clauses in (mine, theirs)]
    works = [named(clauses, "works", ("once", "event")) for clauses in (mine, theirs)]
    positive = [[name for name in clauses if name != "work_fine"] for clauses in (mine, theirs)]
    way = pick(draw, ("keep", "cap", "both", "neither"))
    if way in ("keep", "both"):
        per = pick(draw, (["person", "month"], ["person", "year"], ["stay"], ["facility", "quarter"]))
        limits["both"] = {"among": mixed(draw, stays[0], other, stays[1]), "per": per, "keep": pick(draw, KEEPS)}
    if way in ("cap", "both"):
        per = pick(draw, (["person", "month"], ["facility", "month"], ["person"], ["stay", "year"], ["need"]))
        limits["both_cap"] = {
            "among": mixed(draw, stays[0], other, stays[1]), "per": per, "at_most": "cap",
            "when_short": pick(draw, SHORT),
        }  # fmt: skip
    if chance(draw, 3):
        limits["both_yearly"] = {
            "among": mixed(draw, stays[0], other, stays[1]),
            "per": pick(draw, (["facility", "year"], ["person", "year"])),
            "at_most": "year_cap", "when_short": pick(draw, SHORT),
        }  # fmt: skip
    if chance(draw, 4):
        months = [named(clauses, "stays", ("month",)) for clauses in (mine, theirs)]
        limits["both_months"] = {
            "among": mixed(draw, months[0], other, months[1]), "per": pick(draw, (["person"], ["stay"])),
            "at_most": "few_months",
        }  # fmt: skip
    if works[1] and chance(draw):
        limits["both_works"] = {
            "among": mixed(draw, works[0], other, works[1]), "per": pick(draw, (["work"], ["district", "kind"])),
            "keep": pick(draw, ("highest", "first", "most cost")),
        }  # fmt: skip
    ways = ("report", "pro_rata", "in_order beds", "by_rank type = 'institution'")
    everything = [*positive[0], *(f"{other}:{name}" for name in positive[1])]
    if not chance(draw, 3):
        payer = pick(draw, ("city", "county", "town"))
        limits["both_pot"] = {
            "among": draw(st.permutations(everything)), "payer": payer,
            "per": pick(draw, ([], ["year"], ["district", "quarter"])), "at_most": pick(draw, ("cap", "pot_sum")),
            "when_short": pick(draw, ways), **({"used_before": "pot_used"} if chance(draw) else {}),
            **({"years": "2022..2023"} if chance(draw, 3) else {}),
            **({"rest_to": "town"} if payer != "town" and chance(draw, 3) else {}),
        }  # fmt: skip
    if chance(draw, 3):
        limits["both_common"] = {
            "among": mixed(draw, positive[0], other, positive[1]), "per": ["district", "year"], "at_most": "pot_by",
            "when_short": pick(draw, ways),
        }  # fmt: skip
    return limits


def speak(draw: Draw, mine: Documents, theirs: Documents, may_replace: bool) -> None:
    """Let the versions of one schedule say something of the clauses of the other."""
    clauses, others = mine[-1]["clauses"], theirs[-1]["clauses"]
    limits = shared_limits(draw, clauses, theirs[0]["schedule"], others)
    replaces = {
        name: f"{theirs[0]['schedule']}:{other}"
        for name, one in clauses.items()
        for other, their in others.items()
        if may_replace and (one["for"], one["every"]) == (their["for"], their["every"]) and chance(draw)
    }
    for number, document in enumerate(mine):
        if number == len(mine) - 1 or chance(draw):
            document["limits"] = {**document["limits"], **limits}
        document["clauses"] = {
            name: {**clause, **({"replaces": replaces[name]} if name in replaces else {})}
            for name, clause in document["clauses"].items()
        }
        if (districts := pick(draw, (None, ["D1"], ["D2"], ["D1", "D2"]))) is not None:
            document["districts"] = districts


@st.composite
def pairs(draw: Draw) -> Pair:
    """Two schedules of the same facts, a roster for them, and the year asked for."""
    province, city = ([yaml.safe_load(text) for text in draw(schedules())] for _ in range(2))
    for document in (*province, *city):
        document["facts"] = province[0]["facts"]
    for document in city:
        document["schedule"] = "test/city"
    for documents in (province, city):
        shorter(draw, documents)
    speak(draw, city, province, may_replace=True)
    if chance(draw, 3):
        speak(draw, province, city, may_replace=False)
    both = [province, city] if chance(draw) else [city, province]
    texts = tuple(
        tuple(yaml.dump(one, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120) for one in documents)
        for documents in both
    )
    return Pair(texts, draw(rosters()), draw(st.integers(2022, 2024)))
