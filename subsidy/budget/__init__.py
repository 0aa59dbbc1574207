"""Budgets: the whole way from schedules and a roster to a result.

Schedules and a roster enter (`calculate`); a result leaves with budgets by clause, payer, district and facility, both
ledgers, pots and what they cut, findings, explanations and a receipt. Pots are applied here, in whole numbers of fen,
on payers' parts of payment lines. May import `engine`, `roster`, `schedule`, `money`, `sql` and `finding`.
"""
