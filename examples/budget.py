"""Xi'an's budget of 2023 from the example roster: by clause and payer, and what was left out for its errors."""

import subsidy

xian = subsidy.schedule("cn/xian/elderly-care")
roster = subsidy.read_roster("examples/xian/roster")
result = subsidy.calculate(xian, roster, year=2023, proceed=True)

print(f"total {result.total:,} yuan (low {result.low:,})")
print(result.by_payer().to_string(index=False))
print(result.budget().groupby("clause", sort=False)[["amount"]].sum().to_string())
print("rows left out:", result.blocked)
