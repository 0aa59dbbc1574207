"""The yardstick with checks in front: the same SQL by somebody who first makes sure that the roster is sound.

Of what the library checks: keys are unique, nothing needed is blank, references and categories are known, a month is
one, no row of a history stands twice, nobody is in two homes at once. Not: how cells are written, ids that are alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.against import hand_sql
from benchmarks.against.figures import CARE, POST

KEYS = {
    "facilities": "facility", "meals_served": "meal", "resident_months": "resident_month",
    "staff_months": "staff_month", "residents": "resident", "staff": "staff",
}  # fmt: skip
HISTORIES = {"ratings": "facility", "assessments": "person", "certificates": "person"}
REFERENCES = {
    "facilities": {"district": "districts"}, "ratings": {"facility": "facilities"},
    **{name: {"facility": "facilities"} for name in KEYS if name != "facilities"},
}  # fmt: skip
PERSONS = {"assessments": "residents", "certificates": "staff"}
LIVES = {"residents": ("from", "to"), "staff": ("hired", "left")}
OPTIONS = {
    "ability": tuple(next(iter(CARE.values()))), "post": tuple(POST), "level": ("junior", "intermediate", "senior"),
}  # fmt: skip
MONTH = "^[0-9]{4}-(0[1-9]|1[0-2])$"


def totals(form: str, folder: Path) -> Any:
    """As `hand_sql`. Raises ValueError for a roster that is not sound."""
    connection = hand_sql.opened(folder)
    tables = {name for (name,) in connection.sql("SHOW TABLES").fetchall()}
    for name in sorted(tables):
        columns = [column for column, *_ in connection.sql(f"DESCRIBE {name}").fetchall()]
        for query in _wrong(name, columns):
            ((count,),) = connection.sql(query).fetchall()
            if count:
                raise ValueError(f"{count} rows: {query}")
    return connection.sql(hand_sql.QUERIES[form]).to_arrow_table()


def _wrong(name: str, columns: list[str]) -> list[str]:
    """Queries that count the wrong rows of a table."""
    ends = [last for _, last in LIVES.values()]
    blank = " OR ".join(f'"{column}" IS NULL' for column in columns if column not in ends)
    found = [f"SELECT count(*) FROM {name} WHERE {blank}"]
    key = KEYS.get(name, "district")
    if name in HISTORIES:
        found.append(f'SELECT count(*) - count(DISTINCT ({HISTORIES[name]}, "from")) FROM {name}')
    else:
        found.append(f"SELECT count(*) - count(DISTINCT {key}) FROM {name}")
    for column, to in REFERENCES.get(name, {}).items():
        found.append(f"SELECT count(*) FROM {name} ANTI JOIN {to} USING ({column})")
    if name in PERSONS:
        found.append(f"SELECT count(*) FROM {name} ANTI JOIN {PERSONS[name]} USING (person)")
    for column, options in OPTIONS.items():
        if column in columns:
            found.append(f"SELECT count(*) FROM {name} WHERE {column} NOT IN {options}")
    if "month" in columns:
        months = f"(SELECT DISTINCT month FROM {name})"
        found.append(f"SELECT count(*) FROM {months} WHERE NOT regexp_matches(month, '{MONTH}')")
    if name in LIVES:
        first, last = LIVES[name]
        before = f'lag("{last}") OVER (PARTITION BY person ORDER BY "{first}")'
        follows = f'lag("{first}") OVER (PARTITION BY person ORDER BY "{first}") IS NOT NULL'
        found.append(f'SELECT count(*) FROM {name} WHERE "{first}" > "{last}"')
        overlaps = f'{follows} AND ({before} IS NULL OR {before} >= "{first}")'
        found.append(f"SELECT count(*) FROM (SELECT 1 FROM {name} QUALIFY {overlaps})")
    return found
