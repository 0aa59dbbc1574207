"""Rates raised late: what was paid by the old notice, what is owed by the new one, the difference with its reasons."""

import datetime
import tempfile
from decimal import Decimal

import subsidy

until = datetime.date(2024, 6, 30)
roster = subsidy.read_roster("examples/story/roster-june")
as_known_in_june = subsidy.schedule("examples/story/schedule", known_on="2024-06-10")
now = subsidy.schedule("examples/story/schedule")

with tempfile.TemporaryDirectory() as folder:
    subsidy.calculate(as_known_in_june, roster, 2024).save_ledger(f"{folder}/paid", until=until)
    found = subsidy.settle(subsidy.calculate(now, roster, 2024), f"{folder}/paid", until=until)

for payer, sums in found.by("payer").items():
    more, back = (Decimal(fen).scaleb(-2) for fen in (sums.arrears, sums.recovery))
    print(f"{payer}: {more:,} yuan more, {back:,} yuan back")
for reason in dict.fromkeys(line.reason.en for line in found.payments):
    print(reason)
