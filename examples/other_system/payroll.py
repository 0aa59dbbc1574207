"""Another system that pays subsidies: its own frames in, exact payments out, as Parquet for whoever comes next.

python examples/other_system/payroll.py FOLDER
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow.compute as pc
import pyarrow.parquet as pq

import subsidy

# What the system has: one table from pandas, one from Polars, with its own codes for the abilities.
HOMES = pd.DataFrame({"home": ["F1", "F2"], "county": ["D1", "D2"], "stars": [5, 3]})
STAYS = pl.DataFrame(
    {
        "stay": ["R1", "R2", "R3"],
        "who": ["P1", "P2", "P3"],
        "home": ["F1", "F1", "F2"],
        "code": ["A", "C", "B"],
        "began": [datetime.date(2023, 1, 10), datetime.date(2023, 2, 1), datetime.date(2023, 6, 15)],
        "ended": [datetime.date(2023, 3, 4), None, None],
    }
)
ABILITIES = {"A": "disabled", "B": "semi_disabled", "C": "self_caring"}


def roster() -> subsidy.Roster:
    """The system's tables under the names that a roster has."""
    facilities = HOMES.rename(columns={"home": "facility", "county": "district", "stars": "star"})
    residents = STAYS.rename({"stay": "resident", "who": "person", "home": "facility", "began": "from", "ended": "to"})
    residents = residents.with_columns(pl.col("code").replace_strict(ABILITIES).alias("ability")).drop("code")
    districts = facilities[["district"]].drop_duplicates()
    return subsidy.Roster(districts=districts, facilities=facilities, residents=residents)


def main(folder: Path) -> None:
    xian = subsidy.schedule("cn/xian/elderly-care")
    findings = subsidy.check(xian, roster())
    if findings:
        sys.exit("\n".join(finding.line("en") for finding in findings))
    result = subsidy.calculate(xian, roster(), year=2023)
    result.to_parquet(folder)

    # Whoever comes next needs nothing of this library: exact amounts, dates, and what each column means.
    payments = pq.read_table(folder / "payments.parquet")
    of_year = payments.filter(pc.equal(pc.year(payments["due"]), 2023))
    amount = of_year.schema.field("amount")
    print(f"amount: {amount.type}, {amount.metadata[b'en'].decode()}")
    print(f"paid in 2023: {pc.sum(of_year['amount']).as_py()} in {of_year.num_rows} parts")
    for row in of_year.group_by("payer").aggregate([("amount", "sum")]).sort_by("payer").to_pylist():
        print(f"  {row['payer']}: {row['amount_sum']}")
    print(f"of the receipt {payments.schema.metadata[b'receipt_sha256'].decode() == result.receipt.sha256}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
