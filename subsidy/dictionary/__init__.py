"""What the program gives out: every column of its tables and every key of its JSON objects, with type, unit and meaning
in both languages. `columns.yaml` is the one place where they stand; Arrow schemas, JSON Schemas and the pages of the
documentation are made of it. Imports nothing else of the program but texts.
"""
