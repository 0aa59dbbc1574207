"""What if River Bend paid 300 yuan for the disabled: the cost by payer, and which homes get how much more."""

from decimal import Decimal

import subsidy

river_bend = subsidy.schedule("examples/story/schedule", on="2023-06-01")
roster = subsidy.read_roster("examples/story/roster-june")
found = subsidy.what_if(river_bend, roster, 2023, {"values.rate.is.disabled": "300"})

print(found.by("payer").to_string(index=False))
for cell in found.payees().winners:
    print(f"{cell.key[0]}: {Decimal(cell.difference).scaleb(-2):+,} yuan")
