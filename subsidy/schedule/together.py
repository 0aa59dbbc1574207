"""Schedules calculated together: what one says of the clauses of another is woven into that other one.

A limit over clauses of several schedules is checked in each of them, with the keys and facts as they are there and the
figures of its own schedule. A clause that replaces one of another schedule is noted at that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from subsidy.finding import Finding, Refusal, ScheduleError, Text, nearest
from subsidy.schedule.catalogue import Schedule
from subsidy.schedule.checked import CheckedClause, CheckedLimit, Reach, Replacement
from subsidy.schedule.checker import Checker
from subsidy.schedule.infer import refusal
from subsidy.schedule.limit_check import LimitChecker
from subsidy.schedule.load import Version
from subsidy.schedule.model import Limit
from subsidy.schedule.node import Node
from subsidy.schedule.source import Path


@dataclass(frozen=True)
class Together:
    """Schedules as they are calculated together, the limits over several of them in the order in which they act, and a
    warning for each schedule that such a limit names and that is not there."""

    schedules: tuple[Schedule, ...]
    shared: tuple[str, ...]
    absent: tuple[Finding, ...]


def together(schedules: Sequence[Schedule]) -> Together:
    """Weave the schedules of one calculation. Raises ScheduleError where one names a clause of another wrongly."""
    weaving = _Weaving(schedules)
    for schedule in schedules:
        weaving.take_limits(schedule)
        weaving.take_replacements(schedule)
    weaving.check_circles()
    woven = tuple(weaving.woven(schedule) for schedule in schedules)
    if weaving.findings:
        raise ScheduleError(sorted(set(weaving.findings)))
    return Together(woven, tuple(weaving.shared), tuple(weaving.absent.values()))


def _reaches(schedule: Schedule) -> list[tuple[Version, Reach]]:
    return [(version, Reach(first, last, version.model.districts or ())) for version, first, last in schedule.periods()]


def _place(version: Version, path: Path, clause: str, refused: Refusal, code: str) -> Finding:
    return Finding(version.checker.sources[0].place(path), code, refused.why, refused.remedy, clause)


@dataclass(frozen=True)
class _Share:
    """What one version's limit says of clauses of another schedule."""

    owner: Version
    name: str  # there
    reach: Reach
    limit: CheckedLimit
    clauses: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.owner.id}:{self.name} {self.owner.first_day}"

    def value(self, name: str | None) -> str | None:
        """The name of one of its figures where it is used."""
        return name and f"{self.owner.id}:{name} {self.owner.first_day}"

    def model(self, clauses: Iterable[str]) -> Limit:
        own = self.limit.model
        figures = {"at_most": self.value(own.at_most), "used_before": self.value(own.used_before)}
        refund = own.refund and own.refund.model_copy(update={"share": self.value(own.refund.share)})
        return own.model_copy(update={"among": tuple(clauses), **figures, "refund": refund})


@dataclass
class _Weaving:
    """The work in hand: everything by schedule id."""

    schedules: Sequence[Schedule]
    findings: list[Finding] = field(default_factory=list)
    absent: dict[tuple[str, Text], Finding] = field(default_factory=dict)
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict)  # limit -> its clauses, SCHEDULE:CLAUSE
    shares: dict[str, dict[str, list[_Share]]] = field(default_factory=dict)  # schedule -> limit -> of each version
    replaced: dict[tuple[str, str], list[tuple[Version, Replacement]]] = field(default_factory=dict)
    references: dict[str, CheckedLimit] = field(default_factory=dict)  # of limits over other schedules only: the first

    def __post_init__(self) -> None:
        self.by_id = {schedule.id: schedule for schedule in self.schedules}

    # --- what they say of each other ---------------------------------------------------------------------------

    def take_limits(self, schedule: Schedule) -> None:
        reaches = _reaches(schedule)
        names = dict.fromkeys(name for version, _ in reaches for name in version.limits)
        for name in names:
            having = [(version, reach) for version, reach in reaches if name in version.limits]
            if any(version.limits[name].is_shared for version, _ in having):
                whole = [
                    clause if ":" in clause else f"{schedule.id}:{clause}"
                    for version, _ in reversed(having)
                    for clause in version.limits[name].model.among
                ]
                self.shared[f"{schedule.id}:{name}"] = tuple(dict.fromkeys(whole))
                for version, reach in reversed(having):
                    self._take_limit(version, name, reach)

    def _take_limit(self, version: Version, name: str, reach: Reach) -> None:
        limit = version.limits[name]
        others: dict[str, list[str]] = {}
        for position, written in enumerate(limit.model.among):
            schedule, _, clause = written.rpartition(":")
            path: Path = ("limits", name, "among", position)
            if schedule in self.by_id:
                if self._is_clause(version, path, schedule, clause, "limit"):
                    others.setdefault(schedule, []).append(clause)
            elif schedule:
                self._note_absent(version, path, schedule, name)
        for schedule, clauses in others.items():
            by_limit = self.shares.setdefault(schedule, {})
            shares = by_limit.setdefault(f"{version.id}:{name}", [])
            shares.insert(0, _Share(version, name, reach, limit, tuple(clauses)))

    def _note_absent(self, version: Version, path: Path, schedule: str, name: str) -> None:
        why = Text(
            f"{schedule} 不在本次计算中，{name} 只作用于其余条款",
            f"{schedule} is not part of this calculation; {name} acts on the other clauses only",
        )
        remedy = Text("请一并计算", "calculate them together")
        place = version.checker.sources[0].place(path)
        self.absent.setdefault((version.id, why), Finding(place, "absent-schedule", why, remedy, "", "warning"))

    def _is_clause(self, version: Version, path: Path, schedule: str, clause: str, code: str) -> bool:
        known = {name for other in self.by_id[schedule].versions for name in other.clauses}
        if clause not in known:
            why = Text(f"{schedule} 没有条款 {clause}", f"{schedule} has no clause {clause}")
            refused = Refusal(why, nearest(clause, known))
            self.findings.append(_place(version, path, f"{schedule}:{clause}", refused, code))
        return clause in known

    def take_replacements(self, schedule: Schedule) -> None:
        for version, reach in _reaches(schedule):
            for name, clause in version.clauses.items():
                other, _, replaced = (clause.model.replaces or "").rpartition(":")
                path: Path = ("clauses", name, "replaces")
                if other in self.by_id and self._is_clause(version, path, other, replaced, "clause"):
                    one = Replacement(reach, version.id, name, clause.model.item, clause.model.label)
                    self.replaced.setdefault((other, replaced), []).append((version, one))

    def check_circles(self) -> None:
        """No clause may replace one that, by way of others, replaces it."""
        by = {of: [(version, one) for version, one in found] for of, found in self.replaced.items()}
        for start in by:
            reached, waiting = set(), [start]
            while waiting:
                for version, one in by.get(waiting.pop(), ()):
                    this = (one.schedule, one.clause)
                    if this == start:
                        other = ":".join(start)
                        refused = refusal(
                            f"{one.clause} 与 {other} 互相替代",
                            f"{one.clause} and {other} replace each other",
                            "请去掉一处 replaces",
                            "remove one of the two replaces",
                            0,
                        )
                        path: Path = ("clauses", one.clause, "replaces")
                        self.findings.append(_place(version, path, other, refused, "clause"))
                    elif this not in reached:
                        reached.add(this)
                        waiting.append(this)

    # --- the result --------------------------------------------------------------------------------------------

    def woven(self, schedule: Schedule) -> Schedule:
        """The schedule with what the others say of it; itself where they say nothing and it has no shared limit."""
        shares = self.shares.get(schedule.id, {})
        own = [name for name in self.shared if any(f"{schedule.id}:{limit}" == name for limit in _limits(schedule))]
        is_replaced = any(of == schedule.id for of, _ in self.replaced)
        if not shares and not own and not is_replaced:
            return schedule
        versions = tuple(self._version(version, shares) for version in schedule.versions)
        beside = tuple(
            version.identity for other in self.schedules if other is not schedule for version in other.versions
        )
        concerned = tuple(name for name in self.shared if name in own or name in shares)
        return replace(schedule, versions=versions, shared=concerned, beside=beside)

    def _version(self, version: Version, shares: Mapping[str, list[_Share]]) -> Version:
        mine = [
            (share, tuple(clause for clause in share.clauses if clause in version.clauses))
            for found in shares.values()
            for share in found
        ]
        checker = _extended(version, [(share, clauses) for share, clauses in mine if clauses])
        limits: dict[str, CheckedLimit] = {}
        for name, limit in version.limits.items():
            shared = f"{version.id}:{name}"
            limits[shared if shared in self.shared else name] = self._own(limit, shared)
        for name, found in shares.items():
            limits |= self._from_others(version, checker, name, found)
        clauses = {name: self._with_replacements(version, clause) for name, clause in version.clauses.items()}
        return replace(version, checker=checker, limits=limits, clauses=clauses)

    def _own(self, limit: CheckedLimit, shared: str) -> CheckedLimit:
        if shared not in self.shared:
            return limit
        own = tuple(clause for clause in limit.model.among if ":" not in clause)
        model = limit.model.model_copy(update={"among": own})
        return replace(limit, name=shared, model=model, whole=self.shared[shared])

    def _from_others(
        self, version: Version, checker: Checker, name: str, shares: Sequence[_Share]
    ) -> Iterator[tuple[str, CheckedLimit]]:
        """The limit as it is for this version's clauses, where it says anything of them."""
        dated = []
        for share in shares:
            if any(clause in version.clauses for clause in share.clauses):
                limit = self._checked(version, checker, share)
                if limit is not None:
                    dated.append((share.reach, limit))
        if dated:
            among = tuple(dict.fromkeys(clause for _, limit in dated for clause in limit.model.among))
            latest = dated[-1][1]
            model = latest.model.model_copy(update={"among": among})
            yield name, replace(latest, name=name, model=model, whole=self.shared[name], dated=tuple(dated))

    def _checked(self, version: Version, checker: Checker, share: _Share) -> CheckedLimit | None:
        path: Path = ("limits", share.name)
        clauses = [clause for clause in share.clauses if clause in version.clauses]
        shown = ", ".join(f"{version.id}:{clause}" for clause in clauses)
        try:
            limit = LimitChecker(checker, share.label).checked()
            for clause in clauses:
                _check_placed(share.reach, version.clauses[clause])
            has_own = any(":" not in clause for clause in share.limit.model.among)
            _check_comparable(share.limit if has_own else self.references.setdefault(share.label, limit), limit)
        except Refusal as refused:
            at = refused.path or ()
            key = "at_most" if at[:1] == ("values",) else next(iter(at[2:3]), None)
            where = path if key is None else (*path, key)
            self.findings.append(_place(share.owner, where, shown, refused, "limit"))
            return None
        return limit

    def _with_replacements(self, version: Version, clause: CheckedClause) -> CheckedClause:
        found = self.replaced.get((version.id, clause.name), [])
        for owner, one in found:
            by = owner.clauses[one.clause]
            path: Path = ("clauses", one.clause, "replaces")
            try:
                if (by.model.for_, by.model.every) != (clause.model.for_, clause.model.every):
                    raise refusal(
                        f"该条款为 {clause.model.for_}、every: {clause.model.every}",
                        f"that clause is for {clause.model.for_}, every: {clause.model.every}",
                        "替代它的条款须为同一张表、同一周期",
                        "a clause that replaces it is for the same table and period",
                        0,
                    )
                _check_placed(one.reach, clause)
            except Refusal as refused:
                shown = f"{version.id}:{clause.name}"
                self.findings.append(_place(owner, path, shown, refused, "clause"))
        return replace(clause, replaced_by=tuple(one for _, one in found)) if found else clause


def _limits(schedule: Schedule) -> set[str]:
    return {name for version in schedule.versions for name in version.limits}


def _extended(version: Version, shares: Sequence[tuple[_Share, tuple[str, ...]]]) -> Checker:
    """The version's checker, which knows the limits of other schedules and their figures too."""
    old = version.checker
    if not shares:
        return old
    values, limits = dict(old.model.values), dict(old.model.limits)
    for share, clauses in shares:
        limits[share.label] = share.model(clauses)
        own = share.limit.model
        for name in (own.at_most, own.used_before, own.refund.share if own.refund else None):
            if name is not None:
                values[str(share.value(name))] = share.owner.model.values[name]
    new = Checker(old.model.model_copy(update={"values": values, "limits": limits}), old.tables, old.sources)
    new.clauses, new.known_figures = dict(version.clauses), dict(old.known_figures)
    return new


def _check_placed(reach: Reach, clause: CheckedClause) -> None:
    if reach.districts and clause.district is None:
        raise refusal(
            f"表 {clause.table} 没有 district，无法判断该行是否在文件施行的区县",
            f"the rows of {clause.table} have no district, so nothing says whether the document is in force for them",
            "请给表加 district 列，或加对有 district 的表的引用",
            "add a column district, or a reference to a table that has one",
            0,
        )


Form = tuple[object, ...]


def _form(node: Node) -> Form:
    """What must be the same of two facts, so that their stored values mean the same."""
    kind = node.type
    if kind.kind in ("text", "category"):
        is_link = node.fact is not None and node.fact.column.type in ("key", "ref")
        return ("text", kind.table if is_link else "")
    return (kind.kind, kind.unit.over, kind.scale) if kind.kind == "number" else (kind.kind,)


def _check_comparable(own: CheckedLimit, other: CheckedLimit) -> None:
    """The keys of a limit, and the fact it ranks by, are of one kind in all its schedules."""
    for keys in other.keys.values():
        for word, key, *here in zip(own.model.per, keys, *own.keys.values(), strict=True):
            if any(_form(node) != _form(key) for node in here):
                raise _not_comparable(word, "per")
    for key in other.by.values():
        if any(_form(node) != _form(key) for node in own.by.values()):
            word, at = (own.model.keep, "keep") if own.keep else (own.model.when_short, "when_short")
            raise _not_comparable(str(word).partition(" ")[2], at)


def _not_comparable(word: str, key: str) -> Refusal:
    return refusal(
        f"{word} 在两份标准中的含义不同",
        f"{word} is not the same kind of thing in the two schedules",
        "请在两份标准中声明为同一列、同一单位",
        "declare the same column and unit in both",
        0,
    ).at(("limits", "", key))
