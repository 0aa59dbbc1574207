"""The yardstick: what a competent engineer writes in DuckDB for one schedule, from Parquet, in whole fen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.against.figures import (
    CARE,
    CARE_MOST,
    GRADE,
    LEVEL,
    MEAL,
    MEAL_MONEY,
    ODD_MEAL,
    POST,
    SPLIT,
    WAGE_SHARE,
    rest_parts,
)

CALENDAR = """
calendar AS MATERIALIZED (
    SELECT month::DATE AS first, last_day(month::DATE) AS last, day(last_day(month::DATE))::BIGINT AS days
    FROM range(DATE '2023-01-01', DATE '2024-01-01', INTERVAL 1 MONTH) r(month))"""


def _values(rows: list[tuple[Any, ...]]) -> str:
    return "VALUES " + ", ".join("(" + ", ".join(repr(one) for one in row) + ")" for row in rows)


CARE_RATES = f"({_values([(star, ability, rate) for star, by in CARE.items() for ability, rate in by.items()])})"


def _parts(form: str) -> str:
    """Lines (clause, facility, month, owed) to parts by payer."""
    queries = []
    for clause, weights in SPLIT[form].items():
        rests, whole = rest_parts(list(weights.values())), sum(weights.values())
        for position, (payer, weight) in enumerate(weights.items()):
            rest = [parts[position] for parts in rests]
            queries.append(
                f"SELECT '{clause}' AS clause, facility, month::VARCHAR AS month, '{payer}' AS payer, "
                f"owed // {whole} * {weight} + {rest}[owed % {whole} + 1] AS part FROM {clause}"
            )
    return " UNION ALL ".join(queries)


MONTHS = f"""
WITH care AS (
    SELECT facility, month, sum(rate)::BIGINT AS owed
    FROM resident_months JOIN facilities USING (facility)
    JOIN {CARE_RATES} r(grade, ability, rate) USING (grade, ability)
    GROUP BY ALL),
posts AS (
    SELECT facility, month, sum(rate)::BIGINT AS owed
    FROM staff_months JOIN ({_values(list(POST.items()))}) r(post, rate) USING (post) GROUP BY ALL),
meals AS (SELECT facility, month, sum(person_days * {MEAL})::BIGINT AS owed FROM meals_served GROUP BY ALL)
SELECT facility, payer, sum(part)::BIGINT AS fen FROM ({_parts("months")}) GROUP BY ALL"""


def _months_of(table: str, key: str, first: str, last: str, more: str = "") -> str:
    """Each row in every month that it touches: when it is read, and how many days it is there."""
    return f"""
    SELECT {key} AS subject, person, facility, c.first AS month, c.days AS month_days,
        least(c.last, coalesce({last}, c.last)) AS read_on,
        least(c.last, coalesce({last}, c.last)) - greatest(c.first, {first}) + 1 AS present
        {more}
    FROM {table} JOIN calendar c ON {first} <= c.last AND ({last} IS NULL OR {last} >= c.first)"""


STAYS = f"""
WITH {CALENDAR},
valid_ratings AS (
    SELECT facility, "from", star, lead("from") OVER (PARTITION BY facility ORDER BY "from") AS until FROM ratings),
valid_assessments AS (
    SELECT person, "from", ability, lead("from") OVER (PARTITION BY person ORDER BY "from") AS until FROM assessments),
valid_certificates AS (
    SELECT person, "from", level, lead("from") OVER (PARTITION BY person ORDER BY "from") AS until FROM certificates),
care_months AS (
    SELECT m.*, rate FROM ({_months_of("residents", "resident", '"from"', '"to"')}) m
    JOIN valid_ratings s ON s.facility = m.facility AND s."from" <= read_on AND (s.until IS NULL OR s.until > read_on)
    JOIN valid_assessments a ON a.person = m.person AND a."from" <= read_on AND (a.until IS NULL OR a.until > read_on)
    JOIN {CARE_RATES} r(star, ability, rate) ON r.star = s.star AND r.ability = a.ability WHERE rate > 0),
post_months AS (
    SELECT m.*, rate FROM ({_months_of("staff", "staff", "hired", '"left"')}) m
    JOIN valid_certificates a ON a.person = m.person AND a."from" <= read_on AND (a.until IS NULL OR a.until > read_on)
    JOIN ({_values(list(LEVEL.items()))}) r(level, rate) USING (level)),
one_home AS (
    SELECT facility, month, rate FROM care_months
    QUALIFY row_number() OVER (PARTITION BY person, month ORDER BY present DESC, subject) = 1),
one_post AS (
    SELECT facility, month, rate FROM post_months
    QUALIFY row_number() OVER (PARTITION BY person, month ORDER BY present DESC, subject) = 1),
care AS (SELECT facility, month, sum(rate)::BIGINT AS owed FROM one_home GROUP BY ALL),
posts AS (SELECT facility, month, sum(rate)::BIGINT AS owed FROM one_post GROUP BY ALL),
meals AS (SELECT facility, month, sum(person_days * {MEAL})::BIGINT AS owed FROM meals_served GROUP BY ALL)
SELECT facility, payer, sum(part)::BIGINT AS fen FROM ({_parts("stays")}) GROUP BY ALL"""


SHARES = f"""
WITH {CALENDAR},
care_months AS MATERIALIZED (
    SELECT person, subject, facility, month, (2 * rate * present + month_days) // (2 * month_days) AS amount
    FROM ({_months_of("residents", "resident", '"from"', '"to"')}) m
    JOIN facilities USING (facility) JOIN ({_values(list(GRADE.items()))}) r(grade, rate) USING (grade)),
asked AS (SELECT person, sum(amount)::BIGINT AS asked FROM care_months GROUP BY person),
cut AS (
    SELECT person, subject, facility, month, {CARE_MOST} * amount // asked AS floor, {CARE_MOST} * amount % asked AS odd
    FROM care_months JOIN asked USING (person) WHERE asked > {CARE_MOST}),
limited AS (
    SELECT facility, month, floor + (row_number() OVER (PARTITION BY person ORDER BY odd DESC, month, subject)
        <= {CARE_MOST} - sum(floor) OVER (PARTITION BY person))::BIGINT AS amount FROM cut
    UNION ALL
    SELECT facility, month, amount FROM care_months JOIN asked USING (person) WHERE asked <= {CARE_MOST}),
care AS (SELECT facility, month, sum(amount)::BIGINT AS owed FROM limited GROUP BY ALL),
posts AS (
    SELECT facility, month::VARCHAR AS month,
        sum((2 * (wage * 100)::BIGINT * {WAGE_SHARE} * present + 1000 * month_days)
            // (2000 * month_days))::BIGINT AS owed
    FROM ({_months_of("staff", "staff", "hired", '"left"', ", wage")}) GROUP BY ALL),
meals AS (SELECT facility, month, sum(person_days * {ODD_MEAL})::BIGINT AS owed FROM meals_served GROUP BY ALL),
parts AS MATERIALIZED ({_parts("shares")}),
pot AS (
    SELECT facility, month, {MEAL_MONEY} * part // sum(part) OVER () AS floor,
        {MEAL_MONEY} * part % sum(part) OVER () AS odd
    FROM parts WHERE clause = 'meals' AND payer = 'city'),
paid AS (
    SELECT facility, 'city' AS payer, floor + (row_number() OVER (ORDER BY odd DESC, month, facility)
        <= {MEAL_MONEY} - sum(floor) OVER ())::BIGINT AS part FROM pot
    UNION ALL
    SELECT facility, payer, part FROM parts WHERE NOT (clause = 'meals' AND payer = 'city'))
SELECT facility, payer, sum(part)::BIGINT AS fen FROM paid GROUP BY ALL"""

QUERIES = {"months": MONTHS, "stays": STAYS, "shares": SHARES}


def totals(form: str, folder: Path) -> Any:
    """Columns facility, payer, fen, as an Arrow table."""
    return opened(folder).sql(QUERIES[form]).to_arrow_table()


def opened(folder: Path) -> Any:
    """A connection in which each file is a view."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    for file in folder.glob("*.parquet"):
        name = "meals_served" if file.stem == "meals" else file.stem
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{file}'")
    return connection
