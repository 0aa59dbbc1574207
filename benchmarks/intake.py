"""How long reading and checking takes: a million rows of CSV and Parquet, and workbooks, plain and with titles.

    python benchmarks/intake.py [rows]

Prints seconds per file; the made-up rows are written to a temporary folder first.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import xlsxwriter

import subsidy
from subsidy.roster.intake import intake
from subsidy.roster.tables import read_roster

HEADINGS = {"resident": "入住编号", "person": "人员", "facility": "机构", "from": "起始日期", "to": "终止日期"}


def residents(count: int) -> pa.Table:
    return pa.table(
        {
            "resident": pa.array([f"R{i:08}" for i in range(count)]),
            "person": pa.array([f"P{i:08}" for i in range(count)]),
            "facility": pa.array([f"F{i % 500:03}" for i in range(count)]),
            "from": pa.array([f"2023-{1 + i % 12:02}-01" for i in range(count)]),
            "to": pa.array([None] * count, pa.string()),
        }
    )


def workbook(path: Path, table: pa.Table, titles: bool) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("Sheet1" if titles else "residents")
    rows: list[list[str]] = [["入住老人花名册"], []] if titles else []
    rows += [[HEADINGS[name] for name in table.column_names]]
    for i, row in enumerate([*rows, *zip(*(column.to_pylist() for column in table.columns), strict=True)]):
        for j, cell in enumerate(row):
            if cell is not None:
                sheet.write_string(i, j, cell)
    book.close()


def timed(path: Path) -> str:
    versions = subsidy.schedule("cn/xian/elderly-care").versions
    start = time.perf_counter()
    roster = read_roster(path)
    read = time.perf_counter()
    found = intake(roster, versions)
    end = time.perf_counter()
    codes = sorted({finding.code for finding in found.findings})
    return f"read {read - start:6.2f} s  intake {end - read:6.2f} s  {codes}"


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base, table = Path(folder), residents(count)
        arrow_csv.write_csv(table, base / "residents.csv")
        parquet.write_table(table, base / "residents.parquet")
        workbook(base / "plain.xlsx", table.slice(0, count // 20), titles=False)
        workbook(base / "titles.xlsx", table.slice(0, count // 20), titles=True)
        (base / "titled.csv").write_bytes("入住老人花名册\n".encode() + (base / "residents.csv").read_bytes())
        for name in ("residents.csv", "residents.parquet", "titled.csv", "plain.xlsx", "titles.xlsx"):
            try:
                print(f"{name:20} {timed(base / name)}", flush=True)
            except subsidy.RosterError as error:
                print(f"{name:20} {sorted({finding.code for finding in error.findings})}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
