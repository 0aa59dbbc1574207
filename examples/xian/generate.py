"""Write the example: a roster of made-up numbers, the same bytes on every run, and the findings planted in it.

python examples/xian/generate.py [--out DIR]
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from random import Random

from city import Cell, City, Date, build_places
from goals import build_goals
from papers import build_papers
from people import build_people
from troubles import Expected, plant

SEED = 47


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the made-up roster of Xi'an and its expected findings.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    write(parser.parse_args().out)


def write(folder: Path) -> None:
    """Write `roster/*.csv` and `expected_findings.csv` into a folder."""
    city = City(Random(SEED))
    build_places(city)
    build_papers(city)
    build_people(city)
    build_goals(city)
    expected = plant(city)
    roster = folder / "roster"
    roster.mkdir(parents=True, exist_ok=True)
    for table, rows in city.tables.items():
        headings = list(rows[0])
        write_csv(roster / f"{table}.csv", headings, [[text(row[heading]) for heading in headings] for row in rows])
    lines = sorted((one.table, line_of(city, one), one.column, one.code, one.subject, one.severity) for one in expected)
    headings = ["table", "row", "column", "code", "subject", "severity"]
    write_csv(folder / "expected_findings.csv", headings, [[str(cell) for cell in line] for line in lines])


def line_of(city: City, expected: Expected) -> int:
    """The line of the CSV file on which a planted trouble stands; 0 where it is a row that is not there."""
    if expected.row is None:
        return 0
    return next(line for line, row in enumerate(city.tables[expected.table], 2) if row is expected.row)


def write_csv(path: Path, headings: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows(rows)


def text(cell: Cell) -> str:
    """A cell as a person would write it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell.isoformat() if isinstance(cell, Date) else str(cell)


if __name__ == "__main__":
    main()
