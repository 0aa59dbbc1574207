"""The next three years: what grows is said in a file of drivers, and each step of the change has its cause."""

import subsidy

xian = subsidy.schedule("cn/xian/elderly-care")
roster = subsidy.read_roster("examples/forecast/roster")
found = subsidy.forecast(xian, roster, 2023, "examples/forecast/drivers.yaml", years=3)

print(found.by("clause").to_string(index=False))
print(found.changes().to_string(index=False))
