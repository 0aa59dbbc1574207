"""Reports: results, schedules and findings for people to read, in Chinese or English.

A result, a schedule or findings enter; tables and lines of text for a terminal leave (`text`). Nothing is calculated
here. May import `budget` and all that lies below it.
"""
