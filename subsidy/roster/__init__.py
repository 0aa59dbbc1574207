"""Rosters: the tables a calculation is fed with.

Workbooks, folders of CSV or Parquet and frames enter (`tables`); typed columns, checked row by row and against each
other, leave (`intake`), with a finding for each thing that is wrong. May import `finding`, `money` and `schedule`.
"""
