"""A fixed sum distributed to districts by factors, with a coefficient and a guarantee; the reason of one amount."""

import subsidy

schedule = subsidy.schedule("examples/factors/schedule.yaml")
result = subsidy.calculate(schedule, subsidy.read_roster("examples/factors/roster"), year=2023)

print(result.by_district().to_string(index=False))
print(result.explain("transfer", "C", period="2023"))
