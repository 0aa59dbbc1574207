"""The engine: entitlements and payment lines, as columns in DuckDB.

A schedule and the typed tables of a roster enter; one wide relation per grain (subject and period), ledgers after
limits and instalments, payment lines and payers' parts leave (`run`), with findings for blank cells that were needed
and the explanation of a row or a line (`explain`), which is the same query shown. May import `roster`, `schedule`,
`money`, `sql` and `finding`.
"""
