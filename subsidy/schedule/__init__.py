"""Schedules: policy documents as YAML, and what they mean.

The text of a schedule file enters; a checked version leaves (`load`), with its typed expressions, figures, clauses and
limits, or a ScheduleError with the place of every mistake; `catalogue` finds all versions of a schedule by its id. No
roster is read and nothing is calculated here. May import `finding`, `money` and `sql`.
"""
